"""One page, all stages, in order: facts and notes → draft → verify → assemble."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from pipeline.data import (
    Anchor,
    Page,
    Passage,
    QuoteEvidence,
    SectionSpec,
)
from pipeline.draft.checklist import tie_checklist
from pipeline.draft.diagnoses import draft_diagnoses
from pipeline.draft.extractive import ResolveAnchor, cite_note, draft_notes
from pipeline.draft.gaps import fill_gaps
from pipeline.draft.licence import leave_out_unlicensed
from pipeline.draft.records import Draft, merge_drafts
from pipeline.draft.tables import (
    TABLE_SECTIONS,
    draft_edits,
    draft_modifiers,
    draft_related,
    draft_summary,
    draft_table_section,
)
from pipeline.examine import Examiner
from pipeline.facts.descriptors import DescriptorSource
from pipeline.facts.ptp_edits import edit_row
from pipeline.facts.releases import row_evidence
from pipeline.identity import digest, fingerprint
from pipeline.input_parts import InputReader, Parts
from pipeline.inputs import PageInputs, own_rows, rows_on
from pipeline.llm import ModelClient, Steps
from pipeline.page.assemble import assemble_page
from pipeline.page.carry import carry_ids
from pipeline.sources.allowance import QuoteAllowance
from pipeline.sources.applicability import applies
from pipeline.sources.codes_named import codes_named
from pipeline.sources.notes import Note, note_passages
from pipeline.verify import (
    ClaimContext,
    checker_version,
    split_claims,
)
from pipeline.verify.counter_evidence import CHECK as COUNTER_EVIDENCE
from pipeline.verify.mentions import mark_mentions
from pipeline.workspace import Workspace

# Passages for a query among those allowed, best first.
Search = Callable[[str, int, Callable[[Passage], bool]], list[Passage]]

_RANKED = 60


# The sections that a model writes of a page, by key, as work that is still to be asked for.
WriteSections = Callable[[PageInputs, Search, Examiner], Mapping[str, Steps[Draft]]]


@dataclass(frozen=True)
class Drafter:
    """Which drafter writes a page, under the name its ledger shows.

    With `write`, a model writes its sections, by at most `concurrency` calls of `client` at a time; the extractive
    drafter writes the others.
    """

    name: str = "extractive"
    prompt_hashes: tuple[str, ...] = ()
    write: WriteSections | None = None
    client: ModelClient | None = None
    concurrency: int = 1


def build_page(
    inputs: PageInputs,
    *,
    workspace: Workspace,
    search: Search,
    today: date,
    previous: Page | None = None,
    drafter: Drafter = Drafter(),
    written: Mapping[str, Draft] | None = None,
    examiner: Examiner | None = None,
    parts: Parts | None = None,
) -> Page:
    """Draft, verify and assemble a page. `written` are the sections that a model wrote, by key, and `examiner` the one
    that examined them; `parts` are those of the inputs, where they were read before. A claim of `previous` keeps its
    id, also where its section or its words are others now."""
    written = written or {}
    parts = parts or open_reader(workspace, drafter).read(inputs)
    hcpcs_code = inputs.plan.hcpcs_code
    ranks = {
        spec.key: _rank(spec, inputs, search)
        for spec in inputs.plan.sections
        if spec.fed_by == "notes" and spec.key not in written
    }
    examiner = examiner or open_examiner(inputs, workspace=workspace)
    draft = _draft(inputs, ranks, workspace=workspace, written=written, examiner=examiner)
    outcomes, evidence = examiner.examine(draft)
    against = [
        check.model_dump(mode="json")
        for outcome in outcomes.values()
        for check in outcome.checks
        if check.check == COUNTER_EVIDENCE
    ]
    statements = draft.statements
    if previous:
        statements, outcomes = carry_ids(statements, outcomes, previous=previous, mark=mark_mentions)
    values = {field: fact.value for field, fact in inputs.facts.items()}
    return assemble_page(
        inputs.plan,
        statements,
        evidence,
        outcomes,
        profile=inputs.profile,
        applies=lambda to: applies(to, hcpcs_code=hcpcs_code, tags=inputs.profile.tags, values=values),
        describe=workspace.describe,
        previous=previous,
        today=today,
        fingerprint=_fingerprint(inputs, parts, ranks, written, against=digest(against)),
        checker=checker_version(),
        drafter=drafter.name,
        failures=draft.failures,
        open_because=draft.open_because,
        descriptor=inputs.descriptor,
        site_blocks=workspace.site_blocks,
    )


def open_reader(workspace: Workspace, drafter: Drafter, *, dated: bool = False) -> InputReader:
    """What reads the parts of the inputs of pages by this drafter. `dated`: their date of service was asked for."""
    return InputReader(workspace, drafter=drafter.name, prompts=drafter.prompt_hashes, dated=dated)


def open_examiner(inputs: PageInputs, *, workspace: Workspace) -> Examiner:
    """What examines the claims of a page."""
    context = claim_context(workspace, inputs.plan.hcpcs_code, inputs.plan.as_of)
    return Examiner(context, corpus=workspace.corpus)


def _draft(
    inputs: PageInputs,
    ranks: Mapping[str, Sequence[str]],
    *,
    workspace: Workspace,
    written: Mapping[str, Draft],
    examiner: Examiner,
) -> Draft:
    """All sections: those fed by facts from the tables, those that a model wrote, the others from the notes."""
    plan, rows = inputs.plan, inputs.rows
    make_row = partial(row_evidence, as_of=plan.as_of)
    allowance, descriptors = QuoteAllowance(), partial(descriptors_named, workspace.descriptors)
    anchored = partial(workspace.anchored.quote, as_of=plan.as_of)
    resolve = partial(_within_allowance, anchored, workspace=workspace, allowance=allowance)
    by_id = {note.id: note for note in inputs.notes}
    own = own_rows(inputs)
    drafts = [
        draft_summary(plan, inputs.profile),
        draft_table_section(plan, "strip", rows=rows, make_row=make_row),
    ]
    for spec in plan.sections:
        if spec.fed_by == "notes":
            extract = partial(
                draft_notes,
                plan,
                spec,
                inputs.notes,
                reach=inputs.reach,
                rank={passage_id: place for place, passage_id in enumerate(ranks.get(spec.key, ()))},
                split=split_claims,
                resolve=resolve,
                rows=own,
                is_paired=partial(is_paired, inputs),
            )
            if spec.key in written:
                standing = examiner.standing(written[spec.key])
                said = leave_out_unlicensed(
                    written[spec.key], standing=standing, documents=workspace.documents, allowance=allowance
                )
                standing = [statement for statement in standing if statement in said.statements]
                drafts.append(fill_gaps(said, extract, spec, standing=standing))
            else:
                drafts.append(extract())
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
    draft = merge_drafts(drafts)
    standing = {claim.id for s in examiner.standing(draft) for claim in s.claims} if written else ()
    return tie_checklist(draft, standing=standing)


def is_paired(inputs: PageInputs, other: str) -> bool:
    """Whether a loaded NCCI edit pairs the page's code with another one."""
    return edit_row(inputs.rows, inputs.plan.hcpcs_code, other) is not None


def _within_allowance(
    anchored: ResolveAnchor, anchor: Anchor, *, workspace: Workspace, allowance: QuoteAllowance
) -> QuoteEvidence | None:
    """The anchored words, unless the licence of their document lets the page quote no more."""
    quote = anchored(anchor)
    return quote if quote and allowance.take(workspace.documents[quote.document_id], [quote]) else None


def descriptors_named(sources: Sequence[DescriptorSource], text: str) -> list[str]:
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
    parts: Parts,
    ranks: Mapping[str, Sequence[str]],
    written: Mapping[str, Draft],
    *,
    against: str,
) -> str:
    plan = inputs.plan
    return fingerprint(
        {
            "code": plan.hcpcs_code,
            "date": plan.as_of.isoformat(),
            "ranks": digest(ranks),
            "written": digest({key: section.model_dump(mode="json") for key, section in written.items()}),
            "against": against,
            **parts,
        }
    )


def claim_context(workspace: Workspace, hcpcs_code: str | None, as_of: date) -> ClaimContext:
    """What verification looks things up with, for a page's code or (None) a text that belongs to none."""
    return ClaimContext(
        hcpcs_code=hcpcs_code,
        facts=lambda code: workspace.facts.facts_on(code, as_of),
        rows=lambda code: rows_on(workspace, code, as_of).rows,
        currency=lambda fact: row_evidence(fact, as_of),
        as_of=as_of,
        documents=workspace.documents,
        previous=workspace.facts.of_release,
        profiles=workspace.profiles,
    )
