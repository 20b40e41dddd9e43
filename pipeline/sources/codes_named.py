"""The HCPCS codes and ranges of codes that a text names."""

from __future__ import annotations

import re

from pipeline.selector import in_range

CodeRange = tuple[str, str]
"""First and last code, inclusive; a single code is a range of its own."""

FAMILY = 100
"""A range of fewer codes than this speaks of a family of services."""

# Category I and III, anesthesia and Level II codes. No part of a longer number, of money, of an ICD-10 code or of a
# postal address; in a list without blanks (20610,20611 or 95940/G0453) and before a modifier (29881-59) as well.
_CODE = r"(?:[0-9]{5}|[0-9]{4}[FTUM]|[A-CEGHJ-MP-V][0-9]{4})"
_NAMED = re.compile(
    rf"(?:(?<![\w$.,/-])|(?<=\b{_CODE}[,/]))(?<!, [A-Z]{{2}} )"
    rf"(?P<first>{_CODE})(?:(?:\s?[-–—]\s?|\s+(?i:to|through)\s+)(?P<last>{_CODE}))?"
    rf"(?![\w%]|\.[0-9]|,(?!{_CODE}\b)[0-9]|-(?![0-9]{{2}}\b)[0-9])"
)


def codes_named(text: str) -> tuple[CodeRange, ...]:
    """Ranges of codes named in the text, sorted, each once: 20610, 29880–29881, "20000 to 29999".

    A pair that is no range (another kind of code, or the wrong way round) counts as two codes.
    """
    found: set[CodeRange] = set()
    for match in _NAMED.finditer(text):
        first, last = match["first"], match["last"] or match["first"]
        if _kind(first) == _kind(last) and in_range(last, first, ""):
            found.add((first, last))
        else:
            found |= {(first, first), (last, last)}
    return tuple(sorted(found))


def _kind(hcpcs_code: str) -> tuple[str, str]:
    """The letters that a code begins and ends with, empty where those are digits."""
    return hcpcs_code[0].strip("0123456789"), hcpcs_code[-1].strip("0123456789")


def names(ranges: tuple[CodeRange, ...], hcpcs_code: str) -> bool:
    """Whether one of the ranges holds the code."""
    return any(in_range(hcpcs_code, first, last) for first, last in ranges)


def names_closely(ranges: tuple[CodeRange, ...], hcpcs_code: str) -> bool:
    """Whether one of the ranges holds the code and is of one family of codes: a chapter's range tells little."""
    return names(tuple(pair for pair in ranges if _width(pair) < FAMILY), hcpcs_code)


def _width(pair: CodeRange) -> int:
    numbers = [int("".join(char for char in code if char.isdigit())) for code in pair]
    return numbers[1] - numbers[0]
