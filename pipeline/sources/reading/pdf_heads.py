"""Running heads and page numbers, which are no part of a document's text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from pipeline.sources.reading.pdf_layout import baselines
from pipeline.sources.reading.pdf_lines import Line, PdfPageLines

_OUTER = 0.14
"""Share of the page's height, above and below, in which a running head may stand."""

_NEAR = 4
"""Pages within which a running head comes again twice, on even or odd pages alone as well."""

_TRAILING = 3  # lines of a running head, at most, at each end of a page
_NUMBER = re.compile(r"\d+|\b[ivxlcdm]+\b", re.IGNORECASE)
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}


def leave_out_running_heads(pages: Sequence[PdfPageLines]) -> list[list[Line]]:
    """The lines of each page without those that stand at the same end of neighbouring pages, page numbers aside.

    Of two pages only lines that count pages are left out: what else stands on both may be a heading.
    """
    edges = [_edges(page) for page in pages]
    kept: list[list[Line]] = []
    for number, page in enumerate(pages):
        near = range(max(0, number - _NEAR), min(len(pages), number + _NEAR + 1))
        heads: set[Line] = set()
        for edge in edges[number]:
            again = [
                one
                for other in near
                if other != number
                for one in edges[other]
                if _is_again(edge, one, other - number)
            ]
            counts = len(pages) == 2 and any(one.numbers != edge.numbers for one in again)
            if len(again) >= 2 or counts:
                heads.update(edge.parts)
        kept.append([line for line in page.lines if line not in heads])
    return kept


class _Edge(NamedTuple):
    """What stands on one baseline near an end of a page: its words with their numbers left open, and the numbers."""

    words: str
    numbers: tuple[str, ...]
    above: bool
    parts: tuple[Line, ...]


def _edges(page: PdfPageLines) -> list[_Edge]:
    outer = [one for one in page.lines if not _OUTER < one.middle / page.height < 1 - _OUTER]
    found: list[_Edge] = []
    for parts in baselines(sorted(outer, key=lambda line: (-line.middle, line.left))):
        text = " ".join(" ".join(part.text for part in parts).lower().split())
        above = parts[0].middle > page.height / 2
        found.append(_Edge(_NUMBER.sub("#", text), tuple(_NUMBER.findall(text)), above, tuple(parts)))
    top, foot = [one for one in found if one.above], [one for one in found if not one.above]
    return top[:_TRAILING] + foot[-_TRAILING:]


def _is_again(edge: _Edge, other: _Edge, pages_on: int) -> bool:
    """Whether a line comes again so many pages on. Its numbers stay, or count pages: rows of a table differ so too."""
    return (edge.words, edge.above) == (other.words, other.above) and all(
        one == two or (_value(one) and _value(one) + pages_on == _value(two))
        for one, two in zip(edge.numbers, other.numbers, strict=True)
    )


def _value(number: str) -> int:
    """The value of digits, or of a Roman numeral; 0 for letters that are none."""
    if number.isdecimal():
        return int(number) if len(number) < 8 else 0
    digits = [_ROMAN[letter] for letter in number]
    return sum(-one if one < two else one for one, two in zip(digits, [*digits[1:], 0], strict=True))
