from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.facts.payment import dollars, facility_payment, is_payable, professional_payment, round_cents
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


def test_facility_rates_come_from_their_own_tables():
    rows = surgical()
    hopd, asc = (facility_payment(rows, setting=setting) for setting in ("hopd", "asc"))
    assert hopd and asc and (hopd.amount, asc.amount) == (Decimal("7413.38"), Decimal("4682.29"))
    del rows["asc_rate"]
    assert facility_payment(rows, setting="asc") is None


def test_half_a_cent_rounds_up():
    assert round_cents(Decimal("1.005")) == Decimal("1.01")


@given(st.decimals(min_value=0, max_value=100000, places=4))
def test_rounding_stays_within_half_a_cent_and_prints_two_places(amount):
    rounded = round_cents(amount)
    assert abs(rounded - amount) <= Decimal("0.005")
    assert dollars(rounded).split(".")[1].isdigit() and len(dollars(rounded).split(".")[1]) == 2
