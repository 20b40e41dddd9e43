"""What PDFium tells of a page's characters: where lines end, where they have gaps, size and baseline."""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pypdfium2 import PdfTextPage

_GAP = 1.5
"""A gap in a line wider than this many times its size divides it: a gutter between columns or cells."""

_LINE_END = re.compile("[\r\n\ufffe\x02]")


def line_spans(textpage: PdfTextPage, text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each line. Behind a hyphen that divides a word PDFium leaves the line end out."""
    start = 0
    for found in _LINE_END.finditer(text):
        at = found.start()
        if found[0] in "\r\n":
            yield start, at
        elif 0 < at < len(text) - 1 and _is_other_line(textpage, at - 1, at + 1):
            yield start, at + 1
        else:
            continue
        start = at + 1
    yield start, len(text)


def _is_other_line(textpage: PdfTextPage, index: int, other: int) -> bool:
    """Whether the second of two characters stands on another line than the first."""
    size, baseline = size_and_baseline(textpage, index)
    return abs(baseline - size_and_baseline(textpage, other)[1]) > 0.5 * size


def wide_gaps(textpage: PdfTextPage) -> list[tuple[float, float, float, float]]:
    """Where text that stands side by side is far apart: (left, right, bottom, top) of each gap."""
    boxes = sorted(
        (textpage.get_rect(n) for n in range(textpage.count_rects())), key=lambda box: (-box[3], box[0])
    )
    gaps = []
    rows: list[list[tuple[float, float, float, float]]] = []
    for box in boxes:
        row = next(
            (r for r in rows[-3:] if min(r[0][3], box[3]) - max(r[0][1], box[1]) > 0.5 * (box[3] - box[1])),
            None,
        )
        if row is None:
            rows.append([box])
        else:
            row.append(box)
    for row in rows:
        for one, other in pairwise(sorted(row)):
            if other[0] - one[2] > _GAP * max(one[3] - one[1], 4):
                gaps.append((one[2], other[0], min(one[1], other[1]), max(one[3], other[3])))
    return gaps


def size_and_baseline(textpage: PdfTextPage, index: int) -> tuple[float, float]:
    """Size in points and height of the baseline of a character: boxes differ between fonts of one size."""
    import pypdfium2.raw as raw

    matrix = raw.FS_MATRIX()
    raw.FPDFText_GetMatrix(textpage.raw, index, ctypes.byref(matrix))
    size = raw.FPDFText_GetFontSize(textpage.raw, index) * math.hypot(matrix.c, matrix.d)
    return max(size, 1.0), matrix.f
