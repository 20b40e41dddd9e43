"""A model's quote as evidence: where it stands in its passage, or visibly nowhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from pipeline.data import Evidence, LocatedQuote, Match, Passage, QuoteEvidence, SourceDocument
from pipeline.draft.replies import CitedQuote
from pipeline.identity import evidence_id
from pipeline.sources.descriptors import ELIDED, elide_descriptors

# Quote and text in; offsets into that text out, with match MISSING where it is not there.
Locate = Callable[[str, str], LocatedQuote]

_NO_DOCUMENT = ""
_KEPT = 8


class Offered(NamedTuple):
    """A passage that the model may cite, and the document it stands in.

    Whoever cites it also cites its `basis`: the words a note is anchored in, the rows by which it applies to the code.
    `adjustment_codes` are those of a note's denial reasons, `answers` the topics that a note settles.
    """

    passage: Passage
    document: SourceDocument
    basis: tuple[Evidence, ...] = ()
    adjustment_codes: tuple[str, ...] = ()
    question: str = ""
    answers: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """The passage as a model is shown it: without the descriptors of codes."""
        return self.passage.text if self.is_note else elide_descriptors(self.passage.text)

    @property
    def is_note(self) -> bool:
        """Whether the words are a note's, and not a document's own."""
        return self.document.id.startswith("note:")

    @property
    def level(self) -> Literal["document", "note"]:
        """Whose words its quotes are."""
        return "note" if self.is_note else "document"


def quote_passage(cited: CitedQuote, item: Offered | None, locate: Locate) -> QuoteEvidence:
    """The quote where it stands; the stored words replace the model's where they differ in blanks or case.

    MISSING evidence keeps the first of the model's words, for they may be anyone's, and lies at the start of its
    passage, or of nothing where there is no such passage. No quote of a document holds a descriptor.
    """
    where = _locate(cited.quote, item.passage.text, locate) if item else LocatedQuote(0, 0, Match.MISSING)
    if item is None or where.match is Match.MISSING:
        start = item.passage.start if item else 0
        return QuoteEvidence(
            id=evidence_id("missing", cited.id, cited.quote),
            document_id=item.document.id if item else _NO_DOCUMENT,
            passage_id=item.passage.id if item else _NO_DOCUMENT,
            quote=_shortened(cited.quote),
            start=start,
            end=start,
            match=Match.MISSING,
            level=item.level if item else "document",
        )
    start, end = item.passage.start + where.start, item.passage.start + where.end
    stated = item.passage.text[where.start : where.end]
    quote = stated if item.is_note else elide_descriptors(stated)
    return QuoteEvidence(
        id=evidence_id(item.document.id, item.document.sha256, start, end),
        document_id=item.document.id,
        passage_id=item.passage.id,
        quote=quote,
        start=start,
        end=end,
        page=item.document.page_of(start) or item.passage.page,
        match=where.match if quote == stated else Match.NORMALISED,
        level=item.level,
    )


def _shortened(quote: str) -> str:
    """The first words of a quote that stands nowhere."""
    words = quote.split()
    return " ".join(words[:_KEPT]) + (" …" if len(words) > _KEPT else "")


def _locate(quote: str, text: str, locate: Locate) -> LocatedQuote:
    """Where the quote stands; one with a descriptor left out stands from its first words to its last."""
    where = locate(quote, text)
    if where.match is not Match.MISSING or ELIDED not in quote:
        return where
    first, *_, last = (part.strip() for part in quote.split(ELIDED))
    begins = locate(first, text) if first else LocatedQuote(0, 0, Match.MISSING)
    if begins.match is Match.MISSING:
        return begins
    ends = locate(last, text[begins.end :]) if last else LocatedQuote(0, 0, Match.EXACT)
    found = LocatedQuote(begins.start, begins.end + ends.end, Match.NORMALISED)
    same = elide_descriptors(text[found.start : found.end]).split() == quote.split()
    return found if ends.match is not Match.MISSING and same else LocatedQuote(0, 0, Match.MISSING)
