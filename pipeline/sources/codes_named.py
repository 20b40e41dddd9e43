"""The HCPCS codes and ranges of codes that a text names."""

from __future__ import annotations

import re

from pipeline.selector import in_range

CodeRange = tuple[str, str]
"""First and last code, inclusive; a single code is a range of its own."""

# Category I and III, anesthesia and Level II codes. No part of a longer number, of money or of an ICD-10 code.
_CODE = r"(?:[0-9]{5}|[0-9]{4}[FTUM]|[A-CEGHJ-MP-V][0-9]{4})"
_NAMED = re.compile(
    rf"(?<![\w$.,/-])(?<![0-9]-)(?P<first>{_CODE})(?:(?:\s?[-–—]\s?|\s+(?:to|through)\s+)(?P<last>{_CODE}))?"
    r"(?![\w%]|[.,][0-9]|-[0-9])"
)


def codes_named(text: str) -> tuple[CodeRange, ...]:
    """Ranges of codes named in the text, sorted, each once: 20610, 29880–29881, "20000 to 29999".

    A pair that is no range (another kind of code, or the wrong way round) counts as two codes.
    """
    found: set[CodeRange] = set()
    for match in _NAMED.finditer(text):
        first, last = match["first"], match["last"] or match["first"]
        if in_range(last, first, ""):
            found.add((first, last))
        else:
            found |= {(first, first), (last, last)}
    return tuple(sorted(found))


def names(ranges: tuple[CodeRange, ...], hcpcs_code: str) -> bool:
    """Whether one of the ranges holds the code."""
    return any(in_range(hcpcs_code, first, last) for first, last in ranges)
