"""Lines of a PDF in reading order, made into headings, paragraphs, list items and table rows."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from pipeline.data import BlockKind
from pipeline.sources.reading.blocks import PAGE_BREAK, ReadBlock
from pipeline.sources.reading.hyphens import Hyphens
from pipeline.sources.reading.pdf_heads import leave_out_running_heads
from pipeline.sources.reading.pdf_layout import in_reading_order
from pipeline.sources.reading.pdf_lines import Line, read_pdf_lines
from pipeline.sources.reading.pdf_tables import set_tables
from pipeline.sources.reading.structure import Marker, heading_level, is_contents, read_marker

_LARGER = 1.12
"""A line set larger than this many times the prose is a heading."""

_EMPHASIS = re.compile(r"[.;,][\"”’)\]]*$|.{200}", re.DOTALL)
_SENTENCE_END = re.compile(r"[.!?:;][\"”’)\]]*$")
_INDENT = 9.0  # points: less is a ragged edge


class _Set(NamedTuple):
    """How a document is set: size of its prose, distance of its lines in sizes, and the edges of its column."""

    size: float
    pitch: float
    left: float
    right: float


def read_pdf_blocks(data: bytes, *, name: str) -> tuple[list[ReadBlock], int]:
    """Blocks of a PDF in reading order, and its number of physical pages. Raises SourceError as `read_pdf_lines`."""
    pages = read_pdf_lines(data, name=name)
    kept = leave_out_running_heads(pages)
    ruled = {number for number, page in enumerate(pages) if page.ruled}
    kept = set_tables(data, kept, pages=ruled)
    ordered = in_reading_order(kept, widths=[page.width for page in pages])
    hyphens = Hyphens(line.text for lines in ordered for line in lines)
    return list(_Builder(ordered, hyphens).blocks()), len(pages)


def _measure(pages: Sequence[Sequence[Line]]) -> _Set:
    prose = [line for lines in pages for line in lines if not line.row]
    weighed: Counter[float] = Counter()
    for line in prose:
        weighed[line.size] += len(line.text)
    size = weighed.most_common(1)[0][0] if weighed else 10.0
    steps = [
        (above.middle - below.middle) / size
        for lines in pages
        for above, below in pairwise(lines)
        if 0 < above.middle - below.middle < 3 * size
    ]
    lefts = [line.left for line in prose] or [0.0]
    rights = sorted(line.right for line in prose) or [0.0]
    return _Set(
        size, statistics.median(steps) if steps else 1.2, min(lefts), rights[int(0.9 * (len(rights) - 1))]
    )


class _Builder:
    """Walks over the lines and closes a block where the next line cannot belong to it."""

    def __init__(self, pages: Sequence[Sequence[Line]], hyphens: Hyphens) -> None:
        self._pages = pages
        self._hyphens = hyphens
        self._set = _measure(pages)
        self._kind = BlockKind.PARAGRAPH
        self._level = 0
        self._text = ""
        self._page = 1
        self._last: Line | None = None
        self._last_page = 1
        self._hang = 0.0
        self._marker: Marker | None = None
        self._stack: list[tuple[Marker, float]] = []

    def blocks(self) -> Iterator[ReadBlock]:
        for number, lines in enumerate(self._pages, 1):
            contents = is_contents([line.text for line in lines])
            for line in lines:
                yield from self._take(line, number, contents=contents)
        yield from self._close()

    def _take(self, line: Line, page: int, *, contents: bool) -> Iterator[ReadBlock]:
        if line.row or contents or is_contents([line.text]):
            yield from self._close()
            kind = BlockKind.ROW if line.row and not contents else BlockKind.CONTENTS
            yield ReadBlock(kind, 0, _blank(line.text), page)
            self._last = None
            return
        marker = read_marker(line.text)
        if marker is not None and not self._begins_item(marker, line, page):
            marker = None
        if self._is_heading(line):
            if self._continues_heading(line, page):
                self._append(line, page)
                return
            yield from self._close()
            self._stack.clear()
            self._open(BlockKind.HEADING, 0, line, page)
        elif marker is not None:
            yield from self._close()
            self._open(BlockKind.ITEM, self._nest(marker, line), line, page)
            self._marker = marker
        elif self._continues(line, page):
            self._append(line, page)
        else:
            yield from self._close()
            self._open(BlockKind.PARAGRAPH, self._level_of(line), line, page)

    def _open(self, kind: BlockKind, level: int, line: Line, page: int) -> None:
        self._kind, self._level, self._text, self._page = kind, level, _blank(line.text), page
        self._last, self._last_page, self._hang, self._marker = line, page, line.left, None

    def _append(self, line: Line, page: int) -> None:
        joined = self._hyphens.join(self._text, _blank(line.text))
        if page != self._last_page:
            # The page begins with the first character of its own.
            cut = len(joined) - len(_blank(line.text).lstrip())
            joined = joined[:cut] + PAGE_BREAK * (page - self._last_page) + joined[cut:]
        if self._kind is BlockKind.ITEM and self._last is not None and self._text.count(PAGE_BREAK) == 0:
            self._hang = line.left
        self._text, self._last, self._last_page = joined, line, page

    def _close(self) -> Iterator[ReadBlock]:
        if self._text and self._kind is BlockKind.HEADING:
            size = (self._last.size if self._last else self._set.size) / self._set.size
            if size < _LARGER and _EMPHASIS.search(self._text):  # a paragraph set in bold
                yield ReadBlock(BlockKind.PARAGRAPH, 0, self._text, self._page)
            else:
                yield ReadBlock(self._kind, heading_level(self._text, size=size), self._text, self._page)
        elif self._text:
            yield ReadBlock(self._kind, self._level, self._text, self._page)
        self._text = ""

    def _is_heading(self, line: Line) -> bool:
        larger = line.size > _LARGER * self._set.size
        return (larger or line.bold) and any(char.isalpha() for char in line.text)

    def _continues_heading(self, line: Line, page: int) -> bool:
        last = self._last
        if self._kind is not BlockKind.HEADING or last is None or not self._text or page != self._last_page:
            return False
        near = 0 < last.middle - line.middle < 1.35 * self._set.pitch * max(line.size, last.size)
        alike = abs(line.size - last.size) < 0.1 * last.size and read_marker(line.text) is None
        return near and alike and (not self._ended() or not _is_short(last, self._set))

    def _begins_item(self, marker: Marker, line: Line, page: int) -> bool:
        """A number inside a sentence that a line happens to begin with is no item."""
        if not self._text or self._last is None or page != self._last_page:
            return marker.style == "bullet" or not self._text or self._follows(marker) or self._ended()
        if marker.style == "bullet" or self._follows(marker):
            return True
        return self._ended() and (
            line.left < self._last.left - 2 or self._apart(line) or self._kind is BlockKind.HEADING
        )

    def _follows(self, marker: Marker) -> bool:
        return marker.value == 1 or any(
            open_.style == marker.style and marker.value == open_.value + 1 for open_, _ in self._stack
        )

    def _ended(self) -> bool:
        return bool(_SENTENCE_END.search(self._text.rstrip(PAGE_BREAK)))

    def _apart(self, line: Line) -> bool:
        return (
            self._last is not None
            and self._last.middle - line.middle > 1.35 * self._set.pitch * self._set.size
        )

    def _nest(self, marker: Marker, line: Line) -> int:
        """The level of an item: beside an open one of its style, else below those further left."""
        for depth, (open_, _) in enumerate(self._stack):
            if open_.style == marker.style:
                del self._stack[depth:]
                break
        else:
            while self._stack and self._stack[-1][1] > line.left + _INDENT:
                self._stack.pop()
        self._stack.append((marker, line.left))
        return len(self._stack)

    def _level_of(self, line: Line) -> int:
        """A paragraph set as far in as the words of an open item belongs to it."""
        while self._stack and line.left < self._stack[-1][1] + _INDENT:
            self._stack.pop()
        return len(self._stack)

    def _continues(self, line: Line, page: int) -> bool:
        last = self._last
        if last is None or not self._text or self._kind is BlockKind.HEADING:
            return False
        if page != self._last_page or line.middle > last.middle:  # the next page, or the next column
            begins_inside = line.text[:1].islower() or not self._ended()
            if begins_inside:
                return True
            return not _is_short(last, self._set) and abs(line.left - self._hang) < _INDENT
        if self._apart(line) or abs(line.size - last.size) > 0.15 * self._set.size:
            return False
        if self._kind is BlockKind.PARAGRAPH:
            return abs(line.left - last.left) < 4 * self._set.size
        return self._kind is BlockKind.ITEM and line.left > self._stack[-1][1] - _INDENT


def _is_short(line: Line, set_: _Set) -> bool:
    return line.right < set_.right - 6 * set_.size


def _blank(text: str) -> str:
    return " ".join(text.split())
