"""How a value carried over from an older release is named, so that it never passes for a new one."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from pipeline.data import Currency, Page, RowEvidence
from pipeline.facts.releases import Release, parse_release, release_span

_FOUR_DIGITS = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_TWO_DIGITS = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]+(\d\d)(?!\d)")


def carried_text(evidence: RowEvidence, as_of: date) -> str:
    """`RVU25D, not confirmed for 2026`; empty where the row's release is in force on `as_of`.

    Names the year of `as_of` when the release is of an earlier year, else the release that is in force.
    """
    if evidence.currency is not Currency.CARRIED:
        return ""
    release = evidence.fact.release
    year = release_year(release)
    if year is not None and year < as_of.year:
        return f"{release}, not confirmed for {as_of.year}"
    return f"{release}, not confirmed for {evidence.in_force_release or as_of.year}"


@lru_cache(maxsize=256)
def release_year(release: str) -> int | None:
    """The calendar year in a release's name (`RVU25D`, `OPPS-2026-01`); None when it names none."""
    if found := _FOUR_DIGITS.search(release):
        return int(found[0])
    if found := _TWO_DIGITS.search(release):
        return 2000 + int(found[1])
    return None


def newest_releases(page: Page) -> tuple[str, ...]:
    """Of each family of tables that the page draws from, the newest release that stands there, by name of family."""
    names = {
        item.fact.release
        for item in page.evidence.values()
        if isinstance(item, RowEvidence) and item.level == "table"
    }
    newest: dict[str, Release] = {}
    for release in map(_parsed, names):
        if release and (release.family not in newest or newest[release.family].order < release.order):
            newest[release.family] = release
    return tuple(newest[family].name for family in sorted(newest))


def _parsed(name: str) -> Release | None:
    try:
        return parse_release(name)
    except ValueError:  # of a table that has no calendar
        return None


def current_until(page: Page) -> date | None:
    """The last day on which all tables in force on the page's date still are, by the calendar; None where none are."""
    spans = [release_span(release) for release in newest_releases(page)]
    ends = [last for first, last in spans if last is not None and first <= page.as_of <= last]
    return min(ends, default=None)
