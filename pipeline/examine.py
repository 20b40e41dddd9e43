"""The claims of one page, examined: every claim of a draft gets its outcome, and what was examined once stays known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.data import (
    Check,
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
from pipeline.identity import judged_id
from pipeline.verify import (
    ClaimContext,
    Corpus,
    CounterEvidence,
    Examined,
    check_leaning,
    check_question,
    check_wording,
    checker_version,
    examine_claim,
    load_rules,
    reject_statement,
    settle,
)


class Examiner:
    """Verifies the claims of one page; a claim that was examined with the same evidence is not examined again."""

    def __init__(self, context: ClaimContext, *, corpus: Corpus | None = None):
        """`corpus`: the sentences that may speak against a claim; none, and nothing is looked for."""
        self._context = context
        self._counter = CounterEvidence(corpus, context, load_rules()) if corpus else None
        self._known: dict[tuple[Claim, Judgement | None], Examined] = {}

    def examine(self, draft: Draft) -> tuple[dict[str, Verdict | JudgeFailure], dict[str, Evidence]]:
        """An outcome for every claim, and the evidence with whatever the checks added to it.

        A claim that was to be judged and was not has no verdict, unless the other checks refute it. Of two claims that
        cannot both hold, the one with less support falls.
        """
        evidence: dict[str, Evidence] = {item.id: item for item in draft.evidence}
        judgements = {judgement.about: judgement for judgement in draft.judgements}
        outcomes: dict[str, Verdict | JudgeFailure] = {}
        for statement in draft.statements:
            judgement = judgements.get(judged_id(statement)) if judgements else None
            found = [self._examine(claim, judgement, evidence) for claim in statement.claims]
            evidence.update({item.id: item for examined in found for item in examined.evidence})
            whole = self._check_whole(statement, evidence, judgement)
            for verdict, _ in found:
                # A claim that did not stand in one statement cannot stand in another.
                known = outcomes.get(verdict.claim_id)
                if known is None or is_supported(known):
                    outcomes[verdict.claim_id] = _outcome(verdict, whole, judgement)
        return settle(draft.statements, outcomes, evidence, context=self._context), evidence

    def _check_whole(
        self, statement: Statement, evidence: Mapping[str, Evidence], judgement: Judgement | None
    ) -> list[Check]:
        """What is wrong with a statement as a whole, whatever its claims."""
        context = self._context
        checks = [check_wording(statement, evidence)]
        if statement.by_model:  # what is composed, or a note's whole part, is in its own order
            checks.append(check_leaning(statement, evidence, documents=context.documents))
        if statement.question:
            checks.append(
                check_question(
                    statement,
                    evidence,
                    documents=context.documents,
                    judgement=judgement,
                    own_code=context.hcpcs_code,
                )
            )
        return [check for check in checks if check.outcome is Outcome.FAIL]

    def _examine(
        self, claim: Claim, judgement: Judgement | None, evidence: Mapping[str, Evidence]
    ) -> Examined:
        # Ids of evidence are made of what is shown, so that a claim with the same ids has the same evidence.
        key = (claim, judgement)
        if key not in self._known:
            examined = examine_claim(
                claim,
                [evidence[id_] for id_ in claim.evidence_ids],
                context=self._context,
                rules=load_rules(),
                checker=checker_version(),
                judgement=judgement,
            )
            self._known[key] = self._counter.weigh(claim, examined) if self._counter else examined
        return self._known[key]

    def standing(self, draft: Draft) -> list[Statement]:
        """The statements of the draft whose every claim is supported."""
        outcomes, _ = self.examine(draft)
        return [
            statement
            for statement in draft.statements
            if all(is_supported(outcomes[claim.id]) for claim in statement.claims)
        ]


def _outcome(verdict: Verdict, whole: Sequence[Check], judgement: Judgement | None) -> Verdict | JudgeFailure:
    """The verdict under what the statement failed as a whole; none where a judge was to say something and did not."""
    for check in whole:
        verdict = reject_statement(verdict, check)
    if judgement is None:
        return verdict
    if judgement.failure and verdict.label is not Label.REFUTED:
        return JudgeFailure(claim_id=verdict.claim_id, failure=judgement.failure, checks=verdict.checks)
    return verdict.model_copy(update={"model": judgement.model, "prompt_hash": judgement.prompt_hash})
