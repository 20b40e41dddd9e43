"""The extractive drafter: for each section, the note parts that apply to the code, most specific first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from pipeline.data import (
    Anchor,
    Claim,
    Evidence,
    Match,
    PagePlan,
    QuoteEvidence,
    RowEvidence,
    SectionSpec,
    Statement,
)
from pipeline.draft.records import Draft, merge_drafts
from pipeline.identity import claim_id, evidence_id, statement_id
from pipeline.sources.applicability import is_for_few
from pipeline.sources.codes_named import codes_named
from pipeline.sources.notes import Note, NotePart, note_passages

DRAFTER = "extractive"
_BUNDLED, _EDIT = "97", "236"

# Whether a loaded NCCI edit pairs the page's code with another one.
IsPaired = Callable[[str], bool]
# Finds the anchored words in a document the user holds; None where it is absent or the words are gone.
ResolveAnchor = Callable[[Anchor], QuoteEvidence | None]


class Offer(NamedTuple):
    """A part of a note, and what decides where it stands in its section."""

    place: tuple[int, int, str]
    opens: bool
    note: Note
    part: NotePart
    passage_id: str


def draft_notes(
    plan: PagePlan,
    spec: SectionSpec,
    notes: Sequence[Note],
    *,
    reach: Mapping[str, int],
    rank: Mapping[str, int],
    split: Callable[[str], list[str]],
    resolve: ResolveAnchor,
    rows: Mapping[str, RowEvidence],
    is_paired: IsPaired,
) -> Draft:
    """Statements of one section from the notes that apply (already filtered), in the order of `choose_parts`.

    A claim of a note that applies by an indicator also cites that row (`rows`, by field): the rule holds here because
    of it.
    """
    return merge_drafts(
        _draft_part(plan, offer, split=split, resolve=resolve, rows=rows, is_paired=is_paired)
        for offer in choose_parts(spec, notes, reach=reach, rank=rank)
    )


def choose_parts(
    spec: SectionSpec, notes: Sequence[Note], *, reach: Mapping[str, int], rank: Mapping[str, int]
) -> list[Offer]:
    """The parts of notes that a section shows, in order, at most `spec.limit` (0: all).

    Order: `reach` (note id → how many codes it applies to), the fewest first, so that a page opens with what is its
    own; then `rank` (passage id → place in retrieval for this section); then id. Of those chosen, notes for few codes
    that answer the section's first question stand first.
    When the limit presses, the questions that the section must answer are served first.
    """
    offers: list[Offer] = []
    first = {question.key for question in spec.must_answer[:1]}
    widest = max(reach.values(), default=0)
    for note in notes:
        for passage, part in zip(note_passages(note), note.parts, strict=True):
            if part.section_key == spec.key:
                opens = not first.isdisjoint(note.answers) and is_for_few(reach[note.id], widest)
                place = (reach[note.id], rank.get(passage.id, len(rank)), note.id)
                offers.append(Offer(place, opens, note, part, passage.id))
    offers.sort(key=lambda offer: offer.place)
    if spec.limit:
        chosen = _spread_topics(offers, spec)[: spec.limit]
        offers = [offer for offer in offers if offer in chosen]
    offers.sort(key=lambda offer: not offer.opens)
    return offers


def _spread_topics(offers: list[Offer], spec: SectionSpec) -> list[Offer]:
    """First one offer for each question the section must answer, then the rest, both in their order."""
    wanted = {question.key for question in spec.must_answer}
    first, rest = [], []
    for offer in offers:
        new = wanted.intersection(offer.note.answers)
        (first if new else rest).append(offer)
        wanted -= new
    return first + rest


def _draft_part(
    plan: PagePlan,
    offer: Offer,
    *,
    split: Callable[[str], list[str]],
    resolve: ResolveAnchor,
    rows: Mapping[str, RowEvidence],
    is_paired: IsPaired,
) -> Draft:
    note, part = offer.note, offer.part
    base = f"note:{note.id}#{part.section_key}"
    shared = note_basis(note, resolve=resolve, rows=rows)
    claims, evidence = [], list(shared)
    position = part.start
    for number, sentence in enumerate(split(part.text)):
        start = note.body.index(sentence, position)
        position = start + len(sentence)
        quote = _quote(note, offer.passage_id, start, position)
        evidence.append(quote)
        subject = f"{base}/{number}"
        claims.append(
            Claim(
                id=claim_id(plan.hcpcs_code, part.section_key, subject),
                text=sentence,
                subject=subject,
                evidence_ids=tuple(dict.fromkeys((quote.id, *(item.id for item in shared)))),
                payer_scope=note.payer_scope,
            )
        )
    statement = Statement(
        id=statement_id(plan.hcpcs_code, part.section_key, f"{base}/0"),
        section_key=part.section_key,
        text=part.text,
        question=part.question,
        adjustment_codes=tuple(adjustment_codes(note, part, is_paired)),
        answers=note.answers,
        derived_from=claim_id(plan.hcpcs_code, "documentation", f"note:{note.id}#documentation/0")
        if part.section_key == "checklist"
        else "",
        drafter=DRAFTER,
        claims=tuple(claims),
    )
    return Draft(statements=(statement,), evidence=tuple(evidence))


def note_basis(note: Note, *, resolve: ResolveAnchor, rows: Mapping[str, RowEvidence]) -> list[Evidence]:
    """What stands behind a note on a page: the words it is anchored in, and the rows by which it applies."""
    return [*_anchored(note, resolve), *(rows[field] for field in sorted(note.applies_to.indicators))]


def adjustment_codes(note: Note, part: NotePart, is_paired: IsPaired) -> Iterator[str]:
    """Those of a denial reason. Where a note has both, the one of NCCI edits goes only with an edit of a code it names:
    without one the service is denied as part of the other all the same."""
    if part.section_key != "denials":
        return
    codes = note.adjustment_codes
    if _EDIT in codes and _BUNDLED in codes:
        named = codes_named(part.text)
        known = named and all(first == last for first, last in named)
        if known and not any(is_paired(code) for code, _ in named):
            codes = without_edit(codes)
    yield from codes


def without_edit(codes: tuple[str, ...]) -> tuple[str, ...]:
    """Adjustment codes less that of NCCI edits, where the service is also denied as part of another."""
    return tuple(code for code in codes if code != _EDIT) if _BUNDLED in codes else codes


def cite_note(note: Note, *, resolve: ResolveAnchor) -> tuple[QuoteEvidence, ...]:
    """A note's first part as evidence for a row that says what the note's rule says, and its anchored words."""
    part, passage = note.parts[0], note_passages(note)[0]
    return (_quote(note, passage.id, part.start, part.end), *_anchored(note, resolve))


def _anchored(note: Note, resolve: ResolveAnchor) -> list[QuoteEvidence]:
    found = resolve(note.anchor)
    return [found.model_copy(update={"locator": note.locator})] if found else []


def _quote(note: Note, passage_id: str, start: int, end: int) -> QuoteEvidence:
    return QuoteEvidence(
        id=evidence_id(f"note:{note.id}", note.sha256, start, end),
        document_id=f"note:{note.id}",
        passage_id=passage_id,
        quote=note.body[start:end],
        start=start,
        end=end,
        match=Match.EXACT,
        level="note",
        relevance=1.0,
    )
