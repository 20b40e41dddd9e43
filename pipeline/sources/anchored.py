"""The words that guidance notes are anchored in, out of the documents that are held."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pipeline.data import Anchor, QuoteEvidence, SourceDocument
from pipeline.sources.anchors import AnchorResolver, AnchorState, ResolvedAnchor
from pipeline.sources.document_quotes import quote_document
from pipeline.sources.documents import same_work


class AnchoredWords:
    """Resolves anchors against held documents. An anchor names one edition; its words count in any edition in force."""

    def __init__(self, documents: Sequence[SourceDocument]) -> None:
        self._documents = list(documents)
        self._editions: dict[str, list[SourceDocument]] = {}
        self._resolvers: dict[str, AnchorResolver] = {}

    def holds(self, sha256: str) -> bool:
        """Whether the document of this hash is held."""
        return bool(self.editions(sha256))

    def editions(self, sha256: str) -> list[SourceDocument]:
        """The held editions of the work, the one of this hash first; none where that one is absent."""
        if sha256 not in self._editions:
            self._editions[sha256] = same_work(self._documents, sha256)
        return self._editions[sha256]

    def resolve(self, anchor: Anchor, document: SourceDocument) -> ResolvedAnchor:
        """How the anchor fares in a document, whichever edition that is; a match there is by place as well."""
        if document.sha256 not in self._resolvers:
            self._resolvers[document.sha256] = AnchorResolver(document.page_texts())
        return self._resolvers[document.sha256].resolve(anchor)

    def quote(self, anchor: Anchor, *, as_of: date) -> QuoteEvidence | None:
        """The anchored words as the quote of the edition in force on the day; None where none is held, or has them.

        Offsets of the evidence count in `SourceDocument.text`; CPT descriptors are left out of the quote, which is then
        NORMALISED.
        """
        for document in self.editions(anchor.document):
            if document.in_force(as_of):
                found = self.resolve(anchor, document)
                return None if found.state is AnchorState.NOT_FOUND else _quote(document, found)
        return None


def _quote(document: SourceDocument, found: ResolvedAnchor) -> QuoteEvidence:
    offset = document.page_starts[found.page - 1] if document.page_starts else 0
    start, end = offset + found.start, offset + found.end
    return quote_document(document, start, end)
