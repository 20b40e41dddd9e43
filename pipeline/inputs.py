"""What one page is made from, gathered before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pipeline.data import CodeProfile, Descriptor, Fact, PagePlan, RowEvidence
from pipeline.facts.descriptors import page_descriptor
from pipeline.facts.page_rows import PageRows, page_rows
from pipeline.facts.releases import row_evidence
from pipeline.facts.rows import Rows
from pipeline.sources.notes import Note
from pipeline.workspace import Workspace


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


def gather_inputs(hcpcs_code: str, *, workspace: Workspace, as_of: date) -> PageInputs:
    """Everything loaded that speaks of the code on the date. Raises NoFactsError."""
    store = workspace.facts
    facts = store.require(hcpcs_code, as_of)
    rows, partners = rows_on(workspace, hcpcs_code, as_of)
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


def rows_on(workspace: Workspace, hcpcs_code: str, as_of: date) -> PageRows:
    """The rows that the page of a code draws from on a date, and the partners whose edits it lists."""
    return page_rows(workspace.facts, hcpcs_code, as_of, near=workspace.profile(hcpcs_code).siblings)


def own_rows(inputs: PageInputs) -> dict[str, RowEvidence]:
    """The code's own rows as evidence, by field; rows of pairs of codes are not among them."""
    as_of = inputs.plan.as_of
    return {field: row_evidence(fact, as_of) for field, fact in inputs.facts.items() if not fact.partner}
