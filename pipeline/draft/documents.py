"""What the user's documents say of a code, in their own words: paragraphs that name it, cited to the character."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from pipeline.data import Claim, PagePlan, Passage, QuoteEvidence, SourceDocument, Statement
from pipeline.draft.records import Draft, merge_drafts
from pipeline.draft.standing import heads_codes, holds_rows, points_elsewhere, stands_alone
from pipeline.identity import claim_id, statement_id, text_subject
from pipeline.sources.allowance import QuoteAllowance
from pipeline.sources.codes_named import codes_named, names_closely
from pipeline.sources.descriptors import may_describe, repeats_descriptor
from pipeline.sources.document_quotes import quote_document

DRAFTER = "extractive"
_LONGEST = 1_200
"""Characters of one statement; of a longer paragraph the sentences that name the code are shown."""

_ALIKE = 0.8
"""Share of the words of two paragraphs that both have, from which they say the same."""

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
    allowance: QuoteAllowance,
    descriptors: Callable[[str], Iterable[str]] = lambda text: (),
    taken: Collection[Span] = (),
    limit: int = 0,
) -> Draft:
    """Statements out of the passages in their order, at most `limit` (0: all), one a paragraph that names the code.

    Left out are rows and lists of codes, what points to other places of its document, what may hold a CPT descriptor
    (`descriptors`: the known ones of the codes that a text names), places that overlap one of `taken`, because the page
    quotes them already, paragraphs that say nearly what one shown says, and what is over the `allowance`.
    """
    drafts: list[Draft] = []
    shown: list[frozenset[str]] = []
    for passage in passages:
        document = documents(passage.document_id)
        for span in _paragraphs(passage, document, plan.hcpcs_code):
            if limit and len(drafts) >= limit:
                return merge_drafts(drafts)
            quotes = list(_sentences(document, passage, span, split))
            text = _words(quotes)
            if any(_overlap(span, other) for other in taken) or _describes(quotes, descriptors(text)):
                continue
            naming = [one for one in quotes if _says_alone(one.quote, plan.hcpcs_code)]
            chosen = next(
                (
                    some
                    for some in (quotes, naming)
                    if _is_short(some, document) and allowance.take(document, some)
                ),
                [],
            )
            said = frozenset(re.findall(r"\w+", _words(chosen).casefold()))
            if not chosen or any(_alike(said, other) for other in shown):
                continue
            shown.append(said)
            drafts.append(_draft(plan, section_key, document, chosen))
    return merge_drafts(drafts)


def _paragraphs(passage: Passage, document: SourceDocument, hcpcs_code: str) -> Iterator[Span]:
    """The whole passage where that is short, so that a rule keeps its context; else its paragraphs."""
    if heads_codes(passage.heading_path[1:]) or holds_rows(document, passage.start, passage.end):
        return
    whole = len(passage.text) <= _LONGEST
    for match in re.finditer(r"(?s).+", passage.text) if whole else _PARAGRAPH.finditer(passage.text):
        text = match.group()
        if names_closely(codes_named(text), hcpcs_code) and stands_alone(text):
            yield Span(passage.document_id, passage.start + match.start(), passage.start + match.end())


def _sentences(
    document: SourceDocument, passage: Passage, span: Span, split: Callable[[str], list[str]]
) -> Iterator[QuoteEvidence]:
    """Each sentence of the place as a quote."""
    text, position = document.text[span.start : span.end], 0
    locator = ", ".join(passage.heading_path[1:])
    for sentence in split(text):
        found = text.find(sentence, position)
        if found < 0:  # the splitter changed it: the paragraph stays out rather than be quoted wrongly
            return
        position = found + len(sentence)
        start = span.start + found
        yield quote_document(document, start, start + len(sentence), passage_id=passage.id, locator=locator)


def _describes(quotes: Sequence[QuoteEvidence], descriptors: Iterable[str]) -> bool:
    """Whether the words of a paragraph may hold the AMA's."""
    return any(may_describe(one.quote) for one in quotes) or repeats_descriptor(_words(quotes), descriptors)


def _says_alone(sentence: str, hcpcs_code: str) -> bool:
    return names_closely(codes_named(sentence), hcpcs_code) and not points_elsewhere(sentence)


def _is_short(quotes: Sequence[QuoteEvidence], document: SourceDocument) -> bool:
    text, cap = _words(quotes), document.quote_words
    return bool(quotes) and len(text) <= _LONGEST and (not cap or len(text.split()) <= cap)


def _words(quotes: Iterable[QuoteEvidence]) -> str:
    return " ".join(quote.quote for quote in quotes)


def _alike(words: frozenset[str], other: frozenset[str]) -> bool:
    return len(words & other) >= _ALIKE * len(words | other)


def _overlap(one: Span, other: Span) -> bool:
    return one.document_id == other.document_id and one.start < other.end and other.start < one.end


def _draft(
    plan: PagePlan, section_key: str, document: SourceDocument, quotes: Sequence[QuoteEvidence]
) -> Draft:
    claims = []
    for quote in quotes:
        subject = text_subject(quote.quote)
        claims.append(
            Claim(
                id=claim_id(plan.hcpcs_code, section_key, subject),
                text=" ".join(quote.quote.split()),
                subject=subject,
                evidence_ids=(quote.id,),
                payer_scope=document.payer_scope,
            )
        )
    statement = Statement(
        id=statement_id(plan.hcpcs_code, section_key, claims[0].subject),
        section_key=section_key,
        text=" ".join(claim.text for claim in claims),
        drafter=DRAFTER,
        claims=tuple(claims),
    )
    return Draft(statements=(statement,), evidence=tuple(quotes))
