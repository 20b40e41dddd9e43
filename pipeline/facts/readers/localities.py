"""What the readers of tables by payment locality share: checks of cells and headings, keys, footnotes, cut files.

A locality's key is its contractor's number (MAC, five digits) and the locality number (two), text with leading zeros.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from pipeline.errors import SourceError
from pipeline.facts.readers.layout import Refused, TableFile
from pipeline.facts.readers.text import is_workbook

_DIGITS = re.compile(r"[0-9]+")
_FOOTNOTE = re.compile(r"\s*(\*+)\s*(\S.*)")
_GAP = re.compile(r"\S {3,}\S")
CAPITALISED = r"[A-Z][^\x00-\x1f\x7f]*"


class Cell(NamedTuple):
    """A column as a file has it: its heading (a pattern, and as messages show it) and what its cells must be.

    In the fixed-width form its cells lie between the character offsets `start` and `end` (exclusive, None for the rest
    of the line), and its heading begins at `at`.
    """

    heading: re.Pattern[str]
    shown: str
    pattern: re.Pattern[str]
    expected: str
    start: int = 0
    end: int | None = None
    at: int = 0

    def between(self, start: int, end: int | None = None, *, at: int = 0) -> Cell:
        """The same column at its place in a fixed-width form."""
        return self._replace(start=start, end=end, at=at)


def cell(heading: str, pattern: str, expected: str, *, shown: str = "") -> Cell:
    """A column; `heading` is taken literally unless `shown` says how a pattern is to be named."""
    compiled = re.compile(heading if shown else re.escape(heading))
    return Cell(compiled, shown or heading, re.compile(pattern), expected)


def mac(heading: str, *, shown: str = "") -> Cell:
    """The column of contractor numbers. CMS numbers them with five digits; all that exist fill at least four."""
    return cell(heading, r"(?=0?[1-9])[0-9]{5}", "a MAC number of five digits", shown=shown)


def number(heading: str) -> Cell:
    """The column of locality numbers."""
    return cell(heading, r"[0-9]{2}", "a locality number of two digits")


def padded(text: str, width: int) -> str:
    """A number with the leading zeros that a spreadsheet took from it; other text as it is."""
    return text.rjust(width, "0") if _DIGITS.fullmatch(text) else text


def sliced(line: str, cells: Sequence[Cell]) -> list[str]:
    """The cells of a fixed-width line, stripped."""
    return [line[cell.start : cell.end].strip() for cell in cells]


def trimmed(found: list[str], count: int) -> list[str]:
    """The row without empty cells beyond `count`."""
    while len(found) > count and not found[-1]:
        found = found[:-1]
    return found


def misfit(line: int, found: Sequence[str], cells: Sequence[Cell]) -> Refused | None:
    """The first cell that is not what its column must hold, None for a row that fits."""
    if len(found) != len(cells):
        column = cells[len(found)].shown if len(found) < len(cells) else f"column {len(cells) + 1}"
        return Refused(line, column, f"{len(cells)} cells", f"{len(found)}: " + ",".join(found)[:80])
    for wanted, text in zip(cells, found, strict=True):
        if not wanted.pattern.fullmatch(text):
            return Refused(line, wanted.shown, wanted.expected, text)
    return None


def expect_headings(file: TableFile, line: int, found: Sequence[str], cells: Sequence[Cell]) -> None:
    """Raises SourceError naming line and column where a heading is another one, missing, or one too many."""
    for place in range(max(len(cells), len(found))):
        text = " ".join(found[place].split()) if place < len(found) else ""
        if place >= len(cells):
            if text:
                raise _other_heading(file, line, place, "no further column", repr(text))
        elif not cells[place].heading.fullmatch(text):
            raise _other_heading(file, line, place, repr(cells[place].shown), repr(text))


def expect_headings_at(file: TableFile, line: int, text: str, cells: Sequence[Cell]) -> None:
    """The same for a fixed-width form, whose headings show by their places how wide its columns are."""
    for place, wanted in enumerate(cells):
        end = wanted.at + len(wanted.shown)
        if text[wanted.at : end] != wanted.shown:
            expected = f"{wanted.shown!r} from character {wanted.at + 1}"
            raise _other_heading(file, line, place, expected, repr(text[wanted.at : end]))
    last = cells[-1].at + len(cells[-1].shown)
    if rest := text[last:].strip():
        raise _other_heading(file, line, len(cells), "no further column", repr(rest))


def _other_heading(file: TableFile, line: int, place: int, expected: str, found: str) -> SourceError:
    return SourceError(
        f"{file.name}:{line}: column {place + 1}: expected {expected}, found {found}; "
        "the layout of this edition is not known"
    )


def no_headings(file: TableFile, cells: Sequence[Cell]) -> SourceError:
    """The error for a file that ends before its column names."""
    return SourceError(
        f"{file.name}:1: column 1: expected {cells[0].shown!r} in a row of column names, found no such row; "
        "the file may be cut off"
    )


def is_remark(found: Sequence[str]) -> bool:
    """Whether a row of cells is blank, or a title or footnote: one line of text in its first cell, no number.

    A cell of several lines may hide rows behind a quotation mark too many.
    """
    first = found[0] if found else ""
    return not any(found[1:]) and not first[:1].isdigit() and "\n" not in first


def is_remark_line(line: str) -> bool:
    """The same for a line of a fixed-width file, whose rows have wide gaps between their cells."""
    return not line.strip()[:1].isdigit() and not _GAP.search(line)


def footnotes(texts: Iterable[str]) -> dict[str, str]:
    """What the asterisks in a table mean, by their marks: `{"*": "Work GPCI reflects ..."}`."""
    found = (_FOOTNOTE.fullmatch(text) for text in texts)
    return {match[1]: match[2] for match in found if match}


def with_cut(rows: Iterable[tuple[int, list[str]]], file: TableFile) -> Iterator[tuple[int, list[str], bool]]:
    """Rows, each with whether the file breaks off in it: the last one, where no line end follows it."""
    last: tuple[int, list[str]] | None = None
    for row in rows:
        if last:
            yield (*last, False)
        last = row
    if last:
        yield (*last, not _ends_in_line_end(file))


def cut_off(line: int, found: Sequence[str], cells: Sequence[Cell]) -> Refused:
    """The refusal of a row in which the file breaks off, so that its last cell may not be whole."""
    place = min(len(found), len(cells)) - 1
    return Refused(
        line, cells[place].shown, "a line end after the row; the file may be cut off", found[place]
    )


def _ends_in_line_end(file: TableFile) -> bool:
    if is_workbook(file):
        return True
    end = b""
    with file.open() as stream:
        while block := stream.read(1 << 16):
            end = block[-1:]
    return end in (b"\n", b"\r", b"\x1a")
