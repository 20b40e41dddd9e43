"""The relative value file (PPRRVU) as comma-separated text and as workbook, and the readers of all its forms.

Above the rows stand a title, notices and the headings. The headings are spread over the five lines that end with the
one beginning HCPCS, to be read downward (`WORK` over `RVU`); a workbook may have them whole in that one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice

from pipeline.errors import SourceError
from pipeline.facts.readers import pprrvu_fixed
from pipeline.facts.readers.layout import Head, Reader, Refused, Table, TableFile
from pipeline.facts.readers.pprrvu_rows import (
    CODE,
    FACTOR,
    GLOBAL_DAYS,
    HEADINGS,
    IMAGING,
    LAYOUT,
    PRICING,
    RVUS,
    SHARES,
    SUPERVISION,
    Line,
    refuse_proposed,
    rows_of,
)
from pipeline.facts.readers.text import HEAD_LINES, cells_of

_TITLE = re.compile(
    r"\b(20\d\d) national physician fee schedule relative value file(?: (\w+))?", re.IGNORECASE
)
_MONTHS = ("january", "april", "july", "october")
_STACKED = (5, 1)  # lines that headings are spread over
_FIRST_WITH_PRICING = 2026
_WITHOUT_PRICING = HEADINGS[:PRICING] + HEADINGS[PRICING + 1 :]
_WHOLE_OR_FRACTION = re.compile(r"\d{1,4}(?:\.\d{1,20})?", re.ASCII)
_TOLERANCE = Decimal("0.000001")
_WIDTHS = {GLOBAL_DAYS: 3, SUPERVISION: 2, IMAGING: 2}
_ANESTHESIA = re.compile(r"1\d{2,3}|[2-9]\d\d", re.ASCII)  # 00100 to 01999


def _titled(rows: Iterator[tuple[str, ...] | list[str]]) -> re.Match[str] | None:
    text = (" ".join(" ".join(row).split()) for row in rows)
    return next((found for line in text if (found := _TITLE.search(line))), None)


def _is_heading(cells: tuple[str, ...]) -> bool:
    return cells[:3] == HEADINGS[:3]


def _matches_delimited(head: Head) -> bool:
    return bool(head.lines) and _matches_cells(head)


def _matches_workbook(head: Head) -> bool:
    return not head.lines and _matches_cells(head)


def _matches_cells(head: Head) -> bool:
    return any(map(_is_heading, head.cells)) or _titled(iter(head.cells)) is not None


def _read_delimited(file: TableFile, descriptors: bool) -> Table:
    """Stream a file. Raises SourceError where the headings are not those of its year."""
    return _read(file, descriptors, workbook=False)


def _read_workbook(file: TableFile, descriptors: bool) -> Table:
    """Read a workbook's first sheet; numbers get back the zeros they have in the text forms.

    Raises SourceError where the headings are not those of its year.
    """
    return _read(file, descriptors, workbook=True)


def _read(file: TableFile, descriptors: bool, *, workbook: bool) -> Table:
    rows = cells_of(file, delimiter=",")
    above = _until_headings(rows, file)
    line, _ = above[-1]
    refuse_proposed((" ".join(filter(None, cells)) for _, cells in above), file)
    title = _titled(cells for _, cells in above)
    year = int(title[1]) if title else None
    pricing = _require_headings([cells for _, cells in above], file, line=line, year=year)
    month = (title[2] or "").lower() if title else ""
    table = Table(
        LAYOUT,
        iter(()),
        year=year,
        quarter=_MONTHS.index(month) + 1 if month in _MONTHS else None,
        notice=tuple(cell for _, cells in above for cell in cells if "copyright" in cell.lower()),
        passed_over=line,
    )
    lines = _lines(rows, table, pricing=pricing)
    if workbook:
        lines = map(_restored, lines)
    table.rows = rows_of(lines, table, file_name=file.name, pricing=pricing, descriptors=descriptors)
    return table


def _until_headings(rows: Iterator[tuple[int, list[str]]], file: TableFile) -> list[tuple[int, list[str]]]:
    above: list[tuple[int, list[str]]] = []
    for number, cells in islice(rows, HEAD_LINES):
        above.append((number, cells))
        if cells[:1] == ["HCPCS"]:
            return above
        if HEADINGS[0] in cells:
            raise SourceError(f"{file.name}:{number}: column 1: expected 'HCPCS', found {cells[0]!r}")
    last = above[-1][0] if above else 1
    raise SourceError(
        f"{file.name}:{last}: column 1: expected 'HCPCS' in one of the first {HEAD_LINES} lines, found none"
    )


def _require_headings(above: list[list[str]], file: TableFile, *, line: int, year: int | None) -> bool:
    """Whether the file has a pricing indicator. Raises SourceError for other headings than its year's."""
    found = max(
        (_joined(above[-depth:]) for depth in _STACKED),
        key=lambda names: sum(_same(name, heading) for name, heading in zip(names, HEADINGS, strict=False)),
    )
    pricing = HEADINGS[PRICING] in found if year is None else year >= _FIRST_WITH_PRICING
    expected = HEADINGS if pricing else _WITHOUT_PRICING
    for place in range(max(len(expected), len(found))):
        wanted = expected[place] if place < len(expected) else ""
        name = found[place] if place < len(found) else ""
        if not _same(name, wanted):
            of_year = f" in a file of {year}" if year else ""
            raise SourceError(
                f"{file.name}:{line}: column {place + 1}: expected {wanted!r}{of_year}, found {name!r}"
            )
    return pricing


def _joined(rows: list[list[str]]) -> list[str]:
    width = max(map(len, rows))
    names = [
        " ".join(" ".join(row[place] for row in rows if place < len(row)).split()) for place in range(width)
    ]
    while names and not names[-1]:
        names.pop()
    return names


def _same(name: str, heading: str) -> bool:
    return name.upper().replace("- ", "-") == heading.replace("- ", "-")


def _lines(rows: Iterator[tuple[int, list[str]]], table: Table, *, pricing: bool) -> Iterator[Line | Refused]:
    width = len(HEADINGS) if pricing else len(_WITHOUT_PRICING)
    for number, cells in rows:
        if len(cells) > width and not any(cells[width:]):
            del cells[width:]
        if len(cells) == width:
            if not cells[CODE] and not any(cells):
                table.passed_over += 1
                continue
            if not pricing:
                cells.insert(PRICING, "")
            yield Line(number, cells)
        elif any(cells):
            yield Refused(number, f"columns 1-{width}", f"{width} cells", f"{len(cells)} cells")
        else:
            table.passed_over += 1


def _restored(line: Line | Refused) -> Line | Refused:
    if isinstance(line, Refused):
        return line
    cells = line.cells
    # Of the codes that are all digits only anesthesia's begin with a zero, so no other number is made longer.
    if _ANESTHESIA.fullmatch(cells[CODE]):
        cells[CODE] = cells[CODE].zfill(5)
    for place, width in _WIDTHS.items():
        if cells[place].isdecimal():
            cells[place] = cells[place].zfill(width)
    for place in (*RVUS, *SHARES):
        cells[place] = _rounded(cells[place], 2)
    cells[FACTOR] = _rounded(cells[FACTOR], 4)
    return line


def _rounded(text: str, places: int) -> str:
    """`7` as `7.00`, and 0.30000000000000004 as 0.30; what is no such number, or has more places, as it is."""
    if not _WHOLE_OR_FRACTION.fullmatch(text):
        return text
    number = Decimal(text)
    rounded = round(number, places)
    return str(rounded) if abs(number - rounded) < _TOLERANCE else text


READERS = (
    Reader(LAYOUT, _matches_delimited, _read_delimited),
    Reader(LAYOUT, pprrvu_fixed.matches, pprrvu_fixed.read),
    Reader(LAYOUT, _matches_workbook, _read_workbook),
)
