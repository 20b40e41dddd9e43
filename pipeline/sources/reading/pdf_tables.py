"""Ruled tables on PDF pages, by pdfplumber: each row becomes one line, where the table stands."""

from __future__ import annotations

import io
from collections.abc import Collection, Sequence

from pipeline.sources.reading.pdf_lines import Line

_MOST_PAGES = 300
"""Pages looked at for tables; pdfplumber takes a tenth of a second for each."""


def set_tables(data: bytes, lines: Sequence[list[Line]], *, pages: Collection[int]) -> list[list[Line]]:
    """The lines of every page, those inside a ruled table of `pages` (from 0) replaced by its rows, 'a | b | c'.

    A page whose tables cannot be made out keeps its lines.
    """
    result = list(lines)
    wanted = [number for number in sorted(pages) if lines[number]][:_MOST_PAGES]
    if not wanted:
        return result
    import pdfplumber

    with pdfplumber.open(io.BytesIO(data)) as document:
        for number in wanted:
            page = document.pages[number]
            try:
                tables = page.find_tables()
                for table in tables:
                    cells = table.extract()
                    result[number] = _replace(result[number], table.bbox, cells, float(page.height))
            except Exception:  # noqa: S112 - pdfminer raises whatever a damaged page makes it
                continue
            finally:
                page.close()
    return result


def _replace(
    lines: list[Line],
    box: tuple[float, float, float, float],
    cells: Sequence[Sequence[str | None]],
    height: float,
) -> list[Line]:
    left, top, right, bottom = box[0], height - box[1], box[2], height - box[3]
    inside = [
        one for one in lines if bottom - 1 <= one.middle <= top + 1 and left - 2 <= one.left <= right + 2
    ]
    rows = [[" ".join((cell or "").split()) for cell in row] for row in cells]
    rows = [row for row in rows if any(row)]
    if not inside or len(rows) < 2 or max(len(row) for row in rows) < 2:
        return lines
    step = (top - bottom) / len(rows)
    size = inside[0].size
    made = [
        Line(" | ".join(row), left, right, top - (n + 1) * step, top - n * step, size, bold=False, row=True)
        for n, row in enumerate(rows)
    ]
    first = lines.index(inside[0])
    kept_before = [one for one in lines[:first] if one not in inside]
    kept_after = [one for one in lines[first:] if one not in inside]
    return [*kept_before, *made, *kept_after]
