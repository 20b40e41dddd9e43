"""One page, all stages, in order: facts and notes → draft → verify → assemble."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from pipeline.data import (
    Evidence,
    Fact,
    Outcome,
    Page,
    PagePlan,
    Passage,
    QuoteEvidence,
    SectionSpec,
    Verdict,
)
from pipeline.draft.extractive import cite_note, draft_notes
from pipeline.draft.records import Draft, merge_drafts
from pipeline.draft.tables import (
    classification_row,
    draft_modifiers,
    draft_related,
    draft_summary,
    draft_table_section,
)
from pipeline.facts.releases import row_evidence
from pipeline.facts.rows import rows_of
from pipeline.identity import code_digest, digest, fingerprint
from pipeline.page.assemble import assemble_page
from pipeline.sources.applicability import applies
from pipeline.sources.documents import quote_anchor
from pipeline.sources.notes import Note, note_passages
from pipeline.verify import (
    ClaimContext,
    check_wording,
    checker_version,
    examine_claim,
    load_rules,
    reject_wording,
    split_claims,
)
from pipeline.workspace import Workspace

# Passages for a query among those allowed, best first.
Search = Callable[[str, int, Callable[[Passage], bool]], list[Passage]]
# Drafts one section with a model, given the passages of the notes that apply to the code.
DraftWithModel = Callable[[PagePlan, SectionSpec, Sequence[Note], Mapping[str, Fact]], Draft]

_RANKED = 60


@dataclass(frozen=True)
class Drafter:
    """Which drafter writes a page, under the name its ledger shows; `sections` are those the model drafts."""

    name: str = "extractive"
    draft: DraftWithModel | None = None
    sections: tuple[str, ...] = ()
    prompt_hashes: tuple[str, ...] = ()


def build_page(
    hcpcs_code: str,
    *,
    workspace: Workspace,
    search: Search,
    as_of: date,
    today: date,
    previous: Page | None = None,
    drafter: Drafter = Drafter(),
) -> Page:
    """Draft, verify and assemble the page of one code for dates of service on `as_of`.

    Raises NoFactsError for a code that no table or profile holds, ModelError from a model drafter.
    """
    facts = workspace.facts.require(hcpcs_code, as_of)
    profile = workspace.profile(hcpcs_code)
    notes = workspace.notes_for(hcpcs_code, facts, as_of)
    plan = PagePlan(hcpcs_code=hcpcs_code, as_of=as_of, sections=workspace.sections)
    national = workspace.facts.facts_on("", as_of)
    naming = workspace.facts.naming(hcpcs_code, as_of)
    rows = rows_of(hcpcs_code, [*facts.values(), *national.values(), *naming])
    make_row = partial(row_evidence, as_of=as_of)
    make_profile_row = partial(
        classification_row, valid_from=min(note.valid_from for note in workspace.notes)
    )

    by_id = {note.id: note for note in notes}

    def cite(note_id: str) -> tuple[QuoteEvidence, ...]:
        resolve = partial(quote_anchor, documents=workspace.added_by_hash)
        return cite_note(by_id[note_id], resolve=resolve) if note_id in by_id else ()

    drafts = [draft_summary(plan, profile, make_row=make_profile_row)]
    drafts.append(draft_table_section(plan, "strip", rows=rows, make_row=make_row))
    reach = workspace.reach(as_of)
    ranks: dict[str, list[str]] = {}
    for spec in plan.sections:
        if spec.fed_by == "notes":
            ranks[spec.key] = _rank(spec, profile.summary, notes, search)
            drafts.append(_draft_notes(plan, spec, notes, ranks[spec.key], reach, facts, workspace, drafter))
        elif spec.key == "related":
            drafts.append(
                draft_related(
                    plan, workspace.profiles, rows=rows, make_row=make_row, make_profile_row=make_profile_row
                )
            )
        elif spec.key == "modifiers":
            drafts.append(draft_modifiers(plan, rows=rows, make_row=make_row, cite=cite))
        elif spec.fed_by == "facts" and spec.key != "diagnoses":
            drafts.append(draft_table_section(plan, spec.key, rows=rows, make_row=make_row))
    draft = _tie_checklist(merge_drafts(drafts))
    evidence = {item.id: item for item in draft.evidence}
    outcomes, evidence = _verify(draft, evidence, context=claim_context(workspace, hcpcs_code, as_of))
    values = {field: fact.value for field, fact in facts.items()}
    return assemble_page(
        plan,
        draft.statements,
        evidence,
        outcomes,
        profile=profile,
        applies=lambda to: applies(to, hcpcs_code=hcpcs_code, tags=profile.tags, values=values),
        describe=workspace.describe,
        previous=previous,
        today=today,
        fingerprint=fingerprint(
            {
                "code": hcpcs_code,
                "as_of": as_of.isoformat(),
                "facts": digest(sorted(fact.model_dump_json() for fact in rows.values())),
                "notes": [note.sha256 for note in notes],
                "documents": sorted({e.document_id for e in draft.evidence if isinstance(e, QuoteEvidence)}),
                "order": digest([ranks, {note.id: reach[note.id] for note in notes}]),
                "registry": digest([entry.model_dump(mode="json") for entry in workspace.registry.values()]),
                "made_by": code_digest("pipeline.facts", "pipeline.draft", "pipeline.page"),
                "profiles": digest([p.model_dump(mode="json") for p in workspace.profiles.values()]),
                "sections": [spec.sha256 for spec in plan.sections],
                "prompts": list(drafter.prompt_hashes),
                "drafter": drafter.name,
                "checker": checker_version(),
                "site": digest([block.model_dump() for block in workspace.site_blocks]),
            }
        ),
        checker=checker_version(),
        drafter=drafter.name,
        failures=draft.failures,
        site_blocks=workspace.site_blocks,
    )


def claim_context(workspace: Workspace, hcpcs_code: str | None, as_of: date) -> ClaimContext:
    """What verification looks things up with, for a page's code or (None) a text that belongs to none."""
    return ClaimContext(
        hcpcs_code=hcpcs_code,
        facts=lambda code: workspace.facts.facts_on(code, as_of),
        currency=lambda fact: row_evidence(fact, as_of),
        as_of=as_of,
        documents=workspace.documents,
        previous=workspace.facts.of_release,
        profiles=workspace.profiles,
    )


def _tie_checklist(draft: Draft) -> Draft:
    """Point each checklist item at a documentation claim of this draft that rests on the same note.

    The extractive drafter's items already do; when a model wrote the section, its claims take that place. An
    item whose requirement was not drafted goes with it.
    """
    evidence = {item.id: item for item in draft.evidence}
    by_document: dict[str, str] = {}
    for statement in draft.statements:
        for claim in statement.claims if statement.section_key == "documentation" else ():
            for id_ in claim.evidence_ids:
                item = evidence[id_]
                if isinstance(item, QuoteEvidence):
                    by_document.setdefault(item.document_id, claim.id)
    drafted = {claim.id for statement in draft.statements for claim in statement.claims}
    tied = []
    for statement in draft.statements:
        if statement.derived_from:
            document_id = statement.claims[0].subject.partition("#")[0]
            origin = by_document.get(document_id, statement.derived_from)
            if origin not in drafted:
                continue
            statement = statement.model_copy(update={"derived_from": origin})
        tied.append(statement)
    return draft.model_copy(update={"statements": tuple(tied)})


def _rank(spec: SectionSpec, summary: str, notes: Sequence[Note], search: Search) -> list[str]:
    """Ids of the passages that may feed a section, in the order retrieval puts them."""
    wanted = {
        passage.id for note in notes for passage in note_passages(note) if passage.section_key == spec.key
    }
    found = search(f"{spec.heading}: {summary}", _RANKED, lambda passage: passage.id in wanted)
    return [passage.id for passage in found]


def _draft_notes(
    plan: PagePlan,
    spec: SectionSpec,
    notes: Sequence[Note],
    order: Sequence[str],
    reach: Mapping[str, int],
    facts: Mapping[str, Fact],
    workspace: Workspace,
    drafter: Drafter,
) -> Draft:
    if drafter.draft and spec.key in drafter.sections:
        return drafter.draft(plan, spec, notes, facts)
    return draft_notes(
        plan,
        spec,
        notes,
        reach=reach,
        rank={passage_id: place for place, passage_id in enumerate(order)},
        split=split_claims,
        resolve=lambda anchor: quote_anchor(anchor, workspace.added_by_hash),
        rows={field: row_evidence(fact, plan.as_of) for field, fact in facts.items()},
    )


def _verify(
    draft: Draft, evidence: dict[str, Evidence], *, context: ClaimContext
) -> tuple[dict[str, Verdict], dict[str, Evidence]]:
    """A verdict for every claim, and the evidence with whatever the checks added to it."""
    rules, checker = load_rules(), checker_version()
    outcomes: dict[str, Verdict] = {}
    for statement in draft.statements:
        for claim in statement.claims:
            offered = [evidence[id_] for id_ in claim.evidence_ids]
            examined = examine_claim(claim, offered, context=context, rules=rules, checker=checker)
            outcomes[claim.id] = examined.verdict
            evidence.update({item.id: item for item in examined.evidence})
        wording = check_wording(statement, evidence)
        if wording.outcome is Outcome.FAIL:
            for claim in statement.claims:
                outcomes[claim.id] = reject_wording(outcomes[claim.id], wording)
    return outcomes, evidence
