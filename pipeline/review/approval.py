"""What decisions make of a page: approved once every change of it was accepted by as many persons as it needs."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Sequence

from pipeline.data import Change, DecidedChange, Decision, DecisionKind, PageDiff, PageReview, Risk


def review_page(
    diff: PageDiff, decisions: Sequence[Decision], *, second_person: Collection[Risk] = ()
) -> PageReview:
    """Where the candidate of `diff` stands. A decision about a change that shows anything else does not count.

    `decisions` come oldest first; of each reviewer the last one about a change holds. A change with a risk of
    `second_person` needs two persons. Whoever amended a change accepted it as it stands with the amendment.
    """
    if diff.is_empty:
        return PageReview(hcpcs_code=diff.hcpcs_code, state="unchanged", new_sha256=diff.new_sha256)
    changes = [_decided(change, decisions, second_person) for change in diff.changes]
    changes += [_decide(other.id, decisions, needed=1) for other in diff.others]
    states = {change.state for change in changes}
    ids = {change.change_id for change in changes}
    counted = [one.decided_at for one in decisions if {one.change_id, one.result_id} & ids]
    return PageReview(
        hcpcs_code=diff.hcpcs_code,
        state="rejected" if "rejected" in states else "waiting" if "waiting" in states else "approved",
        new_sha256=diff.new_sha256,
        changes=tuple(changes),
        last_decided_at=max(counted, default=None),
    )


def needs_second_person(change: Change, second_person: Collection[Risk]) -> bool:
    """Whether two persons have to accept the change."""
    return not set(second_person).isdisjoint(change.risks)


def _decided(change: Change, decisions: Iterable[Decision], second_person: Collection[Risk]) -> DecidedChange:
    return _decide(change.id, decisions, needed=2 if needs_second_person(change, second_person) else 1)


def _decide(change_id: str, decisions: Iterable[Decision], *, needed: int) -> DecidedChange:
    last: dict[str, tuple[DecisionKind, str]] = {}
    for one in decisions:
        if one.decision is DecisionKind.AMEND:
            if one.result_id == change_id:
                last[person_of(one.reviewer)] = (DecisionKind.ACCEPT, one.reviewer)
        elif one.change_id == change_id:
            last[person_of(one.reviewer)] = (one.decision, one.reviewer)
    accepted = sorted(name for said, name in last.values() if said is DecisionKind.ACCEPT)
    rejected = sorted(name for said, name in last.values() if said is DecisionKind.REJECT)
    state = "rejected" if rejected else "accepted" if len(accepted) >= needed else "waiting"
    return DecidedChange(
        change_id=change_id,
        state=state,
        accepted_by=tuple(accepted),
        rejected_by=tuple(rejected),
        needed=needed,
    )


def person_of(name: str) -> str:
    """A reviewer, however the name was typed: "A. Coder" and "a.  coder" are not two persons."""
    return unicodedata.normalize("NFC", " ".join(name.split())).casefold()
