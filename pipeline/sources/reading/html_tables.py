"""Tables of a page: which hold data, and their rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.sources.reading.html_tree import LEFT_OUT, steps, text_of

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())
_CELLS = frozenset(("td", "th"))
_LONG_CELL = 3_000
"""Characters; what is longer is a page's layout, or a text with paragraphs of its own."""

# A cell that spans rows is repeated in each; but not a long text, and of no table more than this.
_LONGEST_REPEATED = 200
_MOST_REPEATED = 1_000_000
_MOST_ROWS = 2_000  # spans to the end of a table are often given as any large number
_MOST_COLUMNS = 100


def is_data_table(table: LexborNode) -> bool:
    """Whether its cells are values, not parts of a page laid out by a table.

    Looks no further than the first table or heading inside, so that nested tables are not read again and again.
    """
    if (table.attributes.get("role") or "").lower() in ("presentation", "none"):
        return False
    headed = False
    columns = most_columns = characters = 0
    for node, begins in steps(table, enters=lambda one: one.tag not in LEFT_OUT):
        if not begins:
            continue
        if node.is_text_node:
            characters += len((node.text_content or "").strip())
        elif node.tag == "table" or (node.tag in _HEADINGS and columns):
            return False
        elif node.tag == "tr":
            columns = 0
        elif node.tag in _CELLS:
            headed = headed or node.tag == "th"
            columns += 1
            most_columns = max(most_columns, columns)
            characters = 0
        if characters > _LONG_CELL and columns:
            return False
    return headed or most_columns > 1


def read_caption(table: LexborNode) -> str:
    """The words of the table's caption, empty without one."""
    for node, begins in steps(table, enters=lambda one: one.tag == "caption"):
        if begins and node.tag == "caption":
            return text_of(node)
    return ""


def read_rows(table: LexborNode) -> Iterator[str]:
    """Each row of a data table, "cell | cell". A cell that spans rows is said again in each of them."""
    spanning: dict[int, tuple[int, str]] = {}
    repeated = 0
    for row, begins in steps(table, enters=lambda one: one.tag in ("thead", "tbody", "tfoot", "tr")):
        if not begins or row.tag != "tr":
            continue
        cells: list[str] = []
        below: dict[int, tuple[int, str]] = {}
        for cell, cell_begins in steps(row, enters=lambda one: one.tag in _CELLS):
            if cell_begins and cell.tag in _CELLS:
                _spanned(cells, spanning, below)
                text = text_of(cell)
                rows = _number(cell.attributes.get("rowspan"))
                columns = min(_number(cell.attributes.get("colspan")), _MOST_COLUMNS)
                if rows > 1:
                    repeated += len(text) * min(rows, _MOST_ROWS)
                    again = text if len(text) <= _LONGEST_REPEATED and repeated <= _MOST_REPEATED else ""
                    below[len(cells)] = (rows - 1, again)
                    below |= {len(cells) + n: (rows - 1, "") for n in range(1, columns)}
                cells += [text, *[""] * (columns - 1)]
        _spanned(cells, spanning, below)
        spanning = below
        if any(cells):
            yield _joined(cells)


def _spanned(
    cells: list[str], spanning: dict[int, tuple[int, str]], below: dict[int, tuple[int, str]]
) -> None:
    """Fill in the columns, from where the row stands, that a cell above still spans."""
    while len(cells) in spanning:
        column = len(cells)
        rows, text = spanning.pop(column)
        if rows > 1:
            below[column] = (rows - 1, text)
        cells.append(text)


def _joined(cells: list[str]) -> str:
    while cells and not cells[-1]:
        cells.pop()
    return " | ".join(cells)


def _number(value: str | None) -> int:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 6 else 1
