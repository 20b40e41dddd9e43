"""How much one page may quote of a publisher: the caps of the licence its documents are held under."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.data import QuoteEvidence, SourceDocument


class QuoteAllowance:
    """Counts what a page quotes, each place once, all documents of a publisher together; a cap of 0 is none."""

    def __init__(self) -> None:
        self._taken: dict[str, dict[str, int]] = {}

    def take(self, document: SourceDocument, quotes: Iterable[QuoteEvidence]) -> bool:
        """Whether these places of the document may be quoted besides those taken before; if so, they are taken.

        One of more words than `SourceDocument.quote_words` may not, nor together more than `page_words`.
        """
        taken = self._taken.setdefault(document.publisher.casefold(), {})
        new = {quote.id: len(quote.quote.split()) for quote in quotes if quote.id not in taken}
        cap = document.page_words
        if cap and sum(taken.values()) + sum(new.values()) > cap:
            return False
        if document.quote_words and any(words > document.quote_words for words in new.values()):
            return False
        taken |= new
        return True
