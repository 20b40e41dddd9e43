"""Rows of the fact database: which table answers for a date or a release, and its rows as records and facts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from pipeline.data import Fact
from pipeline.facts.database import FactDatabase, LoadedTable

EFFECTIVE, DELETION = "effective_date", "deletion_date"


class TableRow(NamedTuple):
    """A row with the table it stands in. `values` by field, empty cells left out; `headings` by field."""

    table: LoadedTable
    key: str
    modifier: str
    partner: str
    locality: str
    line: int
    values: dict[str, str]

    def locate(self, field: str) -> str:
        """File, line and column of a value."""
        heading = next(column.heading for column in self.table.columns if column.field == field)
        return f"{self.table.file} line {self.line}, column {heading}"

    def facts(self) -> Iterator[Fact]:
        """The row's values as facts about the code that is its key; the table's cells were checked when loaded.

        A row about a pair is one fact, with the dates of the pair where the row gives them.
        """
        pair = bool(self.partner)
        start = self.values.get(EFFECTIVE) if pair else None
        end = self.values.get(DELETION) if pair else None
        for column in self.table.columns[: 1 if pair else None]:
            value = self.values.get(column.field, column.blank)
            if value:
                yield Fact.model_construct(
                    hcpcs_code=self.key,
                    modifier=self.modifier,
                    field=f"{column.field}:{self.partner}" if pair else column.field,
                    value=value,
                    unit=column.unit,
                    release=self.table.release.name,
                    valid_from=date.fromisoformat(start) if start else self.table.valid_from,
                    valid_to=_last_day(self.table, pair, end),
                    locator=f"{self.table.file} line {self.line}, column {column.heading}",
                )


def _last_day(table: LoadedTable, pair: bool, end: str | None) -> date | None:
    if end:
        return date.fromisoformat(end)
    return None if pair else table.valid_to  # a pair stands until its own deletion


def newest_tables(database: FactDatabase, layout: str, as_of: date) -> tuple[LoadedTable, ...]:
    """All parts of the newest release of a layout that had started on a date; empty where there is none."""
    started = [table for table in database.tables(layout) if table.valid_from <= as_of]
    return tuple(table for table in started if table.release == started[-1].release)


def rows_of_key(
    database: FactDatabase, table: LoadedTable, key: str, *, modifier: str | None = None
) -> list[TableRow]:
    """The rows of a key, all modifiers where none is asked for, in the table's order."""
    condition, values = ("", ()) if modifier is None else (" AND modifier = ?", (modifier,))
    return list(_rows(database, table, f"key = ?{condition}", key, *values))


def rows_of_partner(database: FactDatabase, table: LoadedTable, partner: str) -> list[TableRow]:
    """The rows that name a code as their partner."""
    return list(_rows(database, table, "partner = ?", partner))


def all_rows(
    database: FactDatabase, table: LoadedTable, *, first: str = "", last: str = "\x7f"
) -> Iterator[TableRow]:
    """The rows whose key lies in a range, inclusive, sorted by key; streamed."""
    return _rows(database, table, "key BETWEEN ? AND ?", first, last)


def national_facts(database: FactDatabase, table: LoadedTable) -> list[Fact]:
    """Values that hold for the whole table, such as its conversion factor."""
    rows = database.query(
        "SELECT field, value, unit, heading, line FROM national WHERE table_id = ? ORDER BY field", table.id
    )
    return [
        Fact.model_construct(
            hcpcs_code="",
            modifier="",
            field=field,
            value=value,
            unit=unit,
            release=table.release.name,
            valid_from=table.valid_from,
            valid_to=table.valid_to,
            locator=f"{table.file} line {line}, column {heading}",
        )
        for field, value, unit, heading, line in rows
    ]


def _rows(database: FactDatabase, table: LoadedTable, condition: str, *values: str) -> Iterator[TableRow]:
    found = database.stream(
        "SELECT key, modifier, partner, locality, line, cells FROM rows WHERE table_id = ? AND "  # noqa: S608 - our own
        + condition
        + " ORDER BY key, modifier, partner, locality, line",
        table.id,
        *values,
    )
    fields = [column.field for column in table.columns]
    for key, modifier, partner, locality, line, cells in found:
        values_ = zip(fields, database.cells(cells), strict=True)
        yield TableRow(
            table, key, modifier, partner, locality, line, {f: cell for f, cell in values_ if cell}
        )
