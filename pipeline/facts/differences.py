"""What a release changed: by code and field, with the national payment before and after."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Literal, NamedTuple

from pipeline.data import Record
from pipeline.errors import NoFactsError
from pipeline.facts.database import FactDatabase, LoadedTable
from pipeline.facts.payment import NOT_APPLICABLE, PAYABLE_STATUS, round_cents
from pipeline.facts.ptp_edits import day_of
from pipeline.facts.readers import layouts
from pipeline.facts.tables import national_facts
from pipeline.facts.whole_tables import FEE_SCHEDULE, PTP, PTP_HOSPITAL

_EDIT_LAYOUTS = (PTP, PTP_HOSPITAL)
_LAST = "\x7f"  # sorts behind every code


class FieldChange(Record):
    """One value before and after; None where the release has none."""

    field: str
    unit: str
    before: str | None
    after: str | None


class RowChange(Record):
    """What changed of one row. `key` is its code (locality, APC, … where the layout has those), `partner` the second.

    Payments are national, per setting (`facility`, `nonfacility`), before and after, None where there is none; they
    are given for the fee schedule only.
    """

    key: str
    modifier: str
    partner: str
    layout: str
    kind: Literal["added", "removed", "changed"]
    fields: tuple[FieldChange, ...]
    facility: tuple[Decimal | None, Decimal | None] = (None, None)
    nonfacility: tuple[Decimal | None, Decimal | None] = (None, None)


class ReleaseDifference(Record):
    """Two releases compared over the tables both have, `rows` in all.

    `national`: values of whole tables that changed. `new_columns`, `lost_columns`: fields that only one release fills
    at all; they are not listed again for every code.
    """

    before: str
    after: str
    rows: int
    national: tuple[FieldChange, ...]
    new_columns: tuple[str, ...]
    lost_columns: tuple[str, ...]
    changes: tuple[RowChange, ...]


class _Identity(NamedTuple):
    key: str
    modifier: str
    partner: str
    locality: str
    dated: str = ""


_Rows = dict[_Identity, list[str]]
_EDITS = (
    "SELECT column_one, column_two, effective, deletion, indicator FROM ptp_edits"
    " WHERE table_id = {} AND column_one BETWEEN ?1 AND ?2"
)


def diff_releases(
    database: FactDatabase, before: str, after: str, *, first: str = "", last: str = _LAST
) -> ReleaseDifference:
    """Compare two loaded releases of one family; with a range, their rows of codes in it (inclusive) alone.

    Raises NoFactsError where a release is not loaded, or the two have no table of the same layout.
    """
    for name in (before, after):
        if not database.tables(release=name):
            raise NoFactsError(
                f"{name} is not loaded as whole tables; `briefwright sources sync --release {name}` loads it"
            )
    shared = sorted(
        {t.layout for t in database.tables(release=before)}
        & {t.layout for t in database.tables(release=after)}
    )
    changes: list[RowChange] = []
    gained: set[str] = set()
    lost: set[str] = set()
    rows = 0
    for layout in shared:
        if (first or last != _LAST) and layouts()[layout].key != "hcpcs":
            continue
        old, new = (database.tables(layout, release=name) for name in (before, after))
        if layout in _EDIT_LAYOUTS:
            earlier, later = _changed_edits(database, old, new, first, last)
        else:
            earlier, later = _read(database, old, first, last), _read(database, new, first, last)
        rows += len(earlier.keys() | later.keys())
        only_new, only_old = _columns_apart(new[0], earlier, later)
        gained |= only_new
        lost |= only_old
        money = layout == FEE_SCHEDULE
        factors = (_factor(database, old), _factor(database, new)) if money else (None, None)
        changes += _compare(new[0], earlier, later, skip=only_new | only_old, factors=factors)
    if not shared:
        raise NoFactsError(
            f"{before} and {after} have no table of the same kind; compare releases of one family"
        )
    return ReleaseDifference(
        before=before,
        after=after,
        rows=rows,
        national=tuple(_national(database, before, after)),
        new_columns=tuple(sorted(gained)),
        lost_columns=tuple(sorted(lost)),
        changes=tuple(changes),
    )


def _read(database: FactDatabase, tables: tuple[LoadedTable, ...], first: str, last: str) -> _Rows:
    found: _Rows = {}
    for table in tables:
        names = [column.field for column in table.columns]
        dated = names.index("effective_date") if "effective_date" in names else None
        for key, modifier, partner, locality, cells in database.query(
            "SELECT key, modifier, partner, locality, cells FROM rows WHERE table_id = ? AND key BETWEEN ? AND ?",
            table.id,
            first,
            last,
        ):
            values = json.loads(cells)
            found[_Identity(key, modifier, partner, locality, values[dated] if dated else "")] = values
    return found


def _changed_edits(
    database: FactDatabase, old: tuple[LoadedTable, ...], new: tuple[LoadedTable, ...], first: str, last: str
) -> tuple[_Rows, _Rows]:
    """Only the edits that differ: SQLite compares the two and a half million rows of each side."""
    selects = [" UNION ALL ".join(_EDITS.format(table.id) for table in tables) for tables in (old, new)]
    sides: list[_Rows] = []
    for here, there in (selects, selects[::-1]):
        found = database.query(f"SELECT * FROM ({here}) EXCEPT SELECT * FROM ({there})", first, last)  # noqa: S608
        sides.append(dict(_edit_cells(*row) for row in found))
    return sides[0], sides[1]


def _edit_cells(
    one: str, two: str, effective: int, deletion: int | None, indicator: int
) -> tuple[_Identity, list[str]]:
    started = day_of(effective).isoformat()
    ended = day_of(deletion).isoformat() if deletion else ""
    return _Identity(one, "", two, "", started), [str(indicator), "", started, ended, ""]


def _columns_apart(table: LoadedTable, before: _Rows, after: _Rows) -> tuple[set[str], set[str]]:
    """Fields that one side fills nowhere, where both sides have rows."""
    if not before or not after or table.layout in _EDIT_LAYOUTS:
        return set(), set()
    filled = [
        {i for values in side.values() for i, value in enumerate(values) if value} for side in (before, after)
    ]
    names = [column.field for column in table.columns]
    return {names[i] for i in filled[1] - filled[0]}, {names[i] for i in filled[0] - filled[1]}


def _compare(
    table: LoadedTable,
    before: _Rows,
    after: _Rows,
    *,
    skip: set[str],
    factors: tuple[Decimal | None, Decimal | None],
) -> Iterator[RowChange]:
    for identity in sorted(before.keys() | after.keys()):
        old, new = before.get(identity), after.get(identity)
        if old == new:
            continue
        fields = tuple(
            FieldChange(field=column.field, unit=column.unit, before=was or None, after=now or None)
            for column, was, now in zip(table.columns, old or [""] * 99, new or [""] * 99, strict=False)
            if was != now and column.field not in skip
        )
        if not fields:
            continue
        paid = [_payments(table, values, factor) for values, factor in zip((old, new), factors, strict=True)]
        yield RowChange(
            key=identity.key,
            modifier=identity.modifier,
            partner=identity.partner,
            layout=table.layout,
            kind="added" if old is None else "removed" if new is None else "changed",
            fields=fields,
            facility=(paid[0][0], paid[1][0]),
            nonfacility=(paid[0][1], paid[1][1]),
        )


def _payments(
    table: LoadedTable, values: list[str] | None, factor: Decimal | None
) -> tuple[Decimal | None, Decimal | None]:
    """National payment in a facility and not, by the row's own release."""
    if values is None or factor is None:
        return None, None
    row = dict(zip((column.field for column in table.columns), values, strict=True))
    if row["status_code"] not in PAYABLE_STATUS:
        return None, None
    return tuple(
        None
        if row[f"{place}_na"] == NOT_APPLICABLE
        else round_cents(Decimal(row[f"{place}_total_rvu"]) * factor)
        for place in ("fac", "nonfac")
    )  # type: ignore[return-value]


def _factor(database: FactDatabase, tables: tuple[LoadedTable, ...]) -> Decimal | None:
    factors = [
        fact.value
        for table in tables
        for fact in national_facts(database, table)
        if fact.field.startswith("conversion_factor")
    ]
    return Decimal(factors[0]) if factors else None


def _national(database: FactDatabase, before: str, after: str) -> Iterator[FieldChange]:
    sides = [
        {
            fact.field: fact
            for table in database.tables(release=name)
            for fact in national_facts(database, table)
        }
        for name in (before, after)
    ]
    for field in sorted(sides[0].keys() | sides[1].keys()):
        was, now = (side.get(field) for side in sides)
        if was is None or now is None or was.value != now.value:
            yield FieldChange(
                field=field,
                unit=(now or was).unit if (now or was) else "",  # type: ignore[union-attr]
                before=was.value if was else None,
                after=now.value if now else None,
            )
