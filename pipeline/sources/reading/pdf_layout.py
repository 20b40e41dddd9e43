"""The lines of PDF pages in reading order: columns one after another, tables as rows."""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from itertools import groupby

from pipeline.sources.reading.pdf_lines import Line

_MARKER = re.compile(r"\W|[(\[]?\w{1,3}[.)\]]?|[A-Z]\.")
_FEW = 3
_MOST_ACROSS = 0.25  # share of a page's lines that run across its columns
_INDENTED = 40.0  # points


def in_reading_order(pages: Sequence[Sequence[Line]], *, widths: Sequence[float]) -> list[list[Line]]:
    """Lines from top to bottom; of a page set in columns each column in turn, with what runs across between them.

    What stands side by side without being columns of prose is a table: its cells become one row. A last page may hold
    only a few lines of its second column, so that only the pages before it tell where the columns part.
    """
    parts = [_join_markers(sorted(lines, key=lambda line: (-line.middle, line.left))) for lines in pages]
    gutters = [_gutter(lines, width) for lines, width in zip(parts, widths, strict=True)]
    ordered: list[list[Line]] = []
    for number, (lines, width, gutter) in enumerate(zip(parts, widths, gutters, strict=True)):
        if gutter is None:
            near = next((one for one in gutters[max(0, number - 2) : number + 3] if one is not None), None)
            gutter = near if near is not None and _parts_columns(lines, near) else None
        ordered.append(_column_by_column(lines, gutter, width))
    return ordered


def _column_by_column(parts: Sequence[Line], gutter: float | None, width: float) -> list[Line]:
    if gutter is None:
        return _rows(parts)
    ordered: list[Line] = []
    band: list[Line] = []
    for line in [*parts, None]:
        if line is not None and not line.left < gutter < line.right:
            band.append(line)
            continue
        for side in (
            [one for one in band if one.right <= gutter],
            [one for one in band if one.left >= gutter],
        ):
            inner = _gutter(side, width) if len(side) < len(parts) else None
            ordered += _column_by_column(side, inner, width)
        band = []
        if line is not None:
            ordered.append(line)
    return ordered


def baselines(parts: Sequence[Line]) -> list[list[Line]]:
    """Parts grouped by the line they stand on, each from left to right."""
    groups: list[list[Line]] = []
    for part in parts:
        if groups and abs(groups[-1][0].middle - part.middle) < 0.45 * min(groups[-1][0].size, part.size):
            groups[-1].append(part)
        else:
            groups.append([part])
    return [sorted(group, key=lambda part: part.left) for group in groups]


def _join_markers(parts: Sequence[Line]) -> list[Line]:
    """A bullet or number and what stands behind it are one line, however wide the gap."""
    joined: list[Line] = []
    for group in baselines(parts):
        first, *rest = group
        if (
            rest
            and len(first.text) <= 5
            and _MARKER.fullmatch(first.text.strip())
            and rest[0].left - first.right < 40
        ):
            first, rest = join_lines([first, rest[0]], " "), rest[1:]
        joined += [first, *rest]
    return joined


def _gutter(parts: Sequence[Line], width: float) -> float | None:
    """Where two columns of prose part, None where there are none."""
    best: tuple[int, float] | None = None
    for x in range(int(0.25 * width), int(0.75 * width), 4):
        crossing = [line for line in parts if line.left < x < line.right]
        left = [line for line in parts if line.right <= x]
        right = [line for line in parts if line.left >= x]
        if not _enough(left, right) or len(crossing) > _MOST_ACROSS * len(parts):
            continue
        if all(_is_prose(side) for side in (left, right)) and (best is None or len(crossing) < best[0]):
            best = (len(crossing), float(x))
    return best[1] if best else None


def _enough(left: Sequence[Line], right: Sequence[Line]) -> bool:
    return min(len(left), len(right)) >= _FEW and max(len(left), len(right)) >= 2 * _FEW


def _parts_columns(parts: Sequence[Line], gutter: float) -> bool:
    """Whether the gutter of a neighbouring page parts these lines too, however few stand in its second column."""
    across = [line for line in parts if line.left < gutter < line.right]
    left = [line for line in parts if line.right <= gutter]
    right = [line for line in parts if line.left >= gutter]
    if not right or len(left) < 2 * _FEW or len(across) > _MOST_ACROSS * len(parts):
        return False
    edge = min(line.left for line in right)
    return _is_prose(left) and all(line.left < edge + _INDENTED for line in right)


def _is_prose(lines: Sequence[Line]) -> bool:
    """Whether most lines fill their column, as cells of a table do not."""
    widest = max(line.right for line in lines) - min(line.left for line in lines)
    lengths = [line.right - line.left for line in lines]
    return (
        statistics.median(lengths) > 0.7 * widest and statistics.median(len(line.text) for line in lines) > 15
    )


def _rows(parts: Sequence[Line]) -> list[Line]:
    """One line a baseline. Three baselines or more with several parts each are rows of a table."""
    groups = baselines(parts)
    ordered: list[Line] = []
    for several, run in groupby(groups, key=lambda group: len(group) > 1):
        lines = list(run)
        table = several and len(lines) >= _FEW
        ordered += [join_lines(group, " | " if table else " ") for group in lines]
    return ordered


def join_lines(parts: Sequence[Line], joint: str) -> Line:
    """Parts of one line as one; a row where they are cells."""
    first = parts[0]
    return first._replace(
        text=joint.join(part.text.strip() for part in parts),
        right=max(part.right for part in parts),
        left=min(part.left for part in parts),
        bold=all(part.bold for part in parts),
        row="|" in joint or first.row,
    )
