"""NCCI add-on code edits: the fixed-width TXT (`AOC_V2026Q2-MCR.txt`) and the workbook of the same columns.

Built from how others describe and cut these files; no file was at hand. A line of the TXT holds, by position from 1:
type (1), add-on code (2-6), its deletion date (7-13), primary code (14-18), its deletion date (19-25), the edit's
effective date (26-32), its deletion date (33-39), notes (40 on). Dates are a year and the day in it: 2013091.

Types (NCCI Policy Manual, ch. I, pp. I-35, I-36): 1, all acceptable primaries are listed; 2, none is, the contractor
decides; 3, some are, and the contractor may accept more. `CCCCC`, or no code, stands for the contractor's own list.
A pair ends with the edit, the add-on code or the primary code, whichever is deleted first. The notes are left out:
whose words they are is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import chain, islice, pairwise

from pipeline.data import Fact
from pipeline.facts.readers.layout import Column, Head, Layout, Reader, Refused, Row, Table, TableFile
from pipeline.facts.readers.ncci import (
    A_CODE,
    CODE,
    FIRST_YEAR,
    LAST_YEAR,
    check_headings,
    header_place,
    passes_over,
    plain,
    whole_code,
    without_blank_end,
)
from pipeline.facts.readers.text import HEAD_LINES, cells_of, is_workbook, lines_of

CONTRACTOR = "CCCCC"
_PRIMARY = "primary_code"
_NAMES = (
    "AOC_Edit_Type",
    "Add-On_Code",
    "AOC_DelDT",
    "Primary_Code",
    "Primary_Code_DelDT",
    "AOC_Edit_EffDT",
    "AOC_Edit_DelDT",
    "Special_Instruction_Notes",
)
_BOTH_CODES = (1, 3)
_CUTS = (0, 1, 6, 13, 18, 25, 32, 39, None)
LAYOUT = Layout(
    name="add_ons",
    family="AOC",
    key="hcpcs",
    columns=(
        Column(_PRIMARY, "AOC_Edit_Type"),
        Column("effective_date", "AOC_Edit_EffDT"),
        Column("deletion_date", "AOC_Edit_DelDT, AOC_DelDT or Primary_Code_DelDT, the earliest"),
    ),
    partnered=True,
    dated=True,
    confirmed=False,
)
_ALL_LISTED = "1"
_A_DAY = "a year and the day in it, as 2013091"
_DAY_OR_BLANK = re.compile(r"([0-9]{7})?")
_EXPECTED = (
    (re.compile("[123]"), "1, 2 or 3"),
    (CODE, A_CODE),
    (_DAY_OR_BLANK, f"{_A_DAY}, or blank"),
    (re.compile(rf"({CODE.pattern}|{CONTRACTOR})?"), f"{A_CODE}, {CONTRACTOR} or blank"),
    (_DAY_OR_BLANK, f"{_A_DAY}, or blank"),
    (re.compile(r"[0-9]{7}"), _A_DAY),
    (_DAY_OR_BLANK, f"{_A_DAY}, or blank"),
)
_ROW_BEGINS = re.compile(rf"[123]{CODE.pattern}")
_ROW = re.compile(
    rf"[123]{CODE.pattern}([0-9]{{7}}| {{7}})({CODE.pattern}|{CONTRACTOR}| {{5}})([0-9]{{7}}| {{7}})[0-9]{{7}}.*"
)


def names_primary(fact: Fact) -> bool:
    """Whether a fact says that a code is a primary of an add-on code."""
    return fact.field.startswith(f"{_PRIMARY}:")


def _spelling(name: str) -> re.Pattern[str]:
    """Editions spell the names apart: AOC_DelDT, AOC_Del_Dt, AOC_Del_Dt (Julian)."""
    letters = re.sub("[^a-z]", "", name.lower())
    return re.compile("[^a-z]*".join(letters) + r"([^a-z]*julian)?[^a-z]*")


_HEADINGS = tuple((name, _spelling(name)) for name in _NAMES)


def _matches_text(head: Head) -> bool:
    return any(_ROW.fullmatch(line) for line in head.lines)


def _matches_sheet(head: Head) -> bool:
    return any(_is_header(cells) for cells in head.cells)


def _is_header(cells: Iterable[str]) -> bool:
    """Whether a row names both codes; the other names and their order are for `check_headings`."""
    names = [plain(cell) for cell in cells]
    return all(any(_HEADINGS[place][1].fullmatch(name) for name in names) for place in _BOTH_CODES)


def _read_text(file: TableFile, descriptors: bool) -> Table:
    table = Table(LAYOUT, iter(()))
    table.rows = _rows_of_lines(lines_of(file), table)
    return table


def _rows_of_lines(lines: Iterable[tuple[int, str]], table: Table) -> Iterator[Row | Refused]:
    begun = False
    for number, line in lines:
        begins = bool(_ROW_BEGINS.match(line))
        begun = begun or begins
        if not begins and passes_over([line.strip()], table):
            continue
        if begun:
            yield _row(number, [line[start:end].strip() for start, end in pairwise(_CUTS)])
        else:
            table.passed_over += 1


def _read_sheet(file: TableFile, descriptors: bool) -> Table:
    table = Table(LAYOUT, iter(()))
    sheet = cells_of(file)
    top = list(islice(sheet, HEAD_LINES))
    start = header_place(file, top, _is_header, table)
    line, header = top[start]
    check_headings(file, line, without_blank_end(header), _HEADINGS)
    table.passed_over += 1
    table.rows = _rows_of_cells(chain(top[start + 1 :], sheet), table, workbook=is_workbook(file))
    return table


def _rows_of_cells(
    sheet: Iterable[tuple[int, list[str]]], table: Table, *, workbook: bool
) -> Iterator[Row | Refused]:
    for number, cells in sheet:
        if passes_over(cells, table):
            continue
        notes = "".join(cells[len(_EXPECTED) :])
        if "\n" in notes and not workbook:
            # Between a quotation mark too many and the next one there may be whole rows.
            yield Refused(number, _NAMES[-1], "notes on one line", notes[:80])
            continue
        codes = {place: whole_code(cells[place]) for place in _BOTH_CODES if place < len(cells)}
        yield _row(number, [codes.get(place, cell) for place, cell in enumerate(cells)])


def _row(number: int, cells: list[str]) -> Row | Refused:
    for place, (pattern, expected) in enumerate(_EXPECTED):
        cell = cells[place] if place < len(cells) else ""
        if not pattern.fullmatch(cell):
            return Refused(number, _NAMES[place], expected, cell)
    if beyond := next(filter(None, cells[len(_NAMES) :]), ""):
        return Refused(number, f"column {len(_NAMES) + 1}", "nothing", beyond)
    kind, add_on, add_on_end, primary, primary_end, start, end = (*cells, "", "")[: len(_EXPECTED)]
    days = {_NAMES[2]: add_on_end, _NAMES[4]: primary_end, _NAMES[5]: start, _NAMES[6]: end}
    for name, day in days.items():
        if day and _iso(day) is None:
            return Refused(number, name, f"a day of the calendar, written as {_A_DAY}", day)
    if kind == _ALL_LISTED and primary in ("", CONTRACTOR):
        return Refused(number, _NAMES[3], f"{A_CODE}, as type 1 lists all primaries", primary)
    ends = sorted(_iso(day) or "" for day in (add_on_end, primary_end, end) if day)
    return Row(number, add_on, (kind, _iso(start) or "", ends[0] if ends else ""), "", primary or CONTRACTOR)


def _iso(day: str) -> str | None:
    """The date of a year and the day in it, None for a day that the year has not."""
    year, day_of_year = int(day[:4]), int(day[4:])
    if not FIRST_YEAR <= year <= LAST_YEAR or not day_of_year:
        return None
    found = date(year, 1, 1) + timedelta(days=day_of_year - 1)
    return found.isoformat() if found.year == year else None


READERS = (Reader(LAYOUT, _matches_text, _read_text), Reader(LAYOUT, _matches_sheet, _read_sheet))
