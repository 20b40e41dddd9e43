"""Marks that a page sets behind its statements and that state nothing: they go before a sentence is read."""

from __future__ import annotations

import re

# Marks of footnotes: set against the word or stop before them, or behind the stop; never a figure of their own.
_NOTE_MARKS = re.compile(
    r"(?:(?<=[.!?)\"”’%\w])|(?<=[.!?)\"”’])\s)(?:\[\^?(?:\d{1,3}|[a-z])(?:\s*[,–-]\s*\^?\d{1,3})*\])+(?=\s*[.!?,;:]|\s|$)"
    r"|(?<=[.!?)\"”’a-z])[⁰¹²³⁴-⁹]+(?=\s|[.,;]|$)"
)
_RELEASE = r"(?:RVU|OPPS|ASC|MUE|PTP|NCCI|AOC)[- ]?\d[\w-]*(?: \d{4}Q[1-4])?"
# What our own pages set behind a statement: an older release, adjustment codes, the requirement it derives from.
_UNCONFIRMED = re.compile(rf"({_RELEASE}), not confirmed for (?:\d{{4}}|{_RELEASE})(?:\s+(?=[,;]))?")
_RELEASES = rf"{_RELEASE}(?:(?:,| and|,)? {_RELEASE})*"
_SET_BEHIND = re.compile(rf"(?<=[.!?])(?:\s*(?:\(?{_RELEASES}\)?|CARC \d{{1,3}}))+$")
# At the end of a table cell or of a card, "$39.75 (RVU26D) (RVU26C)".
_TAIL = re.compile(rf"(?:\s+\(?{_RELEASES}\)?)+$")
_DERIVED = re.compile(r"\s*\(?from (?:the requirement at footnote|requirement) \d+\)?$")


def without_marks(text: str) -> str:
    """The text without marks of footnotes and without what our own pages set behind a statement."""
    plain = _UNCONFIRMED.sub(r"\1", _NOTE_MARKS.sub("", text)).rstrip()
    return _SET_BEHIND.sub("", _DERIVED.sub("", plain))


def without_releases(text: str) -> tuple[str, frozenset[str]]:
    """The text without the releases named at its end, and these releases as written."""
    found = _TAIL.search(text)
    if found is None:
        return text, frozenset()
    return text[: found.start()].rstrip(), frozenset(re.findall(_RELEASE, found.group()))
