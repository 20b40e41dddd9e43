"""The model drafter: a model's sentences, each bound to the passage it cites or visibly to none.

Nothing a model says is dropped in silence: a quote that is not in its passage, and a passage that was never
given, become evidence with match MISSING, which verification rejects.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator

from pipeline.data import (
    Claim,
    LocatedQuote,
    Match,
    PagePlan,
    Passage,
    QuoteEvidence,
    Record,
    SectionSpec,
    SourceDocument,
    Statement,
)
from pipeline.draft.records import Draft
from pipeline.errors import ModelError
from pipeline.identity import claim_id, evidence_id, statement_id, text_subject
from pipeline.llm.client import REPLY_FAILURES, ModelClient, ask, make_request
from pipeline.prompts import Prompt

# Quote and text in; offsets into that text out, with match MISSING where it is not there.
Locate = Callable[[str, str], LocatedQuote]

_NO_DOCUMENT = ""


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("is blank")
    return value


# Not `min_length`: strict structured output refuses length bounds in a schema.
_Words = Annotated[str, AfterValidator(_not_blank)]


class DraftStatement(Record):
    """A sentence as a model gives it. `answers` are `must_answer` keys; all fields are required."""

    text: _Words
    evidence_id: str
    quote: _Words
    answers: tuple[str, ...]


class DraftReply(Record):
    """What the drafting prompt asks for."""

    statements: tuple[DraftStatement, ...]


class Offered(NamedTuple):
    """A passage that the model may cite, and the document it stands in."""

    passage: Passage
    document: SourceDocument


def draft_statements(
    plan: PagePlan,
    *,
    spec: SectionSpec,
    prompt: Prompt,
    evidence: Sequence[tuple[Passage, SourceDocument]],
    facts_text: str,
    model: ModelClient,
    locate: Locate,
    split: Callable[[str], list[str]],
) -> Draft:
    """One section by a model. `spec` holds the questions that apply to this code, `facts_text` its rows as text.

    A reply that cannot be used (refused, cut off, empty, not valid twice) is a failure of the draft, which
    then has no statements. Raises ModelError where the endpoint itself failed.
    """
    offered = [Offered(passage, document) for passage, document in evidence]
    try:
        replies = draft_documentation(
            plan, spec=spec, prompt=prompt, evidence=evidence, facts_text=facts_text, model=model
        )
    except ModelError as error:
        if error.kind not in REPLY_FAILURES:
            raise
        return Draft(failures=(f"{spec.key}: {error}",))
    return _bind(plan, spec, replies, offered, drafter=f"model:{model.model}", locate=locate, split=split)


def draft_documentation(
    plan: PagePlan,
    *,
    spec: SectionSpec,
    prompt: Prompt,
    evidence: Sequence[tuple[Passage, SourceDocument]],
    facts_text: str,
    model: ModelClient,
) -> list[DraftStatement]:
    """Ask the model for the section's sentences, as it gives them. Raises ModelError."""
    rendered = prompt.render(
        hcpcs_code=plan.hcpcs_code,
        as_of=plan.as_of.isoformat(),
        heading=spec.heading,
        guidance=spec.guidance,
        questions=spec.must_answer,
        facts=facts_text,
        passages=[passage for passage, _ in evidence],
    )
    return list(ask(model, make_request(model, rendered, DraftReply), DraftReply).statements)


def _bind(
    plan: PagePlan,
    spec: SectionSpec,
    replies: Sequence[DraftStatement],
    offered: Sequence[Offered],
    *,
    drafter: str,
    locate: Locate,
    split: Callable[[str], list[str]],
) -> Draft:
    by_id = {item.passage.id: item for item in offered}
    known_topics = {question.key for question in spec.must_answer}
    statements: list[Statement] = []
    found: dict[str, QuoteEvidence] = {}
    failures: list[str] = []
    taken: set[str] = set()
    for reply in replies:
        text = " ".join(reply.text.split())
        item = by_id.get(reply.evidence_id)
        quote = _locate_quote(reply, item, locate)
        if quote.match is Match.MISSING:
            what = "a quote that is not in its passage" if item else "a passage that was not given to it"
            failures.append(f"{spec.key}: the model cited {what} ({reply.evidence_id:.80}) for: {text}")
        unknown = [key for key in reply.answers if key not in known_topics]
        if unknown:
            failures.append(
                f"{spec.key}: the model named unknown topics ({', '.join(unknown):.80}) for: {text}"
            )
        sentences = list(dict.fromkeys(split(text))) or [text]
        subjects = [text_subject(sentence) for sentence in sentences]
        if taken.intersection(subjects):
            failures.append(f"{spec.key}: the model repeated itself, and the repetition is left out: {text}")
            continue
        taken.update(subjects)
        found[quote.id] = quote
        claims = [
            Claim(
                id=claim_id(plan.hcpcs_code, spec.key, subject),
                text=sentence,
                subject=subject,
                evidence_ids=(quote.id,),
                payer_scope=item.document.payer_scope if item else "",
            )
            for subject, sentence in zip(subjects, sentences, strict=True)
        ]
        statements.append(
            Statement(
                id=statement_id(plan.hcpcs_code, spec.key, subjects[0]),
                section_key=spec.key,
                text=text,
                answers=tuple(key for key in dict.fromkeys(reply.answers) if key in known_topics),
                drafter=drafter,
                claims=tuple(claims),
            )
        )
    return Draft(statements=tuple(statements), evidence=tuple(found.values()), failures=tuple(failures))


def _locate_quote(reply: DraftStatement, item: Offered | None, locate: Locate) -> QuoteEvidence:
    """The quote where it stands; the stored words replace the model's where they differ in blanks or case.

    MISSING evidence keeps the model's words and the id it cited, and lies at the start of its passage, or of
    nothing where there is no such passage.
    """
    where = locate(reply.quote, item.passage.text) if item else LocatedQuote(0, 0, Match.MISSING)
    if item is None or where.match is Match.MISSING:
        start = item.passage.start if item else 0
        return QuoteEvidence(
            id=evidence_id("missing", reply.evidence_id, reply.quote),
            document_id=item.document.id if item else _NO_DOCUMENT,
            passage_id=reply.evidence_id,
            quote=reply.quote,
            start=start,
            end=start,
            match=Match.MISSING,
            level="document" if item is None else _level(item.document),
        )
    start, end = item.passage.start + where.start, item.passage.start + where.end
    pages = item.document.page_starts
    return QuoteEvidence(
        id=evidence_id(item.document.id, item.document.sha256, start, end),
        document_id=item.document.id,
        passage_id=item.passage.id,
        quote=item.passage.text[where.start : where.end],
        start=start,
        end=end,
        page=bisect_right(pages, start) if pages else item.passage.page,
        match=where.match,
        level=_level(item.document),
    )


def _level(document: SourceDocument) -> Literal["document", "note"]:
    return "note" if document.id.startswith("note:") else "document"
