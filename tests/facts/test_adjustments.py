import itertools
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UsageError
from pipeline.facts.adjustments import KNOWN_MODIFIERS, read_modifiers
from pipeline.facts.claims import PricedLine, price_claim
from pipeline.facts.payment_rules import load_payment_rules
from pipeline.facts.pricing import Outcome
from tests.facts.claim_rows import book, line, operation

# 76.07 RVUs × 33.4009 = 2540.806463
FEE = Decimal("2540.81")


def price(*modifiers: str, **changes: str) -> PricedLine:
    """One line of the 76.07 RVU operation, in a hospital stay."""
    code = operation("20970", "76.07", **changes)
    return price_claim([line("20970", *modifiers)], setting="inpatient", rows=book(code)).lines[0]


@pytest.mark.parametrize(
    ("modifiers", "changes", "amount", "derivation"),
    [
        ((), {}, "2540.81", "76.07 × 33.4009 = 2540.81"),
        (("62",), {}, "1588.00", "76.07 × 33.4009 × 0.625 = 1588.00"),
        (("80",), {}, "406.53", "76.07 × 33.4009 × 0.16 = 406.53"),
        (("82",), {}, "406.53", "76.07 × 33.4009 × 0.16 = 406.53"),
        (("AS",), {}, "345.55", "76.07 × 33.4009 × 0.16 × 0.85 = 345.55"),
        (("78",), {}, "1753.16", "76.07 × 33.4009 × 0.69 = 1753.16"),
        (("54",), {}, "2007.24", "76.07 × 33.4009 × (0.10 + 0.69) = 2007.24"),
        (("55",), {}, "533.57", "76.07 × 33.4009 × 0.21 = 533.57"),
        (("50",), {"bilateral_indicator": "0"}, "2540.81", "76.07 × 33.4009 = 2540.81"),
        (("50",), {"bilateral_indicator": "1"}, "3811.21", "76.07 × 33.4009 × 1.5 = 3811.21"),
        (("50",), {"bilateral_indicator": "2"}, "2540.81", "76.07 × 33.4009 = 2540.81"),
        (("50",), {"bilateral_indicator": "3"}, "5081.61", "76.07 × 33.4009 × 2 = 5081.61"),
        (("62", "50"), {"bilateral_indicator": "1"}, "2382.01", "76.07 × 33.4009 × 1.5 × 0.625 = 2382.01"),
        (("80", "50"), {"bilateral_indicator": "1"}, "609.79", "76.07 × 33.4009 × 1.5 × 0.16 = 609.79"),
        (("54", "62"), {}, "1254.52", "76.07 × 33.4009 × (0.10 + 0.69) × 0.625 = 1254.52"),
    ],
)
def test_worked_examples(modifiers, changes, amount, derivation):
    priced = price(*modifiers, **changes)
    assert (priced.amount, priced.derivation, priced.fee) == (Decimal(amount), derivation, FEE)
    assert priced.outcome is Outcome.PAID


@pytest.mark.parametrize(
    ("modifiers", "changes", "says"),
    [
        (("62",), {"cosurgeon_indicator": "0"}, "not permitted"),
        (("66",), {"team_indicator": "0"}, "not permitted"),
        (("80",), {"assistant_indicator": "1"}, "may not be paid"),
        (("AS",), {"assistant_indicator": "1"}, "may not be paid"),
    ],
)
def test_what_the_indicator_forbids_is_paid_nothing(modifiers, changes, says):
    priced = price(*modifiers, **changes)
    assert (priced.outcome, priced.amount) == (Outcome.NOT_PAID, 0) and says in priced.reasons[-1]
    assert any(row.field.endswith("_indicator") for row in priced.facts)


@pytest.mark.parametrize(
    ("modifiers", "changes", "says"),
    [
        (("66",), {"team_indicator": "1"}, "by report"),
        (("66",), {"team_indicator": "2"}, "by report"),
        (("66",), {"team_indicator": "9"}, "does not apply"),
        (("62",), {"cosurgeon_indicator": "9"}, "does not apply"),
        (("80",), {"assistant_indicator": "9"}, "does not apply"),
        (("50",), {"bilateral_indicator": "9"}, "does not apply"),
        (("22",), {}, "from the documentation"),
        (("52",), {}, "from the documentation"),
        (("53",), {}, "no row of its own"),
        (("56",), {}, "no source read says that Medicare pays it"),
        (("54",), {"global_days": "000", "intraoperative_share": "0.00"}, "splits no package"),
        (("55",), {"global_days": "XXX", "intraoperative_share": "0.00"}, "splits no package"),
        (("78",), {"global_days": "XXX", "intraoperative_share": "0.00"}, "no intraoperative share"),
        (("50", "LT"), {}, "means both sides"),
        (("LT", "RT"), {}, "one line with modifier 50"),
    ],
)
def test_what_the_tables_do_not_settle_has_no_amount(modifiers, changes, says):
    priced = price(*modifiers, **changes)
    assert (priced.outcome, priced.amount, priced.derivation) == (Outcome.NOT_PRICED, None, "")
    assert says in priced.reasons[-1]


@pytest.mark.parametrize(
    "pair",
    [
        ("62", "80"),
        ("78", "62"),
        ("78", "50"),
        ("54", "55"),
        ("54", "80"),
        ("80", "AS"),
        ("62", "66"),
        ("54", "78"),
    ],
)
def test_combinations_that_no_source_settles_are_refused(pair):
    priced = price(*pair, bilateral_indicator="1", team_indicator="2")
    assert priced.amount is None and "no source read" in priced.reasons[-1]


def test_documentation_is_asked_for_where_the_indicator_asks_for_it():
    needed = price("62", cosurgeon_indicator="1").reasons[-1]
    assert "documentation" in needed and "different specialties" in needed
    assert "documentation" not in price("62", cosurgeon_indicator="2").reasons[-1]
    assert "only with documentation" in price("80", assistant_indicator="0").reasons[-1]


def test_a_zero_day_code_is_paid_in_full_on_a_return_to_the_operating_room():
    priced = price("78", global_days="000", intraoperative_share="0.00")
    assert priced.amount == FEE and "return-to-or-zero-day" in [used.key for used in priced.rules]


@pytest.mark.parametrize("modifier", ["LT", "F5", "59", "XS", "24", "25", "57", "58", "79", "51"])
def test_modifiers_without_effect_leave_the_amount(modifier):
    assert price(modifier).amount == FEE


def test_a_code_that_is_not_paid_stays_so_whatever_the_modifier():
    assert price("62", status_code="B").outcome is Outcome.NOT_PAID
    assert price("50", status_code="C").outcome is Outcome.NOT_PRICED


@pytest.mark.parametrize(
    ("modifiers", "says"),
    [
        (("6",), "no modifier"),
        (("QQ",), "QQ"),
        (("62", "62"), "more than once"),
        (("26", "TC"), "different rows"),
    ],
)
def test_modifiers_that_make_no_sense_are_refused_in_a_sentence(modifiers, says):
    with pytest.raises(UsageError, match=says):
        read_modifiers(modifiers)


def test_modifiers_are_read_in_any_order_and_case():
    assert read_modifiers((" rt", "62")) == read_modifiers(("62", "RT")) == ("62", "RT")


def test_every_rule_that_is_not_confirmed_says_what_was_read():
    rules = load_payment_rules().values()
    assert all(bool(rule.read) != rule.confirmed for rule in rules)
    claim = price_claim([line("20970", "62")], setting="inpatient", rows=book(operation("20970", "76.07")))
    assert [rule.key for rule in claim.unconfirmed] == ["cosurgeon-share"]


SHARES = [("0.10", "0.69", "0.21"), ("0.17", "0.60", "0.23"), ("0.09", "0.84", "0.07")]


@given(st.decimals(min_value="0.01", max_value=500, places=2), st.sampled_from(SHARES))
def test_surgical_and_postoperative_care_make_the_whole_fee(total, shares):
    changes = dict(
        zip(("preoperative_share", "intraoperative_share", "postoperative_share"), shares, strict=True)
    )
    rows = book(operation("20970", str(total), **changes))
    whole, surgery, after = (
        price_claim([line("20970", *modifiers)], setting="inpatient", rows=rows).professional
        for modifiers in ((), ("54",), ("55",))
    )
    assert whole is not None and surgery is not None and after is not None
    assert abs(surgery + after - whole) <= Decimal("0.01")


ADJUSTING = ("50", "54", "55", "56", "62", "66", "78", "80", "81", "82", "AS", "22", "RT", "59", "58")


@given(
    st.decimals(min_value=0, max_value=500, places=2),
    st.sets(st.sampled_from(ADJUSTING), max_size=3),
    st.fixed_dictionaries(
        {
            field: st.sampled_from("01239" if field == "bilateral_indicator" else "0129")
            for field in (
                "bilateral_indicator",
                "assistant_indicator",
                "cosurgeon_indicator",
                "team_indicator",
            )
        }
    ),
)
def test_no_line_is_negative_and_only_both_sides_raise_one(total, modifiers, indicators):
    rows = book(operation("20970", str(total), **indicators))
    priced = price_claim([line("20970", *sorted(modifiers))], setting="inpatient", rows=rows).lines[0]
    if priced.amount is None:
        assert priced.reasons and not priced.derivation
        return
    ceiling = (priced.fee or Decimal(0)) * (2 if "50" in modifiers else 1)
    assert 0 <= priced.amount <= ceiling + Decimal("0.01")


def test_order_of_modifiers_does_not_matter():
    for order in itertools.permutations(("50", "62", "54")):
        assert price(*order, bilateral_indicator="1").amount == Decimal("1881.78")


def test_every_known_modifier_is_answered():
    for modifier in KNOWN_MODIFIERS:
        if modifier not in ("26", "TC"):
            assert price(modifier).outcome in Outcome
