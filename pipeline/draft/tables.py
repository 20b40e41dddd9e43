"""Statements about facts: the fact strip and the sections fed by tables. No model writes any of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pipeline.data import (
    Claim,
    CodeProfile,
    Evidence,
    Fact,
    PagePlan,
    QuoteEvidence,
    RowEvidence,
    Statement,
)
from pipeline.draft.records import Draft, merge_drafts
from pipeline.facts.indicators import applicable_entries
from pipeline.facts.profiles import classification_row
from pipeline.facts.readers.add_ons import names_primary
from pipeline.facts.releases import earlier_row
from pipeline.facts.rows import FactSentence, Rows
from pipeline.facts.sentences import compose_sentence
from pipeline.identity import claim_id, statement_id

DRAFTER = "tables"

# Subjects in the order of each section's table; those a code has no rows for are left out.
_SUBJECTS: dict[str, tuple[str, ...]] = {
    "strip": ("payment:facility", "payment:nonfacility", "rvu:total", "indicator:global_days"),
    "rvu": ("rvu:work", "rvu:pe", "rvu:mp", "rvu:total"),
    "payment": ("setting:office", "setting:hopd", "setting:asc", "setting:inpatient"),
    "year": (
        "year:work",
        "year:facility",
        "year:nonfacility",
        "year:payment_facility",
        "year:payment_nonfacility",
    ),
    "indicators": (
        "indicator:status_code",
        "indicator:global_days",
        "indicator:mue_value",
        "add_on:",
        "add_ons:",
        "edit_count:",
    ),
}
TABLE_SECTIONS = frozenset(_SUBJECTS)
# The `must_answer` keys that a subject answers.
_ANSWERS = {
    "rvu:total": ("rvu_total",),
    "setting:office": ("payment_nonfacility",),
    "setting:hopd": ("payment_hopd",),
    "setting:asc": ("payment_asc",),
    "indicator:global_days": ("global_days",),
    "indicator:mue_value": ("mue",),
    "add_on:": ("add_on",),
}

MakeRow = Callable[[Fact], RowEvidence]
# The note of that id as evidence, with its document's own words where that is held; empty for an unknown id.
CiteNote = Callable[[str], tuple[QuoteEvidence, ...]]
EDIT_MODIFIERS_NOTE = "modifier-59-only-if-no-better"


def draft_table_section(plan: PagePlan, section_key: str, *, rows: Rows, make_row: MakeRow) -> Draft:
    """Statements of `strip`, `rvu`, `payment` or `indicators` for the plan's code."""
    sentences = [compose_sentence(subject, plan.hcpcs_code, rows) for subject in _SUBJECTS[section_key]]
    return merge_drafts(_draft_sentence(plan, section_key, s, make_row) for s in sentences if s is not None)


def draft_modifiers(plan: PagePlan, *, rows: Rows, make_row: MakeRow, cite: CiteNote) -> Draft:
    """The modifier table: what the code's indicators allow, each with the note that restates the rule."""
    cited = {f"modifier:{entry.key}": entry.note for entry in applicable_entries(rows)}
    drafts = []
    for subject, note in (*cited.items(), ("edit_modifiers:", EDIT_MODIFIERS_NOTE)):
        sentence = compose_sentence(subject, plan.hcpcs_code, rows)
        if sentence is not None:
            quotes = cite(note) if note else ()
            drafts.append(_draft_sentence(plan, "modifiers", sentence, make_row, quotes=quotes))
    return merge_drafts(drafts)


def draft_edits(plan: PagePlan, partners: Sequence[str], *, rows: Rows, make_row: MakeRow) -> Draft:
    """The NCCI edits with these codes, in their order."""
    sentences = [compose_sentence(f"edit:{other}", plan.hcpcs_code, rows) for other in partners]
    return merge_drafts(_draft_sentence(plan, "edits", s, make_row) for s in sentences if s is not None)


def _draft_sentence(
    plan: PagePlan,
    section_key: str,
    sentence: FactSentence,
    make_row: MakeRow,
    *,
    quotes: tuple[QuoteEvidence, ...] = (),
) -> Draft:
    claim, evidence = _claim_on(plan, section_key, sentence, make_row)
    if quotes:
        ids = (*claim.evidence_ids, *(quote.id for quote in quotes))
        claim, evidence = claim.model_copy(update={"evidence_ids": ids}), (*evidence, *quotes)
    statement = Statement(
        id=statement_id(plan.hcpcs_code, section_key, sentence.subject),
        section_key=section_key,
        text=sentence.text,
        cells=card_cells(sentence) if section_key == "strip" else sentence.cells,
        answers=_ANSWERS.get(sentence.subject, _kind_answers(sentence.subject)),
        drafter=DRAFTER,
        claims=(claim,),
    )
    return Draft(statements=(statement,), evidence=evidence)


def card_cells(sentence: FactSentence) -> tuple[str, str, str]:
    """Label, value and small print of a card in the fact strip."""
    if sentence.subject == "rvu:total":
        _, facility, office, _ = sentence.cells
        return ("Total RVUs, facility", facility, f"Non-facility: {office}")
    return (sentence.cells[0], sentence.cells[1], sentence.cells[2])


def _kind_answers(subject: str) -> tuple[str, ...]:
    return ("applicable_modifiers",) if subject.startswith("modifier:") else ()


def _claim_on(
    plan: PagePlan, section_key: str, sentence: FactSentence, make_row: MakeRow
) -> tuple[Claim, tuple[RowEvidence, ...]]:
    evidence = (
        *{fact.key: make_row(fact) for fact in sentence.facts}.values(),
        *(earlier_row(fact) for fact in sentence.earlier),
    )
    claim = Claim(
        id=claim_id(plan.hcpcs_code, section_key, sentence.subject),
        text=sentence.text,
        subject=sentence.subject,
        evidence_ids=tuple(item.id for item in evidence),
        derivation=sentence.derivation,
    )
    return claim, evidence


def draft_summary(plan: PagePlan, profile: CodeProfile) -> Draft:
    """The own-words summary line, resting on our own classification; nothing for a code that has none."""
    if not profile.summary:
        return Draft()
    row = classification_row(profile)
    claim = Claim(
        id=claim_id(plan.hcpcs_code, "summary", "class:summary"),
        text=profile.summary,
        subject="class:summary",
        evidence_ids=(row.id,),
    )
    statement = Statement(
        id=statement_id(plan.hcpcs_code, "summary", "class:summary"),
        section_key="summary",
        text=profile.summary,
        drafter=DRAFTER,
        claims=(claim,),
    )
    return Draft(statements=(statement,), evidence=(row,))


def draft_related(
    plan: PagePlan,
    own: CodeProfile,
    profiles: Mapping[str, CodeProfile],
    *,
    rows: Rows,
    make_row: MakeRow,
) -> Draft:
    """The related-codes table: how each differs (our classification), its add-on relation and its NCCI edit.

    Siblings first, then add-ons and primary codes that are classified. Other codes that NCCI pairs with this one
    stand in the table of edits.
    """
    others = [*own.siblings]
    linked = {fact.other(plan.hcpcs_code) for fact in rows.values() if names_primary(fact)}
    others += sorted((linked & profiles.keys()) - set(others))
    return merge_drafts(
        _draft_relation(plan, own, profiles[other], rows=rows, make_row=make_row) for other in others
    )


def _draft_relation(
    plan: PagePlan, own: CodeProfile, related: CodeProfile, *, rows: Rows, make_row: MakeRow
) -> Draft:
    other = related.hcpcs_code
    differs = own.siblings.get(other, related.summary)
    evidence: list[Evidence] = [classification_row(p) for p in (related, own) if p.summary]
    subject = f"class:{other}"
    claims = [
        Claim(
            id=claim_id(plan.hcpcs_code, "related", subject),
            text=f"{other}: {differs}",
            subject=subject,
            evidence_ids=tuple(item.id for item in evidence),
        )
    ]
    relations = []
    for kind in ("add_on_pair", "ptp", "no_ptp"):
        sentence = compose_sentence(f"{kind}:{other}", plan.hcpcs_code, rows)
        if sentence is not None:
            claim, cited = _claim_on(plan, "related", sentence, make_row)
            claims.append(claim)
            evidence.extend(cited)
            relations.append(sentence.cells[0])
    statement = Statement(
        id=statement_id(plan.hcpcs_code, "related", subject),
        section_key="related",
        text=" ".join(claim.text for claim in claims),
        cells=(other, differs, "; ".join(relations)),
        answers=("siblings",),
        drafter=DRAFTER,
        claims=tuple(claims),
    )
    return Draft(statements=(statement,), evidence=tuple(evidence))
