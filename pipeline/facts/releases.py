"""Release names and the calendar that says which release is in force on a date.

Names: `RVU26B` (fee schedule; A January, AR its correction, B April, C July, D October), `OPPS-2026-07`,
`ASC-2026-07` (quarterly addenda by first month), `MUE-2024Q3`, `PTP-2024Q3` (quarterly), `AOC-2024Q3` (the
add-on file: yearly, so the first quarter's is in force all year unless a later one is loaded).
"""

from __future__ import annotations

import re
from datetime import date

from pipeline.data import Currency, Fact, Record, RowEvidence
from pipeline.identity import evidence_id

_RVU = re.compile(r"RVU(\d\d)(AR|[A-D])")
_ADDENDUM = re.compile(r"(OPPS|ASC)-(\d{4})-(01|04|07|10)")
_NCCI = re.compile(r"(MUE|PTP|AOC)-(\d{4})Q([1-4])")
_MONTHS = ("January", "April", "July", "October")


class Release(Record):
    """A parsed release name. `quarter` counts from 1; `correction` marks a re-issue within the quarter."""

    name: str
    family: str
    year: int
    quarter: int
    correction: bool = False

    @property
    def edition(self) -> str:
        """The edition as a reader knows it, for example `RVU26B, April 2026` or `2024 Q3`."""
        month = f"{_MONTHS[self.quarter - 1]} {self.year}"
        if self.family == "RVU":
            return f"{self.name}, {month}"
        return month if self.family in ("OPPS", "ASC") else f"{self.year} Q{self.quarter}"


def parse_release(name: str) -> Release:
    """Read a release name. Raises ValueError for a name of no known family."""
    if match := _RVU.fullmatch(name):
        return Release(
            name=name,
            family="RVU",
            year=2000 + int(match[1]),
            quarter="ABCD".index(match[2][0]) + 1,
            correction=match[2] == "AR",
        )
    if match := _ADDENDUM.fullmatch(name):
        return Release(name=name, family=match[1], year=int(match[2]), quarter=(int(match[3]) + 2) // 3)
    if match := _NCCI.fullmatch(name):
        return Release(name=name, family=match[1], year=int(match[2]), quarter=int(match[3]))
    raise ValueError(f"unknown release name {name!r}")


def release_in_force(family: str, as_of: date) -> str:
    """Name of the release that the calendar puts in force on `as_of`, whether loaded or not."""
    quarter = (as_of.month + 2) // 3
    if family == "RVU":
        return f"RVU{as_of.year % 100:02d}{'ABCD'[quarter - 1]}"
    if family in ("OPPS", "ASC"):
        return f"{family}-{as_of.year}-{3 * quarter - 2:02d}"
    return f"{family}-{as_of.year}Q{1 if family == 'AOC' else quarter}"


def row_evidence(fact: Fact, as_of: date) -> RowEvidence:
    """The fact as evidence on a page for `as_of`: in force, or carried over from an older release."""
    release = parse_release(fact.release)
    in_force = parse_release(release_in_force(release.family, as_of))
    current = (release.year, release.quarter) >= (in_force.year, in_force.quarter)
    return RowEvidence(
        id=evidence_id(fact.key, fact.value),
        fact=fact,
        currency=Currency.IN_FORCE if current else Currency.CARRIED,
        in_force_release=fact.release if current else in_force.name,
    )
