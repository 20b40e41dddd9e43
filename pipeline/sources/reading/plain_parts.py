"""Headings and table rows of a plain text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile
from typing import NamedTuple

from pipeline.sources.reading.plain_items import is_ended
from pipeline.sources.reading.structure import heading_level, read_marker

_SHORT = 100
_UNDERLINE = re.compile(r"(=|-)\1{2,}")
_SECTION = re.compile(
    r"(?i:chapter|section|appendix|article|annex)\s+(?:[IVXLC]+|\d+(?:\.\d+)*|[A-Z])(?:$|[\s.:)–—-])"
    r"|(?i:part|title)\s+(?:(?:[IVXLC]{2,}|\d+)(?:$|[\s.:)–—-])|[A-Z]\s*(?:$|[.:)–—-]))"
    r"|(?:[A-Z]|[IVX]+)\.\s+(?=\S)"
)
_CELL_EDGE = re.compile(r"\s*\t\s*| {3,}|\s+\|\s+")
_FEW_ROWS = 3
_LONG_ROW = 2_000  # characters


class Heading(NamedTuple):
    """A heading, and how many lines it takes, the rule below it included."""

    level: int
    text: str
    lines: int


def read_heading(lines: Sequence[str], *, before: str) -> Heading | None:
    """The heading that `lines` begin with: underlined, in capitals, or a section's mark with nothing below it.

    `before` is the line right above, empty where there is none.
    """
    first = lines[0].strip()
    if len(first) > _SHORT or (before and not is_ended(before)) or not any(char.isalpha() for char in first):
        return None
    rule = _UNDERLINE.fullmatch(lines[1].strip()) if len(lines) > 1 else None
    if rule and not _CELL_EDGE.search(first):
        return Heading(1 if rule[1] == "=" else 2, first, 2)
    if before:
        return None
    capitals = list(takewhile(_is_capitals, lines[:3]))
    if len(capitals) in (1, 2):
        first = " ".join(" ".join(capitals).split())
    elif len(lines) > 1 or not _SECTION.match(first):
        return None
    marker = read_marker(first)
    if first.endswith((".", ",", ";")) or (marker and marker.style == "bullet"):
        return None
    return Heading(heading_level(first, size=1.0), first, max(1, len(capitals)))


def _is_capitals(line: str) -> bool:
    """A line in capitals that is words, not codes."""
    letters = sum(char.isalpha() for char in line)
    return line.isupper() and letters >= 4 and letters > 0.5 * len(line.replace(" ", ""))


def read_rows(lines: Sequence[str], at: int) -> list[str]:
    """The rows from line `at` on, "cell | cell", rules between them as ""; none where they are too few."""
    rows: list[str] = []
    for number in range(at, len(lines)):
        words = lines[number].strip()
        if rows and not any(char.isalnum() for char in words):
            rows.append("")
            continue
        if len(words) > _LONG_ROW:
            break
        cells = _CELL_EDGE.split(words.strip("|").strip())
        marked = (
            read_marker(words) is not None and len(cells) == 2
        )  # a number, then its item far to the right
        if len(cells) < 2 or marked:
            break
        rows.append(" | ".join(" ".join(cell.split()) for cell in cells))
    return rows if sum(map(bool, rows)) >= _FEW_ROWS else []
