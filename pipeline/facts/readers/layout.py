"""What a reader of an official table takes and gives.

A reader recognises a file by its contents, never by its name, and streams its rows. A row that does not fit the
layout becomes `Refused`, with what was expected at which line and column; a file that is no such table at all, or of
another year's layout, raises SourceError. So every line of a file is a row, a refusal, or counted as passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Literal, NamedTuple

Key = Literal["hcpcs", "apc", "locality", "modifier", "document"]


class TableFile(NamedTuple):
    """A file as it came, on disk or inside a zip. `open` gives a fresh stream of its bytes at each call."""

    name: str
    open: Callable[[], BinaryIO]
    size: int


class Column(NamedTuple):
    """One value of a row. `heading` is the publisher's own name for the column, as locators show it.

    `blank` is what an empty cell means where that is a statement of its own ("none"), else empty: no value.
    """

    field: str
    heading: str
    unit: str = ""
    blank: str = ""


class Layout(NamedTuple):
    """An official table. `family` as in `facts.releases`; a row's `cells` follow `columns`.

    `partnered`: a row is about a pair, and its fields are named `FIELD:PARTNER`. `dated`: the same key may come
    again with other dates. `confirmed` is False for a layout built from documentation alone, no file seen.
    """

    name: str
    family: str
    key: Key
    columns: tuple[Column, ...]
    partnered: bool = False
    dated: bool = False
    confirmed: bool = True

    def place(self, field: str) -> int:
        """Index of a field among the cells. Raises ValueError for a field the layout has not."""
        return [column.field for column in self.columns].index(field)


class Row(NamedTuple):
    """One row of a table. `line` counts from 1 in the file (sheet row of a workbook).

    `key` is the code, APC, modifier, MAC with locality number (seven characters), or document id. Cells are text,
    stripped, empty where the file has nothing; a row has as many as its layout has columns.
    """

    line: int
    key: str
    cells: tuple[str, ...]
    modifier: str = ""
    partner: str = ""
    locality: str = ""
    description: str = ""


class Refused(NamedTuple):
    """A row that does not fit, in one sentence's parts. `column` is the heading, or a position range."""

    line: int
    column: str
    expected: str
    found: str


class National(NamedTuple):
    """A value that holds for the whole table, such as a conversion factor."""

    field: str
    value: str
    unit: str
    heading: str
    line: int


@dataclass
class Table:
    """A table being read. What comes after `rows` is complete only once `rows` is exhausted.

    `year`, `quarter` (from 1) and `qpp` are what the file says of itself, None where it does not. `notice` holds the
    copyright lines found in it. `passed_over` counts lines that are no rows: preamble, headings, blank, footnotes.
    """

    layout: Layout
    rows: Iterator[Row | Refused]
    year: int | None = None
    quarter: int | None = None
    qpp: bool | None = None
    notice: tuple[str, ...] = ()
    national: list[National] = field(default_factory=list)
    passed_over: int = 0


class Head(NamedTuple):
    """The beginning of a file, by which readers know it: its name and up to the first 60 lines.

    `lines` are raw text lines (empty for a workbook); `cells` the same split at commas or tabs, or the sheet's rows.
    """

    name: str
    lines: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]


class Reader(NamedTuple):
    """How one form of a layout is known and read. `read(file, descriptors)`: texts only where `descriptors` is set."""

    layout: Layout
    matches: Callable[[Head], bool]
    read: Callable[[TableFile, bool], Table]
