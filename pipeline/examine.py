"""The claims of one page, examined: every claim of a draft gets its outcome, and what was examined once stays known."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.data import (
    Claim,
    Evidence,
    JudgeFailure,
    Judgement,
    Label,
    Outcome,
    Statement,
    Verdict,
    is_supported,
)
from pipeline.draft.records import Draft
from pipeline.verify import (
    ClaimContext,
    Examined,
    check_wording,
    checker_version,
    examine_claim,
    load_rules,
    reject_wording,
)


class Examiner:
    """Verifies the claims of one page; a claim that was examined with the same evidence is not examined again."""

    def __init__(self, context: ClaimContext):
        self._context = context
        self._known: dict[tuple[Claim, Judgement | None], Examined] = {}

    def examine(self, draft: Draft) -> tuple[dict[str, Verdict | JudgeFailure], dict[str, Evidence]]:
        """An outcome for every claim, and the evidence with whatever the checks added to it.

        A claim that was to be judged and was not has no verdict, unless the other checks refute it.
        """
        evidence: dict[str, Evidence] = {item.id: item for item in draft.evidence}
        judgements = {judgement.claim_id: judgement for judgement in draft.judgements}
        outcomes: dict[str, Verdict | JudgeFailure] = {}
        for statement in draft.statements:
            for claim in statement.claims:
                judgement = judgements.get(claim.id)
                verdict, found = self._examine(claim, judgement, evidence)
                outcomes[claim.id] = verdict
                if judgement and judgement.failure and verdict.label is not Label.REFUTED:
                    outcomes[claim.id] = JudgeFailure(
                        claim_id=claim.id, failure=judgement.failure, checks=verdict.checks
                    )
                evidence.update({item.id: item for item in found})
            wording = check_wording(statement, evidence)
            if wording.outcome is Outcome.FAIL:
                for claim in statement.claims:
                    verdict = outcomes[claim.id]
                    if isinstance(verdict, Verdict):
                        outcomes[claim.id] = reject_wording(verdict, wording)
        return outcomes, evidence

    def _examine(
        self, claim: Claim, judgement: Judgement | None, evidence: Mapping[str, Evidence]
    ) -> Examined:
        # Ids of evidence are made of what is shown, so that a claim with the same ids has the same evidence.
        key = (claim, judgement)
        if key not in self._known:
            self._known[key] = examine_claim(
                claim,
                [evidence[id_] for id_ in claim.evidence_ids],
                context=self._context,
                rules=load_rules(),
                checker=checker_version(),
                judgement=judgement,
            )
        return self._known[key]

    def standing(self, draft: Draft) -> list[Statement]:
        """The statements of the draft whose every claim is supported."""
        outcomes, _ = self.examine(draft)
        return [
            statement
            for statement in draft.statements
            if all(is_supported(outcomes[claim.id]) for claim in statement.claims)
        ]
