"""The model drafter, put together: prompts, evidence, checks and judge for the sections that a model writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pipeline.data import Anchor, Passage, QuoteEvidence, RowEvidence, SectionSpec
from pipeline.draft.extractive import ResolveAnchor, adjustment_codes, note_basis
from pipeline.draft.model import SectionTask, write_section
from pipeline.draft.quoting import Offered
from pipeline.draft.records import Draft
from pipeline.examine import Examiner
from pipeline.index.fusion import IN_RANGE, speaks_of
from pipeline.inputs import PageInputs, own_rows
from pipeline.llm import ModelClient, Steps
from pipeline.prompts import Prompt, load_prompt
from pipeline.run import Drafter, Search, descriptors_named, is_paired
from pipeline.sources.applicability import applies
from pipeline.sources.descriptors import may_describe, repeats_descriptor
from pipeline.sources.notes import note_document, note_passages
from pipeline.verify import Judge, locate_quote, split_claims, wants_judge
from pipeline.workspace import Workspace

SECTIONS = ("documentation", "coverage", "denials", "faqs")
# Rows that say which rules apply to a code; money and RVUs are none of a model's business.
_RULING = (
    "status_code",
    "global_days",
    "multiple_procedure_indicator",
    "bilateral_indicator",
    "assistant_indicator",
    "cosurgeon_indicator",
    "team_indicator",
    "pctc_indicator",
    "endoscopic_base",
    "nonfac_na",
    "mue_value",
    "mue_adjudication_indicator",
    "addon_edit_type",
)
_FROM_DOCUMENTS = 6  # passages of the user's documents that a section is offered


class ModelNames(NamedTuple):
    """Which model drafts, judges and repairs. An empty `judge`: none judges."""

    draft: str
    judge: str
    repair: str


class Prompts(NamedTuple):
    """The prompts of the calls about a section."""

    draft: Prompt
    judge: Prompt
    repair: Prompt

    @property
    def hashes(self) -> tuple[str, ...]:
        """Which prompts a page was written by."""
        return tuple(prompt.sha256 for prompt in self)


def load_prompts(folder: Path) -> Prompts:
    """The prompts under `prompts/`. Raises SourceError for a broken one."""
    return Prompts(
        draft=load_prompt(folder / "draft" / "section.md.j2"),
        judge=load_prompt(folder / "judge" / "statements.md.j2"),
        repair=load_prompt(folder / "repair" / "statements.md.j2"),
    )


def make_model_drafter(
    names: ModelNames, client: ModelClient, *, workspace: Workspace, concurrency: int = 1
) -> Drafter:
    """The drafter whose sections these models write; `client` answers their requests, at most so many at a time.

    Raises SourceError for a broken prompt.
    """
    prompts = load_prompts(workspace.settings.prompts)
    return Drafter(
        name=f"model:{names.draft}",
        prompt_hashes=(*prompts.hashes, *names),
        write=partial(_write, names=names, prompts=prompts, workspace=workspace),
        client=client,
        concurrency=concurrency,
    )


def _write(
    inputs: PageInputs,
    search: Search,
    examiner: Examiner,
    *,
    names: ModelNames,
    prompts: Prompts,
    workspace: Workspace,
) -> dict[str, Steps[Draft]]:
    plan = inputs.plan
    code, as_of = plan.hcpcs_code, plan.as_of
    about = {"hcpcs_code": code, "as_of": as_of.isoformat()}
    facts, rows = _facts_text(inputs), own_rows(inputs)
    neighbours = "\n".join(
        f"{other}: {workspace.profile(other).summary}" for other in inputs.profile.siblings
    )
    values = {field: fact.value for field, fact in inputs.facts.items()}
    asks = partial(applies, hcpcs_code=code, tags=inputs.profile.tags, values=values)
    judge = Judge(names.judge, prompts.judge, workspace.documents) if names.judge else None
    documents = _Documents(workspace, search, code)
    described = partial(_repeats_descriptor, workspace, (code, *inputs.profile.siblings))
    written: dict[str, Steps[Draft]] = {}
    for spec in plan.sections:
        if spec.key not in SECTIONS:
            continue
        asked = spec.model_copy(update={"must_answer": tuple(q for q in spec.must_answer if asks(q.when))})
        notes = _from_notes(spec, inputs, rows=rows, resolve=partial(_anchored, workspace, as_of))
        written[spec.key] = write_section(
            SectionTask(
                plan=plan,
                spec=asked,
                offered=(*notes, *documents.for_section(spec, inputs.profile.summary)),
                about=about,
                facts=facts,
                neighbours=neighbours,
                draft_prompt=prompts.draft,
                repair_prompt=prompts.repair,
                draft_model=names.draft,
                repair_model=names.repair,
                locate=locate_quote,
                split=split_claims,
                repeats_descriptor=described,
                examine=lambda draft: examiner.examine(draft)[0],
                wants_judge=wants_judge,
                judge=partial(judge.judge, about={**about, "facts": facts}, label=f"{code}/{spec.key}/judge")
                if judge
                else None,
            )
        )
    return written


def _facts_text(inputs: PageInputs) -> str:
    return "\n".join(
        f"{field} = {inputs.facts[field].value} ({inputs.facts[field].release})"
        for field in _RULING
        if field in inputs.facts
    )


def _from_notes(
    spec: SectionSpec, inputs: PageInputs, *, rows: Mapping[str, RowEvidence], resolve: ResolveAnchor
) -> list[Offered]:
    """The section's own passages of the notes that apply, those of few codes first."""
    notes = sorted(inputs.notes, key=lambda note: (inputs.reach[note.id], note.id))
    return [
        Offered(
            passage,
            note_document(note),
            basis=tuple(note_basis(note, resolve=resolve, rows=rows)),
            adjustment_codes=tuple(adjustment_codes(note, part, partial(is_paired, inputs))),
            question=part.question,
            answers=note.answers,
        )
        for note in notes
        for passage, part in zip(note_passages(note), note.parts, strict=True)
        if passage.section_key == spec.key
    ]


def _anchored(workspace: Workspace, as_of: date, anchor: Anchor) -> QuoteEvidence | None:
    """The words that a note is anchored in, of documents that may be quoted without count: the note itself is ours."""
    quote = workspace.anchored.quote(anchor, as_of=as_of)
    if quote is None:
        return None
    document = workspace.documents[quote.document_id]
    return None if document.quote_words or document.page_words else quote


def _repeats_descriptor(workspace: Workspace, codes: Sequence[str], words: str) -> bool:
    """Whether words are those of a descriptor that is held: five running of any, or a short one whole of these codes
    or of one that the words name."""
    if workspace.descriptor_runs.stand_in(words):
        return True
    return repeats_descriptor(words, descriptors_named(workspace.descriptors, f"{' '.join(codes)} {words}"))


class _Documents:
    """Passages of the user's documents that name the code; each goes to one section of the page."""

    def __init__(self, workspace: Workspace, search: Search, hcpcs_code: str):
        self._documents = {document.id: document for document in workspace.added}
        self._search = search
        self._code = hcpcs_code
        self._taken: set[str] = set()

    def for_section(self, spec: SectionSpec, summary: str) -> list[Offered]:
        """The nearest to what the section asks, best first."""
        if not self._documents:
            return []
        query = " ".join((spec.heading, summary, *(question.question for question in spec.must_answer)))
        found = self._search(query, _FROM_DOCUMENTS, self._is_about)
        self._taken.update(passage.id for passage in found)
        offered = [Offered(passage, self._documents[passage.document_id]) for passage in found]
        return [item for item in offered if not may_describe(item.shown)]

    def _is_about(self, passage: Passage) -> bool:
        known = passage.document_id in self._documents and passage.id not in self._taken
        return known and speaks_of(passage, (self._code,)) >= IN_RANGE
