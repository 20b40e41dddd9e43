import csv
import gzip
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.data import Fact
from pipeline.facts.payment import (
    Cap,
    Locality,
    conversion_factor,
    dollars,
    fee_schedule_amount,
    is_payable,
    professional_payment,
    round_cents,
)
from tests.facts.rows import fact, surgical


def test_facility_payment_is_total_times_factor_and_shows_its_arithmetic():
    rows = surgical()
    money = professional_payment(rows, rows, facility=True)
    assert money is not None
    assert (money.amount, money.derivation) == (Decimal("2540.81"), "76.07 × 33.4009 = 2540.81")


def test_a_setting_flagged_na_has_no_payment_although_the_file_repeats_numbers():
    rows = surgical()
    assert rows["nonfac_total_rvu"].value == "76.07"
    assert professional_payment(rows, rows, facility=False) is None


def test_an_office_procedure_is_paid_in_both_settings():
    rows = surgical(nonfac_na="none", nonfac_total_rvu="2.06", fac_total_rvu="1.19")
    paid = [professional_payment(rows, rows, facility=facility) for facility in (False, True)]
    assert [money.amount for money in paid if money] == [Decimal("68.81"), Decimal("39.75")]


@pytest.mark.parametrize("status", ["B", "C", "E", "I", "N", "X"])
def test_only_a_r_and_t_carry_payable_rvus(status):
    rows = surgical(status_code=status)
    assert not is_payable(rows)
    assert professional_payment(rows, rows, facility=True) is None


def test_rvus_of_one_year_are_never_multiplied_by_another_years_factor():
    rows = surgical()
    rows["fac_total_rvu"] = fact("fac_total_rvu", "85.89", "RVU25D")
    assert professional_payment(rows, rows, facility=True) is None


def test_half_a_cent_rounds_up():
    assert round_cents(Decimal("1.005")) == Decimal("1.01")


@given(st.decimals(min_value=0, max_value=100000, places=4))
def test_rounding_stays_within_half_a_cent_and_prints_two_places(amount):
    rounded = round_cents(amount)
    assert abs(rounded - amount) <= Decimal("0.005")
    assert dollars(rounded).split(".")[1].isdigit() and len(dollars(rounded).split(".")[1]) == 2


BAY = Locality(
    key="0111205",
    name="SAN FRANCISCO",
    work=Decimal("1.095"),
    pe=Decimal("1.410"),
    mp=Decimal("0.425"),
    release="RVU26B",
    locator="GPCI2026.csv line 24",
)


def test_in_a_locality_each_component_has_its_own_index():
    rows = surgical()
    fee = fee_schedule_amount(rows, rows, facility=True, locality=BAY)
    # 43.47 × 1.095 = 47.59965; 23.32 × 1.41 = 32.8812; 9.28 × 0.425 = 3.944; together 84.42485
    assert fee.exact is not None and round_cents(fee.exact) == Decimal("2819.87")
    assert fee.expression == "(43.47 × 1.095 + 23.32 × 1.410 + 9.28 × 0.425) × 33.4009"
    assert {row.field for row in fee.facts} >= {
        "work_rvu",
        "fac_pe_rvu",
        "mp_rvu",
        "conversion_factor_nonqpp",
    }


def test_the_setting_chooses_the_practice_expense():
    rows = surgical(nonfac_na="none", nonfac_pe_rvu="30.00", nonfac_total_rvu="82.75")
    fee = fee_schedule_amount(rows, rows, facility=False, locality=BAY)
    assert fee.expression.startswith("(43.47 × 1.095 + 30.00 × 1.410 +")


def test_both_conversion_factors_of_2026():
    rows = surgical()
    rows["conversion_factor_qpp"] = fact("conversion_factor_qpp", "33.5675", "RVU26A", "")
    plain, qualifying = (
        fee_schedule_amount(rows, rows, facility=True, qpp=qpp).exact for qpp in (False, True)
    )
    assert (
        plain
        and qualifying
        and (round_cents(plain), round_cents(qualifying))
        == (
            Decimal("2540.81"),
            Decimal("2553.48"),
        )
    )
    del rows["conversion_factor_qpp"]
    refused = fee_schedule_amount(rows, rows, facility=True, qpp=True)
    assert refused.exact is None and "no QPP conversion factor" in refused.reasons[0]


def test_before_2026_one_factor_serves_everybody():
    total = fact("fac_total_rvu", "85.89", "RVU25D")
    national = {"conversion_factor": fact("conversion_factor", "32.3465", "RVU25D", "")}
    assert conversion_factor(total, national, qpp=True) == conversion_factor(total, national)
    late = {"conversion_factor": fact("conversion_factor", "33.4009", "RVU26B", "")}
    assert conversion_factor(fact("fac_total_rvu", "76.07"), late, qpp=True) is None


@pytest.mark.parametrize(
    ("changes", "locality", "says"),
    [
        ({"status_code": "C"}, None, "the contractor prices it"),
        ({"status_code": "B"}, None, "always bundled"),
        ({"status_code": "Q"}, None, "not paid by RVUs"),
        ({"fac_na": "NA"}, None, "no facility rate"),
        ({"fac_total_rvu": "0.00"}, None, "RVUs are 0"),
        ({"work_rvu": "43.00"}, BAY, "do not add up"),
        ({}, BAY.model_copy(update={"release": "RVU25D"}), "not of the year"),
        ({}, BAY.model_copy(update={"release": "RVU27A"}), "not of the year"),
    ],
)
def test_what_cannot_be_priced_says_why(changes, locality, says):
    rows = surgical(**changes)
    fee = fee_schedule_amount(rows, rows, facility=True, locality=locality)
    assert not fee.paid and says in fee.reasons[0]
    assert fee.exact == (0 if changes.get("status_code") == "B" else None)


def test_components_of_another_release_are_refused():
    rows = surgical()
    rows["mp_rvu"] = fact("mp_rvu", "9.28", "RVU26A")
    assert fee_schedule_amount(rows, rows, facility=True).paid
    assert not fee_schedule_amount(rows, rows, facility=True, locality=BAY).paid


def test_restricted_and_conditional_status_are_said_beside_the_amount():
    for status, says in (("R", "restricted"), ("T", "no other fee-schedule service")):
        rows = surgical(status_code=status)
        fee = fee_schedule_amount(rows, rows, facility=True)
        assert fee.paid and says in fee.reasons[0]


def test_the_opps_cap_lowers_and_never_raises():
    rows = surgical()
    low, high = (
        Cap(amount=Decimal(amount), locality="0111205", release="RVU26B", locator="line 9")
        for amount in ("2000.00", "9000.00")
    )
    capped = fee_schedule_amount(rows, rows, facility=True, locality=BAY, cap=low)
    assert capped.exact == Decimal("2000.00") and capped.expression.startswith("min((43.47")
    assert "opps-cap" in [used.key for used in capped.rules]
    same = Cap(amount=Decimal("2819.87"), locality="0111205", release="RVU26B", locator="line 9")
    assert fee_schedule_amount(rows, rows, facility=True, locality=BAY, cap=same).expression.startswith(
        "(43.47"
    )
    free = fee_schedule_amount(rows, rows, facility=True, locality=BAY, cap=high)
    assert free == fee_schedule_amount(rows, rows, facility=True, locality=BAY)


def test_a_cap_of_another_locality_or_year_is_refused():
    rows = surgical()
    for update in ({"locality": "1011200"}, {"release": "RVU25D"}):
        cap = Cap(amount=Decimal(1), locality="0111205", release="RVU26B", locator="line 9").model_copy(
            update=update
        )
        assert not fee_schedule_amount(rows, rows, facility=True, locality=BAY, cap=cap).paid


RVU = st.decimals(min_value=0, max_value=200, places=2)
INDEX = st.decimals(min_value="0.2", max_value="2.5", places=3)


@given(RVU, RVU, RVU)
def test_nationally_is_the_locality_whose_indexes_are_all_one(work, pe, mp):
    total = work + pe + mp
    rows = surgical(work_rvu=str(work), fac_pe_rvu=str(pe), mp_rvu=str(mp), fac_total_rvu=str(total))
    flat = BAY.model_copy(update={"work": Decimal(1), "pe": Decimal(1), "mp": Decimal(1)})
    nationwide, local = (
        fee_schedule_amount(rows, rows, facility=True, locality=place) for place in (None, flat)
    )
    assert nationwide.exact == local.exact and nationwide.outcome == local.outcome


@given(RVU, INDEX, INDEX)
def test_a_higher_index_never_lowers_the_fee_and_no_fee_is_negative(work, one, other):
    rows = surgical(work_rvu=str(work), fac_total_rvu=str(work + Decimal("32.60")))
    low, high = sorted((one, other))
    fees = [
        fee_schedule_amount(rows, rows, facility=True, locality=BAY.model_copy(update={"work": index})).exact
        for index in (low, high)
    ]
    assert fees[0] is not None and fees[1] is not None and 0 <= fees[0] <= fees[1]


def imaging(opps_pe: str) -> dict[str, Fact]:
    """A scan of 6.20 RVUs that the OPPS amount limits."""
    rows = surgical(
        "73221",
        work_rvu="1.35",
        nonfac_pe_rvu="4.76",
        mp_rvu="0.09",
        nonfac_total_rvu="6.20",
        nonfac_na="none",
    )
    for field, value in (("opps_nonfac_pe_amount", opps_pe), ("opps_mp_amount", "0.05")):
        rows[field] = fact(field, value, "RVU26B", "73221")
    return rows


def test_imaging_is_limited_to_the_opps_amount_of_its_own_row():
    rows = imaging("3.00")
    fee = fee_schedule_amount(rows, rows, facility=False)
    # (1.35 + 3.00 + 0.05) × 33.4009 = 146.96396
    assert fee.exact is not None and round_cents(fee.exact) == Decimal("146.96")
    assert fee.expression == "min((1.35 + 4.76 + 0.09) × 33.4009, (1.35 + 3.00 + 0.05) × 33.4009)"
    assert fee_schedule_amount(rows, rows, facility=False, locality=BAY).exact == (
        (Decimal("1.35") * BAY.work + 3 * BAY.pe + Decimal("0.05") * BAY.mp) * Decimal("33.4009")
    )
    rows["opps_mp_amount"] = fact("opps_mp_amount", "0.05", "RVU25D", "73221")
    assert not fee_schedule_amount(rows, rows, facility=False).paid


def test_an_opps_amount_of_zero_or_above_the_fee_limits_nothing():
    for opps_pe in ("0.00", "7.92"):
        rows = imaging(opps_pe)
        assert fee_schedule_amount(rows, rows, facility=False).exact == Decimal("6.20") * Decimal("33.4009")


@pytest.mark.realdata
def test_the_arithmetic_gives_every_amount_of_the_published_cap_file(shared_data):
    """Each status A row of OPPSCAP is the lower of fee and OPPS amount in its locality, to the cent."""
    folder = shared_data / "pfs" / "rvu25d_oct2025"
    pprrvu = _cells(folder / "PPRRVU2025_Oct.csv")
    rows = {
        (cells[0], cells[1]): _row_of_2025(cells)
        for cells in pprrvu
        if len(cells) == 31 and cells[24][:2] == "32"
    }
    places = {
        cells[0] + cells[2]: (Decimal(cells[4]), Decimal(cells[5]), Decimal(cells[6]))
        for cells in _cells(folder / "GPCI2025.csv")
        if cells and cells[0].isdigit()
    }
    checked, wrong = 0, []
    for cells in _cells(folder / "OPPSCAP_Oct.csv.gz"):
        key = "".join(cells[3:5])
        if len(cells) < 7 or cells[2] != "A" or key not in places:
            continue
        work, pe, mp = places[key]
        place = Locality(key=key, name="", work=work, pe=pe, mp=mp, release="RVU25D", locator="")
        facts = rows[cells[0].strip(), cells[1].strip()]
        fee = fee_schedule_amount(facts, facts, facility=False, locality=place)
        checked += 1
        if fee.exact is None or round_cents(fee.exact) != Decimal(cells[6]):
            wrong.append((cells, fee.expression))
    assert (checked, wrong) == (6322, [])


def _cells(path: Path) -> list[list[str]]:
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("cp1252")
    return list(csv.reader(text.splitlines()))


def _row_of_2025(cells: list[str]) -> dict[str, Fact]:
    places = {
        "status_code": 3,
        "work_rvu": 5,
        "nonfac_pe_rvu": 6,
        "mp_rvu": 10,
        "nonfac_total_rvu": 11,
        "conversion_factor": 24,
        "opps_nonfac_pe_amount": 28,
        "opps_mp_amount": 30,
    }
    rows = {field: fact(field, cells[place], "RVU25D", cells[0]) for field, place in places.items()}
    return rows | {"nonfac_na": fact("nonfac_na", cells[7] or "none", "RVU25D", cells[0])}
