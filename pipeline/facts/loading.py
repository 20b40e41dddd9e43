"""Loading a table into the fact database: all of its rows, or none."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

from pipeline.errors import SourceError
from pipeline.facts.database import FactDatabase, LoadedTable, delete_table, reader_version
from pipeline.facts.readers.layout import Refused, Row, Table
from pipeline.facts.releases import parse_release, release_span
from pipeline.facts.whole_tables import PTP, PTP_HOSPITAL

_SHOWN = 3
_REPORT_EVERY = 50_000


class Origin(NamedTuple):
    """Where a table to be loaded comes from.

    `part` of `parts`, from 1: a release may spread one table over several files. `starts` is given where a release
    does not begin on the first day of its quarter. `beside`: by part, the SHA-256 of the files that are loaded together
    with this one, so that a part which is about to be replaced is not compared with.
    """

    release: str
    file: str
    sha256: str
    part: int = 1
    parts: int = 1
    starts: date | None = None
    beside: Mapping[int, str] = MappingProxyType({})


def held_table(database: FactDatabase, origin: Origin, layout: str) -> LoadedTable | None:
    """The table of this very file, where it is loaded already, read by the code of today."""
    wanted = (origin.sha256, origin.part, origin.parts, reader_version())
    held = database.tables(layout, release=origin.release)
    return next((t for t in held if (t.sha256, t.part, t.parts, t.reader) == wanted), None)


def load_table(
    database: FactDatabase, table: Table, origin: Origin, *, progress: Callable[[int], None] | None = None
) -> LoadedTable:
    """Load a table in place of an earlier one of the same release, layout and part.

    `progress` is told the number of rows so far. Raises SourceError, and loads nothing, when rows do not fit (naming
    the first), a key comes twice, in the file or in another part, there is none, or the file says it is of another
    year or quarter than the release.
    """
    first, last = release_span(origin.release)
    sorter = _Sorter(table, progress)
    with database.transaction() as cursor:
        id_ = _register(cursor, table, origin, first=origin.starts or first, last=last)
        _check_edition(table, origin)
        if table.layout.name in (PTP, PTP_HOSPITAL):
            _insert_edits(cursor, id_, sorter.rows())
            _refuse_shared_pairs(cursor, id_, table.layout.name, origin)
        else:
            _insert_rows(cursor, id_, table, origin, sorter.rows())
        _refuse_misfits(sorter, origin)
        _check_edition(table, origin)  # what a file says may stand in its rows
        national = [(id_, *value) for value in table.national]
        cursor.executemany("INSERT INTO national VALUES (?, ?, ?, ?, ?, ?)", national)
        counts = (sorter.kept, table.passed_over, id_)
        cursor.execute("UPDATE tables SET kept = ?, passed_over = ? WHERE id = ?", counts)
    return next(loaded for loaded in database.tables() if loaded.id == id_)


def _register(cursor: sqlite3.Cursor, table: Table, origin: Origin, *, first: date, last: date | None) -> int:
    replaced = cursor.execute(
        "SELECT id FROM tables WHERE release = ? AND layout = ? AND (part = ? OR parts <> ?)",
        (origin.release, table.layout.name, origin.part, origin.parts),
    )
    for (old,) in replaced.fetchall():
        delete_table(cursor, old)
    cursor.execute(
        "INSERT INTO tables (release, layout, part, parts, file, sha256, reader, columns, valid_from, valid_to,"
        " kept, passed_over) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)",
        (
            origin.release,
            table.layout.name,
            origin.part,
            origin.parts,
            origin.file,
            origin.sha256,
            reader_version(),
            json.dumps(table.layout.columns),
            first.isoformat(),
            last.isoformat() if last else None,
        ),
    )
    return int(cursor.lastrowid or 0)


class Said(NamedTuple):
    """What a file says of its edition, None where it does not, beside what its release is."""

    name: str
    found: int | None
    expected: int

    @property
    def other(self) -> bool:
        """Whether it is another one."""
        return self.found is not None and self.found != self.expected


def said_of_edition(table: Table, origin: Origin) -> tuple[Said, ...]:
    """What a table says of its year, its quarter, and whether it is the QPP file, always in this order."""
    release = parse_release(origin.release)
    return (
        Said("year", table.year, release.year),
        Said("quarter", table.quarter, release.quarter),
        Said("QPP file", table.qpp, release.qpp),
    )


def other_edition(said: Said, origin: Origin) -> str:
    """The sentence for a file that says it is of another edition than its release."""
    return (
        f"{origin.file}: expected {said.name} {said.expected} for {origin.release}, the file says {said.found}; "
        "give the release it belongs to with --release"
    )


def _check_edition(table: Table, origin: Origin) -> None:
    for said in said_of_edition(table, origin):
        if said.other:
            raise SourceError(other_edition(said, origin))


class _Sorter:
    """Passes rows on and sets refused ones aside, so that both are counted in one walk."""

    def __init__(self, table: Table, progress: Callable[[int], None] | None):
        self.table = table
        self.progress = progress
        self.refused: list[Refused] = []
        self.refusals = 0
        self.kept = 0

    def rows(self) -> Iterator[Row]:
        for item in self.table.rows:
            if isinstance(item, Refused):
                self.refusals += 1
                if len(self.refused) < _SHOWN:
                    self.refused.append(item)
            else:
                self.kept += 1
                if self.progress and self.kept % _REPORT_EVERY == 0:
                    self.progress(self.kept)
                yield item


def _refuse_misfits(sorter: _Sorter, origin: Origin) -> None:
    if sorter.refusals:
        shown = "; ".join(
            f"line {r.line}, {r.column}: expected {r.expected}, found {r.found!r:.60}" for r in sorter.refused
        )
        more = "; …" if sorter.refusals > _SHOWN else ""
        raise SourceError(
            f"{origin.file}: {sorter.refusals:,} of {sorter.refusals + sorter.kept:,} rows do not fit the layout, so "
            f"none was loaded: {shown}{more}"
        )
    if not sorter.kept:
        raise SourceError(
            f"{origin.file}: expected rows below the header, found none; the file may be cut off"
        )


def _insert_rows(
    cursor: sqlite3.Cursor, table_id: int, table: Table, origin: Origin, rows: Iterator[Row]
) -> None:
    seen: dict[tuple[str, str, str, str], int] = {}

    def values() -> Iterator[tuple[object, ...]]:
        for row in rows:
            identity = (row.key, row.modifier, row.partner, row.locality)
            if seen.setdefault(identity, row.line) != row.line and not table.layout.dated:
                name = " ".join(part for part in identity if part)
                raise SourceError(
                    f"{origin.file}:{row.line}: {name} stands already on line {seen[identity]}; expected it once"
                )
            yield (table_id, *identity, row.line, json.dumps(row.cells, ensure_ascii=False))

    cursor.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?)", values())


def _insert_edits(cursor: sqlite3.Cursor, table_id: int, rows: Iterator[Row]) -> None:
    rationales = {text: id_ for id_, text in cursor.execute("SELECT id, text FROM rationales").fetchall()}
    added: list[tuple[int, str]] = []
    dates: dict[str, int | None] = {"": None}

    def values() -> Iterator[tuple[object, ...]]:
        for row in rows:
            indicator, prior, effective, deletion, rationale = row.cells
            for day in (effective, deletion):
                if day not in dates:
                    dates[day] = int(day.replace("-", ""))
            if rationale not in rationales:
                rationales[rationale] = len(rationales) + 1
                added.append((rationales[rationale], rationale))
            yield (
                table_id, row.key, row.partner, dates[effective], dates[deletion], int(indicator), bool(prior),
                rationales[rationale], row.line,
            )  # fmt: skip

    cursor.executemany("INSERT INTO ptp_edits VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values())
    cursor.executemany("INSERT INTO rationales VALUES (?, ?)", added)


def _refuse_shared_pairs(cursor: sqlite3.Cursor, table_id: int, layout: str, origin: Origin) -> None:
    """A pair that stands in two parts of a release: one file was given in place of two, or of two issues."""
    others = cursor.execute(
        "SELECT id, part, sha256, file FROM tables WHERE release = ? AND layout = ? AND id <> ? ORDER BY part",
        (origin.release, layout, table_id),
    ).fetchall()
    for other, part, sha256, file in others:
        if origin.beside.get(part, sha256) != sha256:
            continue
        if pair := _shared_pair(cursor, table_id, other):
            raise SourceError(
                f"{origin.file}: the pair {pair[0]} {pair[1]} is already in part {part} of {origin.release} ({file}), "
                f"so this is not its part {origin.part}; give each part's own file, all parts of one issue together"
            )


def _shared_pair(cursor: sqlite3.Cursor, one: int, other: int) -> tuple[str, str] | None:
    """A pair with one effective date in both tables, looked for where their column one codes overlap."""
    (first, last), (from_, to) = (
        cursor.execute(
            "SELECT (SELECT min(column_one) FROM ptp_edits WHERE table_id = ?1),"
            " (SELECT max(column_one) FROM ptp_edits WHERE table_id = ?1)",
            (id_,),
        ).fetchone()
        for id_ in (one, other)
    )
    if not (first and from_ and first <= to and from_ <= last):
        return None
    return cursor.execute(
        "SELECT a.column_one, a.column_two FROM ptp_edits a CROSS JOIN ptp_edits b ON b.table_id = ?"
        " AND b.column_one = a.column_one AND b.column_two = a.column_two AND b.effective = a.effective"
        " WHERE a.table_id = ? AND a.column_one BETWEEN ? AND ? LIMIT 1",
        (other, one, max(first, from_), min(last, to)),
    ).fetchone()
