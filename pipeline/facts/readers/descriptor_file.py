"""A file of descriptors that the user is licensed for: code and text, as delimited text or as a workbook.

Two columns without headings, or any number under headings that name the two. Lines above the first code are passed
over.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.errors import SourceError
from pipeline.facts.readers.layout import TableFile
from pipeline.facts.readers.text import cells_of

_CODE = re.compile(r"[0-9A-Z][0-9]{3}[0-9A-Z]")
_CODE_HEADINGS = ("code", "cpt code", "cpt", "hcpcs", "hcpcs code")
_TEXT_HEADINGS = (
    "descriptor",
    "description",
    "long descriptor",
    "long description",
    "long",
    "consumer descriptor",
)
LONGEST = 2_000  # characters of a descriptor


def read_descriptor_file(file: TableFile) -> dict[str, str]:
    """Descriptors by code. Raises SourceError naming the line for a row that does not fit, a code that comes twice."""
    found: dict[str, str] = {}
    places = (0, 1)
    for line, cells in cells_of(file):
        if not found and (named := _headings(cells)):
            places = named
            continue
        code, text = (cells[place] if place < len(cells) else "" for place in places)
        if not found and not _CODE.fullmatch(code):
            continue  # a title or notice above the rows
        if not any(cells):
            continue
        if not _CODE.fullmatch(code):
            raise SourceError(f"{file.name}:{line}: expected a code of five characters, found {code!r:.40}")
        if not text.strip() or len(text) > LONGEST or not text.isprintable():
            raise SourceError(
                f"{file.name}:{line}: expected the descriptor of {code} in 1 to {LONGEST:,} printable characters, "
                f"found {text!r:.40}"
            )
        if code in found:
            raise SourceError(f"{file.name}:{line}: {code} stands there already; give each code once")
        found[code] = " ".join(text.split())
    if not found:
        raise SourceError(f"{file.name}: expected rows of a code and its descriptor, found none")
    return found


def _headings(cells: Sequence[str]) -> tuple[int, int] | None:
    names = [" ".join(cell.lower().split()) for cell in cells]
    code, text = (
        next((names.index(name) for name in known if name in names), None)
        for known in (_CODE_HEADINGS, _TEXT_HEADINGS)
    )
    return None if code is None or text is None else (code, text)
