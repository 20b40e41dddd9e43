"""What the three NCCI tables have in common: codes, notices, headers, and a last row that may be cut off."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from pipeline.errors import SourceError
from pipeline.facts.readers.layout import Refused, Row, Table, TableFile

CODE = re.compile(r"[0-9A-Z][0-9]{3}[0-9A-Z]")
A_CODE = "a code of five characters"
FIRST_YEAR, LAST_YEAR = 1990, 2099  # NCCI began in 1996; a date outside these is a slip, or another layout
Heading = tuple[str, re.Pattern[str]]
_NUMBER = re.compile(r"[0-9]{3,4}")
_HIDDEN_ROW = re.compile(rf"\n{CODE.pattern}[,\t]")  # behind a quotation mark too many
_NOTICE = re.compile(r"copyright|trademark|\bFARS\b|\bAMA\b|American Medical Association", re.IGNORECASE)


def plain(heading: str) -> str:
    """A heading for comparison: no line breaks, single spaces, small letters."""
    return " ".join(heading.split()).replace("/ ", "/").lower()


def whole_code(cell: str) -> str:
    """The code with the leading zeros that an anesthesia code loses where a workbook keeps it as a number."""
    return cell.zfill(5) if _NUMBER.fullmatch(cell) else cell


def without_blank_end(cells: list[str]) -> list[str]:
    """The cells up to the last that holds something."""
    end = len(cells)
    while end and not cells[end - 1]:
        end -= 1
    return cells[:end]


def passes_over(cells: list[str], table: Table) -> bool:
    """Whether a line is no row: blank, or a copyright notice alone, which is kept. If so it is counted."""
    filled = [cell for cell in cells if cell]
    if len(filled) > 1 or (filled and (not _NOTICE.search(filled[0]) or _HIDDEN_ROW.search(filled[0]))):
        return False
    for text in filled:
        table.notice += tuple(" ".join(line.split()) for line in text.splitlines() if line.strip())
    table.passed_over += 1
    return True


def header_place(
    file: TableFile, top: list[tuple[int, list[str]]], is_header: Callable[[list[str]], bool], table: Table
) -> int:
    """Index of the header among the first rows. Those above it are passed over, their notices kept.

    Raises SourceError where there is none.
    """
    for index, (_, cells) in enumerate(top):
        if is_header(cells):
            return index
        if not passes_over(cells, table):
            table.passed_over += 1
    raise SourceError(f"{file.name}:1: expected the header of an NCCI table in the first lines, found none")


def check_headings(file: TableFile, line: int, found: list[str], expected: tuple[Heading, ...]) -> None:
    """Raises SourceError at the first column that is not the layout's: `expected` has names and how they may read."""
    for index in range(max(len(found), len(expected))):
        heading = " ".join(found[index].split()) if index < len(found) else ""
        name, pattern = expected[index] if index < len(expected) else ("", re.compile(""))
        if not pattern.fullmatch(plain(heading)):
            raise SourceError(
                f"{file.name}:{line}: column {index + 1}: expected {name!r}, found {heading!r:.80}; "
                "is the file of another table, or of another year's layout?"
            )


def refuse_cut_off(rows: Iterator[Row | Refused], heading: str) -> Iterator[Row | Refused]:
    """The rows; a last one is refused whose last cell begins another row's, as the file broke off within it.

    For tables whose last column holds one of few phrases.
    """
    phrases: set[str] = set()
    held: Row | None = None
    for row in rows:
        if held is not None:
            yield held
            held = None
        if isinstance(row, Row) and row.cells[-1] not in phrases:
            phrase = row.cells[-1]
            if any(other.startswith(phrase) for other in phrases):
                held = row
            phrases.add(phrase)
        if held is None:
            yield row
    if held is not None:
        yield Refused(held.line, heading, "a whole phrase; the file may be cut off", held.cells[-1])
