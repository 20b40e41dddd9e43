from datetime import date

import pytest

from pipeline.data import Currency
from pipeline.facts.releases import parse_release, release_in_force, row_evidence
from tests.facts.rows import fact


@pytest.mark.parametrize(
    ("name", "family", "year", "quarter", "edition"),
    [
        ("RVU26B", "RVU", 2026, 2, "RVU26B, April 2026"),
        ("RVU24AR", "RVU", 2024, 1, "RVU24AR, January 2024"),
        ("OPPS-2026-07", "OPPS", 2026, 3, "July 2026"),
        ("ASC-2026-10", "ASC", 2026, 4, "October 2026"),
        ("PTP-2024Q3", "PTP", 2024, 3, "2024 Q3"),
    ],
)
def test_release_names_are_read(name, family, year, quarter, edition):
    release = parse_release(name)
    assert (release.family, release.year, release.quarter, release.edition) == (
        family,
        year,
        quarter,
        edition,
    )


@pytest.mark.parametrize("name", ["RVU26E", "RVU2026A", "OPPS-2026-06", "MUE-2024Q5", "", "starter"])
def test_other_names_are_refused(name):
    with pytest.raises(ValueError, match="unknown release"):
        parse_release(name)


@pytest.mark.parametrize(
    ("family", "on", "name"),
    [
        ("RVU", date(2026, 11, 24), "RVU26D"),
        ("RVU", date(2026, 3, 31), "RVU26A"),
        ("RVU", date(2026, 4, 1), "RVU26B"),
        ("OPPS", date(2026, 9, 30), "OPPS-2026-07"),
        ("MUE", date(2026, 10, 1), "MUE-2026Q4"),
        ("AOC", date(2026, 10, 1), "AOC-2026Q1"),
    ],
)
def test_calendar_by_quarter(family, on, name):
    assert release_in_force(family, on) == name


def test_an_older_release_is_carried_and_names_the_one_in_force():
    row = row_evidence(fact("work_rvu", "1.00", "RVU25D"), date(2026, 11, 24))
    assert (row.currency, row.in_force_release) == (Currency.CARRIED, "RVU26D")


def test_an_earlier_quarter_of_the_same_year_is_carried_too():
    assert row_evidence(fact("work_rvu", "1.00"), date(2026, 11, 24)).currency is Currency.CARRIED


def test_the_release_of_the_quarter_is_in_force():
    row = row_evidence(fact("work_rvu", "1.00"), date(2026, 5, 1))
    assert (row.currency, row.in_force_release) == (Currency.IN_FORCE, "RVU26B")
