"""Which of two claims that cannot both hold falls: the one with less support, and both where neither has more.

What falls keeps its checks and goes to the reviewer with the claim it disagrees with named; so does what stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.data import (
    Authority,
    Check,
    Claim,
    Evidence,
    JudgeFailure,
    Outcome,
    Statement,
    Verdict,
    is_supported,
)
from pipeline.verify.consistency import CHECK, Inconsistency, Said, find_inconsistencies
from pipeline.verify.context import ClaimContext
from pipeline.verify.counter_evidence import authority_of
from pipeline.verify.wording import reject_statement

_RANK = {authority: place for place, authority in enumerate(Authority)}


def settle(
    statements: Sequence[Statement],
    outcomes: Mapping[str, Verdict | JudgeFailure],
    evidence: Mapping[str, Evidence],
    *,
    context: ClaimContext,
) -> dict[str, Verdict | JudgeFailure]:
    """The outcomes by claim id, with those of claims that disagree changed: not two of them stand on a page."""
    settled = dict(outcomes)
    while found := find_inconsistencies(_standing(statements, settled, evidence, context)):
        _settle(found[0], settled, statements, evidence, context)
    return settled


def _standing(
    statements: Sequence[Statement],
    outcomes: Mapping[str, Verdict | JudgeFailure],
    evidence: Mapping[str, Evidence],
    context: ClaimContext,
) -> list[Said]:
    claims = {
        claim.id: claim
        for statement in statements
        if all(is_supported(outcomes[claim.id]) for claim in statement.claims)
        for claim in statement.claims
    }
    code = context.hcpcs_code or ""
    return [Said(code, claim, _evidence(claim, outcomes[claim.id], evidence)) for claim in claims.values()]


def _settle(
    found: Inconsistency,
    settled: dict[str, Verdict | JudgeFailure],
    statements: Sequence[Statement],
    evidence: Mapping[str, Evidence],
    context: ClaimContext,
) -> None:
    """Let one claim of the two fall, or both."""
    texts = {claim.id: claim.text for statement in statements for claim in statement.claims}
    one, two = found.claim_ids
    support = {id_: _support(settled[id_], evidence, context) for id_ in found.claim_ids}
    for id_, other in {one: two, two: one}.items():
        verdict = settled[id_]
        if isinstance(verdict, Verdict):
            check = _check(found, other, texts[other], falls=support[id_] >= support[other])
            settled[id_] = (
                reject_statement(verdict, check)
                if check.outcome is Outcome.FAIL
                else verdict.model_copy(update={"checks": (*verdict.checks, check)})
            )


def _evidence(
    claim: Claim, outcome: Verdict | JudgeFailure, evidence: Mapping[str, Evidence]
) -> tuple[Evidence, ...]:
    named = (*claim.evidence_ids, *(outcome.evidence_ids if isinstance(outcome, Verdict) else ()))
    return tuple(evidence[id_] for id_ in dict.fromkeys(named) if id_ in evidence)


def _support(
    outcome: Verdict | JudgeFailure, evidence: Mapping[str, Evidence], context: ClaimContext
) -> tuple[int, float]:
    """How little bears the claim out: the place of its best source, then what is wanting of certainty."""
    if not isinstance(outcome, Verdict):
        return len(_RANK), 1.0
    cited = [evidence[id_] for id_ in outcome.evidence_ids if id_ in evidence]
    return _RANK[authority_of(cited, outcome, context)], 1 - outcome.confidence


def _check(found: Inconsistency, other: str, text: str, *, falls: bool) -> Check:
    first = found.claim_ids[1] == other
    weighed = "has as much support or more" if falls else "has less support"
    return Check(
        check=CHECK,
        outcome=Outcome.FAIL if falls else Outcome.PASS,
        reason=f"claim {other} of this page says otherwise and {weighed}: “{text}”",
        expected=found.found if first else found.expected,
        found=found.expected if first else found.found,
        evidence_ids=found.evidence_ids,
    )
