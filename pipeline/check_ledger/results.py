"""What becomes of a claim by all that was found about it."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.check_ledger.findings import UNSEEN, as_sentence
from pipeline.check_ledger.held import Held
from pipeline.check_ledger.integrity import named_evidence
from pipeline.check_text import CheckedClaim
from pipeline.data import Check, Claim, JudgeFailure, Label, Outcome, Page, Statement, Verdict
from pipeline.sources.diagnoses import SUBJECT_KINDS as LISTED
from pipeline.verify.counter_evidence import CHECK as COUNTER_EVIDENCE

_SURE, _OPEN = 0.99, 0.5
BY_RECORD_ALONE = 0.6
"""The most that a claim is sure of which something is cited that is not at hand: less than our own word, which is."""


def make_result(
    statement: Statement,
    claim: Claim,
    page: Page,
    *,
    found: Sequence[Check],
    outcome: Verdict | JudgeFailure | None,
    held: Held,
) -> CheckedClaim:
    """The claim with its label: refuted where the record is contradicted, else as the checks see it again."""
    shown = CheckedClaim(
        id=claim.id,
        statement_id=statement.id,
        claim=claim.text,
        label=Label.REFUTED,
        confidence=_SURE,
        reason="",
        evidence=tuple(page.evidence[id_] for id_ in named_evidence(claim, page) if id_ in page.evidence),
        checks=(*found, *(outcome.checks if outcome else ())),
    )
    contradicted = [check for check in found if check.outcome is Outcome.FAIL]
    if contradicted:
        return shown.model_copy(update={"reason": as_sentence(contradicted[0].reason)})
    if isinstance(outcome, JudgeFailure) or outcome is None:
        missing = "a claim of its statement names evidence that the ledger lacks, or that cannot be read"
        return _failed(shown, outcome.failure if outcome else missing)
    if outcome.label is Label.SUPPORTED:
        return _supported(shown, outcome, found)
    if why := _not_composed(claim, page, held):
        return _failed(shown, why)
    reason = f"Verified again, it does not stand: {outcome.reason}"
    failed = {check.check for check in outcome.checks if check.outcome is Outcome.FAIL}
    if failed == {COUNTER_EVIDENCE}:
        # The record may be as it was made; a source that came since is against it.
        update = {"label": outcome.label, "confidence": outcome.confidence, "reason": reason}
        return shown.model_copy(update=update)
    return shown.model_copy(update={"reason": reason})


def without_claims(statement: Statement) -> CheckedClaim:
    """What is said of a statement that makes no claim that could be checked: it may stand on no page."""
    return CheckedClaim(
        id=statement.id,
        statement_id=statement.id,
        claim=statement.text,
        label=Label.REFUTED,
        confidence=_SURE,
        reason="The statement makes no claim that could be checked.",
        evidence=(),
        checks=(),
    )


def _supported(shown: CheckedClaim, outcome: Verdict, found: Sequence[Check]) -> CheckedClaim:
    """The claim that the checks support, as far as what it rests on is at hand."""
    unseen = [check.reason for check in found if check.check == UNSEEN]
    doubts = [check for check in found if check.outcome is Outcome.SILENT and check.check != UNSEEN]
    label, confidence, reason = Label.SUPPORTED, outcome.confidence, outcome.reason
    if doubts:
        label, confidence, reason = Label.NOT_ENOUGH_INFO, _OPEN, as_sentence(doubts[0].reason)
    elif unseen:
        confidence = min(confidence, BY_RECORD_ALONE)
        missing = "; ".join(dict.fromkeys(unseen))
        reason = f"{reason} So by the record alone: not at hand to compare: {missing}."
    return shown.model_copy(update={"label": label, "confidence": confidence, "reason": reason})


def _not_composed(claim: Claim, page: Page, held: Held) -> str:
    """Why a claim could not be composed again, where more than the record is needed for it; empty where it could."""
    kind, _, rest = claim.subject.partition(":")
    if kind in LISTED and rest.partition("/")[0] not in held.documents:
        return "the list it is composed from stands in a document that is not stored here; add it and verify again"
    if kind == "class" and page.hcpcs_code not in held.profiles:
        return (
            f"it compares {page.hcpcs_code} with another code, and {page.hcpcs_code} is not classified here"
        )
    return ""


def _failed(shown: CheckedClaim, why: str) -> CheckedClaim:
    return shown.model_copy(update={"label": None, "confidence": None, "failure": why})
