"""What a drafter returns."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from pipeline.data import Evidence, Judgement, Record, Statement


class Draft(Record):
    """Statements in order, the evidence their claims name, and what a model failed to deliver or said in vain.

    `judgements` are what a judge said of claims of the statements; none where there is no judge.
    `open_because` says why a question of a section stays open, by `SECTION/QUESTION` key.
    """

    statements: tuple[Statement, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    failures: tuple[str, ...] = ()
    judgements: tuple[Judgement, ...] = ()
    open_because: dict[str, str] = Field(default_factory=dict)


def merge_drafts(drafts: Iterable[Draft]) -> Draft:
    """All drafts as one, in order."""
    drafts = list(drafts)
    return Draft(
        statements=tuple(statement for draft in drafts for statement in draft.statements),
        evidence=tuple(evidence for draft in drafts for evidence in draft.evidence),
        failures=tuple(failure for draft in drafts for failure in draft.failures),
        judgements=tuple(judgement for draft in drafts for judgement in draft.judgements),
        open_because={key: why for draft in drafts for key, why in draft.open_because.items()},
    )
