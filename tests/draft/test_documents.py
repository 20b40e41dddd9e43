"""Paragraphs of the user's documents on a page: those that name the code, within the caps of their licence."""

from __future__ import annotations

from datetime import date

import pytest

from pipeline.data import Authority, BlockKind, Match, PagePlan, QuoteEvidence, SourceDocument
from pipeline.draft.documents import Span, draft_documents
from pipeline.sources.allowance import QuoteAllowance
from pipeline.sources.passages import split_passages
from pipeline.sources.reading.blocks import ReadBlock, compose
from pipeline.verify import split_claims

PLAN = PagePlan(hcpcs_code="29881", as_of=date(2026, 3, 2), sections=())
RULES = (
    "1. The wobble of the knee is inspected first. CPT code 29881 (Wobbly repair of an invented kind) includes the "
    "inspection. Nothing else is said of it.",
    "2. An unrelated rule about CPT code 27447 fills this line with words that nobody asked for at all.",
    "3. CPT codes 29880-29889 are a family. Each is reported once a knee.",
    "4. CPT codes 20000-29999 are the whole chapter, so a rule about them says little of any one.",
)


def document(*texts: str, quote_words: int = 0, page_words: int = 0) -> SourceDocument:
    blocks = [ReadBlock(BlockKind.HEADING, 1, "Knees", 1)]
    blocks += [ReadBlock(BlockKind.ITEM, 1, text, 2) for text in texts]
    composed = compose(blocks, pages=2)
    return SourceDocument(
        id="doc:0123456789abcdef",
        url="",
        publisher="Invented House",
        title="An invented guide",
        edition="1",
        authority=Authority.EDUCATOR,
        licence="invented",
        payer_scope="Medicare FFS",
        valid_from=date(2026, 1, 1),
        sha256="0" * 64,
        text=composed.text,
        page_starts=composed.page_starts,
        blocks=composed.blocks,
        quote_words=quote_words,
        page_words=page_words,
    )


def draft(held: SourceDocument, **options):
    options.setdefault("allowance", QuoteAllowance())
    return draft_documents(
        PLAN, "sources", split_passages(held), documents=lambda _: held, split=split_claims, **options
    )


def test_paragraphs_that_name_the_code_or_its_family_are_quoted_with_page_and_place() -> None:
    held = document(*RULES)
    drafted = draft(held)
    assert [statement.text for statement in drafted.statements] == [
        "The wobble of the knee is inspected first. CPT code 29881 (…) includes the inspection. "
        "Nothing else is said of it.",
        RULES[2].removeprefix("3. "),
    ]
    for quote in drafted.evidence:
        assert isinstance(quote, QuoteEvidence)
        stated = held.text[quote.start : quote.end]
        assert (quote.page, quote.level, quote.locator) == (2, "document", "Knees")
        assert quote.match is (Match.EXACT if quote.quote == stated else Match.NORMALISED)
    assert [claim.payer_scope for claim in drafted.statements[0].claims] == ["Medicare FFS"] * 3


def test_what_the_page_quotes_already_and_what_is_over_the_limit_stays_out() -> None:
    held = document(*RULES)
    start = held.text.index("CPT code 29881")
    taken = [Span(held.id, start, start + 10)]
    assert [s.text for s in draft(held, taken=taken).statements] == [RULES[2][3:]]
    assert len(draft(held, limit=1).statements) == 1
    elsewhere = [Span("doc:other", start, start + 10)]
    assert len(draft(held, taken=elsewhere).statements) == 2


@pytest.mark.parametrize(
    ("quote_words", "page_words", "shown"),
    [
        (0, 0, ["The wobble", "CPT codes 29880-29889"]),
        (15, 0, ["CPT code 29881 (…) includes the inspection.", "CPT codes 29880-29889"]),
        (5, 0, []),
        (15, 10, ["CPT code 29881 (…) includes the inspection."]),
    ],
)
def test_no_more_is_quoted_than_the_licence_allows(
    quote_words: int, page_words: int, shown: list[str]
) -> None:
    drafted = draft(document(*RULES, quote_words=quote_words, page_words=page_words))
    texts = [statement.text for statement in drafted.statements]
    assert len(texts) == len(shown)
    assert all(text.startswith(begin) for text, begin in zip(texts, shown, strict=True))
    if quote_words:
        assert all(len(text.split()) <= quote_words for text in texts)


def test_a_rule_said_twice_is_shown_once() -> None:
    assert len(draft(document(RULES[2], RULES[1], RULES[2])).statements) == 1


def test_a_publishers_documents_share_what_a_page_may_quote() -> None:
    first, allowance = document(RULES[2], page_words=15), QuoteAllowance()
    second = document("5. CPT code 29881 is wobbly on its own.", page_words=15).model_copy(
        update={"id": "doc:fedcba9876543210", "sha256": "1" * 64}
    )
    assert len(draft(first, allowance=allowance).statements) == 1
    assert draft(second, allowance=allowance).statements == ()
    assert len(draft(second).statements) == 1
    other = second.model_copy(update={"publisher": "Another House"})
    assert len(draft(other, allowance=allowance).statements) == 1


@pytest.mark.parametrize(
    "text",
    [
        "1. Report one of the wobbles with CPT code 29881:",
        "1. These are not to be reported with CPT code 29881 at all.",
        "1. 29881 Invented repair of a wobble. CPT code 29881 is paid.",
        "1. Wobbling, invented, with repair (CPT code 29881) is paid once.",
        "1. CPT code 29881 has to do with wobbles open, of all invented kinds.",
    ],
)
def test_what_leads_elsewhere_or_may_be_a_descriptor_is_not_quoted(text: str) -> None:
    titles = ["Wobbles, open, of all invented kinds"]
    assert draft(document(text), descriptors=lambda words: titles).statements == ()


@pytest.mark.parametrize(
    "heading", ["Rules", "CPT/HCPCS Codes", "ICD-10-CM Codes", "Codes that do not support it"]
)
def test_lists_of_codes_are_not_quoted(heading: str) -> None:
    blocks = [
        ReadBlock(BlockKind.HEADING, 1, "Knees", 1),
        ReadBlock(BlockKind.HEADING, 2, heading, 1),
        ReadBlock(BlockKind.PARAGRAPH, 0, "CPT code 29881 is one of many here.", 1),
    ]
    composed = compose(blocks, pages=1)
    held = document("x").model_copy(
        update={"text": composed.text, "blocks": composed.blocks, "page_starts": composed.page_starts}
    )
    assert bool(draft(held).statements) == (heading == "Rules")


def test_rows_of_a_table_are_not_quoted() -> None:
    held = document(RULES[2])
    rows = tuple(block._replace(kind=BlockKind.ROW) for block in held.blocks[1:])
    assert draft(held).statements
    assert not draft(held.model_copy(update={"blocks": (held.blocks[0], *rows)})).statements


def test_a_rule_said_nearly_twice_is_shown_once() -> None:
    again = RULES[2].replace("3. ", "9. ").replace("once a knee", "once for a knee")
    assert len(draft(document(RULES[2], again)).statements) == 1
