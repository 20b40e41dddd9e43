"""What the sources at hand say against a stored page by now: documents come and go without a page drawing from them.

A page's own inputs are compared item by item (`input_parts`); what contradicts it may be in any document. As long as
the documents are those that it was made beside (`Workspace.sources_on`), nothing new can, and nothing is looked up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal

from pipeline.data import Check, Evidence, InputChange, JudgeFailure, Page, QuoteEvidence, Verdict
from pipeline.page.layout import statements_of
from pipeline.run import claim_context
from pipeline.verify import CounterEvidence, Examined, load_rules
from pipeline.verify.counter_evidence import CHECK as COUNTER_EVIDENCE
from pipeline.workspace import Workspace


def find_conflicts(page: Page, workspace: Workspace, as_of: date) -> list[InputChange]:
    """The documents that contradict a claim on the date and did not when the page was made, or did and are gone."""
    context = claim_context(workspace, page.hcpcs_code, as_of)
    counter = CounterEvidence(workspace.corpus, context, load_rules())
    found: list[InputChange] = []
    for statement in statements_of(page):
        for claim in statement.claims:
            verdict = page.verdicts[claim.id]
            before = _against(verdict)
            shown = {id_ for check in before for id_ in check.evidence_ids}
            cited = dict.fromkeys((*claim.evidence_ids, *verdict.evidence_ids))
            evidence = tuple(page.evidence[id_] for id_ in cited if id_ not in shown)
            others = tuple(check for check in verdict.checks if check not in before)
            bare = Examined(verdict.model_copy(update={"checks": others}), evidence)
            weighed = counter.weigh(claim, bare)
            held = {**page.evidence, **{item.id: item for item in weighed.evidence}}
            was, now = (_documents(checks, held) for checks in (before, _against(weighed.verdict)))
            found += [_change(name, "added", claim.id, workspace) for name in now if name not in was]
            found += [_change(name, "removed", claim.id, workspace) for name in was if name not in now]
    for withheld in page.withheld:
        for verdict in withheld.verdicts:
            was = _documents(_against(verdict), page.evidence)
            gone = (name for name in was if not _in_force(name, workspace, as_of))
            found += [_change(name, "removed", verdict.claim_id, workspace) for name in gone]
    return found


def _against(outcome: Verdict | JudgeFailure) -> list[Check]:
    return [check for check in outcome.checks if check.check == COUNTER_EVIDENCE]


def _documents(checks: Iterable[Check], evidence: Mapping[str, Evidence]) -> list[str]:
    """Ids of the documents that the checks quote against a claim."""
    cited = (evidence[id_] for check in checks for id_ in check.evidence_ids if id_ in evidence)
    return list(dict.fromkeys(item.document_id for item in cited if isinstance(item, QuoteEvidence)))


def _in_force(document_id: str, workspace: Workspace, as_of: date) -> bool:
    document = workspace.documents.get(document_id)
    return document is not None and document.in_force(as_of)


def _change(
    document_id: str, how: Literal["added", "removed"], claim_id: str, workspace: Workspace
) -> InputChange:
    document = workspace.documents.get(document_id)
    named = f"{document.title}, {document.edition}" if document else document_id
    said = "contradicts" if how == "added" else "no longer contradicts"
    return InputChange(part="documents", item=named, how=how, detail=f"{said} {claim_id}")
