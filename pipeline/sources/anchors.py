"""Anchors tie a note to the words of the document it restates, without holding those words."""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum
from typing import NamedTuple

from pipeline.data import Anchor

_WORD = re.compile(r"\w+")


class AnchorState(StrEnum):
    """How an anchor fared against the document it names."""

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
    words = " ".join(word.lower() for word in _WORD.findall(text))
    return hashlib.sha256(words.encode()).hexdigest()[:16]


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
        digest=digest_words(span.group()),
    )


def resolve_anchor(anchor: Anchor, pages: list[str]) -> ResolvedAnchor:
    """Find the anchored span: where it was recorded, else anywhere with the same words."""
    if anchor.page <= len(pages) and (
        digest_words(pages[anchor.page - 1][anchor.start : anchor.end]) == anchor.digest
    ):
        return ResolvedAnchor(AnchorState.MATCHED, anchor.page, anchor.start, anchor.end)
    for number, text in enumerate(pages, 1):
        words = list(_WORD.finditer(text))
        for first in range(len(words) - anchor.words + 1):
            start, end = words[first].start(), words[first + anchor.words - 1].end()
            if digest_words(text[start:end]) == anchor.digest:
                return ResolvedAnchor(AnchorState.MOVED, number, start, end)
    return ResolvedAnchor(AnchorState.NOT_FOUND, anchor.page, 0, 0)
