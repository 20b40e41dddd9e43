"""How much a page may quote, and copy, under a licence."""

from datetime import date

from pipeline.data import Authority, Match, QuoteEvidence, SourceDocument
from pipeline.sources.allowance import QuoteAllowance

TEXT = "The surgeon describes the graft and its source in the report. The side is given on each page of it."


def document(*, quote_words: int = 0, page_words: int = 0, name: str = "paper") -> SourceDocument:
    return SourceDocument(
        id=name,
        url="",
        publisher="Example Press",
        title="Paper",
        edition="1",
        authority=Authority.SOCIETY,
        licence="licensed",
        payer_scope="Medicare FFS",
        valid_from=date(2026, 1, 1),
        sha256="1" * 64,
        text=TEXT,
        quote_words=quote_words,
        page_words=page_words,
    )


def quote(words: str) -> QuoteEvidence:
    start = TEXT.index(words)
    return QuoteEvidence(
        id=f"e_{start}_{len(words)}",
        document_id="paper",
        passage_id="p",
        quote=words,
        start=start,
        end=start + len(words),
        match=Match.EXACT,
        level="document",
    )


def test_a_sentence_that_copies_more_than_its_quote_counts_as_quoted():
    held = document(quote_words=6)
    copied = "The surgeon describes the graft and its source in the report."
    assert not QuoteAllowance().take_all([(held, [quote("the graft and")])], copied)
    own = "The report says where the graft is from."
    assert QuoteAllowance().take_all([(held, [quote("the graft and")])], own)


def test_copied_words_use_up_the_page():
    held = document(page_words=12)
    allowance = QuoteAllowance()
    assert allowance.take_all(
        [(held, [quote("the graft and")])], "It describes the graft and its source in words."
    )
    assert not allowance.take(held, [quote("The side is given on each page")])
    assert allowance.take(held, [quote("The side")])


def test_several_documents_are_taken_all_or_none():
    small, large = document(page_words=2, name="small"), document(page_words=20)
    small = small.model_copy(update={"publisher": "Other Press"})
    allowance = QuoteAllowance()
    assert not allowance.take_all(
        [(large, [quote("The side is given on each page")]), (small, [quote("the graft and")])]
    )
    assert allowance.take(large, [quote("The surgeon describes the graft and its source in the report.")])


def test_a_place_is_counted_once():
    held = document(page_words=3)
    allowance = QuoteAllowance()
    assert allowance.take(held, [quote("the graft and")]) and allowance.take(held, [quote("the graft and")])
    assert not allowance.take(held, [quote("The side")])
