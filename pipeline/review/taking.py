"""Decisions taken out of an edited file: held against what is shown now, each fault named, nothing guessed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from pipeline.data import Change, Decision, DecisionKind, PageChange, PageDiff
from pipeline.review.decisions_file import DECISIONS, DecidedEntry, DecidedPage


class Taken(NamedTuple):
    """The decisions of one page, and what is wrong with those that cannot be recorded."""

    decisions: tuple[Decision, ...]
    problems: tuple[str, ...]


def take_decisions(page: DecidedPage, diff: PageDiff, *, by: str, now: datetime) -> Taken:
    """The decisions about the changes of `diff`, the page as it is now. Any fault makes it a problem of the page."""
    code = page.code
    if page.new_sha256 != diff.new_sha256:
        return Taken((), (f"the candidate of {code} changed since it was shown; export its review again",))
    if page.old_sha256 != diff.old_sha256:
        return Taken(
            (), (f"the published page of {code} changed since it was shown; export its review again",)
        )
    shown: dict[str, Change | PageChange] = {one.id: one for one in (*diff.changes, *diff.others)}
    entries = {entry.id: entry for entry in page.change}
    problems = [f"{code}: {problem}" for problem in _problems(page, shown)]
    decisions = [
        _decision(shown[entry.id], entry, diff, by=by, now=now)
        for entry in page.change
        if entry.decision in DECISIONS and entry.id in shown
    ]
    if page.all in ("accept", "reject"):
        whole = DecidedEntry(id="", decision=page.all, reason=page.reason)
        decisions += [
            _decision(change, whole, diff, by=by, now=now)
            for name, change in shown.items()
            if not (entries[name].decision if name in entries else "") and not _is_risky(change)
        ]
    return Taken(() if problems else tuple(decisions), tuple(problems))


def _problems(page: DecidedPage, shown: dict[str, Change | PageChange]) -> Iterator[str]:
    if page.all not in ("", "accept", "reject"):
        yield f'all = "{page.all}" is neither "accept" nor "reject"'
    if page.all == "reject" and not page.reason.strip():
        yield 'all = "reject" needs a reason'
    for name, number in Counter(entry.id for entry in page.change).items():
        if number > 1:
            yield f"{name} is decided {number} times"
    for entry in page.change:
        change = shown.get(entry.id)
        if change is None:
            yield f"{entry.id} is no change of the page that was shown"
        elif entry.decision not in ("", *DECISIONS):
            yield f'{entry.id}: "{entry.decision}" is none of {", ".join(DECISIONS)}'
        elif entry.decision in ("reject", "amend") and not entry.reason.strip():
            yield f"{entry.id}: {entry.decision} needs a reason"
        elif entry.decision == "amend" and not entry.text.strip():
            yield f"{entry.id}: amend needs the text that is to stand"
        elif entry.decision == "amend" and (not isinstance(change, Change) or change.new is None):
            yield f"{entry.id}: only a claim of the new page can be amended"
        elif entry.text.strip() and entry.decision != "amend":
            yield f'{entry.id}: text is given, but the decision is "{entry.decision}"'


def _is_risky(change: Change | PageChange) -> bool:
    return isinstance(change, Change) and bool(change.risks)


def _decision(
    change: Change | PageChange, entry: DecidedEntry, diff: PageDiff, *, by: str, now: datetime
) -> Decision:
    is_claim = isinstance(change, Change)
    amends = entry.decision == "amend"
    return Decision(
        hcpcs_code=diff.hcpcs_code,
        change_id=change.id,
        claim_id=change.state.claim_id if is_claim else "",
        decision=DecisionKind(entry.decision),
        reason=" ".join(entry.reason.split()),
        before=change.state.text if is_claim else "",
        text=" ".join(entry.text.split()) if amends else "",
        quotes=tuple(item.id for item in change.state.evidence if item.kind == "quote")
        if is_claim and amends
        else (),
        old_sha256=diff.old_sha256,
        new_sha256=diff.new_sha256,
        reviewer=by,
        decided_at=now,
    )
