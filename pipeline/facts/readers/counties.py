"""Which counties a payment locality covers (the county crosswalk): CSV, XLSX and fixed-width text.

One row a locality; a row that says the same again is passed over. The counties stay the text that CMS prints, for it
is no plain list ("all other counties", "except", a second state). The delimited form has lost leading zeros, which
fixed widths give back; its state stands on the first row of a block only and is carried down to the next blank line.
The fixed-width form cuts long texts off at the column's width and leaves one state out: a text that may be cut is
refused, since half a list of counties is a wrong one. The delimited form is therefore the one to load.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pipeline.facts.readers.layout import Column, Head, Layout, Reader, Refused, Row, Table, TableFile
from pipeline.facts.readers.localities import (
    CAPITALISED,
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
from pipeline.facts.readers.text import cells_of, lines_of

LAYOUT = Layout(
    name="counties",
    family="RVU",
    key="locality",
    columns=(
        Column("state_name", "State"),
        Column("fee_schedule_area", "Fee Schedule Area"),
        Column("counties", "Counties"),
        Column("carrier_count", "Fee Schedule Area, footnote on carriers"),
    ),
)
_TITLE = re.compile(r"COUNTIES INCLUDED IN (20[0-9]{2}) LOCALITIES\b.*")
_TWO_CARRIERS = re.compile(r"Payment locality is serviced by two carriers\b.*")
_AREA = re.compile(r"(.*?)\s*(\**)")
_COUNTIES = (143, 201)
# A text cut off at the width that broke off at a blank has lost that blank as well.
_WHOLE = _COUNTIES[1] - _COUNTIES[0] - 2
_STATE = cell("State", r"(?:[A-Z][A-Z ./]*)?", "a state in capitals, or nothing")
# Three blanks in a name are a column that lies elsewhere.
_FEE_AREA = cell("Fee Schedule Area", r"(?!.* {3})[A-Z][^*\x00-\x1f\x7f]*\**", "the name of an area")
_DELIMITED = (
    mac(r"Medicare Admini?strative Contractor", shown="Medicare Adminstrative Contractor"),
    number("Locality Number"),
    _STATE,
    _FEE_AREA,
    cell("Counties", CAPITALISED, "names of counties"),
)
# Offsets as in 25LOCCO.txt; the record layout that comes with the release does not give them.
_FIXED = (
    mac("Medicare Admi").between(0, 13),
    number("Locality").between(13, 22, at=13),
    _STATE.between(22, 45, at=30),
    _FEE_AREA.between(45, _COUNTIES[0], at=85),
    cell(
        "Counties",
        rf"[A-Z][^\x00-\x1f\x7f]{{,{_WHOLE - 1}}}",
        f"at most {_WHOLE} characters, as longer texts are cut off here (the CSV form has them whole)",
    ).between(_COUNTIES[0], at=168),
)


def _is_delimited(head: Head) -> bool:
    return any(row[-1:] and row[0].startswith("Medicare Admin") and "Counties" in row for row in head.cells)


def _is_fixed(head: Head) -> bool:
    return any(line.startswith("Medicare Admi") and line.endswith(" Counties") for line in head.lines)


def _read_delimited(file: TableFile, descriptors: bool) -> Table:
    """Raises SourceError for other column names."""
    table = Table(LAYOUT, iter(()))
    rows = with_cut(cells_of(file), file)
    marks = footnotes(found[0] for _, found in cells_of(file) if found)
    for line, found, _ in rows:
        table.passed_over += 1
        if is_remark(found):
            _note_year(table, found[0] if found else "")
            continue
        expect_headings(file, line, found, _DELIMITED)
        whole = ((line, _with_zeros(found), cut) for line, found, cut in rows)
        table.rows = _once(table, _rows(table, whole, _DELIMITED, marks))
        return table
    raise no_headings(file, _DELIMITED)


def _with_zeros(found: list[str]) -> list[str]:
    return [*(padded(text, width) for text, width in zip(found, (5, 2), strict=False)), *found[2:]]


def _read_fixed(file: TableFile, descriptors: bool) -> Table:
    """Raises SourceError for other column names, or names at other places."""
    table = Table(LAYOUT, iter(()))
    lines = lines_of(file)
    marks = footnotes(text for _, text in lines_of(file))
    for line, text in lines:
        table.passed_over += 1
        if is_remark_line(text):
            _note_year(table, text)
            continue
        expect_headings_at(file, line, text, _FIXED)
        rows = ((n, [] if is_remark_line(t) else sliced(t, _FIXED), False) for n, t in lines)
        table.rows = _once(table, _rows(table, rows, _FIXED, marks))
        return table
    raise no_headings(file, _FIXED)


def _rows(
    table: Table,
    rows: Iterable[tuple[int, list[str], bool]],
    columns: tuple[Cell, ...],
    marks: dict[str, str],
) -> Iterator[Row | Refused]:
    state = ""
    for line, found, cut in rows:
        if is_remark(found):
            table.passed_over += 1
            state = ""
            continue
        found = trimmed(found, len(columns))
        refused = misfit(line, found, columns) or (cut_off(line, found, columns) if cut else None)
        # A refused row may begin the block of a state as well, or hide where one begins.
        known = not refused or (len(found) > 2 and _STATE.pattern.fullmatch(found[2]))
        state = (found[2] or state) if known else ""
        yield refused or _row(line, found, state, marks)


def _row(line: int, found: list[str], state: str, marks: dict[str, str]) -> Row:
    contractor, locality, _, area, counties = found
    match = _AREA.fullmatch(area)
    plain, mark = match.groups() if match else (area, "")
    carriers = "2" if _TWO_CARRIERS.fullmatch(marks.get(mark, "")) else ""
    return Row(line, contractor + locality, (state, plain, counties, carriers))


def _once(table: Table, rows: Iterable[Row | Refused]) -> Iterator[Row | Refused]:
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for row in rows:
        if isinstance(row, Row):
            if (row.key, row.cells) in seen:
                table.passed_over += 1
                continue
            seen.add((row.key, row.cells))
        yield row


def _note_year(table: Table, title: str) -> None:
    if match := _TITLE.fullmatch(title.strip()):
        table.year = int(match[1])


READERS = (Reader(LAYOUT, _is_delimited, _read_delimited), Reader(LAYOUT, _is_fixed, _read_fixed))
