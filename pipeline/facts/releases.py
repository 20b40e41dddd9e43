"""Release names and the calendar that says which release is in force on a date.

Names: `RVU26B` (fee schedule; A January, AR its correction, B April, C July, D October; from 2026 `RVU26B-QPP` is
the second file of the release, for qualifying APM participants), `OPPS-2026-07`, `ASC-2026-07`, `HCPCS-2026-07`
(quarterly, by first month), `MUE-2024Q3`, `PTP-2024Q3` (quarterly, practitioner; `MUEH`, `PTPH` outpatient hospital),
`AOC-2024Q3` (the add-on file: yearly, so the first quarter's is in force all year unless a later one is loaded),
`MCD-2025-08` (the index of coverage documents as it stood in a month).
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import lru_cache

from pipeline.data import Currency, Fact, Record, RowEvidence
from pipeline.identity import evidence_id

_RVU = re.compile(r"RVU(\d\d)(AR|[A-D])(-QPP)?")
_ADDENDUM = re.compile(r"(OPPS|ASC|HCPCS)-(\d{4})-(01|04|07|10)")
_NCCI = re.compile(r"(MUEH?|PTPH?|AOC)-(\d{4})Q([1-4])")
_INDEX = re.compile(r"(MCD)-(\d{4})-(0[1-9]|1[0-2])")
FAMILIES = ("RVU", "OPPS", "ASC", "MUE", "MUEH", "PTP", "PTPH", "AOC", "HCPCS", "MCD")
_MONTHS = ("January", "April", "July", "October")


class Release(Record):
    """A parsed release name. `quarter` counts from 1; `correction` marks a re-issue within the quarter.

    `qpp`: the file for qualifying APM participants. `month` is set for an index that is no quarterly table.
    """

    name: str
    family: str
    year: int
    quarter: int
    correction: bool = False
    qpp: bool = False
    month: int = 0

    @property
    def order(self) -> tuple[int, int, int, bool, bool]:
        """Sorts releases of a family, oldest first; a quarter's QPP file before the one pages state."""
        return (self.year, self.quarter, self.month, self.correction, not self.qpp)

    @property
    def edition(self) -> str:
        """The edition as a reader knows it, for example `RVU26B, April 2026` or `2024 Q3`."""
        month = f"{_MONTHS[self.quarter - 1]} {self.year}"
        if self.family == "RVU":
            return f"{self.name}, {month}" + (", for qualifying APM participants" if self.qpp else "")
        if self.family == "MCD":
            return f"{self.year}-{self.month:02d}"
        return month if self.family in ("OPPS", "ASC", "HCPCS") else f"{self.year} Q{self.quarter}"


@lru_cache(maxsize=256)
def parse_release(name: str) -> Release:
    """Read a release name. Raises ValueError for a name of no known family."""
    if match := _RVU.fullmatch(name):
        return Release(
            name=name,
            family="RVU",
            year=2000 + int(match[1]),
            quarter="ABCD".index(match[2][0]) + 1,
            correction=match[2] == "AR",
            qpp=bool(match[3]),
        )
    if match := _ADDENDUM.fullmatch(name):
        return Release(name=name, family=match[1], year=int(match[2]), quarter=(int(match[3]) + 2) // 3)
    if match := _NCCI.fullmatch(name):
        return Release(name=name, family=match[1], year=int(match[2]), quarter=int(match[3]))
    if match := _INDEX.fullmatch(name):
        month = int(match[3])
        return Release(name=name, family="MCD", year=int(match[2]), quarter=(month + 2) // 3, month=month)
    raise ValueError(f"unknown release name {name!r}")


def release_span(name: str) -> tuple[date, date | None]:
    """First and last day a release is meant for: its quarter; the rest of its year for the add-on file.

    None for the coverage index, which stands until a newer one. Raises ValueError for an unknown name.
    """
    release = parse_release(name)
    first = date(release.year, release.month or 3 * release.quarter - 2, 1)
    if release.family == "MCD":
        return first, None
    if release.family == "AOC":
        return first, date(release.year, 12, 31)
    return first, _next_quarter(first) - timedelta(days=1)


def _next_quarter(first: date) -> date:
    return date(first.year + first.month // 10, (first.month + 3) % 12 or 12, 1)


def release_in_force(family: str, as_of: date) -> str:
    """Name of the release that the calendar puts in force on `as_of`, whether loaded or not."""
    quarter = (as_of.month + 2) // 3
    if family == "RVU":
        return f"RVU{as_of.year % 100:02d}{'ABCD'[quarter - 1]}"
    if family in ("OPPS", "ASC", "HCPCS"):
        return f"{family}-{as_of.year}-{3 * quarter - 2:02d}"
    if family == "MCD":
        return f"MCD-{as_of.year}-{as_of.month:02d}"
    return f"{family}-{as_of.year}Q{1 if family == 'AOC' else quarter}"


@lru_cache(maxsize=256)
def newer_on(release: str, on: date) -> str:
    """The release that the calendar puts in force on a day in place of this one; empty where this one is as new."""
    held = parse_release(release)
    in_force = parse_release(release_in_force(held.family, on))
    return "" if (held.year, held.quarter) >= (in_force.year, in_force.quarter) else in_force.name


def name_on(release: str, on: date) -> str:
    """The release, and that it is carried over where a newer one is in force on the day."""
    newer = newer_on(release, on)
    return f"{release}, carried: {newer} not loaded" if newer else release


def earlier_row(fact: Fact) -> RowEvidence:
    """The fact as evidence of a past year, stated as such."""
    return RowEvidence(
        id=evidence_id(fact.key, fact.value),
        fact=fact,
        currency=Currency.EARLIER,
        in_force_release=fact.release,
    )


def row_evidence(fact: Fact, as_of: date) -> RowEvidence:
    """The fact as evidence on a page for `as_of`: in force, or carried over from an older release."""
    newer = newer_on(fact.release, as_of)
    return RowEvidence(
        id=evidence_id(fact.key, fact.value),
        fact=fact,
        currency=Currency.CARRIED if newer else Currency.IN_FORCE,
        in_force_release=newer or fact.release,
    )
