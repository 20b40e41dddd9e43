"""Geographic practice cost indices (Addendum E) by payment locality: CSV, XLSX and fixed-width text.

The column names tell the year, and whether the work index has the floor of 1.0 that payment uses while the floor is
extended. January 2026 gives work indices without and with it, all other editions seen only with it; the fixed-width
form cuts the name off before the floor, so there, too, an index below 1.0 is refused. An asterisk on a locality's
name refers to a footnote: the floor it speaks of becomes a value of its own, the mark is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pipeline.facts.readers.layout import Column, Head, Layout, Reader, Refused, Row, Table, TableFile
from pipeline.facts.readers.localities import (
    Cell,
    cell,
    cut_off,
    expect_headings,
    expect_headings_at,
    footnotes,
    is_remark,
    is_remark_line,
    mac,
    misfit,
    no_headings,
    number,
    padded,
    sliced,
    trimmed,
    with_cut,
)
from pipeline.facts.readers.text import cells_of, is_workbook, lines_of

LAYOUT = Layout(
    name="gpci",
    family="RVU",
    key="locality",
    columns=(
        Column("state", "State"),
        Column("locality_name", "Locality Name"),
        Column("gpci_work", "PW GPCI (with 1.0 Floor)"),
        Column("gpci_work_without_floor", "PW GPCI (without 1.0 Floor)"),
        Column("gpci_pe", "PE GPCI"),
        Column("gpci_mp", "MP GPCI"),
        Column("gpci_work_floor", "Locality Name, footnote on the work GPCI"),
        Column("gpci_pe_floor", "Locality Name, footnote on the PE GPCI"),
    ),
)
_YEAR = re.compile(r"\s*(20[0-9]{2}) ")
_FLOOR = re.compile(r"(Work|PE) GPCI reflects a ([0-9]\.[0-9]) floor\b.*")
_NAME = re.compile(r"(.*?)\s*(\**)")
_INDEX = r"[0-9](?:\.[0-9]{1,3})?"
_FLOORED = r"[1-9](?:\.[0-9]{1,3})?"
_AN_INDEX = "an index such as 0.869"
_FLOORED_INDEX = "an index of 1.000 or more, as the floor has it"
_STATE = cell("State", r"[A-Z]{2}", "two letters")
# Three blanks in a name are a column that lies elsewhere.
_LOCALITY_NAME = cell("Locality Name", r"(?!.* {3})[A-Z][^*\x00-\x1f\x7f]*\**", "a name in capitals")
_PLACES = (
    mac("Medicare Administrative Contractor (MAC)"),
    _STATE,
    number("Locality Number"),
    _LOCALITY_NAME,
)


def _columns(year: str, *, two_work: bool) -> tuple[Cell, ...]:
    def index(name: str, pattern: str, expected: str) -> Cell:
        shown = f"{year} {name}"
        return cell(rf"{re.escape(shown)}\**", pattern, expected, shown=shown)

    work = index("PW GPCI (with 1.0 Floor)", _FLOORED, _FLOORED_INDEX)
    without = index("PW GPCI (without 1.0 Floor)", _INDEX, _AN_INDEX)
    rest = (index("PE GPCI", _INDEX, _AN_INDEX), index("MP GPCI", _INDEX, _AN_INDEX))
    return (*_PLACES, *((without, work) if two_work else (work,)), *rest)


def _fixed_columns(year: str) -> tuple[Cell, ...]:
    """Offsets as in GPCI2025.txt; the record layout that comes with the release does not give them."""
    index = r"[0-9]\.[0-9]{3}"
    return (
        mac("Medicare Admi").between(0, 14),
        _STATE.between(14, 21, at=14),
        number("Locality").between(21, 29, at=21),
        _LOCALITY_NAME.between(29, 118, at=67),
        cell(f"{year} PW GPCI", r"[1-9]\.[0-9]{3}", _FLOORED_INDEX).between(118, 130, at=118),
        cell(f"{year} PE GPCI", index, _AN_INDEX).between(130, 142, at=130),
        cell(f"{year} MP GPCI", index, _AN_INDEX).between(142, at=142),
    )


def _is_delimited(head: Head) -> bool:
    return any(
        row and row[0].startswith("Medicare Admin") and any("GPCI" in text for text in row[1:])
        for row in head.cells
    )


def _is_fixed(head: Head) -> bool:
    return any(line.startswith("Medicare Admi ") and " GPCI" in line for line in head.lines)


def _read_delimited(file: TableFile, descriptors: bool) -> Table:
    """Raises SourceError for column names of another edition, and where the years in them differ."""
    table = Table(LAYOUT, iter(()))
    rows = with_cut(cells_of(file), file)
    marks = footnotes(found[0] for _, found in cells_of(file) if found)
    for line, found, _ in rows:
        if is_remark(found):
            table.passed_over += 1
            continue
        first = found[4] if len(found) > 4 else ""
        columns = _columns(_year(first), two_work="without" in first)
        expect_headings(file, line, found, columns)
        table.year = int(_year(first))
        table.passed_over += 1
        table.rows = _rows(table, rows, columns, marks, lost_zeros=is_workbook(file))
        return table
    raise no_headings(file, _PLACES)


def _read_fixed(file: TableFile, descriptors: bool) -> Table:
    """Raises SourceError for column names of another edition or at other places."""
    table = Table(LAYOUT, iter(()))
    lines = lines_of(file)
    marks = footnotes(text for _, text in lines_of(file))
    for line, text in lines:
        table.passed_over += 1
        if is_remark_line(text):
            continue
        columns = _fixed_columns(_year(text[118:]))
        expect_headings_at(file, line, text, columns)
        table.year = int(_year(text[118:]))
        rows = ((n, [] if is_remark_line(t) else sliced(t, columns), False) for n, t in lines)
        table.rows = _rows(table, rows, columns, marks, lost_zeros=False)
        return table
    raise no_headings(file, _fixed_columns("20YY"))


def _rows(
    table: Table,
    rows: Iterable[tuple[int, list[str], bool]],
    columns: tuple[Cell, ...],
    marks: dict[str, str],
    *,
    lost_zeros: bool,
) -> Iterator[Row | Refused]:
    for line, found, cut in rows:
        if is_remark(found):
            table.passed_over += 1
            continue
        if lost_zeros and len(found) > 2:
            found = [padded(found[0], 5), found[1], padded(found[2], 2), *found[3:]]
        found = trimmed(found, len(columns))
        refused = misfit(line, found, columns) or (cut_off(line, found, columns) if cut else None)
        yield refused or _row(line, found, marks)


def _row(line: int, found: list[str], marks: dict[str, str]) -> Row:
    contractor, state, locality, name, *indices = found
    *without, work, pe, mp = (_three_decimals(text) for text in indices)
    match = _NAME.fullmatch(name)
    plain, mark = match.groups() if match else (name, "")
    floor = _FLOOR.fullmatch(marks.get(mark, ""))
    floors = [_three_decimals(floor[2]) if floor and floor[1] == of else "" for of in ("Work", "PE")]
    return Row(line, contractor + locality, (state, plain, work, *(without or [""]), pe, mp, *floors))


def _three_decimals(text: str) -> str:
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals:0<3}"


def _year(heading: str) -> str:
    match = _YEAR.match(heading)
    return match[1] if match else "20YY"


READERS = (Reader(LAYOUT, _is_delimited, _read_delimited), Reader(LAYOUT, _is_fixed, _read_fixed))
