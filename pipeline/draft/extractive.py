"""The extractive drafter: for each section, the note parts that apply to the code, most specific first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pipeline.data import (
    Anchor,
    Claim,
    Match,
    PagePlan,
    QuoteEvidence,
    SectionSpec,
    Statement,
)
from pipeline.draft.records import Draft, merge_drafts
from pipeline.identity import claim_id, evidence_id, statement_id
from pipeline.sources.applicability import specificity
from pipeline.sources.notes import Note, NotePart, note_passages

DRAFTER = "extractive"

# Finds the anchored words in a document the user holds; None where it is absent or the words are gone.
ResolveAnchor = Callable[[Anchor], QuoteEvidence | None]


def draft_notes(
    plan: PagePlan,
    spec: SectionSpec,
    notes: Sequence[Note],
    *,
    rank: Mapping[str, int],
    split: Callable[[str], list[str]],
    resolve: ResolveAnchor,
) -> Draft:
    """Statements of one section from the notes that apply (already filtered), at most `spec.limit` (0: all).

    Order: specificity of the note, then `rank` (passage id → place in retrieval for this section), then id.
    A note whose topics are already answered twice gives way when the limit presses.
    """
    offers = []
    for note in notes:
        for passage, part in zip(note_passages(note), note.parts, strict=True):
            if part.section_key == spec.key:
                place = (-specificity(note.applies_to), rank.get(passage.id, len(rank)), note.id)
                offers.append((place, note, part, passage.id))
    offers.sort(key=lambda offer: offer[0])
    if spec.limit:
        offers = _spread_topics(offers, spec)[: spec.limit]
    return merge_drafts(
        _draft_part(plan, note, part, passage_id, split=split, resolve=resolve)
        for _, note, part, passage_id in offers
    )


def _spread_topics(offers: list, spec: SectionSpec) -> list:
    """First one offer for each question the section must answer, then the rest, both in their order."""
    wanted = {question.key for question in spec.must_answer}
    first, rest = [], []
    for offer in offers:
        new = wanted.intersection(offer[1].answers)
        (first if new else rest).append(offer)
        wanted -= new
    return first + rest


def _draft_part(
    plan: PagePlan,
    note: Note,
    part: NotePart,
    passage_id: str,
    *,
    split: Callable[[str], list[str]],
    resolve: ResolveAnchor,
) -> Draft:
    base = f"note:{note.id}#{part.section_key}"
    anchored = resolve(note.anchor)
    claims, evidence = [], [anchored] if anchored else []
    position = part.start
    for number, sentence in enumerate(split(part.text)):
        start = note.body.index(sentence, position)
        position = start + len(sentence)
        quote = QuoteEvidence(
            id=evidence_id(f"note:{note.id}", note.sha256, start, position),
            document_id=f"note:{note.id}",
            passage_id=passage_id,
            quote=sentence,
            start=start,
            end=position,
            match=Match.EXACT,
            level="note",
            relevance=1.0,
        )
        evidence.append(quote)
        subject = f"{base}/{number}"
        claims.append(
            Claim(
                id=claim_id(plan.hcpcs_code, part.section_key, subject),
                text=sentence,
                subject=subject,
                evidence_ids=(quote.id, anchored.id) if anchored else (quote.id,),
                payer_scope=note.payer_scope,
            )
        )
    statement = Statement(
        id=statement_id(plan.hcpcs_code, part.section_key, f"{base}/0"),
        section_key=part.section_key,
        text=part.text,
        question=part.question,
        adjustment_codes=note.adjustment_codes if part.section_key == "denials" else (),
        answers=note.answers,
        derived_from=claim_id(plan.hcpcs_code, "documentation", f"note:{note.id}#documentation/0")
        if part.section_key == "checklist"
        else "",
        drafter=DRAFTER,
        claims=tuple(claims),
    )
    return Draft(statements=(statement,), evidence=tuple(evidence))
