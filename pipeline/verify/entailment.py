"""The judge: a model that reads statements against the evidence they cite, and what its word is worth.

It is asked about statements that the other checks neither refuted nor found word for word in their source. It splits a
statement into its assertions and judges each; the worst decides. A judgement never outweighs a check: it can reject
what they let pass, and vouch for plain words that they could not account for (see `support.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from pipeline.data import (
    Check,
    Evidence,
    JudgeFailure,
    Judgement,
    Label,
    Match,
    Outcome,
    QuoteEvidence,
    Record,
    SourceDocument,
    Statement,
    Verdict,
)
from pipeline.errors import ModelError
from pipeline.llm import REPLY_FAILURES, ModelRequest, Steps, asking, make_request
from pipeline.prompts import Prompt
from pipeline.verify.context import Finding
from pipeline.verify.support import CHECK as SUPPORT
from pipeline.verify.support import quote_in_context

CHECK = "entailment"
_WORST_FIRST = (Label.REFUTED, Label.NOT_ENOUGH_INFO, Label.SUPPORTED)


class Assertion(Record):
    """One thing that a statement says, complete on its own."""

    text: str
    label: Literal["supported", "refuted", "not_enough_info"]
    reason: str


class StatementJudgement(Record):
    """The assertions of one statement, named by its id within the request."""

    statement: str
    assertions: tuple[Assertion, ...]


class JudgeReply(Record):
    """What the judging prompt asks for."""

    judgements: tuple[StatementJudgement, ...]


class Judge(NamedTuple):
    """Which model judges, by which prompt, over which stored documents."""

    model: str
    prompt: Prompt
    documents: Mapping[str, SourceDocument]

    def judge(
        self,
        statements: Sequence[Statement],
        evidence: Mapping[str, Evidence],
        *,
        about: Mapping[str, str],
        label: str = "",
    ) -> Steps[tuple[Judgement, ...]]:
        """One judgement for every claim of the statements, in one call. A reply that cannot be used fails all of them.

        `evidence` by id; a quote is shown in its whole sentences. `about` are the variables that the prompt has of the
        code: `hcpcs_code`, `as_of`, `facts`. A statement that the reply leaves out, or gives no assertion of, has
        failed to be judged. Raises ModelError where the endpoint itself failed.
        """
        if not statements:
            return ()
        request = self._request(statements, evidence, about=about, label=label)
        try:
            reply = yield from asking(request, JudgeReply)
        except ModelError as error:
            if error.kind not in REPLY_FAILURES:
                raise
            return tuple(
                self._made(claim.id, failure=str(error)) for each in statements for claim in each.claims
            )
        said: dict[str, list[Assertion]] = {}
        for judgement in reply.judgements:
            said.setdefault(judgement.statement, []).extend(judgement.assertions)
        return tuple(
            self._judgement(claim.id, said.get(f"s{number}", []))
            for number, statement in enumerate(statements, 1)
            for claim in statement.claims
        )

    def _request(
        self,
        statements: Sequence[Statement],
        evidence: Mapping[str, Evidence],
        *,
        about: Mapping[str, str],
        label: str,
    ) -> ModelRequest:
        numbers: dict[str, str] = {}  # evidence id → its short id within the request, each shown once
        shown = []
        for number, statement in enumerate(statements, 1):
            ids = dict.fromkeys(id_ for claim in statement.claims for id_ in claim.evidence_ids)
            quotes = [item for id_ in ids if isinstance(item := evidence[id_], QuoteEvidence)]
            cited = [numbers.setdefault(quote.id, f"e{len(numbers) + 1}") for quote in quotes]
            question = f"{statement.question} " if statement.question else ""
            shown.append({"id": f"s{number}", "text": f"{question}{statement.text}", "evidence": cited})
        said = [{"id": short, "text": self._words(evidence[id_])} for id_, short in numbers.items()]
        rendered = self.prompt.render(**about, statements=shown, evidence=said)
        return make_request(self.model, rendered, JudgeReply, label=label)

    def _words(self, item: Evidence) -> str:
        document = self.documents.get(item.document_id) if isinstance(item, QuoteEvidence) else None
        if document is None or not isinstance(item, QuoteEvidence) or item.match is Match.MISSING:
            return "(no such passage)"
        return quote_in_context(item, document)

    def _judgement(self, claim_id: str, assertions: Sequence[Assertion]) -> Judgement:
        if not assertions:
            return self._made(claim_id, failure="the judge left the statement out of its reply")
        worst = min(assertions, key=lambda each: _WORST_FIRST.index(Label(each.label)))
        reason = worst.reason if len(assertions) == 1 else f"{worst.text} {worst.reason}"
        return self._made(claim_id, label=Label(worst.label), reason=" ".join(reason.split()))

    def _made(
        self, claim_id: str, *, label: Label | None = None, reason: str = "", failure: str = ""
    ) -> Judgement:
        return Judgement(
            claim_id=claim_id,
            label=label,
            reason=reason,
            failure=failure,
            model=self.model,
            prompt_hash=self.prompt.sha256,
        )


def wants_judge(outcome: Verdict | JudgeFailure) -> bool:
    """Whether a judge's word can change an outcome: nothing but words stands against it, or only its wording for it."""
    if not isinstance(outcome, Verdict) or outcome.label is Label.REFUTED:
        return False
    failed = {check.check for check in outcome.checks if check.outcome is Outcome.FAIL}
    support = next((check for check in outcome.checks if check.check == SUPPORT), None)
    return failed == {SUPPORT} or (not failed and support is not None and support.found == "wording")


def check_judgement(judgement: Judgement) -> Finding:
    """The judgement as a check: PASS where every assertion is supported; refuting where one is refuted."""
    passed = judgement.label is Label.SUPPORTED
    check = Check(
        check=CHECK,
        outcome=Outcome.PASS if passed else Outcome.FAIL,
        reason=f"the judge {judgement.model} finds: {judgement.reason or 'supported'}",
        found=judgement.label or "",
    )
    return Finding(check, refutes=judgement.label is Label.REFUTED)
