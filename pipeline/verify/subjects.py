"""Which code a figure is said of."""

from __future__ import annotations

import re
from typing import NamedTuple

from pipeline.verify.context import ClaimContext
from pipeline.verify.reading import Reading, codes_in

# A code that another is compared with is not what the clause is about.
_COMPARED = re.compile(
    r"\b(?:unlike|like|compared (?:to|with)|in contrast to|as opposed to|in comparison (?:to|with))"
    r" (?:cpt |hcpcs |code )*code#\w+"
)
_CODE = r"(?:(?:cpt|hcpcs|codes?) )*code#\w+"
_LISTED = re.compile(
    rf"^\W*(?:both )?(?P<list>{_CODE}(?:\s*(?:,|&|\band\b|\bor\b)+\s*{_CODE})+)"
    r"\s*,?\s*(?:both|each|all|have|are|carry)\b"
)
_ORDERED = re.compile(r"\brespectively\b|\bin that order\b")


_THIS = re.compile(
    r"\b(with|and|beside|from|into|to|of|by|under|for) (?:this|the present) (?:code|procedure)\b"
)


def name_page_code(clause: str, context: ClaimContext) -> str:
    """The clause with "this code" written out, where it is set beside one other code: it then means the page's."""
    own = context.hcpcs_code
    named = set(codes_in(clause))
    if own is None or len(named) != 1 or own in named:
        return clause
    return _THIS.sub(rf"\1 code#{own.lower()}", clause)


class Subject(NamedTuple):
    """A code a figure belongs to. `name` is empty for a release-wide value; not sure where it is only the nearest."""

    name: str
    sure: bool


def codes_of(clause: str, position: int, reading: Reading, context: ClaimContext) -> list[Subject]:
    """The codes a figure at `position` is said of: the clause's own, else the sentence's, else the page's.

    Every one of a list that the clause begins with ("A and B both have"); else, of several in one clause, the nearest
    before the figure, and then not surely.
    """
    if "lab#cf" in clause and not reading.codes and context.hcpcs_code is None:
        return [Subject("", True)]
    compared = {code for match in _COMPARED.finditer(clause) for code in codes_in(match.group())}
    named = [code for code in dict.fromkeys(codes_in(clause)) if code not in compared]
    if len(named) == 1:
        return [Subject(named[0], True)]
    if named:
        listed = _LISTED.match(clause)
        if listed and codes_in(listed["list"]) == named and not _ORDERED.search(clause):
            return [Subject(code, True) for code in named]
        before = [code for code in codes_in(clause[:position]) if code not in compared]
        return [Subject(before[-1] if before else named[0], False)]
    if len(reading.codes) == 1:
        return [Subject(reading.codes[0], True)] if not compared else []
    if reading.codes:
        return []
    return [Subject(context.hcpcs_code, True)] if context.hcpcs_code else []
