"""How much one page may quote of a publisher: the caps of the licence its documents are held under."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from pipeline.data import QuoteEvidence, SourceDocument

_WORD = re.compile(r"\w+")
_COPIED = 5
"""Words running that stand in a document as well: from so many on, they are the document's and not our own."""


class QuoteAllowance:
    """Counts what a page quotes, each place once, all documents of a publisher together; a cap of 0 is none."""

    def __init__(self) -> None:
        self._taken: dict[str, dict[str, int]] = {}

    def take(self, document: SourceDocument, quotes: Iterable[QuoteEvidence]) -> bool:
        """Whether these places of the document may be quoted besides those taken before; if so, they are taken.

        One of more words than `SourceDocument.quote_words` may not, nor together more than `page_words`.
        """
        return self.take_all([(document, list(quotes))])

    def take_all(
        self, uses: Sequence[tuple[SourceDocument, Sequence[QuoteEvidence]]], said: str = ""
    ) -> bool:
        """The same for places of several documents at once: all are taken, or none.

        `said`: a sentence of ours about them. What it copies beyond the quotes is counted as quoted too.
        """
        taken = {publisher: dict(places) for publisher, places in self._taken.items()}
        for document, quotes in uses:
            places = taken.setdefault(document.publisher.casefold(), {})
            places |= {quote.id: len(quote.quote.split()) for quote in quotes}
            if not (document.quote_words or document.page_words):
                continue
            copied = _copied(said, document.text)
            quoted = _copied(said, " ".join(one.quote for one in quotes))
            places |= {f"said: {said}": max(copied - quoted, 0)}
            longest = max([copied, *(places[quote.id] for quote in quotes)])
            if document.quote_words and longest > document.quote_words:
                return False
            if document.page_words and sum(places.values()) > document.page_words:
                return False
        self._taken = taken
        return True


def _copied(said: str, text: str) -> int:
    """How many words of a sentence stand in the text in runs of five or more."""
    words, held = _words(said), _runs(text)
    inside: set[int] = set()
    for start in range(len(words) - _COPIED + 1):
        if tuple(words[start : start + _COPIED]) in held:
            inside.update(range(start, start + _COPIED))
    return len(inside)


@lru_cache(maxsize=16)
def _runs(text: str) -> frozenset[tuple[str, ...]]:
    words = _words(text)
    return frozenset(zip(*(words[start:] for start in range(_COPIED)), strict=False))


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]
