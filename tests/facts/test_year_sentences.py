"""Year on year: both years with their releases, no figure of a setting that is flagged NA, no year left out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.facts.rows import BEFORE
from pipeline.facts.year_sentences import compose_year
from tests.facts.rows import fact, surgical

SUBJECTS = ("work", "facility", "nonfacility", "payment_facility", "payment_nonfacility")


def two_years(**earlier: str):
    """The rows of 20970 in 2026 with those of RVU25D before them."""
    values = {"work_rvu": "44.58", "fac_total_rvu": "85.89", "nonfac_total_rvu": "85.89", **earlier}
    rows = {**surgical(), **{BEFORE + field: fact(field, value, "RVU25D") for field, value in values.items()}}
    rows["conversion_factor"] = fact("conversion_factor", "32.3465", "RVU25D", "")
    return rows


def say(what, rows):
    return compose_year(f"year:{what}", what, "20970", rows)


def test_both_years_are_stated_with_their_releases_and_the_change():
    sentence = say("facility", two_years())
    assert sentence is not None
    assert sentence.cells == ("Total RVUs, facility", "76.07 (2026)", "85.89 (2025)", "-9.82 (-11.4 %)")
    assert "85.89 in 2025 (RVU25D), 76.07 in 2026 (RVU26B)" in sentence.text
    assert [row.release for row in sentence.earlier] == ["RVU25D"]
    assert "RVU26B" in {row.release for row in sentence.facts}


def test_each_year_is_paid_with_its_own_factor():
    sentence = say("payment_facility", two_years())
    assert sentence is not None
    assert sentence.cells[1:] == ("$2,540.81 (2026)", "$2,778.24 (2025)", "-$237.43 (-8.5 %)")
    assert "85.89 × 32.3465" in sentence.derivation and "76.07 × 33.4009" in sentence.derivation
    assert {row.field for row in sentence.earlier} == {"fac_total_rvu", "conversion_factor"}


@pytest.mark.parametrize("flagged", ["nonfac_na", BEFORE + "nonfac_na"])
def test_a_setting_flagged_na_in_either_year_is_not_compared(flagged):
    rows = {**two_years(), "nonfac_na": fact("nonfac_na", "none", "RVU26B")}
    assert say("nonfacility", rows) is not None
    rows[flagged] = fact("nonfac_na", "NA", "RVU25D")
    assert say("nonfacility", rows) is None
    assert say("payment_nonfacility", rows) is None


def test_years_that_do_not_follow_are_not_compared():
    rows = two_years()
    rows[BEFORE + "work_rvu"] = rows["work_rvu"]
    assert say("work", rows) is None
    assert [say(what, surgical()) for what in SUBJECTS] == [None] * 5


def test_what_did_not_change_is_said_so():
    sentence = say("work", two_years(work_rvu="43.47"))
    assert sentence is not None
    assert sentence.cells[3] == "none" and "the same as in 2025 (RVU25D)" in sentence.text


def test_from_nothing_there_is_no_percentage():
    sentence = say("work", two_years(work_rvu="0.00"))
    assert sentence is not None and sentence.cells[3] == "+43.47"


@given(st.decimals("0.01", "999", places=2), st.decimals("0.01", "999", places=2))
def test_the_change_added_to_the_earlier_value_is_the_later_one(was, now):
    rows = {**surgical(work_rvu=str(now)), BEFORE + "work_rvu": fact("work_rvu", str(was), "RVU25D")}
    sentence = say("work", rows)
    assert sentence is not None
    change = sentence.cells[3].split(" ")[0]
    assert was + (type(was)(change) if change != "none" else 0) == now
