"""NCCI procedure-to-procedure edits: `ccipra-v322r0-f1.txt` and its further parts; TXT with tabs, XLSX, CSV.

The outpatient hospital files (`ccioph-...`) have the same header and columns and say nowhere in them which they
are, so one layout serves both; the release under which a file is loaded says which setting it is for.

A deletion date is the last day of an edit: those of edits that were in force end quarters. Modifier indicator 9
stands for a pair deleted as of its own effective date, so never in force (NCCI Policy Manual, ch. I, p. I-14).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import chain, islice

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
    refuse_cut_off,
    whole_code,
    without_blank_end,
)
from pipeline.facts.readers.text import HEAD_LINES, cells_of, is_workbook, lines_of

LAYOUT = Layout(
    name="ptp",
    family="PTP",
    key="hcpcs",
    columns=(
        Column("ptp_column_two", "Modifier"),
        Column("in_existence_before_1996", "*=in existence prior to 1996"),
        Column("effective_date", "Effective Date"),
        Column("deletion_date", "Deletion Date"),
        Column("rationale", "PTP Edit Rationale"),
    ),
    partnered=True,
    dated=True,
)
_HEADINGS = (
    ("Column 1", re.compile("column 1")),
    ("Column 2", re.compile("column 2")),
    ("*=in existence prior to 1996", re.compile(r"\*=in existence prior to 1996")),
    ("Effective Date", re.compile("effective date")),
    ("Deletion Date", re.compile(r"deletion date( \*=no data)?")),
    ("Modifier", re.compile("modifier( 0=not allowed 1=allowed 9=not applicable)?")),
    ("PTP Edit Rationale", re.compile("ptp edit rationale")),
)
_EXPECTED = (
    (CODE, A_CODE),
    (CODE, A_CODE),
    (re.compile(r"\*?"), "* or blank"),
    (re.compile(r"[0-9]{8}"), "a date as YYYYMMDD"),
    (re.compile(r"[0-9]{8}|\*"), "a date as YYYYMMDD, or *"),
    (re.compile("[019]"), "0, 1 or 9"),
    (re.compile(r"[A-Za-z][^\x00-\x1f\x7f]{4,119}"), "the rationale as a phrase"),
)
_NO_DATE = "*"
_NOT_APPLICABLE = "9"
_CODES = re.compile(r"([0-9A-Z][0-9]{3}[0-9A-Z])\t(?!\1)([0-9A-Z][0-9]{3}[0-9A-Z])(?=\t)")
_AFTER_CODES = 11
_REMEMBERED = 100_000  # endings of lines; a release has a few thousand


def _is_header(cells: Iterable[str]) -> bool:
    return [plain(cell) for cell in islice(cells, 2)] == ["column 1", "column 2"]


def _matches(head: Head) -> bool:
    return any(_is_header(cells) for cells in head.cells)


def _read(file: TableFile, descriptors: bool) -> Table:
    table = Table(LAYOUT, iter(()))
    if _is_tabbed(file):
        lines = lines_of(file)
        first = list(islice(lines, HEAD_LINES))
        start = _pass_header(file, [(number, _split(line)) for number, line in first], table)
        rows = _rows_of_lines(chain(first[start:], lines), table)
    else:
        sheet = cells_of(file)
        top = list(islice(sheet, HEAD_LINES))
        start = _pass_header(file, top, table)
        rows = _rows_of_cells(chain(top[start:], sheet), table)
    table.rows = refuse_cut_off(rows, _HEADINGS[-1][0])
    return table


def _is_tabbed(file: TableFile) -> bool:
    return not is_workbook(file) and any("\t" in line for _, line in islice(lines_of(file), HEAD_LINES))


def _pass_header(file: TableFile, top: list[tuple[int, list[str]]], table: Table) -> int:
    """Check the header, which the TXT files stack over four lines. Gives the index of the first row after it."""
    start = header_place(file, top, _is_header, table)
    end = start + 1
    while end < len(top) and not any(top[end][1][:1]):
        end += 1
    header = [without_blank_end(cells) for _, cells in top[start:end]]
    width = max(len(cells) for cells in header)
    stacked = [" ".join(cells[place] for cells in header if place < len(cells)) for place in range(width)]
    check_headings(file, top[start][0], stacked, _HEADINGS)
    table.passed_over += end - start
    return end


def _rows_of_lines(lines: Iterable[tuple[int, str]], table: Table) -> Iterator[Row | Refused]:
    """Rows of the TXT file, of 2.5 million lines: what follows the two codes is checked once for all its repeats."""
    endings: dict[str, tuple[str, ...]] = {}
    for number, line in lines:
        codes = _CODES.match(line)
        cells = endings.get(line[_AFTER_CODES:]) if codes else None
        if codes and cells:
            column_one, column_two = codes.groups()
            yield Row(number, column_one, cells, "", column_two)
            continue
        row = _row(number, _split(line), table)
        if codes and isinstance(row, Row) and len(endings) < _REMEMBERED:
            endings[line[_AFTER_CODES:]] = row.cells
        if row:
            yield row


def _rows_of_cells(rows: Iterable[tuple[int, list[str]]], table: Table) -> Iterator[Row | Refused]:
    for number, cells in rows:
        if row := _row(number, [*map(whole_code, cells[:2]), *cells[2:]], table):
            yield row


def _split(line: str) -> list[str]:
    """Cells of one line; one that a spreadsheet has put in quotes, for the quotes within, loses them."""
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter="\t", strict=True), [""])] or [""]
    except csv.Error:
        return [cell.strip() for cell in line.split("\t")]


def _row(number: int, cells: list[str], table: Table) -> Row | Refused | None:
    if passes_over(cells, table):
        return None
    cells = without_blank_end(cells)
    for place, (pattern, expected) in enumerate(_EXPECTED):
        cell = cells[place] if place < len(cells) else ""
        if not pattern.fullmatch(cell):
            return Refused(number, _HEADINGS[place][0], expected, cell)
    if len(cells) > len(_EXPECTED):
        return Refused(number, f"column {len(_EXPECTED) + 1}", "nothing", cells[len(_EXPECTED)])
    column_one, column_two, prior, effective, deletion, indicator, rationale = cells
    if column_one == column_two:
        return Refused(number, _HEADINGS[1][0], f"another code than {column_one}", column_two)
    first, last = _iso(effective), "" if deletion == _NO_DATE else _iso(deletion)
    if first is None:
        return Refused(number, "Effective Date", "a date of the calendar", effective)
    if last is None:
        return Refused(number, "Deletion Date", "a date of the calendar, or *", deletion)
    if last and last < first:
        return Refused(number, "Deletion Date", f"no date before the effective date {effective}", deletion)
    # The manual gives 9 to every pair deleted as of its effective date, and says of no other whether it may be 9.
    if last == first and indicator != _NOT_APPLICABLE:
        return Refused(number, "Modifier", "9, as the deletion date is the effective date", indicator)
    if not last and indicator == _NOT_APPLICABLE:
        return Refused(number, "Modifier", "0 or 1, as there is no deletion date", indicator)
    return Row(number, column_one, (indicator, prior, first, last, rationale), "", column_two)


def _iso(day: str) -> str | None:
    try:
        parsed = date(int(day[:4]), int(day[4:6]), int(day[6:]))
    except ValueError:
        return None
    return parsed.isoformat() if FIRST_YEAR <= parsed.year <= LAST_YEAR else None


READERS = (Reader(LAYOUT, _matches, _read),)
