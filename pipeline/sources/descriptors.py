"""Leaving out the AMA's descriptors from quotes: CMS's manuals print them in brackets behind a code.

CMS's own words are public domain; the descriptors inside them are not, and a page prints none.
"""

from __future__ import annotations

import re

ELIDED = "(…)"
_NAMED = re.compile(r"\b(?:[0-9]{4}[0-9A-Z]|[A-Z][0-9]{4}|[Mm]odifier\s+[0-9A-Z]{2})\s*\((?=[A-Z][a-z])")
# What follows a closing bracket when the manual forgot the outer one: the next code of the list.
_NEXT_CODE = re.compile(r"\)\s*(?:,|and|or)\s+(?:CPT\s+codes?\s+)?(?:[0-9]{4}[0-9A-Z]|[A-Z][0-9]{4})\b")


def elide_descriptors(text: str) -> str:
    """The text with each bracket that directly follows a code or modifier and begins like a title as `(…)`.

    Brackets inside are counted; one that is not closed ends before the next code of the list, else with the text.
    """
    kept, position = [], 0
    while match := _NAMED.search(text, position):
        opening = match.end() - 1
        kept += [text[position:opening], ELIDED]
        position = _closing(text, opening)
    return "".join([*kept, text[position:]])


def _closing(text: str, opening: int) -> int:
    depth = 0
    for index in range(opening, len(text)):
        depth += {"(": 1, ")": -1}.get(text[index], 0)
        if depth == 0 or (text[index] == ")" and _NEXT_CODE.match(text, index)):
            return index + 1
    return len(text)
