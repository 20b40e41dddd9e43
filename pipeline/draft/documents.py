"""What the user's documents say of a code, in their own words: paragraphs that name it, cited to the character."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

from pipeline.data import Claim, PagePlan, Passage, SourceDocument, Statement
from pipeline.draft.records import Draft, merge_drafts
from pipeline.identity import claim_id, statement_id, text_subject
from pipeline.sources.codes_named import codes_named, names_closely
from pipeline.sources.descriptors import elide_descriptors
from pipeline.sources.document_quotes import quote_document

DRAFTER = "extractive"
_LONGEST = 1_200
"""Characters of one statement; of a longer paragraph the sentences that name the code are shown."""

_LEANS = re.compile(
    r"(?:additionally|also|but|finally|for (?:example|instance)|hence|however|in addition|instead|it|likewise|moreover"
    r"|otherwise|similarly|such|that|then|therefore|these|they|this|those|thus)\b",
    re.IGNORECASE,
)
"""How a paragraph begins that says nothing reliable without the one before it."""

_PARAGRAPH = re.compile(r"[^\n]+(?:\n(?!\n)[^\n]+)*")


class Span(NamedTuple):
    """A place in a stored document: its id, and offsets in its text."""

    document_id: str
    start: int
    end: int


def draft_documents(
    plan: PagePlan,
    section_key: str,
    passages: Sequence[Passage],
    *,
    documents: Callable[[str], SourceDocument],
    split: Callable[[str], list[str]],
    taken: Collection[Span] = (),
    limit: int = 0,
) -> Draft:
    """Statements out of the passages in their order, at most `limit` (0: all), one a paragraph that names the code.

    Left out are places that overlap one of `taken`, because the page quotes them already, paragraphs that repeat one
    shown, and what would quote more of a document than its licence's caps allow (`SourceDocument.quote_words`).
    """
    drafts: list[Draft] = []
    shown: set[str] = set()
    quoted: dict[str, int] = {}
    for passage in passages:
        document = documents(passage.document_id)
        for span in _paragraphs(passage, plan.hcpcs_code):
            if limit and len(drafts) >= limit:
                return merge_drafts(drafts)
            sentences = list(_sentences(document, span, split))
            sentences = _within_caps(sentences, document, plan.hcpcs_code, quoted.get(document.id, 0))
            text = " ".join(shown_text for _, shown_text in sentences)
            if not sentences or text in shown or any(_overlap(span, other) for other in taken):
                continue
            shown.add(text)
            quoted[document.id] = quoted.get(document.id, 0) + len(text.split())
            drafts.append(_draft(plan, section_key, passage, document, sentences))
    return merge_drafts(drafts)


def _paragraphs(passage: Passage, hcpcs_code: str) -> Iterator[Span]:
    """The whole passage where that is short, so that a rule keeps its context; else paragraphs that stand alone."""
    if not names_closely(codes_named(passage.text), hcpcs_code):
        return
    if len(passage.text) <= _LONGEST:
        yield Span(passage.document_id, passage.start, passage.end)
        return
    for match in _PARAGRAPH.finditer(passage.text):
        if names_closely(codes_named(match.group()), hcpcs_code) and not _LEANS.match(match.group()):
            yield Span(passage.document_id, passage.start + match.start(), passage.start + match.end())


def _sentences(
    document: SourceDocument, span: Span, split: Callable[[str], list[str]]
) -> Iterator[tuple[Span, str]]:
    """Each sentence's place, and its words as they are shown: without the descriptors of codes."""
    text, position = document.text[span.start : span.end], 0
    for sentence in split(text):
        found = text.find(sentence, position)
        if found < 0:  # the splitter changed it: the paragraph stays out rather than be quoted wrongly
            return
        position = found + len(sentence)
        start = span.start + found
        yield Span(document.id, start, start + len(sentence)), elide_descriptors(sentence)


def _within_caps(
    sentences: list[tuple[Span, str]], document: SourceDocument, hcpcs_code: str, quoted: int
) -> list[tuple[Span, str]]:
    """All sentences where that is short enough, else those that name the code, else none."""

    def fits(chosen: list[tuple[Span, str]]) -> bool:
        words = sum(len(shown.split()) for _, shown in chosen)
        return (
            sum(len(shown) for _, shown in chosen) <= _LONGEST
            and (not document.quote_words or words <= document.quote_words)
            and (not document.page_words or quoted + words <= document.page_words)
        )

    if fits(sentences):
        return sentences
    naming = [one for one in sentences if names_closely(codes_named(one[1]), hcpcs_code)]
    return naming if fits(naming) else []


def _overlap(one: Span, other: Span) -> bool:
    return one.document_id == other.document_id and one.start < other.end and other.start < one.end


def _draft(
    plan: PagePlan,
    section_key: str,
    passage: Passage,
    document: SourceDocument,
    sentences: list[tuple[Span, str]],
) -> Draft:
    code = plan.hcpcs_code
    evidence, claims = [], []
    for span, words in sentences:
        quote = quote_document(
            document, span.start, span.end, passage_id=passage.id, locator=", ".join(passage.heading_path[1:])
        )
        subject = text_subject(words)
        evidence.append(quote)
        claims.append(
            Claim(
                id=claim_id(code, section_key, subject),
                text=" ".join(words.split()),
                subject=subject,
                evidence_ids=(quote.id,),
                payer_scope=document.payer_scope,
            )
        )
    statement = Statement(
        id=statement_id(code, section_key, claims[0].subject),
        section_key=section_key,
        text=" ".join(claim.text for claim in claims),
        drafter=DRAFTER,
        claims=tuple(claims),
    )
    return Draft(statements=(statement,), evidence=tuple(evidence))
