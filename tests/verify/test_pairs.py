import pytest

from pipeline.data import Fact, Label
from pipeline.verify import checker_version, load_rules, verify_text_claim
from pipeline.verify.reading import read_sentence
from pipeline.verify.values import look_up, to_decimal
from tests.verify.worked import AS_OF, FACTS, make_context

S, R, N = Label.SUPPORTED, Label.REFUTED, Label.NOT_ENOUGH_INFO


def verdict_on(code, text, **changes):
    return verify_text_claim(
        text, context=make_context(code, **changes), rules=load_rules(), checker=checker_version()
    ).verdict


@pytest.mark.parametrize(
    ("code", "text", "label"),
    [
        ("20610", "Total RVUs, facility: 1.19 (Non-facility: 2.06)", S),
        ("20610", "Total RVUs, facility: 2.06 (Non-facility: 1.19)", R),
        ("20610", "Total RVUs, facility: 1.19 (Non-facility: 2.60)", R),
        ("20610", "Total RVUs, facility: 1.19 (Non-facility: NA)", R),
        ("20970", "Total RVUs, facility: 76.07 (Non-facility: NA)", S),
        ("20970", "Total RVUs, facility: 76.07 (Non-facility: 76.07)", R),
        ("20970", "Component: Work; Facility: 43.47; Non-facility: NA", S),
        ("20970", "Component: Work; Facility: 34.47; Non-facility: NA", R),
        ("20970", "Component: Work; Facility: 43.47; Facility: NA", R),
        (
            "20970",
            "Setting: Hospital outpatient; Professional: $2,540.81; Facility part: $7,413.38; Total: $9,954.19",
            S,
        ),
        (
            "20970",
            "Setting: Hospital outpatient; Professional: $7,413.38; Facility part: $2,540.81; Total: $9,954.19",
            R,
        ),
        ("20970", "Setting: Hospital outpatient; Professional: $2,540.81; Total: $9,945.19", R),
        ("20970", "Setting: Hospital outpatient; Professional: $2,540.81; Total: $7,413.38", N),
        ("20970", "Setting: Ambulatory surgery center; Facility part: $7,413.38", R),
        ("20970", "Setting: Ambulatory surgery center; Coinsurance: $7.38", N),
    ],
)
def test_a_value_belongs_to_its_own_label(code, text, label):
    verdict = verdict_on(code, text)
    assert verdict.label is label, (verdict.reason, read_sentence(text).clauses)


@pytest.mark.parametrize(
    "text",
    ["150% with modifier 50.", "No modifier 57 before surgery.", "Assistant at surgery with modifier 80."],
)
def test_a_fragment_without_a_verb_decides_nothing(text):
    assert verdict_on("27447", text).label is N


@pytest.mark.parametrize(
    "value", ["", "n/a", "NaN", "sNaN", "Infinity", "1e999999999", "1_0", "٣", "0x10", "1,2", "."]
)
def test_nonsense_in_a_row_raises_nothing(value):
    """Every field of a code, one after the other, holds something that is no number."""
    for field in [*FACTS["20970"], "conversion_factor_nonqpp"]:
        rows = {code: dict(of_code) for code, of_code in FACTS.items()}
        code = "20970" if field in rows["20970"] else ""
        rows[code][field] = rows[code][field].model_copy(update={"value": value})
        for text in (
            "Setting: Hospital outpatient; Professional: $2,540.81; Facility part: $7,413.38; Total: $9,954.19",
            "20970 has 43.47 work RVUs and about 76 total RVUs; the intraoperative share is 69%.",
            "The MUE of 20970 is 2 and pays $2,540.81 in a facility.",
        ):
            verdict = verdict_on("20970", text, facts=lambda key, rows=rows: rows.get(key, {}))
            assert verdict.label in (S, R, N)


def test_a_number_is_plain():
    assert to_decimal("12.50") == to_decimal("12.5")
    assert to_decimal("NaN") is None
    factor = Fact(
        hcpcs_code="",
        field="conversion_factor_nonqpp",
        value="NaN",
        release="RVU26D",
        valid_from=AS_OF,
        locator="x",
    )
    total = factor.model_copy(update={"hcpcs_code": "20970", "field": "fac_total_rvu", "value": "76.07"})
    assert look_up("payment_fac", {"fac_total_rvu": total}, {"conversion_factor_nonqpp": factor}) is None
