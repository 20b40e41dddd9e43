"""HCPCS Level II modifiers: from CMS's quarterly contractor record file, or from a list parsed from one.

The record file has 320 characters a line, documented in the `HCPCyyyy_recordlayout.txt` that comes with it:

    1-5      code; a modifier stands in 4-5 behind three blanks
    6-10     sequence number
    11       3 first line of a procedure, 4 its further lines; 7 first line of a modifier, 8 its further lines
    12-91    long description, continued on the further lines
    92-119   short description
    269-276  date added, 277-284 date of the last action, 285-292 last day of use, 293 action code

It was built from that description; no official file was at hand. Lines of procedures and further lines of a modifier
are passed over as rows. The texts are CMS's own, so they are kept as fields and not as descriptors. Numeric modifiers
and P1 to P6 are CPT's: their texts go to `description`, and only where descriptors were asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from pipeline.errors import SourceError
from pipeline.facts.readers.layout import Column, Head, Layout, Reader, Refused, Row, Table, TableFile
from pipeline.facts.readers.text import cells_of, lines_of

RECORD_LAYOUT = Layout(
    "hcpcs_modifiers",
    "HCPCS",
    "modifier",
    (
        Column("modifier_description", "positions 12-91"),
        Column("modifier_short_description", "positions 92-119"),
        Column("modifier_added_date", "positions 269-276"),
        Column("modifier_action_date", "positions 277-284"),
        Column("modifier_termination_date", "positions 285-292"),
    ),
    confirmed=False,
)
LIST_LAYOUT = Layout(
    "hcpcs_modifier_list",
    "HCPCS",
    "modifier",
    (
        Column("modifier_description", "long_description"),
        Column("modifier_short_description", "short_description"),
    ),
)
_LIST_HEADER = ("modifier", "long_description", "short_description")
_LENGTH, _SHORTEST = 320, 293  # a file may have lost the blanks at its line ends, up to the action code
_RECORD = re.compile(r"[A-Z0-9 ]{5}[0-9]{5}[3478]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MODIFIER = re.compile(r"[A-Z0-9]{2}")
_OF_CPT = re.compile(r"[0-9]{2}|P[1-6]|[1-8]P")
_DATES = ((268, 276), (276, 284), (284, 292))


def _is_record_file(head: Head) -> bool:
    first = next((line for line in head.lines if line.strip()), "")
    return bool(_RECORD.match(first)) and first[10] in "37" and len(first) >= _SHORTEST


def _day(text: str) -> str | None:
    """ISO date of `20260101`, empty for blanks, None for anything else."""
    if not text.strip():
        return ""
    if not re.fullmatch(r"[0-9]{8}", text):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:])).isoformat()
    except ValueError:
        return None


def _row(line: int, modifier: str, texts: tuple[str, str], rest: tuple[str, ...], descriptors: bool) -> Row:
    if _OF_CPT.fullmatch(modifier):
        return Row(line, modifier, ("", "", *rest), description=texts[0] if descriptors else "")
    return Row(line, modifier, (*texts, *rest))


def _first_line(number: int, line: str) -> tuple[str, str, tuple[str, ...]] | Refused:
    """Modifier, short description and dates of a modifier's first line."""
    modifier = line[3:5]
    if line[:3].strip() or not _MODIFIER.fullmatch(modifier):
        return Refused(number, "positions 1-5", "three blanks and a two-character modifier", line[:5])
    if not line[11:91].strip():
        return Refused(number, "positions 12-91", "a description", "nothing")
    days: list[str] = []
    for start, end in _DATES:
        day = _day(line[start:end])
        if day is None:
            return Refused(number, f"positions {start + 1}-{end}", "a date such as 20260101", line[start:end])
        days.append(day)
    return modifier, line[91:119].strip(), tuple(days)


def _records(table: Table, file: TableFile, descriptors: bool) -> Iterator[Row | Refused]:
    """Rows of modifiers, each given once the line after its last is seen."""
    open_row: tuple[int, str, str, tuple[str, ...]] | None = None
    long: list[str] = []
    full = False  # lines keep their trailing blanks, so that a shorter one is cut off
    current = ""  # modifier of the lines being read, refused or not

    def finished() -> Iterator[Row]:
        if open_row:
            number, modifier, short, days = open_row
            yield _row(number, modifier, (" ".join(long), short), days, descriptors)

    for number, line in lines_of(file):
        kind = line[10:11]
        if not line:
            table.passed_over += 1
            continue
        full = full or len(line) == _LENGTH
        shortest = _LENGTH if full else _SHORTEST if kind in "37" else 12
        if not _RECORD.match(line) or not shortest <= len(line) <= _LENGTH:
            yield Refused(
                number, "positions 1-320", f"a record of {_LENGTH} characters", f"{len(line)}: {line[:20]}"
            )
        elif control := _CONTROL.search(line):
            place = control.start() + 1
            yield Refused(number, f"positions {place}-{place}", "text without control characters", control[0])
        elif kind == "8":
            if line[3:5] != current:
                yield Refused(number, "positions 4-5", f"more of modifier {current or 'none'}", line[3:5])
                continue
            table.passed_over += 1
            long.append(" ".join(line[11:91].split()))
        else:
            yield from finished()
            open_row, current = None, ""
            if kind != "7":
                table.passed_over += 1
                continue
            found = _first_line(number, line)
            current = line[3:5]
            if isinstance(found, Refused):
                yield found
            else:
                open_row, long = (number, *found), [" ".join(line[11:91].split())]
    yield from finished()


def _read_records(file: TableFile, descriptors: bool) -> Table:
    table = Table(RECORD_LAYOUT, iter(()))
    table.rows = _records(table, file, descriptors)
    return table


def _is_list(head: Head) -> bool:
    return bool(head.cells) and head.cells[0][:1] == _LIST_HEADER[:1] and "long_description" in head.cells[0]


def _read_list(file: TableFile, descriptors: bool) -> Table:
    lines = cells_of(file)
    number, header = next(lines, (1, []))
    for index, expected in enumerate(_LIST_HEADER):
        found = header[index] if index < len(header) else "nothing"
        if found != expected:
            raise SourceError(
                f"{file.name}:{number}: column {index + 1}: expected {expected!r}, found {found!r}"
            )
    if len(header) > len(_LIST_HEADER):
        raise SourceError(f"{file.name}:{number}: column 4: expected no more columns, found {header[3]!r}")
    table = Table(LIST_LAYOUT, iter(()), passed_over=1)
    table.rows = _list_rows(table, lines, descriptors)
    return table


def _list_rows(
    table: Table, lines: Iterator[tuple[int, list[str]]], descriptors: bool
) -> Iterator[Row | Refused]:
    for number, cells in lines:
        if not any(cells):
            table.passed_over += 1
        elif len(cells) != len(_LIST_HEADER):
            yield Refused(number, _LIST_HEADER[0], f"{len(_LIST_HEADER)} cells", f"{len(cells)} cells")
        elif not _MODIFIER.fullmatch(cells[0]):
            yield Refused(number, _LIST_HEADER[0], "a two-character modifier", cells[0])
        elif not cells[1]:
            yield Refused(number, _LIST_HEADER[1], "a description", "nothing")
        elif place := next((place for place in (1, 2) if _CONTROL.search(cells[place])), 0):
            # Between a quotation mark too many and the next one there may be whole rows.
            yield Refused(number, _LIST_HEADER[place], "text on one line", cells[place][:80])
        else:
            yield _row(number, cells[0], (cells[1], cells[2]), (), descriptors)


READERS = (
    Reader(RECORD_LAYOUT, _is_record_file, _read_records),
    Reader(LIST_LAYOUT, _is_list, _read_list),
)
