"""The sentences that reviewers put in the place of others, as the log of decisions has them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pipeline.data import Decision, DecisionKind


class Amendment(NamedTuple):
    """The words that are to stand for a claim whose words were `before`, who says so, and seeing which quotes."""

    claim_id: str
    before: str
    text: str
    reviewer: str
    quotes: tuple[str, ...] = ()


def amendments_of(decisions: Iterable[Decision]) -> list[Amendment]:
    """The last amendment of each claim's words, the oldest first."""
    last = {
        (one.claim_id, one.before): Amendment(one.claim_id, one.before, one.text, one.reviewer, one.quotes)
        for one in decisions
        if one.decision is DecisionKind.AMEND
    }
    return list(last.values())
