from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UsageError
from pipeline.facts.claims import PricedClaim, price_claim
from pipeline.facts.pricing import Outcome
from tests.facts.claim_rows import book, endoscopy, line, operation

BASE = operation("29870", "11.97")


def price(rows, *lines) -> PricedClaim:
    """A hospital stay with these lines; a line is a code or a code with its modifiers."""
    billed = [line(*entry.split("-")) for entry in lines]
    return price_claim(billed, setting="inpatient", rows=rows)


def amounts(claim: PricedClaim) -> dict[str, str | None]:
    return {
        priced.line.hcpcs_code: str(priced.amount) if priced.amount is not None else None
        for priced in claim.lines
    }


def test_indicator_two_is_paid_100_50_50_50_50_and_by_report():
    codes = [operation(f"2000{n}", f"{n}0.00", multiple_procedure_indicator="2") for n in range(1, 7)]
    claim = price(book(*codes), *(f"2000{n}" for n in range(1, 7)))
    # 60 × 33.4009 = 2004.054; the others half of 50, 40, 30 and 20 × 33.4009
    assert amounts(claim) == {
        "20006": "2004.05",
        "20005": "835.02",
        "20004": "668.02",
        "20003": "501.01",
        "20002": "334.01",
        "20001": None,
    }
    assert {priced.line.hcpcs_code: priced.rank for priced in claim.lines}["20001"] == 6
    assert "by report" in claim.lines[0].reasons[-1]
    assert claim.professional is None and claim.total is None


def test_indicator_one_is_paid_a_quarter_from_the_third_on():
    codes = [operation(f"2000{n}", f"{n}0.00", multiple_procedure_indicator="1") for n in range(1, 4)]
    # 30 × 33.4009; half of 20 × 33.4009; a quarter of 10 × 33.4009
    assert amounts(price(book(*codes), "20001", "20002", "20003")) == {
        "20003": "1002.03",
        "20002": "334.01",
        "20001": "83.50",
    }


def test_indicator_zero_is_neither_reduced_nor_ranked():
    first = operation("22612", "45.00")
    second = operation("22630", "40.00")
    level = operation(
        "22614", "50.00", multiple_procedure_indicator="0", bilateral_indicator="0", global_days="ZZZ"
    )
    claim = price(book(first, second, level), "22612", "22614", "22614", "22630")
    assert [str(priced.amount) for priced in claim.lines] == ["1503.04", "1670.05", "1670.05", "668.02"]
    assert [priced.rank for priced in claim.lines] == [1, None, None, 2]
    assert any("MUE" in warning for warning in claim.warnings)


def test_modifier_51_means_nothing_beyond_the_ranking():
    rows = book(operation("20001", "10.00"), operation("20002", "20.00"))
    assert amounts(price(rows, "20001-51", "20002")) == amounts(price(rows, "20001", "20002-51"))
    assert str(price(rows, "20001-51").professional) == "334.01"


def test_both_sides_are_reckoned_before_the_ranking():
    small = operation("20001", "10.00", bilateral_indicator="1")
    large = operation("20002", "12.00")
    claim = price(book(small, large), "20001-50", "20002")
    # 10 × 1.5 = 15 ranks above 12
    assert [(str(priced.amount), priced.rank) for priced in claim.lines] == [("501.01", 1), ("200.41", 2)]
    assert claim.lines[1].derivation == "12.00 × 33.4009 × 0.5 = 200.41"


def test_a_family_pays_the_highest_in_full_and_the_others_above_the_base():
    rows = book(BASE, endoscopy("29879", "18.66"), endoscopy("29881", "15.44"))
    claim = price(rows, "29881", "29879")
    # 18.66 × 33.4009 = 623.260794; (15.44 - 11.97) × 33.4009 = 115.901123
    assert amounts(claim) == {"29879": "623.26", "29881": "115.90"}
    assert claim.lines[0].derivation == "(15.44 × 33.4009 - 11.97 × 33.4009) = 115.90"
    assert {priced.family for priced in claim.lines} == {"29870"}
    assert {rule.key for rule in claim.unconfirmed} == {"endoscopy-difference"}
    assert {row.hcpcs_code for row in claim.lines[0].facts} >= {"29881", "29870"}


def test_the_base_is_not_paid_beside_its_family():
    rows = book(BASE, endoscopy("29881", "15.44"))
    claim = price(rows, "29870", "29881")
    assert amounts(claim) == {"29870": "0.00", "29881": "515.71"}
    assert claim.lines[0].outcome is Outcome.NOT_PAID and "included" in claim.lines[0].reasons[-1]
    assert amounts(price(rows, "29870")) == {"29870": "399.81"}


def test_a_family_takes_one_rank_among_the_other_procedures():
    rows = book(
        BASE,
        endoscopy("29879", "18.66"),
        endoscopy("29881", "15.44"),
        operation("29888", "26.63"),
        operation("20610", "2.00"),
    )
    claim = price(rows, "29881", "29879", "29888", "20610", "29870")
    # the family comes to 739.161917, below 889.465967: half of each of its lines
    assert amounts(claim) == {
        "29888": "889.47",
        "29879": "311.63",
        "29881": "57.95",
        "20610": "33.40",
        "29870": "0.00",
    }
    assert {priced.line.hcpcs_code: priced.rank for priced in claim.lines} == {
        "29888": 1,
        "29879": 2,
        "29881": 2,
        "29870": 2,
        "20610": 3,
    }


def test_a_family_can_outrank_what_each_of_its_lines_does_not():
    rows = book(BASE, endoscopy("29879", "18.66"), endoscopy("29881", "15.44"), operation("20001", "20.00"))
    claim = price(rows, "20001", "29881", "29879")
    assert amounts(claim) == {"20001": "334.01", "29879": "623.26", "29881": "115.90"}


def test_endoscopies_of_two_families_are_ranked_as_two_procedures():
    rows = book(
        BASE, operation("29805", "14.00"), endoscopy("29881", "15.44"), endoscopy("29823", "18.00", "29805")
    )
    assert amounts(price(rows, "29881", "29823")) == {"29823": "601.22", "29881": "257.85"}


@pytest.mark.parametrize(
    ("billed", "says"),
    [
        (("29879-50", "29881"), "modifier 50"),
        (("29879-LT", "29881-RT"), "different sides"),
        (("29879-62", "29881"), "paid different shares"),
        (("29879", "29882"), "29870 is needed and is not known"),
    ],
)
def test_what_no_source_says_about_families_is_refused(billed, says):
    codes = [
        endoscopy("29879", "18.66", bilateral_indicator="1"),
        endoscopy("29881", "15.44"),
        endoscopy("29882", "16.00"),
    ]
    rows = book(*codes) if "29882" in billed else book(BASE, *codes)
    claim = price(rows, *billed)
    assert claim.professional is None
    assert all(priced.amount is None and says in priced.reasons[-1] for priced in claim.lines)


def test_an_endoscopy_below_its_base_is_refused():
    claim = price(book(BASE, endoscopy("29879", "18.66"), endoscopy("29881", "11.00")), "29879", "29881")
    assert claim.professional is None and "below that of its base" in claim.lines[1].reasons[-1]


def test_all_lines_of_a_co_surgeon_are_ranked_and_shared():
    rows = book(operation("20001", "10.00"), operation("20002", "20.00"))
    claim = price(rows, "20001-62", "20002-62")
    assert amounts(claim) == {"20002": "417.51", "20001": "104.38"}
    assert claim.lines[0].derivation == "10.00 × 33.4009 × 0.5 × 0.625 = 104.38"


def test_lines_that_rank_differently_by_share_are_refused():
    rows = book(operation("20001", "10.00"), operation("20002", "12.00"))
    claim = price(rows, "20001", "20002-62")  # 10 < 12, but 10 > 12 × 0.625
    assert claim.professional is None and "rank differently" in claim.lines[0].reasons[-1]
    agreeing = price(book(operation("20001", "10.00"), operation("20002", "30.00")), "20001", "20002-62")
    assert amounts(agreeing) == {"20002": "626.27", "20001": "167.00"}


def test_an_assistants_lines_are_not_ranked_with_a_surgeons():
    claim = price(book(operation("20001", "10.00"), operation("20002", "20.00")), "20001", "20002-80")
    assert claim.professional is None and "assistant" in claim.lines[0].reasons[-1]


def test_a_return_to_the_operating_room_is_not_ranked():
    claim = price(book(operation("20001", "10.00"), operation("20002", "20.00")), "20001-78", "20002")
    assert amounts(claim) == {"20002": "668.02", "20001": "230.47"}
    assert [priced.rank for priced in claim.lines] == [None, None]


def test_a_line_without_amount_leaves_no_ranking():
    rows = book(operation("20001", "10.00"), operation("20999", "0.00", status_code="C"))
    claim = price(rows, "20001", "20999")
    assert claim.professional is None and "20999 has no amount" in claim.lines[0].reasons[-1]


def test_a_line_that_is_paid_nothing_leaves_the_others_whole():
    rows = book(operation("20001", "10.00"), operation("20002", "20.00", status_code="B"))
    assert amounts(price(rows, "20001", "20002")) == {"20001": "334.01", "20002": "0.00"}


@pytest.mark.parametrize("indicator", ["4", "5", "6", "7"])
def test_reductions_of_components_are_refused_for_several_lines(indicator):
    codes = [operation(code, "5.00", multiple_procedure_indicator=indicator) for code in ("73221", "73721")]
    claim = price(book(*codes), "73221", "73721")
    assert claim.professional is None and f"indicator {indicator}" in claim.lines[0].reasons[-1]
    assert str(price(book(*codes), "73221").professional) == "167.00"


def test_one_imaging_line_beside_an_operation_is_not_reduced():
    rows = book(operation("73221", "5.00", multiple_procedure_indicator="4"), operation("20001", "10.00"))
    assert amounts(price(rows, "73221", "20001")) == {"73221": "167.00", "20001": "334.01"}


def test_indicator_nine_is_paid_as_it_stands():
    rows = book(operation("99213", "5.00", multiple_procedure_indicator="9"), operation("20001", "10.00"))
    assert amounts(price(rows, "99213-25", "20001")) == {"99213": "167.00", "20001": "334.01"}


def test_a_code_on_two_lines_is_refused_where_it_can_mean_two_sides():
    rows = book(operation("20001", "10.00", bilateral_indicator="1"))
    with pytest.raises(UsageError, match="modifier 50"):
        price(rows, "20001-LT", "20001-RT")


def test_status_t_is_bundled_into_other_services_of_the_day():
    injection = operation("36591", "1.00", status_code="T", multiple_procedure_indicator="0")
    rows = book(injection, operation("20001", "10.00"))
    assert amounts(price(rows, "36591")) == {"36591": "33.40"}
    assert amounts(price(rows, "36591", "20001")) == {"36591": "0.00", "20001": "334.01"}


TOTALS = st.lists(st.decimals(min_value="0.01", max_value=90, places=2), min_size=2, max_size=7)


def _codes(totals, indicators):
    codes = [BASE]
    for number, (total, indicator) in enumerate(zip(totals, indicators, strict=True)):
        if indicator == "3":
            codes.append(endoscopy(f"2988{number}", str(total + Decimal("11.97"))))
        else:
            codes.append(operation(f"2000{number}", str(total), multiple_procedure_indicator=indicator))
    return codes


@given(st.data(), TOTALS)
def test_ranking_ignores_the_order_typed_and_never_raises_a_payment(data, totals):
    indicators = data.draw(st.lists(st.sampled_from("0123"), min_size=len(totals), max_size=len(totals)))
    codes = _codes(totals, indicators)
    rows = book(*codes)
    typed = [code["status_code"].hcpcs_code for code in codes[1:]]
    shuffled = data.draw(st.permutations(typed))
    one, other = price(rows, *typed), price(rows, *shuffled)
    assert amounts(one) == amounts(other) and one.professional == other.professional
    for priced in one.lines:
        assert priced.fee is not None and (priced.amount is None or 0 <= priced.amount <= priced.fee)


@given(TOTALS, st.decimals(min_value="0.01", max_value=50, places=2))
def test_a_dearer_procedure_never_lowers_the_claim(totals, more):
    totals = totals[:5]
    sums = []
    for first in (totals[0], totals[0] + more):
        codes = _codes([first, *totals[1:]], ["2"] * len(totals))
        sums.append(price(book(*codes), *(code["status_code"].hcpcs_code for code in codes[1:])).professional)
    assert sums[0] <= sums[1]


@given(TOTALS)
def test_equal_fees_are_ranked_by_code(totals):
    rows = book(operation("20001", str(totals[0])), operation("20002", str(totals[0])))
    for typed in (("20001", "20002"), ("20002", "20001")):
        ranks = {priced.line.hcpcs_code: priced.rank for priced in price(rows, *typed).lines}
        assert ranks == {"20001": 1, "20002": 2}
