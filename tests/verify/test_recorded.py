"""The documents of a ledger, as much of them as it quotes, and no more memory than documents may take."""

import tracemalloc

import pytest

from pipeline.data import Authority, Match, Page, QuoteEvidence, SourceUse
from pipeline.verify.recorded import quoted_documents

AUTHORITY = Authority.CMS


def quote(text, start, *, document="doc:a", length=None):
    end = start + (len(text) if length is None else length)
    return QuoteEvidence(
        id=f"e_{document}_{start}_{end}",
        document_id=document,
        passage_id="",
        quote=text,
        start=start,
        end=end,
        match=Match.EXACT,
        level="document",
    )


def page_of(*quotes):
    use = SourceUse(id="a", publisher="p", title="t", edition="1", authority=AUTHORITY)
    return Page.model_validate(
        {
            "hcpcs_code": "20970",
            "as_of": "2026-11-24",
            "drafter": "",
            "checker": "",
            "fingerprint": "",
            "verified_on": "2026-11-24",
            "category": "",
            "region": "",
            "summary": None,
            "sections": (),
            "evidence": {item.id: item for item in quotes},
            "verdicts": {},
            "documents": {item.document_id: use for item in quotes},
        }
    )


def test_quotes_stand_in_their_places_with_nothing_between():
    page = page_of(quote("second", 12), quote("first one", 2), quote("one", 8))
    assert quoted_documents(page)["doc:a"].text == "\n\nfirst one\nsecond"


def test_of_quotes_that_overlap_the_longest_is_read():
    page = page_of(quote("alter", 3), quote("it is altogether", 0), quote("together so", 8))
    assert quoted_documents(page)["doc:a"].text == "it is altogether so"


def test_a_quote_without_its_descriptor_keeps_its_place():
    text = quoted_documents(page_of(quote("report (…)", 1, length=30)))["doc:a"].text
    assert text == "\n" + "report (…)".ljust(30)


@pytest.mark.parametrize(
    "quotes",
    [
        [quote("far", 10_000_000)],
        [quote("", 0, length=9_000_000)],
        [quote("short", -3)],
        [quote("short", 3, length=-2)],
        [quote("a word", place, length=9_000) for place in range(0, 9_000, 2)],
    ],
    ids=["far", "stretched", "before", "turned", "again_and_again"],
)
def test_a_document_that_none_can_be_is_left_out(quotes):
    assert quoted_documents(page_of(*quotes)) == {}


def test_all_documents_together_are_bounded():
    page = page_of(*(quote("word", 9_000_000, document=f"doc:{number:03}") for number in range(200)))
    tracemalloc.start()
    try:
        found = quoted_documents(page)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert list(found) == [f"doc:{number:03}" for number in range(5)]
    assert peak < 100 * 2**20


def test_a_stored_document_is_not_made():
    page = page_of(quote("one", 0), quote("two", 0, document="doc:b"))
    assert list(quoted_documents(page, stored={"doc:a"})) == ["doc:b"]
