"""What a release changed: by code and field, with the national payment before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Literal, NamedTuple

from pipeline.data import Record
from pipeline.errors import NoFactsError
from pipeline.facts.database import FactDatabase, LoadedTable
from pipeline.facts.payment import NOT_APPLICABLE, PAYABLE_STATUS, round_cents
from pipeline.facts.ptp_edits import day_of
from pipeline.facts.readers import layouts
from pipeline.facts.readers.layout import Column
from pipeline.facts.tables import EFFECTIVE, national_facts
from pipeline.facts.whole_tables import FEE_SCHEDULE, PTP, PTP_HOSPITAL
from pipeline.selector import in_range

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

    `national`: values of whole tables that changed. `new_columns`, `lost_columns`: fields that one release fills in
    every row and the other in none; they are not listed again for every code.
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

    Raises NoFactsError where a release is not loaded, or not all of it, or the two have no table of the same layout.
    """
    for name in (before, after):
        _require_whole(database, name)
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
            rows += _count_edits(database, new, first, last) + len(earlier.keys() - later.keys())
            only_new, only_old = set[str](), set[str]()
        else:
            earlier, later = (_read(database, side, new[0].columns, first, last) for side in (old, new))
            rows += len(earlier.keys() | later.keys())
            only_new, only_old = _columns_apart(database, old, new, earlier, later)
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
        national=tuple(_national(database, before, after, shared)),
        new_columns=tuple(sorted(gained)),
        lost_columns=tuple(sorted(lost)),
        changes=tuple(changes),
    )


def _require_whole(database: FactDatabase, release: str) -> None:
    tables = database.tables(release=release)
    load = f"`briefwright sources sync --release {release}` loads"
    if not tables:
        raise NoFactsError(f"{release} is not loaded as whole tables; {load} it")
    for layout, parts in Counter(table.layout for table in tables).items():
        expected = database.tables(layout, release=release)[0].parts
        if parts < expected:
            raise NoFactsError(f"{parts} of the {expected} files of {release} are loaded; {load} the others")


def _read(
    database: FactDatabase,
    tables: tuple[LoadedTable, ...],
    columns: tuple[Column, ...],
    first: str,
    last: str,
) -> _Rows:
    """Rows with their cells in the order of `columns`, also of a table that an older reader loaded."""
    fields = [column.field for column in columns]
    dated = fields.index(EFFECTIVE) if EFFECTIVE in fields else None
    found: _Rows = {}
    for table in tables:
        for key, modifier, partner, locality, cells in database.query(
            "SELECT key, modifier, partner, locality, cells FROM rows WHERE table_id = ? AND key BETWEEN ? AND ?",
            table.id,
            first,
            last,
        ):
            if not in_range(key, first, last):
                continue
            values = database.cells(cells)
            if table.columns != columns:
                known = dict(zip((column.field for column in table.columns), values, strict=True))
                values = [known.get(field, "") for field in fields]
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
        sides.append(dict(_edit_cells(*row) for row in found if in_range(row[0], first, last)))
    return sides[0], sides[1]


def _count_edits(database: FactDatabase, tables: tuple[LoadedTable, ...], first: str, last: str) -> int:
    select = "SELECT column_one, count(*) FROM ptp_edits WHERE table_id = ? AND column_one BETWEEN ? AND ? GROUP BY 1"
    counted = (row for table in tables for row in database.query(select, table.id, first, last))
    return sum(count for code, count in counted if in_range(code, first, last))


def _edit_cells(
    one: str, two: str, effective: int, deletion: int | None, indicator: int
) -> tuple[_Identity, list[str]]:
    started = day_of(effective).isoformat()
    ended = day_of(deletion).isoformat() if deletion else ""
    return _Identity(one, "", two, "", started), [str(indicator), "", started, ended, ""]


def _columns_apart(
    database: FactDatabase,
    old: tuple[LoadedTable, ...],
    new: tuple[LoadedTable, ...],
    before: _Rows,
    after: _Rows,
) -> tuple[set[str], set[str]]:
    """Fields that one side fills in every row and the other in none: of the rows compared, then of the whole tables."""
    filled = [
        [(any(cells), all(cells)) for cells in zip(*side.values(), strict=True)] for side in (before, after)
    ]
    gained: set[str] = set()
    lost: set[str] = set()
    for column, was, now in zip(new[0].columns, *filled, strict=False):
        for fields, empty, full, (some, _), (_, every) in (
            (gained, old, new, was, now),
            (lost, new, old, now, was),
        ):
            if every and not some and _all_blank(database, empty, column.field):
                fields |= {column.field} if _all_filled(database, full, column.field) else set()
    return gained, lost


def _all_blank(database: FactDatabase, tables: tuple[LoadedTable, ...], field: str) -> bool:
    return not any(_has_row(database, table, field, "<>") for table in tables)


def _all_filled(database: FactDatabase, tables: tuple[LoadedTable, ...], field: str) -> bool:
    return not any(_has_row(database, table, field, "=") for table in tables)


def _has_row(database: FactDatabase, table: LoadedTable, field: str, compared: Literal["=", "<>"]) -> bool:
    """Whether a table has a row in which the field is blank (`=`) or filled (`<>`); a field it has not is blank."""
    places = [place for place, column in enumerate(table.columns) if column.field == field]
    if not places:
        return compared == "="
    select = f"SELECT 1 FROM rows WHERE table_id = ? AND json_extract(cells, ?) {compared} '' LIMIT 1"  # noqa: S608
    return bool(database.query(select, table.id, f"$[{places[0]}]"))


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


def _national(
    database: FactDatabase, before: str, after: str, shared: Collection[str]
) -> Iterator[FieldChange]:
    sides = [
        {
            fact.field: fact
            for table in database.tables(release=name)
            if table.layout in shared
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
