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
from pipeline.identity import judged_id
from pipeline.llm import REPLY_FAILURES, ModelRequest, Steps, asking, make_request
from pipeline.prompts import Prompt
from pipeline.sources.descriptors import elide_descriptors
from pipeline.verify.context import Finding
from pipeline.verify.questions import CHECK as QUESTION
from pipeline.verify.questions import UNJUDGED, question_of
from pipeline.verify.support import CHECK as SUPPORT
from pipeline.verify.support import quote_in_context

CHECK = "entailment"
_REASON = 300
"""Characters of a judge's reason that are kept."""
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
        """One judgement for every statement, in one call. A reply that cannot be used fails all of them.

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
            return tuple(self._made(each, failure=str(error)) for each in statements)
        said: dict[str, list[Assertion]] = {}
        for judgement in reply.judgements:
            said.setdefault(judgement.statement, []).extend(judgement.assertions)
        return tuple(
            self._judgement(statement, said.get(f"s{number}", []))
            for number, statement in enumerate(statements, 1)
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
        words = elide_descriptors(quote_in_context(item, document))
        question = question_of(item, document)
        return f"({question}) {words}" if question else words

    def _judgement(self, statement: Statement, assertions: Sequence[Assertion]) -> Judgement:
        if not assertions:
            return self._made(statement, failure="the judge left the statement out of its reply")
        worst = min(assertions, key=lambda each: _WORST_FIRST.index(Label(each.label)))
        label = Label(worst.label)
        if label is Label.SUPPORTED:  # a judge's own words on a page would be words that nobody checked
            return self._made(statement, label=label)
        reason = worst.reason if len(assertions) == 1 else f"{worst.text} {worst.reason}"
        return self._made(
            statement, label=label, reason=elide_descriptors(" ".join(reason.split()))[:_REASON]
        )

    def _made(
        self, statement: Statement, *, label: Label | None = None, reason: str = "", failure: str = ""
    ) -> Judgement:
        return Judgement(
            about=judged_id(statement),
            label=label,
            reason=reason,
            failure=failure,
            model=self.model,
            prompt_hash=self.prompt.sha256,
        )


def wants_judge(statement: Statement, outcomes: Mapping[str, Verdict | JudgeFailure]) -> bool:
    """Whether a judge's word can change what becomes of a statement: no claim of it is refuted, or fails for more than
    its words, and one at least has only its wording for it, or against it; or it has a question of its own."""
    found = [outcomes[claim.id] for claim in statement.claims]
    verdicts = [one for one in found if isinstance(one, Verdict) and one.label is not Label.REFUTED]
    if len(verdicts) < len(found):
        return False
    checks = [check for verdict in verdicts for check in verdict.checks]
    failed = [check for check in checks if check.outcome is Outcome.FAIL]
    mendable = all(check.check == SUPPORT or _is_unjudged_question(check) for check in failed)
    worded = any(check.check == SUPPORT and check.found == "wording" for check in checks)
    return mendable and (bool(failed) or worded)


def _is_unjudged_question(check: Check) -> bool:
    return check.check == QUESTION and check.found == UNJUDGED


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
