"""NCCI PTP edits: a pair in either order, and the partners of a code, on a date of service."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date

from pipeline.data import Fact, Record
from pipeline.facts.database import FactDatabase, LoadedTable
from pipeline.facts.readers.ptp import LAYOUT

FIELD = LAYOUT.columns[0].field
HEADING = LAYOUT.columns[0].heading
NOT_APPLICABLE = "9"  # deleted as of its own effective date: never in force (NCCI manual, ch. I, p. I-14)
# SQLite takes the primary key for either column where it is not told: a walk over a whole table for column two.
IN_FORCE = (
    "indicator <> 9 AND effective <= ?3 AND (deletion IS NULL OR deletion >= ?3)"  # ?3: the day, as stored
)
INDEX_OF = {"one": "", "two": "INDEXED BY ptp_by_column_two"}
_SELECT = (
    "SELECT e.table_id, e.column_one, e.column_two, e.effective, e.deletion, e.indicator, e.prior, r.text, e.line"
    " FROM ptp_edits e {} JOIN rationales r ON r.id = e.rationale WHERE e.table_id = ?1 AND "
)


class PtpEdit(Record):
    """One edit as its table gives it; `deletion` is the last day it applies to, None while it stands."""

    column_one: str
    column_two: str
    modifier_indicator: str
    effective: date
    deletion: date | None
    in_existence_before_1996: bool
    rationale: str
    release: str
    file: str
    line: int

    def in_force(self, on: date) -> bool:
        """Whether the edit applies to services of that day."""
        if self.modifier_indicator == NOT_APPLICABLE or on < self.effective:
            return False
        return self.deletion is None or on <= self.deletion

    def other(self, hcpcs_code: str) -> str:
        """The partner of a code in this edit."""
        return self.column_two if hcpcs_code == self.column_one else self.column_one

    @property
    def locator(self) -> str:
        """File, line and column of the modifier indicator."""
        return f"{self.file} line {self.line}, column {HEADING}"

    def fact(self) -> Fact:
        """The edit as a fact about its column one code."""
        return Fact.model_construct(
            hcpcs_code=self.column_one,
            modifier="",
            field=f"{FIELD}:{self.column_two}",
            value=self.modifier_indicator,
            unit="",
            release=self.release,
            valid_from=self.effective,
            valid_to=self.deletion,
            locator=self.locator,
        )


def is_edit(fact: Fact) -> bool:
    """Whether a fact is about the edit of two codes."""
    return fact.field.startswith(f"{FIELD}:")


def find_edit(one: str, two: str, facts: Callable[[str], Mapping[str, Fact]]) -> Fact | None:
    """The row of the edit of two codes among the facts of either, whichever stands in column one."""
    rows = (facts(first).get(f"{FIELD}:{second}") for first, second in ((one, two), (two, one)))
    return next((row for row in rows if row is not None), None)


def edit_row(rows: Mapping[str, Fact], hcpcs_code: str, other: str) -> Fact | None:
    """The row of a page's code and another among the rows of the page (`rows.Rows`), whichever stands in column one."""
    return rows.get(f"{FIELD}:{other}") or rows.get(f"{other}.{FIELD}:{hcpcs_code}")


def edits_between(database: FactDatabase, one: str, two: str, tables: Iterable[LoadedTable]) -> list[PtpEdit]:
    """Every edit of the pair in these tables, whichever code stands in column one; the latest first."""
    by_id = {table.id: table for table in tables}
    found = [
        _edit(row, by_id)
        for id_ in by_id
        for first, second in ((one, two), (two, one))
        for row in database.query(
            f"{_SELECT.format('')} e.column_one = ?2 AND e.column_two = ?3",
            id_,
            first,
            second,
        )
    ]
    return sorted(found, key=lambda edit: (edit.effective, edit.column_one), reverse=True)


def edits_of(
    database: FactDatabase,
    hcpcs_code: str,
    on: date,
    tables: Iterable[LoadedTable],
    *,
    column: str = "either",
) -> list[PtpEdit]:
    """Edits in force on a date that have the code in `column` ("one", "two" or "either"), sorted by both codes."""
    by_id = {table.id: table for table in tables}
    day = number_of(on)
    wanted = ("one", "two") if column == "either" else (column,)
    found = [
        _edit(row, by_id)
        for id_ in by_id
        for side in wanted
        for row in database.query(
            f"{_SELECT.format(INDEX_OF[side])} e.column_{side} = ?2 AND {IN_FORCE}",
            id_,
            hcpcs_code,
            day,
        )
    ]
    return sorted(found, key=lambda edit: (edit.column_one, edit.column_two))


def all_edits(database: FactDatabase, table: LoadedTable, first: str, last: str) -> Iterator[PtpEdit]:
    """Every edit of one table, in force or not, whose column one code lies in a range; sorted by both codes."""
    rows = database.stream(
        f"{_SELECT.format('')} e.column_one BETWEEN ?2 AND ?3 ORDER BY 2, 3, 4",
        table.id,
        first,
        last,
    )
    return (_edit(row, {table.id: table}) for row in rows)


def _edit(row: tuple, tables: dict[int, LoadedTable]) -> PtpEdit:
    table = tables[row[0]]
    return PtpEdit.model_construct(
        column_one=row[1],
        column_two=row[2],
        effective=day_of(row[3]),
        deletion=day_of(row[4]) if row[4] else None,
        modifier_indicator=str(row[5]),
        in_existence_before_1996=bool(row[6]),
        rationale=row[7],
        release=table.release.name,
        file=table.file,
        line=row[8],
    )


def number_of(day: date) -> int:
    """A day as it is stored, 20260630."""
    return day.year * 10_000 + day.month * 100 + day.day


def day_of(number: int) -> date:
    """The date of a stored day, 20260630."""
    return date(number // 10_000, number // 100 % 100, number % 100)
