"""Ids that stay: a claim keeps its id from revision to revision, also where it moved or its words got better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.data import Claim, JudgeFailure, Page, Statement, Verdict
from pipeline.identity import claim_id
from pipeline.page.claim_states import claim_states
from pipeline.page.matching import Mark, match_claims, subject_of, subject_of_claim

Outcome = Verdict | JudgeFailure


def carry_ids(
    statements: Sequence[Statement],
    outcomes: Mapping[str, Outcome],
    *,
    previous: Page,
    mark: Mark,
) -> tuple[tuple[Statement, ...], dict[str, Outcome]]:
    """The statements and the outcomes of their claims, by id, under the ids of the claims they continue.

    A claim that continues none, but whose own id another one carries, gets an id of its own. Ids stay unique.
    """
    renamed = _renamed(statements, previous, mark)
    if not renamed:
        return tuple(statements), dict(outcomes)
    return (
        tuple(_with_ids(statement, renamed) for statement in statements),
        {
            renamed.get(name, name): outcome.model_copy(update={"claim_id": renamed.get(name, name)})
            for name, outcome in outcomes.items()
        },
    )


def _renamed(statements: Sequence[Statement], previous: Page, mark: Mark) -> dict[str, str]:
    """New ids by old ones, of the claims whose id is to be another one."""
    drafted: dict[str, tuple[Claim, str]] = {}  # a claim that stands in two statements is one
    for statement in statements:
        for claim in statement.claims:
            drafted.setdefault(claim.id, (claim, statement.section_key))
    before = claim_states(previous)
    after = [subject_of_claim(claim, section) for claim, section in drafted.values()]
    pairs = match_claims([subject_of(state) for state in before], after, mark=mark)
    carried = {after[pair.new].claim_id: before[pair.old].claim_id for pair in pairs}
    taken = set(carried.values())
    for subject in after:
        if subject.claim_id not in carried:
            name, number = subject.claim_id, 2
            while name in taken:
                name = claim_id(previous.hcpcs_code, subject.section_key, f"{subject.subject}#{number}")
                number += 1
            carried[subject.claim_id] = name
            taken.add(name)
    return {name: kept for name, kept in carried.items() if name != kept}


def _with_ids(statement: Statement, renamed: Mapping[str, str]) -> Statement:
    """A statement is named after its first claim, as `identity.statement_id` has it."""
    claims = tuple(
        claim.model_copy(update={"id": renamed[claim.id]}) if claim.id in renamed else claim
        for claim in statement.claims
    )
    origin = renamed.get(statement.derived_from, statement.derived_from)
    if claims == statement.claims and origin == statement.derived_from:
        return statement
    first = statement.claims[0].id if statement.claims else ""
    name = "s_" + renamed[first][2:] if first in renamed else statement.id
    return statement.model_copy(update={"id": name, "claims": claims, "derived_from": origin})
