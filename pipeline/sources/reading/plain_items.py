"""Which lines of a plain text begin an item, and how deep it stands."""

from __future__ import annotations

import re

from pipeline.sources.reading.structure import Marker, read_marker

_SENTENCE_END = re.compile(r"[.!?:;][\"”’')\]]*$")
_SHORT = 0.75
"""Share of the width that lines are wrapped to; a line that ends before it was ended on purpose."""


def is_ended(text: str) -> bool:
    """Whether a text ends as a sentence or clause does."""
    return bool(_SENTENCE_END.search(text.rstrip()))


def indent_of(line: str) -> int:
    """Columns of blank space before the line's words."""
    return len(line) - len(line.lstrip())


class Items:
    """The items that are open where the reading stands, outermost first, each with its mark and indent."""

    def __init__(self, *, width: int) -> None:
        self._width = width
        self._open: list[tuple[Marker, int]] = []
        self._last: dict[str, int] = {}

    def begins(self, line: str, *, before: str, hang: int) -> Marker | None:
        """The mark of the item that `line` begins, None where it begins none.

        `before` is the line above in the same paragraph, empty at its head; `hang` the indent of the lines that
        continue the open item, -1 where there are none. A number that a wrapped sentence happens to bring to the head
        of a line is no mark: the sentence has not ended above it, the line above is full, and nothing hangs.
        """
        marker = read_marker(line)
        if marker is None:
            return None
        follows = marker.value == 1 or marker.value == self._last.get(marker.style, -1) + 1
        if not before:
            return marker if marker.style in ("bullet", "number") or follows else None
        if marker.style != "bullet" and not follows:
            return None
        beside = any(style == marker.style and indent == indent_of(line) for (style, _), indent in self._open)
        hangs = beside and hang > indent_of(line)
        alike = marker.style == "bullet" and before.lstrip()[:2] == line.lstrip()[:2]
        return marker if hangs or alike or is_ended(before) or len(before) < _SHORT * self._width else None

    def open(self, marker: Marker, line: str) -> int:
        """Open an item and return its level from 1: beside an open one of its style, else below those further left."""
        indent = indent_of(line)
        for depth, (other, at) in enumerate(self._open):
            if other.style == marker.style and abs(at - indent) <= 1:
                del self._open[depth:]
                break
        else:
            while self._open and self._open[-1][1] > indent + 1:
                self._open.pop()
        self._open.append((marker, indent))
        self._last[marker.style] = marker.value
        return len(self._open)

    def level(self, line: str) -> int:
        """The level of a paragraph: that of the item whose words it stands below, else 0."""
        while self._open and self._open[-1][1] >= indent_of(line):
            self._open.pop()
        return len(self._open)

    def clear(self) -> None:
        """Close every item, and begin numbers anew: a heading stands here."""
        self._open.clear()
        self._last.clear()
