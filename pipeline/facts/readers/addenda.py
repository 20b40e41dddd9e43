"""What the quarterly OPPS and ASC addenda have in common: a title, notices, one header row, then rows of amounts.

Both come as CSV and XLSX. In the CSV amounts are written `"$7,143.730"` and `.` stands for none; in a workbook they
are plain numbers. Either is normalised, amounts to at least two decimals and weights to four, so that the forms agree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from pipeline.errors import SourceError
from pipeline.facts.readers.layout import Refused, Row, Table, TableFile
from pipeline.facts.readers.text import HEAD_LINES, cells_of, is_workbook

_AMOUNT = re.compile(r"(\$ ?)?([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.([0-9]+))?")
_CODE = re.compile(r"[0-9A-Z][0-9]{3}[0-9A-Z]")
_APC = re.compile(r"[0-9]{3,4}")
_COPYRIGHT = re.compile(r"copyright|©|\bCPT\b", re.IGNORECASE)
_PROPOSED = re.compile(r"\bproposed\b", re.IGNORECASE)
_YEAR = re.compile(r"\bCY\s*(20[0-9]{2})\b")
_NONE = ("", ".")


class Cell(NamedTuple):
    """How a cell is checked: `clean` gives its value, empty for none, or None for a cell that is not `expected`."""

    expected: str
    clean: Callable[[str], str | None]


class Place(NamedTuple):
    """Where a layout's column stands in a file: index from 0, None where this edition has no such column."""

    at: int | None
    heading: str
    cell: Cell


class Opening(NamedTuple):
    """The top of an addendum: lines before the header, the header's line and headings, and the rows below it."""

    preamble: tuple[tuple[str, ...], ...]
    line: int
    headings: tuple[str, ...]
    rest: Iterator[tuple[int, list[str]]]
    workbook: bool

    @property
    def year(self) -> int | None:
        """The calendar year that the lines above the header name (`for CY 2025`), None where they name none."""
        found = (_YEAR.search(cell) for cells in self.preamble for cell in cells)
        return next((int(match[1]) for match in found if match), None)

    @property
    def notice(self) -> tuple[str, ...]:
        """The copyright lines above the header."""
        return tuple(cell for cells in self.preamble for cell in cells if _COPYRIGHT.search(cell))


def heading_of(cell: str) -> str:
    """A heading with its blanks collapsed: CMS doubles some, and breaks some over lines."""
    return " ".join(cell.split())


def open_addendum(file: TableFile, first: str) -> Opening:
    """Read to the header, the row whose first cell is `first`.

    Raises SourceError where there is none among the first lines, or where the title says that it is a proposal.
    """
    above: list[tuple[str, ...]] = []
    rest = cells_of(file)
    for line, cells in rest:
        if cells and heading_of(cells[0]).casefold() == first.casefold():
            _refuse_proposal(file, above)
            headings = tuple(heading_of(cell) for cell in cells)
            return Opening(tuple(above), line, headings, rest, is_workbook(file))
        if len(above) == HEAD_LINES:
            break
        above.append(tuple(cells))
    raise SourceError(f"{file.name}:{len(above)}: column 1: expected the heading {first!r}, found none")


def _refuse_proposal(file: TableFile, above: Sequence[Sequence[str]]) -> None:
    title = next((cell for cells in above for cell in cells if cell), "")
    if _PROPOSED.search(title):
        raise SourceError(
            f"{file.name}: expected an addendum in force, found a proposed one ({title:.80}); load the quarterly file"
        )


def misplaced(file: TableFile, line: int, column: int, expected: str, found: str) -> SourceError:
    """The error for a header that is not this layout's. `column` counts from 1."""
    return SourceError(f"{file.name}:{line}: column {column}: expected {expected}, found {found!r}")


def read_rows(
    table: Table,
    opening: Opening,
    *,
    key: Cell,
    places: Sequence[Place],
    described_at: int | None = None,
    conflict: Callable[[tuple[str, ...]], Refused | None] | None = None,
) -> Iterator[Row | Refused]:
    """The rows below the header; blank lines and footnotes are counted in `table.passed_over`.

    `described_at`: index of the descriptor, None to leave it unread. `conflict` is asked about each row's cells and
    may refuse what contradicts itself; the line is filled in here.
    """
    named = max(index for index, heading in enumerate(opening.headings) if heading) + 1
    first = opening.headings[0]
    padded = 5 if key is CODE and opening.workbook else 0
    for line, cells in opening.rest:
        filled = [cell for cell in cells if cell]
        if not opening.workbook and any("\n" in cell for cell in filled):
            # Between a quotation mark too many and the next one there may be whole rows.
            yield Refused(
                line, first, "a row on one line", next(cell for cell in filled if "\n" in cell)[:80]
            )
            continue
        if not filled or (len(filled) == 1 and " " in filled[0]):
            table.passed_over += 1
            continue
        if len(cells) < named or any(cells[named:]):
            yield Refused(line, first, f"{named} cells", f"{len(cells)} cells")
            continue
        # A workbook that keeps codes as numbers has lost their leading zeros.
        code = key.clean(cells[0].zfill(padded) if cells[0].isdigit() else cells[0])
        if not code:
            yield Refused(line, first, key.expected, cells[0])
            continue
        values: list[str] = []
        for place in places:
            value = "" if place.at is None else place.cell.clean(cells[place.at])
            if value is None:
                yield Refused(line, place.heading, place.cell.expected, cells[place.at or 0])
                break
            values.append(value)
        else:
            checked = tuple(values)
            if conflict and (refusal := conflict(checked)):
                yield refusal._replace(line=line)
                continue
            description = "" if described_at is None else cells[described_at]
            yield Row(line, code, checked, description=description)


def _amount(text: str) -> str | None:
    if text in _NONE:
        return ""
    match = _AMOUNT.fullmatch(text)
    if not match:
        return None
    sign, whole, decimals = match.groups(default="")
    # A line cut off within its last amount: one with a dollar sign always has its cents.
    if sign and len(decimals) < 2:
        return None
    return f"{whole.replace(',', '')}.{decimals.rstrip('0').ljust(2, '0')}"


def _rate(text: str) -> str | None:
    value = _amount(text)
    return "" if value == "0.00" else value


def _weight(text: str) -> str | None:
    if text in _NONE:
        return ""
    match = _AMOUNT.fullmatch(text)
    if not match or match[1]:
        return None
    return f"{match[2].replace(',', '')}.{(match[3] or '').rstrip('0').ljust(4, '0')}"


def _code(text: str) -> str | None:
    # The January 2026 Addendum B has codes with a stray byte FF behind them.
    code = text.rstrip("ÿ")
    return code if _CODE.fullmatch(code) else None


def _apc(text: str) -> str | None:
    if text in _NONE:
        return ""
    return text.zfill(4) if _APC.fullmatch(text) else None


def matching(pattern: str, expected: str) -> Cell:
    """A cell whose text must match as a whole and is kept as it stands."""
    compiled = re.compile(pattern)
    return Cell(expected, lambda text: text if compiled.fullmatch(text) else None)


CODE = Cell("a five-character code", _code)
APC = Cell("a four-digit APC or none", _apc)
AMOUNT = Cell("an amount such as $1,644.87, or . for none", _amount)
RATE = Cell(AMOUNT.expected, _rate)
"""An amount paid. Zero is none: nothing is paid separately, and a page must not print it as a payment."""
WEIGHT = Cell("a number or none", _weight)
TEXT = matching(r"[^\x00-\x1f\x7f]*", "text on one line")
