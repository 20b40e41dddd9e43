"""The recorded verdicts beside those that the checks come to again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from pipeline.check_ledger.findings import AGAIN, RECORD, against, as_sentence, undecided
from pipeline.data import Check, JudgeFailure, Judgement, Label, Outcome, Page, Statement, Verdict
from pipeline.identity import judged_id
from pipeline.verify import checker_version
from pipeline.verify.consistency import CHECK as CONSISTENCY
from pipeline.verify.counter_evidence import CHECK as COUNTER_EVIDENCE
from pipeline.verify.entailment import CHECK as JUDGED


def other_checkers(page: Page) -> dict[str, int]:
    """How many verdicts are of each checker that is not this program's; those can be compared in part only."""
    counts = Counter(verdict.checker for verdict in page.verdicts.values())
    return {name: counts[name] for name in sorted(counts) if name != checker_version()}


def recorded_judgements(statements: Iterable[Statement], page: Page) -> Iterator[Judgement]:
    """A judge is not asked again: its recorded word is heard again, under the checks that bound it the first time."""
    for statement in statements:
        verdicts = [page.verdicts[claim.id] for claim in statement.claims if claim.id in page.verdicts]
        judged = next((one for one in verdicts if one.model), None)
        if judged is not None:
            passed = [
                check.outcome is Outcome.PASS
                for one in verdicts
                for check in one.checks
                if check.check == JUDGED
            ]
            yield Judgement(
                about=judged_id(statement),
                label=(Label.SUPPORTED if all(passed) else Label.NOT_ENOUGH_INFO) if passed else None,
                model=judged.model,
                prompt_hash=judged.prompt_hash,
            )


def compare_verdict(recorded: Verdict | None, outcome: Verdict | JudgeFailure | None) -> Iterator[Check]:
    """Whether the checks come to the recorded verdict again; of another checker's, what does not depend on it."""
    if recorded is None or recorded.label is not Label.SUPPORTED:
        return
    yield from _in_itself(recorded)
    if not isinstance(outcome, Verdict) or outcome.label is not Label.SUPPORTED:
        return
    if recorded.checker != checker_version():
        if recorded.confidence > outcome.confidence:
            yield undecided(
                AGAIN,
                f"{recorded.checker} was surer of it than the checks of this program are",
                expected=str(outcome.confidence),
                found=str(recorded.confidence),
            )
        return
    for name, said, found in (
        ("confidence", str(recorded.confidence), str(outcome.confidence)),
        ("evidence", " ".join(recorded.evidence_ids), " ".join(outcome.evidence_ids)),
        ("reason", *(_own_reason(one) for one in (recorded, outcome))),
        ("checks", *(" ".join(map(str, _own_checks(one))) for one in (recorded, outcome))),
    ):
        if said != found:
            reason = f"the recorded verdict has another {name} than the checks give"
            yield against(AGAIN, reason, expected=found, found=said)


def _in_itself(recorded: Verdict) -> Iterator[Check]:
    """A verdict's reason, and its evidence, are those of its own checks, whichever checker made it."""
    passed = [check for check in recorded.checks if check.outcome is Outcome.PASS]
    reason = _own_reason(recorded)
    if reason not in {as_sentence(check.reason) for check in passed}:
        yield against(RECORD, "none of the checks of the verdict gives its reason", found=reason)
    known = {id_ for check in passed for id_ in check.evidence_ids}
    if strange := [id_ for id_ in recorded.evidence_ids if id_ not in known]:
        yield against(RECORD, "none of the checks of the verdict gives its evidence", found=" ".join(strange))


def _own_checks(verdict: Verdict) -> list[Check]:
    """Its checks but those of what is no part of the claim: other sources, and other claims of the page."""
    return [check for check in verdict.checks if check.check not in (COUNTER_EVIDENCE, CONSISTENCY)]


def _own_reason(verdict: Verdict) -> str:
    others = (check.reason for check in verdict.checks if check.check == COUNTER_EVIDENCE)
    reason = verdict.reason
    for other in others:
        reason = reason.replace(as_sentence(other), "")
    return reason.strip()
