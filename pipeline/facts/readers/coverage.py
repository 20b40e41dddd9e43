"""The index of local coverage documents: LCDs and their articles, as the Medicare Coverage Database lists them.

A document may stand in it twice, in the version in force and in one to come, so the same id may come again with
another effective date. A document of several contractors names them all in one cell, each with the kinds of claims
it decides on; they are joined by `; `. Proposed documents (ids beginning with D) do not fit the layout.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from pipeline.errors import SourceError
from pipeline.facts.readers.layout import Column, Head, Layout, Reader, Refused, Row, Table, TableFile
from pipeline.facts.readers.text import cells_of

_HEADER = (
    "contractor_name_type",
    "document_display_id",
    "document_id",
    "document_type",
    "document_version",
    "effective_date",
    "note",
    "retirement_date",
    "title",
    "updated_on",
    "updated_on_sort",
    "url",
)
COVERAGE_LAYOUT = Layout(
    "coverage",
    "MCD",
    "document",
    (
        Column("title", "title"),
        Column("document_type", "document_type"),
        Column("version", "document_version"),
        Column("contractor", "contractor_name_type"),
        Column("effective_date", "effective_date"),
        Column("retirement_date", "retirement_date"),
        Column("updated_on", "updated_on"),
        Column("note", "note"),
        Column("url", "url"),
    ),
    dated=True,
)
_LETTERS = {"LCD": "L", "Article": "A"}
_NUMBER = re.compile(r"[0-9]+")
_BLANK_LINE = re.compile(r"\n\s*\n")
_LINE = r"[^\x00-\x1f\x7f]+"
_CONTRACTOR = rf"{_LINE}\r?\n\({_LINE}\)"
_CONTRACTORS = re.compile(rf"{_CONTRACTOR}(\r?\n\r?\n{_CONTRACTOR})*")
_ONE_LINE = re.compile(r"[^\x00-\x1f\x7f]*")  # more may hide rows behind a quotation mark too many
_DATABASE = "https://www.cms.gov/medicare-coverage-database/view/"


def _day(text: str) -> str | None:
    """ISO date of `08/14/2025`, None for anything else."""
    try:
        return datetime.strptime(text, "%m/%d/%Y").date().isoformat() if len(text) == 10 else None
    except ValueError:
        return None


def _row(number: int, cells: list[str]) -> Row | Refused:
    contractors, display, id_, kind, version, effective, note, retirement, title, updated, stamp, url = cells
    began, ended, changed = _day(effective), "" if retirement == "N/A" else _day(retirement), _day(updated)
    page = f"{_DATABASE}{kind.lower()}.aspx?{kind.lower()}id={id_}&ver={version}"
    checks = (
        (
            _CONTRACTORS.fullmatch(contractors),
            "contractor_name_type",
            "contractors, each with kinds",
            contractors,
        ),
        (kind in _LETTERS, "document_type", " or ".join(_LETTERS), kind),
        (_NUMBER.fullmatch(id_), "document_id", "a number", id_),
        (display == f"{_LETTERS.get(kind)}{id_}", "document_display_id", "a letter and document_id", display),
        (_NUMBER.fullmatch(version), "document_version", "a number", version),
        (began, "effective_date", "a date such as 08/14/2025", effective),
        (ended is not None, "retirement_date", "a date or N/A", retirement),
        (title and _ONE_LINE.fullmatch(title), "title", "a title on one line", title),
        (_ONE_LINE.fullmatch(note), "note", "a note on one line", note),
        (changed, "updated_on", "a date such as 08/14/2025", updated),
        (len(stamp) == 14 and _NUMBER.fullmatch(stamp), "updated_on_sort", "fourteen digits", stamp),
        (url == page, "url", page, url),
    )
    for holds, column, expected, found in checks:
        if not holds:
            return Refused(number, column, expected, found)
    names = "; ".join(" ".join(name.split()) for name in _BLANK_LINE.split(contractors))
    values = (title, kind, version, names, began or "", ended or "", changed or "", note, url)
    return Row(number, display, values)


def _rows(table: Table, lines: Iterator[tuple[int, list[str]]]) -> Iterator[Row | Refused]:
    for number, cells in lines:
        if not any(cells):
            table.passed_over += 1
        elif len(cells) != len(_HEADER):
            yield Refused(number, _HEADER[0], f"{len(_HEADER)} cells", f"{len(cells)} cells")
        else:
            yield _row(number, cells)


def _matches(head: Head) -> bool:
    return bool(head.cells) and {"document_display_id", "document_type"} <= set(head.cells[0])


def _read(file: TableFile, descriptors: bool) -> Table:
    """`passed_over` and the rows count records: a record's quoted cells may span lines."""
    lines = cells_of(file)
    number, header = next(lines, (1, []))
    for index in range(max(len(_HEADER), len(header))):
        expected = _HEADER[index] if index < len(_HEADER) else "nothing"
        found = header[index] if index < len(header) else "nothing"
        if found != expected:
            raise SourceError(
                f"{file.name}:{number}: column {index + 1}: expected {expected!r}, found {found!r}"
            )
    table = Table(COVERAGE_LAYOUT, iter(()), passed_over=1)
    table.rows = _rows(table, lines)
    return table


READERS = (Reader(COVERAGE_LAYOUT, _matches, _read),)
