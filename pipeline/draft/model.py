"""The model drafter of one section: draft, check, judge, mend what did not stand, at most twice.

Each call is one step, so that sections of many pages are asked about at the same time (see `llm/steps.py`). Checks and
judge are passed in; what they refuse after the last round stays in the draft, where it is withheld and listed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.data import (
    Evidence,
    JudgeFailure,
    Judgement,
    Outcome,
    PagePlan,
    QuoteEvidence,
    SectionSpec,
    Statement,
    Verdict,
    is_supported,
)
from pipeline.draft.binding import Binder, bind_all
from pipeline.draft.quoting import Locate, Offered
from pipeline.draft.records import Draft
from pipeline.draft.replies import DraftReply, MendedStatement, RepairReply
from pipeline.errors import ModelError
from pipeline.identity import judged_id
from pipeline.llm import REPLY_FAILURES, ModelRequest, Steps, asking, make_request
from pipeline.prompts import Prompt

ROUNDS = 2
"""How often what did not stand goes back to a model."""

Outcomes = Mapping[str, Verdict | JudgeFailure]
# Judges statements, one judgement each.
AskJudge = Callable[[Sequence[Statement], Mapping[str, Evidence]], Steps[tuple[Judgement, ...]]]


@dataclass(frozen=True)
class SectionTask:
    """All that one section is written from.

    `spec` holds the questions that apply to the code, `about` the variables that every prompt has of it (`hcpcs_code`,
    `as_of`), `facts` its rows as text, `neighbours` the codes next to it. `examine` gives the outcome of every claim,
    with the judgements of the draft; `wants_judge` says of a statement whether a judge's word can change its outcome.
    `repeats_descriptor` says whether words are those of a code's descriptor.
    """

    plan: PagePlan
    spec: SectionSpec
    offered: Sequence[Offered]
    about: Mapping[str, str]
    facts: str
    neighbours: str
    draft_prompt: Prompt
    repair_prompt: Prompt
    draft_model: str
    repair_model: str
    locate: Locate
    split: Callable[[str], list[str]]
    repeats_descriptor: Callable[[str], bool]
    examine: Callable[[Draft], Outcomes]
    wants_judge: Callable[[Statement, Outcomes], bool]
    judge: AskJudge | None = None

    @property
    def label(self) -> str:
        """What the calls are counted under."""
        return f"{self.plan.hcpcs_code}/{self.spec.key}"


def write_section(task: SectionTask) -> Steps[Draft]:
    """The section by a model. Nothing is asked where there is nothing to cite.

    A reply that cannot be used (refused, cut off, empty, not valid twice) is a failure of the draft. Raises ModelError
    where the endpoint itself failed.
    """
    if not task.offered:
        return Draft()
    try:
        reply = yield from asking(_draft_request(task), DraftReply)
    except ModelError as error:
        if error.kind not in REPLY_FAILURES:
            raise
        return Draft(failures=(f"{task.spec.key}: {error}",))
    binder = open_binder(task)
    draft = bind_all(binder, reply.statements, drafter=f"model:{task.draft_model}")
    given_up: set[str] = set()
    for done in range(ROUNDS + 1):
        draft = yield from _judged(task, draft)
        outcomes = task.examine(draft)
        failed = [
            each for each in draft.statements if judged_id(each) not in given_up and _can_mend(each, outcomes)
        ]
        if not failed or done == ROUNDS:
            break
        draft = yield from _mended(task, draft, failed, outcomes, binder)
        # By words and evidence: a statement that was mended in its second sentence keeps its id.
        given_up |= set(map(judged_id, failed)).intersection(map(judged_id, draft.statements))
    return draft


def open_binder(task: SectionTask) -> Binder:
    """What binds the replies about the section."""
    return Binder(
        task.plan,
        task.spec,
        task.offered,
        locate=task.locate,
        split=task.split,
        repeats_descriptor=task.repeats_descriptor,
    )


def _draft_request(task: SectionTask) -> ModelRequest:
    rendered = task.draft_prompt.render(
        **task.about,
        facts=task.facts,
        neighbours=task.neighbours,
        heading=task.spec.heading,
        guidance=task.spec.guidance,
        questions=task.spec.must_answer,
        passages=_shown(task.offered),
    )
    return make_request(task.draft_model, rendered, DraftReply, label=f"{task.label}/draft")


def _shown(offered: Iterable[Offered]) -> list[dict[str, str]]:
    """Passages as the prompts have them."""
    return [{"id": item.passage.id, "text": item.shown, "question": item.question} for item in offered]


def _judged(task: SectionTask, draft: Draft) -> Steps[Draft]:
    """The draft with judgements of what was not judged yet, in these words and on this evidence, and wants it."""
    if task.judge is None:
        return draft
    outcomes = task.examine(draft)
    known = {judgement.about for judgement in draft.judgements}
    wanted = [
        statement
        for statement in draft.statements
        if judged_id(statement) not in known and task.wants_judge(statement, outcomes)
    ]
    evidence = {item.id: item for item in draft.evidence}
    judgements = yield from task.judge(wanted, evidence)
    return draft.model_copy(update={"judgements": (*draft.judgements, *judgements)})


def _can_mend(statement: Statement, outcomes: Outcomes) -> bool:
    """Whether it was refused for what it says; where a judge failed, other words would not help."""
    found = [outcomes[claim.id] for claim in statement.claims]
    return all(isinstance(one, Verdict) for one in found) and not all(map(is_supported, found))


def _mended(
    task: SectionTask, draft: Draft, failed: Sequence[Statement], outcomes: Outcomes, binder: Binder
) -> Steps[Draft]:
    """The draft with those statements replaced that came back; the others stay as they are."""
    passages = _passages_of(failed, draft, task.offered)
    if not passages:
        return draft
    try:
        reply = yield from asking(_repair_request(task, failed, outcomes, passages), RepairReply)
    except ModelError as error:
        if error.kind not in REPLY_FAILURES:
            raise
        return draft.model_copy(update={"failures": (*draft.failures, f"{task.spec.key}: {error}")})
    back: dict[str, MendedStatement] = {}
    for mended in reply.statements:
        back.setdefault(mended.statement, mended)
    statements = {statement.id: statement for statement in draft.statements}
    evidence, failures = list(draft.evidence), list(draft.failures)
    for number, old in enumerate(failed, 1):
        mended = back.get(f"s{number}")
        if mended is None:
            continue
        binder.forget(old)
        bound = binder.bind(mended, drafter=f"model:{task.repair_model}")
        failures += bound.failures
        if bound.statement is None:
            binder.remember(old)
            continue
        if missing := set(old.answers) - set(bound.statement.answers):
            binder.forget(bound.statement)
            binder.remember(old)
            failures.append(
                f"{task.spec.key}: the mended statement no longer answers {', '.join(sorted(missing))}: {mended.text}"
            )
            continue
        statements[old.id] = bound.statement
        evidence += bound.evidence
        failures.append(f"{task.spec.key}: mended, because {_findings(old, outcomes)}: {old.text}")
    return draft.model_copy(
        update={
            "statements": tuple({each.id: each for each in statements.values()}.values()),
            "evidence": tuple({item.id: item for item in evidence}.values()),
            "failures": tuple(failures),
        }
    )


def _passages_of(failed: Sequence[Statement], draft: Draft, offered: Sequence[Offered]) -> list[Offered]:
    """The passages that these statements cite, of those offered."""
    ids = {id_ for statement in failed for claim in statement.claims for id_ in claim.evidence_ids}
    cited = {item.passage_id for item in draft.evidence if isinstance(item, QuoteEvidence) and item.id in ids}
    return [item for item in offered if item.passage.id in cited]


def _repair_request(
    task: SectionTask, failed: Sequence[Statement], outcomes: Outcomes, passages: Sequence[Offered]
) -> ModelRequest:
    shown = [
        {
            "id": f"s{number}",
            "text": f"{statement.question} {statement.text}".strip(),
            "answers": statement.answers,
            "findings": _findings(statement, outcomes),
        }
        for number, statement in enumerate(failed, 1)
    ]
    rendered = task.repair_prompt.render(
        **task.about,
        heading=task.spec.heading,
        guidance=task.spec.guidance,
        questions=task.spec.must_answer,
        statements=shown,
        passages=_shown(passages),
    )
    return make_request(task.repair_model, rendered, RepairReply, label=f"{task.label}/repair")


def _findings(statement: Statement, outcomes: Outcomes) -> str:
    """What the checks found against a statement, each once."""
    found = [
        f"{check.check}: {check.reason}"
        for claim in statement.claims
        for check in outcomes[claim.id].checks
        if check.outcome is Outcome.FAIL
    ]
    return "; ".join(dict.fromkeys(found))
