"""What judges have in common: pairs of evidence and claim go in, an opinion on each comes out, failures among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from pydantic import Field

from pipeline.data import Label, Record


class Pair(NamedTuple):
    """A claim and the text that is to support it."""

    evidence: str
    claim: str


class Opinion(Record):
    """What a judge says of one pair. `label` None: it failed, and `failure` says why.

    `chance`: how likely it is that the evidence supports the claim, 0 to 1; None of a judge who only gives labels.
    `sure`: it is called supported, and confidently enough to stand without a person.
    """

    label: Label | None
    chance: float | None = Field(default=None, ge=0, le=1)
    sure: bool = False
    reason: str = ""
    failure: str = ""


class PairJudge(Protocol):
    """Judges single claims by a text each."""

    @property
    def name(self) -> str:
        """Who judges, as reports have it."""
        ...

    def prepare(self, evidence: Sequence[str]) -> None:
        """Read these texts ahead, so that judging by them takes what the claims take; may do nothing."""
        ...

    def judge(self, pairs: Sequence[Pair]) -> list[Opinion]:
        """One opinion a pair, in order. What cannot be judged is a failure; raises where the judge is not there."""
        ...


class SecondOpinion:
    """Two judges asked about everything: what they agree on stands, else it is not decided.

    A pair that one of them failed on has failed: a single opinion is not what was asked for. Both give no chance.
    """

    def __init__(self, first: PairJudge, second: PairJudge) -> None:
        self._judges = (first, second)

    @property
    def name(self) -> str:
        """Both names."""
        return " and ".join(judge.name for judge in self._judges)

    def prepare(self, evidence: Sequence[str]) -> None:
        """See `PairJudge.prepare`."""
        for judge in self._judges:
            judge.prepare(evidence)

    def judge(self, pairs: Sequence[Pair]) -> list[Opinion]:
        """See `PairJudge.judge`. On disagreement `not_enough_info`, with what each said as the reason."""
        first, second = (judge.judge(pairs) for judge in self._judges)
        return [self._both(*both) for both in zip(first, second, strict=True)]

    def _both(self, first: Opinion, second: Opinion) -> Opinion:
        said = list(zip(self._judges, (first, second), strict=True))
        if failed := [f"{judge.name}: {opinion.failure}" for judge, opinion in said if opinion.label is None]:
            return Opinion(label=None, failure="; ".join(failed))
        if first.label is second.label:
            return Opinion(
                label=first.label, sure=first.sure and second.sure, reason=second.reason or first.reason
            )
        each = ", ".join(f"{judge.name} says {opinion.label}" for judge, opinion in said)
        return Opinion(label=Label.NOT_ENOUGH_INFO, reason=f"the judges disagree: {each}")
