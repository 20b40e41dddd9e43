"""Anchors tie a note to the words of the document it restates, without holding those words."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from pipeline.data import Anchor

_WORD = re.compile(r"\w+")
OPENING_WORDS = 4


class AnchorState(StrEnum):
    """How an anchor fared against a document."""

    MATCHED = "matched"
    MOVED = "moved"
    NOT_FOUND = "not found"


class ResolvedAnchor(NamedTuple):
    """State of an anchor and, unless not found, where it stands (offsets in the page's text)."""

    state: AnchorState
    page: int
    start: int
    end: int


def digest_words(text: str) -> str:
    """First 16 hex digits of the SHA-256 of the text's words, lower-cased, joined by single blanks."""
    return _digest(word.lower() for word in _WORD.findall(text))


def digest_opening(text: str) -> str:
    """`digest_words` of the first four words, or of all where they are fewer."""
    return _digest(word.lower() for word in _WORD.findall(text)[:OPENING_WORDS])


def make_anchor(document_sha256: str, pages: list[str], page: int, quote: str) -> Anchor:
    """Anchor the one place on `page` (from 1) where the words of `quote` stand; white space may differ.

    Raises ValueError when the words are absent or stand there more than once.
    """
    wanted = [re.escape(word) for word in quote.split()]
    hits = list(re.finditer(r"\s+".join(wanted), pages[page - 1]))
    if len(hits) != 1:
        raise ValueError(f"the quote stands {len(hits)} times on page {page}, expected once: {quote[:60]!r}")
    span = hits[0]
    return Anchor(
        document=document_sha256,
        page=page,
        start=span.start(),
        end=span.end(),
        words=len(_WORD.findall(span.group())),
        opening=digest_opening(span.group()),
        digest=digest_words(span.group()),
    )


# What ends a sentence belongs to it, though it is no word.
_CLOSING = re.compile(r"[)\]”\"]*[.!?][)\]”\"]*")


class AnchorResolver:
    """Finds anchored spans in one document: where they were recorded, else anywhere with the same words."""

    def __init__(self, pages: Sequence[str]) -> None:
        self._pages = pages
        self._openings: dict[int, dict[str, list[tuple[int, int]]]] = {}

    def resolve(self, anchor: Anchor) -> ResolvedAnchor:
        """Where the anchor's words stand; of several places the one nearest to the page they were recorded on."""
        if anchor.page <= len(self._pages) and (
            digest_words(self._pages[anchor.page - 1][anchor.start : anchor.end]) == anchor.digest
        ):
            return ResolvedAnchor(AnchorState.MATCHED, anchor.page, anchor.start, anchor.end)
        length = min(anchor.words, OPENING_WORDS)
        if length not in self._openings:
            self._openings[length] = self._index_openings(length)
        places = self._openings[length].get(anchor.opening, [])
        for number, offset in sorted(places, key=lambda place: (abs(place[0] - anchor.page), place)):
            words = list(_WORD.finditer(self._pages[number - 1]))
            first = bisect_left(words, offset, key=lambda word: word.start())
            if first + anchor.words > len(words):
                continue
            text, end = self._pages[number - 1], words[first + anchor.words - 1].end()
            if digest_words(text[offset:end]) == anchor.digest:
                closing = _CLOSING.match(text, end)
                end = closing.end() if closing else end
                return ResolvedAnchor(AnchorState.MOVED, number, offset, end)
        return ResolvedAnchor(AnchorState.NOT_FOUND, anchor.page, 0, 0)

    def _index_openings(self, length: int) -> dict[str, list[tuple[int, int]]]:
        """Page and offset of every run of `length` words, by its digest."""
        openings: dict[str, list[tuple[int, int]]] = {}
        for number, text in enumerate(self._pages, 1):
            words = list(_WORD.finditer(text))
            lowered = [word.group().lower() for word in words]
            for first, word in enumerate(words[: max(len(words) - length + 1, 0)]):
                key = _digest(lowered[first : first + length])
                openings.setdefault(key, []).append((number, word.start()))
        return openings


def resolve_anchor(anchor: Anchor, pages: Sequence[str]) -> ResolvedAnchor:
    """`AnchorResolver.resolve` for a single anchor."""
    return AnchorResolver(pages).resolve(anchor)


def _digest(words: Iterable[str]) -> str:
    return hashlib.sha256(" ".join(words).encode()).hexdigest()[:16]
