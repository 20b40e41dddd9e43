"""The words of a document as evidence: one place of its text, without the descriptors of codes."""

from __future__ import annotations

from pipeline.data import Match, QuoteEvidence, SourceDocument
from pipeline.identity import evidence_id
from pipeline.sources.descriptors import elide_descriptors


def quote_document(
    document: SourceDocument, start: int, end: int, *, passage_id: str = "", locator: str = ""
) -> QuoteEvidence:
    """The document's own words from `start` to `end`; NORMALISED where CPT descriptors are left out of them."""
    stated = document.text[start:end]
    quote = elide_descriptors(stated)
    return QuoteEvidence(
        id=evidence_id(document.id, document.sha256, start, end),
        document_id=document.id,
        passage_id=passage_id,
        locator=locator,
        quote=quote,
        start=start,
        end=end,
        page=document.page_of(start),
        match=Match.EXACT if quote == stated else Match.NORMALISED,
        level="document",
        relevance=1.0,
    )
