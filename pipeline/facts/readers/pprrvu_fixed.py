"""The relative value file as fixed-width text: seven HDR lines with the notice, then records of 171 characters.

Positions are those of the record layout in the release. The pricing indicator came to position 121 in 2026; before,
that position was filler. A file says nothing of its own year (the notice bears the year of the codes' edition).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from pipeline.errors import SourceError
from pipeline.facts.readers.layout import Head, Refused, Table, TableFile
from pipeline.facts.readers.pprrvu_rows import (
    HEADINGS,
    LAYOUT,
    SHARES,
    Line,
    misfit,
    refuse_proposed,
    rows_of,
)
from pipeline.facts.readers.text import head_of, lines_of

# First and last position of each column of the common order, from 1.
POSITIONS = (
    (1, 5),
    (6, 7),
    (8, 57),
    (58, 58),
    (59, 59),
    (60, 65),
    (67, 72),
    (73, 74),
    (76, 81),
    (82, 83),
    (85, 89),
    (91, 96),
    (97, 102),
    (103, 103),
    (104, 106),
    (107, 109),
    (110, 112),
    (113, 115),
    (116, 116),
    (117, 117),
    (118, 118),
    (119, 119),
    (120, 120),
    (121, 121),
    (128, 132),
    (133, 140),
    (142, 143),
    (144, 144),
    (146, 147),
    (152, 157),
    (159, 164),
    (166, 171),
)
_LENGTH = 171
_SLICES = tuple(slice(first - 1, last) for first, last in POSITIONS)
_FILLERS = tuple(
    (last + 1, following - 1) for (_, last), (following, _) in pairwise(POSITIONS) if following > last + 1
)
_HEADER = "HDR"
_RECORD = re.compile(r"[0-9A-Z]{5}.{52}[A-Z]")


def _mask() -> re.Pattern[str]:
    blank = {position for first, last in _FILLERS for position in range(first, last + 1)}
    return re.compile("".join(" " if position in blank else "." for position in range(1, _LENGTH + 1)))


_MASK = _mask()


def matches(head: Head) -> bool:
    """Whether a file begins with HDR lines, and records with a code and a status follow."""
    records = (line for line in head.lines if line.strip() and not line.startswith(_HEADER))
    return bool(head.lines) and head.lines[0].startswith(_HEADER) and bool(_RECORD.match(next(records, "")))


def read(file: TableFile, descriptors: bool) -> Table:
    """Stream a file. Raises SourceError where no record among the first lines has the layout."""
    head = head_of(file)
    refuse_proposed((line[4:] for line in head.lines if line.startswith(_HEADER)), file)
    _require_layout(head, file)
    notice = tuple(line[4:].strip() for line in head.lines if line.startswith(_HEADER))
    table = Table(LAYOUT, iter(()), notice=notice)
    table.rows = rows_of(
        _records(file, table), table, file_name=file.name, pricing=None, descriptors=descriptors
    )
    return table


def _require_layout(head: Head, file: TableFile) -> None:
    first: Refused | None = None
    for number, line in enumerate(head.lines, 1):
        if not line.strip() or line.startswith(_HEADER):
            continue
        record = _record(number, line)
        problem = record if isinstance(record, Refused) else misfit(*record)
        if problem is None:
            return
        first = first or problem
    if first is None:
        raise SourceError(f"{file.name}: expected records after the HDR lines, found none")
    raise SourceError(
        f"{file.name}:{first.line}: {_place(first.column)}: expected {first.expected!r}, found {first.found!r}; "
        "no record has the layout of a relative value file"
    )


def _place(column: str) -> str:
    if column not in HEADINGS:
        return column
    place = HEADINGS.index(column)
    first, last = POSITIONS[place]
    return f"column {place + 1} (positions {first}-{last}, {column})"


def _records(file: TableFile, table: Table) -> Iterator[Line | Refused]:
    for number, line in lines_of(file):
        if line.startswith(_HEADER) or not line.strip():
            table.passed_over += 1
        else:
            yield _record(number, line)


def _record(number: int, line: str) -> Line | Refused:
    if not _MASK.fullmatch(line):
        # The layout calls for records of 200 characters: blanks may follow the last column.
        line = line.rstrip()
        if len(line) != _LENGTH:
            return Refused(
                number, f"positions 1-{_LENGTH}", f"{_LENGTH} characters", f"{len(line)} characters"
            )
        for first, last in _FILLERS:
            if line[first - 1 : last].strip():
                return Refused(number, f"positions {first}-{last}", "blanks", line[first - 1 : last])
    cells = [line[place].strip() for place in _SLICES]
    for place in SHARES:
        if cells[place].startswith("."):
            cells[place] = "0" + cells[place]
    return Line(number, cells)
