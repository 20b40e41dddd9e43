"""A pair of NCCI codes told freely: which of them is paid, which denied, and whether a modifier may open the edit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.data import Fact
from pipeline.facts.ptp_edits import find_edit
from pipeline.verify.context import ClaimContext
from pipeline.verify.reading import Reading, codes_in, vocabulary
from pipeline.verify.told.parts import Told, Wording
from pipeline.verify.values import Value, named_times

_W = Wording("edits")
_ORDERED, _UNORDERED = _W.patterns("ordered"), _W.patterns("unordered")
_INDICATOR, _OPENABLE, _CLOSED = map(_W.pattern, ("indicator", "openable", "closed"))
_DENIED, _QUALIFIED = map(_W.pattern, ("denied", "qualified"))
_WORDS = _W.stems("words")
_OPEN_TOKENS = re.compile(r"(?:ind|num)#[01]\b|lab#ptp_ind")


def read_edits(text: str, reading: Reading, context: ClaimContext) -> Iterator[Told]:
    """One for the edits that the sentence tells of; none where one of them is not in the table as told."""
    ordered = [match for form in _ORDERED for match in form.finditer(text)]
    unordered = [
        match
        for form in _UNORDERED
        for match in form.finditer(text)
        if vocabulary().negations.search(text[: match.end()])
    ]
    facts: dict[Fact, None] = {}
    for match in (*ordered, *unordered):
        for one, two in _pairs(match):
            fact = find_edit(one, two, context.facts)
            if fact is None or (match in ordered and fact.hcpcs_code != one):
                return
            facts[fact] = None
    values = {fact.value for fact in facts}
    if not facts or any(Value("edit", fact.value, (fact,)).other_time(reading) for fact in facts):
        return
    opened = _modifier_pieces(text, values)
    if opened is None or (_DENIED.search(text) and not _QUALIFIED.search(text) and "1" in values):
        return
    rows = tuple(facts)
    used = {f"code#{code.lower()}" for fact in rows for code in (fact.hcpcs_code, fact.partner)}
    used |= {"col#one", "col#two", "pay#no", "pay#yes", *_OPEN_TOKENS.findall(" ".join(opened))}
    said = "; ".join(f"{fact.partner} is a column two code of {fact.hcpcs_code}" for fact in rows)
    pieces = (*(match.group() for match in (*ordered, *unordered)), *opened)
    yield Told(
        frozenset(used) | named_times(reading, rows), _WORDS, rows, f"{said} ({rows[0].release})", pieces
    )


def _pairs(match: re.Match[str]) -> Iterator[tuple[str, str]]:
    named = match.groupdict()
    if "B" not in named:
        others = [code for code in codes_in(match.string) if code not in codes_in(match["A"])]
        yield from ((codes_in(match["A"])[0], other) for other in dict.fromkeys(others))
        return
    for two in codes_in(match["B"]):
        yield codes_in(match["A"])[0], two


def _modifier_pieces(text: str, values: set[str]) -> tuple[str, ...] | None:
    """What is said of a modifier, piece by piece; None where it is not so of every edit."""
    pieces: list[str] = []
    for match in _INDICATOR.finditer(text):
        if values != {match["value"]}:
            return None
        pieces.append(match.group())
    for words, value in ((_CLOSED, "0"), (_OPENABLE, "1")):
        found = [match.group() for match in words.finditer(text)]
        if found and values != {value}:
            return None
        pieces += found
    return tuple(pieces)
