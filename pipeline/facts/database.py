"""The fact database: official tables as they were published, side by side, in one SQLite file.

A table is loaded whole or not at all. Its rows are kept as the publisher gives them, one row a row, with the names of
their columns beside them; `lookup` and `as_of` make facts from them. PTP edits, two and a half million a release,
have a table of their own. The view `facts` shows every value as one tidy row to whoever opens the file with SQLite.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import date
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import SourceError, StateError
from pipeline.facts.readers.layout import Column
from pipeline.facts.releases import Release, parse_release
from pipeline.identity import code_digest
from pipeline.store import is_damage, open_sqlite, sqlite_state_error

_SCHEMA = """
CREATE TABLE IF NOT EXISTS tables (
    id INTEGER PRIMARY KEY, release TEXT NOT NULL, layout TEXT NOT NULL, part INTEGER NOT NULL, parts INTEGER NOT NULL,
    file TEXT NOT NULL, sha256 TEXT NOT NULL, reader TEXT NOT NULL, columns TEXT NOT NULL,
    valid_from TEXT NOT NULL, valid_to TEXT, kept INTEGER NOT NULL, passed_over INTEGER NOT NULL,
    UNIQUE (release, layout, part)
);
CREATE TABLE IF NOT EXISTS national (
    table_id INTEGER NOT NULL REFERENCES tables(id) ON DELETE CASCADE,
    field TEXT NOT NULL, value TEXT NOT NULL, unit TEXT NOT NULL, heading TEXT NOT NULL, line INTEGER NOT NULL,
    PRIMARY KEY (table_id, field)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rows (
    table_id INTEGER NOT NULL, key TEXT NOT NULL, modifier TEXT NOT NULL, partner TEXT NOT NULL,
    locality TEXT NOT NULL, line INTEGER NOT NULL, cells TEXT NOT NULL,
    PRIMARY KEY (table_id, key, modifier, partner, locality, line)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS rows_by_partner ON rows (table_id, partner) WHERE partner <> '';
CREATE TABLE IF NOT EXISTS rationales (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS ptp_edits (
    table_id INTEGER NOT NULL, column_one TEXT NOT NULL, column_two TEXT NOT NULL, effective INTEGER NOT NULL,
    deletion INTEGER, indicator INTEGER NOT NULL, prior INTEGER NOT NULL, rationale INTEGER NOT NULL,
    line INTEGER NOT NULL, PRIMARY KEY (table_id, column_one, column_two, effective, line)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ptp_by_column_two ON ptp_edits (table_id, column_two, indicator, deletion);
CREATE VIEW IF NOT EXISTS facts AS
    SELECT t.release, t.layout, r.key, r.modifier, r.partner, r.locality,
           json_extract(c.value, '$[0]') AS field, v.value AS value, json_extract(c.value, '$[2]') AS unit,
           t.valid_from, t.valid_to, t.file, r.line, json_extract(c.value, '$[1]') AS heading
    FROM rows r JOIN tables t ON t.id = r.table_id, json_each(t.columns) c, json_each(r.cells) v
    WHERE c.key = v.key AND v.value <> ''
    UNION ALL
    SELECT t.release, t.layout, e.column_one, '', e.column_two, '', 'ptp_column_two', CAST(e.indicator AS TEXT), '',
           date(substr(e.effective, 1, 4) || '-' || substr(e.effective, 5, 2) || '-' || substr(e.effective, 7)),
           date(substr(e.deletion, 1, 4) || '-' || substr(e.deletion, 5, 2) || '-' || substr(e.deletion, 7)),
           t.file, e.line, 'Modifier'
    FROM ptp_edits e JOIN tables t ON t.id = e.table_id;
"""


class LoadedTable(NamedTuple):
    """A table in the database. `part` of `parts`: which of the files that a release spreads one table over."""

    id: int
    release: Release
    layout: str
    part: int
    parts: int
    file: str
    sha256: str
    reader: str
    columns: tuple[Column, ...]
    valid_from: date
    valid_to: date | None
    kept: int
    passed_over: int


@cache
def reader_version() -> str:
    """Changes with the readers' code, so that a table read by older code is read again."""
    return code_digest("pipeline.facts.readers")


class FactDatabase:
    """Tables of all releases in one file. Opened on first use; no file, or none there yet, holds nothing.

    Look-ups see the tables as they were at the first one, whatever another process loads meanwhile, until `close` or
    a `transaction` of its own. Raises StateError where the file is locked, full or out of reach, SourceError where it
    is damaged.
    """

    def __init__(self, path: Path | None):
        self.path = path
        self._connection: sqlite3.Connection | None = None
        self._tables: tuple[LoadedTable, ...] | None = None

    def query(self, sql: str, *values: object) -> list[tuple]:
        """Rows of a statement; nothing where there is no database."""
        with self._executed(sql, values) as cursor:
            return cursor.fetchall() if cursor else []

    def stream(self, sql: str, *values: object) -> Iterator[tuple]:
        """As `query`, row by row, for more rows than memory should hold."""
        with self._executed(sql, values) as cursor:
            yield from cursor or ()

    @contextmanager
    def _executed(self, sql: str, values: Sequence[object]) -> Iterator[sqlite3.Cursor | None]:
        connection = self._open(create=False)
        if connection is None:
            yield None
            return
        try:
            if not connection.in_transaction:
                connection.execute("BEGIN")
            with closing(connection.execute(sql, values)) as cursor:
                yield cursor
        except sqlite3.Error as error:
            raise self._error(error) from error

    def cells(self, stored: str) -> list[str]:
        """The cells of a row as it is stored. Raises SourceError where they are damaged."""
        return self._decoded(stored)

    def tables(self, layout: str = "", *, release: str = "") -> tuple[LoadedTable, ...]:
        """Loaded tables, oldest release first, parts in order."""
        if self._tables is None:
            found = (
                LoadedTable(
                    id_, parse_release(name), *between,
                    columns=tuple(Column(*column) for column in self._decoded(columns)),
                    valid_from=date.fromisoformat(start),
                    valid_to=date.fromisoformat(end) if end else None,
                    kept=kept, passed_over=passed_over,
                )
                for id_, name, *between, columns, start, end, kept, passed_over in self.query(
                    "SELECT id, release, layout, part, parts, file, sha256, reader, columns, valid_from, valid_to,"
                    " kept, passed_over FROM tables"
                )
            )  # fmt: skip
            self._tables = tuple(sorted(found, key=lambda t: (t.release.order, t.layout, t.part)))
        return tuple(
            t
            for t in self._tables
            if (not layout or t.layout == layout) and (not release or t.release.name == release)
        )

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Cursor]:
        """A cursor whose changes count together when the block ends, or not at all when it raises."""
        connection = self._open(create=True)
        if connection is None:
            raise StateError("there is no file to load tables into; give the database a path")
        cursor = connection.cursor()
        try:
            if connection.in_transaction:  # the moment that look-ups saw
                cursor.execute("COMMIT")
            cursor.execute("BEGIN IMMEDIATE")
            try:
                yield cursor
                cursor.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # a full disk has rolled back by itself
                    cursor.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise self._error(error) from error
        finally:
            cursor.close()
            self._tables = None

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._tables = None

    def _open(self, *, create: bool) -> sqlite3.Connection | None:
        if self._connection is None:
            if self.path is None:
                return None
            if not self.path.is_file():
                if self.path.exists() or self.path.is_symlink():
                    raise StateError(f"{self.path} is not a file; move it away, then load the tables again")
                if not create:
                    return None
            try:
                self._connection = open_sqlite(self.path)
                self._connection.executescript(_SCHEMA)
            except sqlite3.Error as error:
                raise self._error(error) from error
            except UnicodeDecodeError as error:  # SQLite's own message quotes what it could not read
                raise self._damaged(error) from error
        return self._connection

    def _decoded(self, stored: str) -> list:
        try:
            return json.loads(stored)
        except ValueError as error:
            raise self._damaged(error) from error

    def _error(self, error: sqlite3.Error) -> SourceError | StateError:
        if self.path is None or is_damage(error):
            return self._damaged(error)
        return sqlite_state_error(self.path, error)

    def _damaged(self, error: Exception) -> SourceError:
        return SourceError(
            f"{self.path} is damaged ({error}); delete it and run `briefwright sources sync` to load it again"
        )


def delete_table(cursor: sqlite3.Cursor, table_id: int) -> None:
    """Take one table out, inside a transaction."""
    for name, column in (
        ("rows", "table_id"),
        ("ptp_edits", "table_id"),
        ("national", "table_id"),
        ("tables", "id"),
    ):
        cursor.execute(f"DELETE FROM {name} WHERE {column} = ?", (table_id,))  # noqa: S608 - our own names
