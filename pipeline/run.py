"""One page, all stages, in order: facts and notes → draft → verify → assemble."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from pipeline.data import (
    Anchor,
    CodeProfile,
    Descriptor,
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
from pipeline.draft.checklist import tie_checklist
from pipeline.draft.diagnoses import draft_diagnoses
from pipeline.draft.extractive import ResolveAnchor, cite_note, draft_notes
from pipeline.draft.records import Draft, merge_drafts
from pipeline.draft.tables import (
    TABLE_SECTIONS,
    draft_edits,
    draft_modifiers,
    draft_related,
    draft_summary,
    draft_table_section,
)
from pipeline.facts.descriptors import DescriptorSource, page_descriptor
from pipeline.facts.page_rows import PageRows, page_rows
from pipeline.facts.releases import row_evidence
from pipeline.facts.rows import Rows
from pipeline.identity import code_digest, digest, fingerprint
from pipeline.page.assemble import assemble_page
from pipeline.sources.allowance import QuoteAllowance
from pipeline.sources.applicability import applies
from pipeline.sources.codes_named import codes_named
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


@dataclass(frozen=True)
class PageInputs:
    """What one page is made from. `rows` adds release-wide values and other codes' rows to the code's `facts`.

    `partners` are the codes whose NCCI edits the page lists. `reach` counts the codes that each note applies to, by
    note id.
    """

    plan: PagePlan
    profile: CodeProfile
    descriptor: Descriptor | None
    facts: Mapping[str, Fact]
    rows: Rows
    partners: Sequence[str]
    notes: Sequence[Note]
    reach: Mapping[str, int]


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
    inputs = gather_inputs(hcpcs_code, workspace=workspace, as_of=as_of)
    ranks = {spec.key: _rank(spec, inputs, search) for spec in inputs.plan.sections if spec.fed_by == "notes"}
    draft = _draft(inputs, ranks, workspace=workspace, drafter=drafter)
    outcomes, evidence = _verify(draft, context=claim_context(workspace, hcpcs_code, as_of))
    values = {field: fact.value for field, fact in inputs.facts.items()}
    return assemble_page(
        inputs.plan,
        draft.statements,
        evidence,
        outcomes,
        profile=inputs.profile,
        applies=lambda to: applies(to, hcpcs_code=hcpcs_code, tags=inputs.profile.tags, values=values),
        describe=workspace.describe,
        previous=previous,
        today=today,
        fingerprint=_fingerprint(inputs, ranks, draft, workspace=workspace, drafter=drafter),
        checker=checker_version(),
        drafter=drafter.name,
        failures=draft.failures,
        open_because=draft.open_because,
        descriptor=inputs.descriptor,
        site_blocks=workspace.site_blocks,
    )


def gather_inputs(hcpcs_code: str, *, workspace: Workspace, as_of: date) -> PageInputs:
    """Everything loaded that speaks of the code on the date. Raises NoFactsError."""
    store = workspace.facts
    facts = store.require(hcpcs_code, as_of)
    rows, partners = _rows(workspace, hcpcs_code, as_of)
    return PageInputs(
        plan=PagePlan(hcpcs_code=hcpcs_code, as_of=as_of, sections=workspace.sections),
        profile=workspace.profile(hcpcs_code),
        descriptor=page_descriptor(workspace.descriptors, hcpcs_code),
        facts=facts,
        rows=rows,
        partners=partners,
        notes=workspace.notes_for(hcpcs_code, facts, as_of),
        reach=workspace.reach(as_of),
    )


def _rows(workspace: Workspace, hcpcs_code: str, as_of: date) -> PageRows:
    return page_rows(workspace.facts, hcpcs_code, as_of, near=workspace.profile(hcpcs_code).siblings)


def _draft(
    inputs: PageInputs,
    ranks: Mapping[str, Sequence[str]],
    *,
    workspace: Workspace,
    drafter: Drafter,
) -> Draft:
    """All sections: those fed by facts from the tables, those fed by notes by the drafter."""
    plan, rows = inputs.plan, inputs.rows
    make_row = partial(row_evidence, as_of=plan.as_of)
    allowance, descriptors = QuoteAllowance(), partial(_descriptors_named, workspace.descriptors)
    anchored = partial(workspace.anchored.quote, as_of=plan.as_of)
    resolve = partial(_within_allowance, anchored, workspace=workspace, allowance=allowance)
    by_id = {note.id: note for note in inputs.notes}
    own = {field: make_row(fact) for field, fact in inputs.facts.items() if not fact.partner}
    drafts = [
        draft_summary(plan, inputs.profile),
        draft_table_section(plan, "strip", rows=rows, make_row=make_row),
    ]
    for spec in plan.sections:
        if spec.fed_by == "notes" and drafter.draft and spec.key in drafter.sections:
            drafts.append(drafter.draft(plan, spec, inputs.notes, inputs.facts))
        elif spec.fed_by == "notes":
            drafts.append(
                draft_notes(
                    plan,
                    spec,
                    inputs.notes,
                    reach=inputs.reach,
                    rank={passage_id: place for place, passage_id in enumerate(ranks[spec.key])},
                    split=split_claims,
                    resolve=resolve,
                    rows=own,
                    is_paired=lambda other: (
                        f"ptp_column_two:{other}" in rows
                        or f"{other}.ptp_column_two:{plan.hcpcs_code}" in rows
                    ),
                )
            )
        elif spec.key == "diagnoses":
            drafts.append(
                draft_diagnoses(plan, spec.key, workspace.added, allowance=allowance, descriptors=descriptors)
            )
        elif spec.key == "related":
            drafts.append(
                draft_related(plan, inputs.profile, workspace.profiles, rows=rows, make_row=make_row)
            )
        elif spec.key == "edits":
            drafts.append(draft_edits(plan, inputs.partners, rows=rows, make_row=make_row))
        elif spec.key == "modifiers":
            cite = partial(_cite, notes=by_id, resolve=resolve)
            drafts.append(draft_modifiers(plan, rows=rows, make_row=make_row, cite=cite))
        elif spec.key in TABLE_SECTIONS:
            drafts.append(draft_table_section(plan, spec.key, rows=rows, make_row=make_row))
    return tie_checklist(merge_drafts(drafts))


def _within_allowance(
    anchored: ResolveAnchor, anchor: Anchor, *, workspace: Workspace, allowance: QuoteAllowance
) -> QuoteEvidence | None:
    """The anchored words, unless the licence of their document lets the page quote no more."""
    quote = anchored(anchor)
    return quote if quote and allowance.take(workspace.documents[quote.document_id], [quote]) else None


def _descriptors_named(sources: Sequence[DescriptorSource], text: str) -> list[str]:
    """The loaded descriptors of the codes that a text names."""
    named = codes_named(text)
    return [title for held in sources for title in held.within(named)]


def _cite(note_id: str, *, notes: Mapping[str, Note], resolve: ResolveAnchor) -> tuple[QuoteEvidence, ...]:
    return cite_note(notes[note_id], resolve=resolve) if note_id in notes else ()


def _rank(spec: SectionSpec, inputs: PageInputs, search: Search) -> list[str]:
    """Ids of the passages that may feed a section, in the order retrieval puts them."""
    passages = [passage for note in inputs.notes for passage in note_passages(note)]
    wanted = {passage.id for passage in passages if passage.section_key == spec.key}
    found = search(f"{spec.heading}: {inputs.profile.summary}", _RANKED, lambda passage: passage.id in wanted)
    return [passage.id for passage in found]


def _fingerprint(
    inputs: PageInputs,
    ranks: Mapping[str, Sequence[str]],
    draft: Draft,
    *,
    workspace: Workspace,
    drafter: Drafter,
) -> str:
    plan = inputs.plan
    return fingerprint(
        {
            "code": plan.hcpcs_code,
            "as_of": plan.as_of.isoformat(),
            "facts": digest(sorted(fact.model_dump_json() for fact in inputs.rows.values())),
            "notes": [note.sha256 for note in inputs.notes],
            "documents": sorted({e.document_id for e in draft.evidence if isinstance(e, QuoteEvidence)}),
            "diagnoses": digest(
                [
                    draft.open_because,
                    *(s.model_dump(mode="json") for s in draft.statements if s.section_key == "diagnoses"),
                ]
            ),
            "order": digest([ranks, {note.id: inputs.reach[note.id] for note in inputs.notes}]),
            "registry": digest([entry.model_dump(mode="json") for entry in workspace.registry.values()]),
            "profiles": digest([p.model_dump(mode="json") for p in workspace.profiles.values()]),
            "sections": [spec.sha256 for spec in plan.sections],
            "prompts": list(drafter.prompt_hashes),
            "drafter": drafter.name,
            "checker": checker_version(),
            "made_by": code_digest("pipeline.facts", "pipeline.sources", "pipeline.draft", "pipeline.page"),
            "descriptor": inputs.descriptor.model_dump_json() if inputs.descriptor else "",
            "site": digest([workspace.site_name, *(block.model_dump() for block in workspace.site_blocks)]),
        }
    )


def claim_context(workspace: Workspace, hcpcs_code: str | None, as_of: date) -> ClaimContext:
    """What verification looks things up with, for a page's code or (None) a text that belongs to none."""
    return ClaimContext(
        hcpcs_code=hcpcs_code,
        facts=lambda code: workspace.facts.facts_on(code, as_of),
        rows=lambda code: _rows(workspace, code, as_of).rows,
        currency=lambda fact: row_evidence(fact, as_of),
        as_of=as_of,
        documents=workspace.documents,
        previous=workspace.facts.of_release,
        profiles=workspace.profiles,
    )


def _verify(draft: Draft, *, context: ClaimContext) -> tuple[dict[str, Verdict], dict[str, Evidence]]:
    """A verdict for every claim, and the evidence with whatever the checks added to it."""
    rules, checker = load_rules(), checker_version()
    evidence: dict[str, Evidence] = {item.id: item for item in draft.evidence}
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
