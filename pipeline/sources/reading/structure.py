"""What numbers, letters and words at the head of a line say about a document's structure, in any form of file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

_MARKER = re.compile(
    r"(?P<bullet>[•●▪◦‣·*–—o-])\s+(?=\S)"
    r"|\(?(?P<number>\d{1,3})[.)]\s+(?=\S)"
    r"|\(?(?P<letter>[a-z])[.)]\s+(?=\S)"
    r"|\(?(?P<capital>[A-Z])[.)]\s+(?=\S)"
)
_LEADERS = re.compile(r"(?:\.\s?){4,}\s*[\w-]{1,9}$")
_PAGE_NUMBER = re.compile(r"\s(?P<chapter>[A-Za-z]+-)?(?P<page>\d{1,4})$")
# "Part B" names a programme, unless it stands apart from what follows.
_TOP = re.compile(
    r"(?:chapter|appendix)\s+(?:[ivxlc]+|\d+|[a-z])\b"
    r"|(?:part|title)\s+(?:(?:i|v|x|[ivxlc]{2,}|\d+)\b|[a-z]\s*(?:[.:–—-]|$))",
    re.IGNORECASE,
)
_SECTION = re.compile(r"(?:(?i:section)\s+)?(?:[A-Z]|[IVX]+)\.\s|(?i:section)\s+[\d.]+\b")
_NUMBERED = re.compile(r"(?P<path>\d+(?:\.\d+)*)\.?\s")


class Marker(NamedTuple):
    """The mark at the head of an item: its style, and its place in the sequence from 1 (0: a bullet has none)."""

    style: str
    value: int


def read_marker(text: str) -> Marker | None:
    """The mark that `text` begins with, if any: a bullet, "7.", "(b)" or "C."."""
    match = _MARKER.match(text.lstrip())
    if match is None:
        return None
    style = match.lastgroup or "bullet"
    mark = match[style]
    if style == "bullet":
        return Marker("bullet", 0)
    return Marker(style, int(mark) if mark.isdigit() else ord(mark.lower()) - ord("a") + 1)


def heading_level(text: str, *, size: float) -> int:
    """Level of a heading, from 1 down, by what it is called, else by its `size` in sizes of the prose."""
    if _TOP.match(text):
        return 1
    if size < 1.12 and _SECTION.match(text):
        return 2
    numbered = _NUMBERED.match(text)
    if numbered:
        return 2 + numbered["path"].count(".")
    if size >= 1.6:
        return 1
    return 2 if size >= 1.12 else 3


def is_contents(lines: Sequence[str]) -> bool:
    """Whether the lines are a table of contents: most end with a page number, or a line has dot leaders.

    Page numbers rise; values of a table fall as often.
    """
    if len(lines) == 1:
        return bool(_LEADERS.search(lines[0].rstrip()))
    if sum(bool(_LEADERS.search(line.rstrip())) for line in lines) > 0.5 * len(lines):
        return True
    numbers = [found for line in lines if (found := _PAGE_NUMBER.search(line.rstrip()))]
    if len(lines) <= 5 or len(numbers) <= 0.5 * len(lines):
        return False
    steps = [
        int(below["page"]) - int(above["page"])
        for above, below in pairwise(numbers)
        if above["chapter"] == below["chapter"]
    ]
    rises, falls = sum(step > 0 for step in steps), sum(step < 0 for step in steps)
    return rises > max(1, 4 * falls)
