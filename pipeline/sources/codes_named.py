"""The HCPCS codes and ranges of codes that a text names."""

from __future__ import annotations

import re

from pipeline.selector import in_range
from pipeline.sources.other_numbers import without_other_numbers

CodeRange = tuple[str, str]
"""First and last code, inclusive; a single code is a range of its own."""

FAMILY = 100
"""A range of fewer codes than this speaks of a family of services."""

# Category I and III, anesthesia and Level II codes; not the blocks of Level II that are empty (2025: the last M code is
# M1425) and hold common diagnoses without their dot: M1711 is M17.11, G5601 is G56.01.
_CODE = r"(?:[0-9]{5}|[0-9]{4}[FTUM]|(?!G5|M1[5-9]|M[2-9]|Q[67])[A-CEGHJ-MP-V][0-9]{4})"
_TO = r"(?:\s?[-‐‑–—]\s?|\s+(?i:(?:up\s+)?to|through|thru)\s+)"
# CPT's modifiers of two digits: 20610-59 and 20610–59 are a code with one of them.
_MODIFIER = r"(?:2[2-7]|3[23]|47|5[0-9]|6[236]|7[346-9]|8[0-2]|9[0-35-79])\b"
# Last digits in the place of a last code: 22600-14, 29880/1. A range only where they are beyond the first code's.
_SHORT = rf"(?:[-‐‑–—](?=[0-9]{{2}})|/)(?P<short>(?!{_MODIFIER})[0-9]{{1,2}})(?!\w|[/.-]\w)"
# No part of a longer number, of money or of an ICD-10 code; in a list without blanks (20610,20611 or 95940/G0453) and
# with a modifier behind it (29881-59, 29881-RT, 29881RT) as well.
_NAMED = re.compile(
    rf"(?:(?<![\w$.,/-])|(?<=\b{_CODE}[,/])|(?<=\bCPT-))(?P<first>{_CODE})(?:{_TO}(?P<last>{_CODE})|{_SHORT})?"
    rf"(?:AS|LT|RT|TC|X[EPSU])?(?![\w%]|\.[0-9]|,(?!{_CODE}\b|{_MODIFIER})[0-9]|-(?![0-9]{{2}}\b)[0-9])"
)


def codes_named(text: str) -> tuple[CodeRange, ...]:
    """Ranges of codes named in the text, sorted, each once: 20610, 29880–29881, "20000 to 29999", 22600–14, 29880/1.

    A pair that is no range (another kind of code, or the wrong way round) counts as two codes. A number that the text
    says is something else (`other_numbers`) is none.
    """
    if not _NAMED.search(text):
        return ()
    found: set[CodeRange] = set()
    for match in _NAMED.finditer(without_other_numbers(text)):
        first, short = match["first"], match["short"] or ""
        last = match["last"] or first[: len(first) - len(short)] + short
        if _kind(first) == _kind(last) and in_range(last, first, ""):
            found.add((first, last))
        else:
            found |= {(first, first)} if short else {(first, first), (last, last)}
    return tuple(sorted(found))


def _kind(hcpcs_code: str) -> tuple[str, str]:
    """The letters that a code begins and ends with, empty where those are digits."""
    return hcpcs_code[0].strip("0123456789"), hcpcs_code[-1].strip("0123456789")


def names(ranges: tuple[CodeRange, ...], hcpcs_code: str) -> bool:
    """Whether one of the ranges holds the code."""
    return any(in_range(hcpcs_code, first, last) for first, last in ranges)


def names_closely(ranges: tuple[CodeRange, ...], hcpcs_code: str) -> bool:
    """Whether one of the ranges holds the code and is of one family of codes: a chapter's range tells little."""
    return names(tuple(pair for pair in ranges if width(pair) < FAMILY), hcpcs_code)


def width(pair: CodeRange) -> int:
    """How far apart the ends of a range are; 0 for a single code."""
    numbers = [int("".join(char for char in code if char.isdigit())) for code in pair]
    return numbers[1] - numbers[0]
