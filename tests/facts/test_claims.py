from decimal import Decimal

import pytest

from pipeline.errors import UsageError
from pipeline.facts.claims import ClaimLine, price_claim
from pipeline.facts.payment import Locality
from pipeline.facts.pricing import Outcome
from tests.facts.claim_rows import book, line, operation

FACILITY = {
    "opps_rate": "7413.38",
    "opps_apc": "5114",
    "opps_status_indicator": "J1",
    "asc_rate": "4682.29",
    "asc_payment_indicator": "J8",
}
ROWS = book(operation("20970", "76.07", **FACILITY))


def test_a_hospital_outpatient_claim_adds_surgeon_and_facility():
    claim = price_claim([line("20970")], setting="hopd", rows=ROWS)
    assert (claim.professional, claim.facility.amount) == (Decimal("2540.81"), Decimal("7413.38"))
    assert claim.derivation == "2540.81 + 7413.38 = 9954.19" and claim.total == Decimal("9954.19")
    assert any("APC 5114" in reason for reason in claim.facility.reasons)
    assert any("wage index" in reason for reason in claim.facility.reasons)


def test_a_surgery_center_is_paid_by_its_own_schedule():
    claim = price_claim([line("20970")], setting="asc", rows=ROWS)
    assert claim.derivation == "2540.81 + 4682.29 = 7223.10"


def test_an_inpatient_stay_has_no_total_and_says_why():
    claim = price_claim([line("20970")], setting="inpatient", rows=ROWS)
    assert claim.professional == Decimal("2540.81") and claim.total is None
    assert claim.facility.outcome is Outcome.NOT_PRICED and "MS-DRG" in claim.facility.reasons[0]


def test_an_office_pays_no_facility_and_honours_na():
    flagged = price_claim([line("20970")], setting="office", rows=ROWS)
    assert flagged.total is None and "NA" in flagged.lines[0].reasons[0]
    rows = book(operation("20610", "2.06", nonfac_na="none"))
    claim = price_claim([line("20610")], setting="office", rows=rows)
    assert (claim.total, claim.facility.amount) == (Decimal("68.81"), 0)
    assert claim.derivation == "68.81 = 68.81"


@pytest.mark.parametrize(("modifier", "amount"), [("62", "1588.00"), ("80", "406.53"), ("54", "2007.24")])
def test_a_shared_operation_says_that_the_other_claim_is_missing(modifier, amount):
    claim = price_claim([line("20970", modifier)], setting="hopd", rows=ROWS)
    assert claim.total == Decimal(amount) + Decimal("7413.38")
    assert any("not in this sum" in warning for warning in claim.warnings)


@pytest.mark.parametrize("modifiers", [("55",), ("50",)])
def test_no_facility_part_where_it_is_not_settled(modifiers):
    claim = price_claim([line("20970", *modifiers)], setting="hopd", rows=ROWS)
    assert claim.professional is not None and claim.facility.amount is None and claim.total is None


def test_a_packaged_service_adds_no_facility_payment():
    rows = book(operation("20001", "10.00", opps_status_indicator="N"))
    claim = price_claim([line("20001")], setting="hopd", rows=rows)
    assert claim.facility.outcome is Outcome.NOT_PAID and claim.total == Decimal("334.01")


def test_an_inpatient_only_code_is_said_to_be_so_wherever_it_is_priced():
    rows = book(operation("20001", "10.00", opps_status_indicator="C", asc_rate="1.00", nonfac_na="none"))
    for setting in ("hopd", "asc", "office"):
        claim = price_claim([line("20001")], setting=setting, rows=rows)
        assert any("MS-DRG" in warning for warning in claim.warnings)
    outpatient = price_claim([line("20001")], setting="hopd", rows=rows)
    assert outpatient.total is None and "inpatient only" in outpatient.facility.reasons[0]
    inpatient = price_claim([line("20001")], setting="inpatient", rows=rows)
    assert not any("inpatient only" in warning for warning in inpatient.warnings)


def test_a_conditionally_packaged_service_is_paid_with_a_caution():
    rows = book(operation("20001", "10.00", opps_status_indicator="Q1", opps_rate="100.00"))
    claim = price_claim([line("20001")], setting="hopd", rows=rows)
    assert claim.total == Decimal("434.01") and any(
        "packages it" in reason for reason in claim.facility.reasons
    )


def test_a_code_without_a_facility_row_has_no_total():
    rows = book(operation("20001", "10.00"))
    for setting in ("hopd", "asc"):
        claim = price_claim([line("20001")], setting=setting, rows=rows)
        assert claim.total is None and "loaded" in claim.facility.reasons[0]


def test_the_facility_part_of_several_lines_is_not_added_up():
    rows = book(operation("20970", "76.07", **FACILITY), operation("20001", "10.00", **FACILITY))
    claim = price_claim([line("20970"), line("20001")], setting="hopd", rows=rows)
    assert claim.professional == Decimal("2707.81") and claim.total is None
    assert "comprehensive APCs" in claim.facility.reasons[0]
    office = price_claim([line("20970"), line("20001")], setting="inpatient", rows=rows)
    assert office.professional == claim.professional


def test_component_rows_are_rows_of_their_own():
    whole = operation("73221", "6.20", fac_na="NA", opps_rate="230.00", opps_status_indicator="S")
    reading = operation("73221", "1.91")
    rows = book(whole, components={("73221", "26"): reading})
    claim = price_claim([line("73221", "26")], setting="hopd", rows=rows)
    assert claim.derivation == "63.80 + 230.00 = 293.80"
    with pytest.raises(UsageError, match="73221-TC"):
        price_claim([line("73221", "TC")], setting="hopd", rows=rows)


def test_a_discontinued_procedure_is_priced_only_from_a_row_of_its_own():
    whole, stopped = operation("45378", "5.48"), operation("45378", "2.74")
    with_row = book(whole, components={("45378", "53"): stopped})
    assert price_claim([line("45378", "53")], setting="inpatient", rows=with_row).professional == Decimal(
        "91.52"
    )
    assert price_claim([line("45378", "53")], setting="inpatient", rows=book(whole)).professional is None


def test_locality_and_qualifying_participants():
    place = Locality(
        key="0111205", name="BAY", work=Decimal("1.095"), pe=Decimal("1.41"), mp=Decimal("0.425"),
        release="RVU26B", locator="GPCI2026.csv line 24",
    )  # fmt: skip
    claim = price_claim([line("20970")], setting="hopd", rows=ROWS, locality=place, qpp=True)
    # 76.07 × 1.095 = 83.29665; × 33.5675
    assert claim.professional == Decimal("2796.06") and claim.locality == place and claim.qpp
    assert "conversion_factor_qpp" in [row.field for row in claim.lines[0].facts]


def test_requests_that_make_no_sense_are_refused():
    with pytest.raises(UsageError, match="no code"):
        price_claim([], setting="hopd", rows=ROWS)
    with pytest.raises(UsageError, match="unknown setting 'home'"):
        price_claim([line("20970")], setting="home", rows=ROWS)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="QQ"):
        price_claim([ClaimLine(hcpcs_code="20970", modifiers=("QQ",))], setting="hopd", rows=ROWS)


def test_an_unknown_code_has_no_amount():
    claim = price_claim([line("99999")], setting="hopd", rows=ROWS)
    assert claim.total is None and "no status code" in claim.lines[0].reasons[0]
    twice = price_claim([line("99999"), line("99999")], setting="hopd", rows=ROWS)
    assert twice.professional is None and "no status code" in twice.lines[1].reasons[0]


def test_every_claim_says_that_charges_limit_it():
    assert "actual charge" in price_claim([line("20970")], setting="hopd", rows=ROWS).warnings[-1]
