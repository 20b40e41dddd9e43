"""What is loaded of every source, against what its calendar says should be in force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from pipeline.data import Record
from pipeline.facts.database import LoadedTable
from pipeline.facts.releases import Release, parse_release, release_in_force, release_span
from pipeline.sources.registry import RegistryEntry

# Two layouts of one list: either is all of it.
_SAME_LIST = frozenset(("hcpcs_modifiers", "hcpcs_modifier_list"))
# Without it a release says nothing of a code; the sources that are not here have one table.
_LEADING = {"RVU": "pprrvu", "OPPS": "opps_codes", "ASC": "asc_surgical"}


class FamilyStatus(Record):
    """One source on a day.

    `whole`: the newest release loaded as whole tables; `starter`: the newest that the starter set has rows of; both
    empty where there is none. `in_force`: what the calendar says should apply. `stale`: a newer one than `whole`
    should be there, or its leading table. `missing_parts`: files of `whole` that are not loaded, `missing_tables`:
    layouts of which it has none. `next_release` starts on `next_due`. `unconfirmed`: layouts built without having
    seen a file.
    """

    family: str
    title: str
    whole: str
    starter: str
    in_force: str
    stale: bool
    missing_parts: int
    missing_tables: tuple[str, ...]
    next_release: str
    next_due: date
    address_known: bool
    unconfirmed: tuple[str, ...]
    url: str


def source_status(
    registry: Mapping[str, RegistryEntry],
    tables: Iterable[LoadedTable],
    starter: Iterable[str],
    today: date,
) -> list[FamilyStatus]:
    """The status of every family in the registry, in its order. `starter` are names of releases."""
    loaded = list(tables)
    given = [parse_release(name) for name in starter]
    return [_status(entry, loaded, given, today) for entry in registry.values()]


def _status(
    entry: RegistryEntry, tables: list[LoadedTable], given: list[Release], today: date
) -> FamilyStatus:
    own = sorted((t for t in tables if t.release.family == entry.family), key=lambda t: t.release.order)
    rows = sorted((r for r in given if r.family == entry.family), key=lambda r: r.order)
    in_force = release_in_force(entry.family, today)
    newest = own[-1].release if own else None
    upcoming = _next(entry.family, today)
    parts = [t for t in own if newest and t.release == newest and t.parts > 1]
    missing = _missing_tables(entry, {t.layout for t in own if newest and _same(t.release, newest)})
    return FamilyStatus(
        family=entry.family,
        title=entry.title,
        whole=newest.name if newest else "",
        starter=rows[-1].name if rows else "",
        in_force=in_force,
        stale=newest is None
        or _LEADING.get(entry.family) in missing
        or _quarter(newest) < _quarter(parse_release(in_force)),
        missing_parts=parts[0].parts - len(parts) if parts else 0,
        missing_tables=missing,
        next_release=upcoming,
        next_due=release_span(upcoming)[0],
        address_known=bool((known := entry.release(in_force)) and known.files),
        unconfirmed=tuple(layout.name for layout in entry.layouts if not layout.confirmed),
        url=entry.url,
    )


def _missing_tables(entry: RegistryEntry, held: set[str]) -> tuple[str, ...]:
    if held & _SAME_LIST:
        held |= _SAME_LIST
    return tuple(layout.name for layout in entry.layouts if held and layout.name not in held)


def _same(one: Release, other: Release) -> bool:
    """Whether two are one release; the file for qualifying APM participants comes with the others."""
    return one.name.removesuffix("-QPP") == other.name.removesuffix("-QPP")


def _quarter(release: Release) -> tuple[int, int, int]:
    return release.year, release.quarter, release.month


def _next(family: str, today: date) -> str:
    """The first release of a family that starts after a day."""
    current, day = release_in_force(family, today), today
    while release_in_force(family, day) == current:
        day += timedelta(days=1)
    return release_in_force(family, day)
