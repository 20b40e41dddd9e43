"""Notes as documents, and statements on them, for tests of what a statement is as a whole."""

from datetime import date

from pipeline.data import Authority, Claim, Match, QuoteEvidence, SourceDocument, Statement
from pipeline.verify import split_claims


def note(name: str, body: str) -> SourceDocument:
    """A note with this body: parts under `## section` or `## faqs: Question?` lines."""
    return SourceDocument(
        id=f"note:{name}",
        url="",
        publisher="Example Board",
        title="Manual",
        edition="2026",
        authority=Authority.CMS,
        licence="own",
        payer_scope="Medicare FFS",
        valid_from=date(2026, 1, 1),
        sha256=name.ljust(64, "0"),
        text=body,
    )


def quote(document: SourceDocument, words: str) -> QuoteEvidence:
    """Words of a note as evidence."""
    start = document.text.index(words)
    return QuoteEvidence(
        id=f"e_{document.id}_{start}",
        document_id=document.id,
        passage_id=f"{document.id}#p",
        quote=words,
        start=start,
        end=start + len(words),
        match=Match.EXACT,
        level="note",
    )


def answer(text: str, *evidence: QuoteEvidence, question: str = "") -> Statement:
    """A statement whose every sentence is a claim on this evidence."""
    return Statement(
        id="s_1",
        section_key="faqs",
        text=text,
        question=question,
        drafter="model:x",
        claims=tuple(
            Claim(id=f"c_{number}", text=one, subject=one, evidence_ids=tuple(e.id for e in evidence))
            for number, one in enumerate(split_claims(text))
        ),
    )
