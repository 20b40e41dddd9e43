"""Reviews without a server: redlines and a file of decisions go out; edited, it comes back, is checked and recorded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from pipeline.amend import amend_page
from pipeline.changes.diff import ledger_sha256
from pipeline.changes.redline import render_redline
from pipeline.changes.revisions import read_revision
from pipeline.compare import compare_for_review, compare_with_reviewed
from pipeline.data import Decision, DecisionKind, Page, PageDiff, PageReview, Record
from pipeline.errors import UsageError
from pipeline.page.layout import statements_of
from pipeline.page.text import one_line
from pipeline.published import read_reviewed, rolled_back_at
from pipeline.regenerate import candidate_folder, read_candidate, store_candidate
from pipeline.review.amendments import amendments_of
from pipeline.review.approval import review_page
from pipeline.review.decisions_file import DecidedPage, read_decisions_file, write_decisions_file
from pipeline.review.log import append_decisions, read_decisions
from pipeline.review.taking import take_decisions
from pipeline.settings import Settings
from pipeline.store import exclusive_lock, write_atomically
from pipeline.workspace import Workspace

DECISIONS_NAME = "decisions.toml"
_WAIT_S = 60.0
_PROBLEMS = 8  # that a message lists


class Exported(Record):
    """What was written for reviewers, and the codes whose candidate shows nothing new."""

    decisions: Path | None
    redlines: tuple[Path, ...]
    unchanged: tuple[str, ...]


class Sibling(Record):
    """A page that carries the same claim as one that was rejected or amended."""

    hcpcs_code: str
    claim_id: str
    of_code: str
    of_claim_id: str


class Imported(Record):
    """What an import recorded, how each page stands now, and which pages carry a corrected claim as well."""

    recorded: tuple[Decision, ...]
    reviews: tuple[PageReview, ...]
    siblings: tuple[Sibling, ...]


def review_of(hcpcs_code: str, workspace: Workspace) -> PageReview:
    """How the candidate of a code stands against the published page. Raises UsageError without a candidate."""
    return review_diff(compare_for_review(hcpcs_code, workspace.settings), workspace)


def export_review(
    codes: Sequence[str], workspace: Workspace, folder: Path, *, reviewer: str = ""
) -> Exported:
    """Write `redline-CODE.html` of each changed page and one file of decisions into the folder.

    Raises UsageError where that file is there already: it may hold decisions that nobody has imported yet.
    """
    target = folder / DECISIONS_NAME
    if target.exists():
        raise UsageError(
            f"{target} is there already; import it first, then move it away or choose another folder"
        )
    diffs = [compare_for_review(code, workspace.settings) for code in codes]
    shown = [diff for diff in diffs if not diff.is_empty]
    paths = []
    for diff in shown:
        paths.append(folder / f"redline-{diff.hcpcs_code}.html")
        write_atomically(paths[-1], render_redline(diff, site_name=workspace.site_name))
    if shown:
        reviews = {diff.hcpcs_code: review_diff(diff, workspace) for diff in shown}
        text = write_decisions_file(shown, reviews, second_person=workspace.second_person, reviewer=reviewer)
        write_atomically(target, text)
    return Exported(
        decisions=target if shown else None,
        redlines=tuple(paths),
        unchanged=tuple(diff.hcpcs_code for diff in diffs if diff.is_empty),
    )


def import_review(
    text: str, workspace: Workspace, *, name: str, reviewer: str = "", now: datetime
) -> Imported:
    """Check a decisions file against what the candidates show now, verify amended text again, and record.

    All of it or nothing: raises UsageError that lists every entry that cannot be recorded. An import that was cut
    short is finished by the same import once more.
    """
    settings = workspace.settings
    file = read_decisions_file(text, name=name)
    by = " ".join((reviewer or file.reviewer).split())
    if not by:
        raise UsageError(f"decisions are recorded under a name; give --reviewer NAME, or reviewer in {name}")
    waiting = exclusive_lock(
        settings.home / "regenerate.lock", what="making or reviewing pages", timeout_s=_WAIT_S
    )
    with waiting:  # so that no candidate changes between the check and the record
        ready = [_prepare(page, workspace, by=by, now=now) for page in file.page]
        problems = [problem for one in ready for problem in one.problems]
        if problems:
            more = f"; and {len(problems) - _PROBLEMS} more" if len(problems) > _PROBLEMS else ""
            raise UsageError(f"{name}: nothing was recorded: {'; '.join(problems[:_PROBLEMS])}{more}")
        void = {page.code: at for page in file.page if (at := rolled_back_at(page.code, settings))}
        recorded = append_decisions(
            (one for page in ready for one in page.decisions), settings.reviews, void_until=void
        )
        for page in ready:
            if page.amended is not None:
                _replace_candidate(page.amended, workspace, now)
        reviews = [review_of(page.code, workspace) for page in file.page]
    corrected = [one for one in recorded if one.decision is not DecisionKind.ACCEPT and one.claim_id]
    return Imported(
        recorded=tuple(recorded),
        reviews=tuple(reviews),
        siblings=tuple(found for one in corrected for found in find_siblings(one, settings)),
    )


class _Ready(NamedTuple):
    """The decisions of one page, ready to be recorded; `amended` is its candidate with the amendments, if any."""

    decisions: tuple[Decision, ...]
    problems: tuple[str, ...]
    amended: Page | None = None


def _prepare(page: DecidedPage, workspace: Workspace, *, by: str, now: datetime) -> _Ready:
    diff = compare_for_review(page.code, workspace.settings)
    if page.new_sha256 != diff.new_sha256:
        log = read_decisions(workspace.settings.reviews, page.code)
        if _was_taken(page, log, by):
            return _Ready((), ())
    taken = take_decisions(page, diff, by=by, now=now)
    amending = [one for one in taken.decisions if one.decision is DecisionKind.AMEND]
    candidate = read_candidate(candidate_folder(page.code, workspace.settings))
    if taken.problems or not amending or candidate is None:
        return _Ready(taken.decisions, taken.problems)
    found = amend_page(candidate, amendments_of(amending), workspace=workspace, today=now.date())
    if found.refused:
        said = (
            f"{page.code}: the amendment of {name} does not stand: {why}"
            for name, why in found.refused.items()
        )
        return _Ready((), tuple(said))
    # A change as it stands with the amendment: whoever amended it accepted that. None where it is as published.
    reviewed = read_reviewed(page.code, workspace.settings)
    shown = compare_with_reviewed(reviewed, found.page, workspace.settings)
    after = {one.state.claim_id: one.id for one in shown.changes}
    decisions = tuple(
        one.model_copy(update={"result_id": after.get(one.claim_id, "")}) if one in amending else one
        for one in taken.decisions
    )
    return _Ready(decisions, (), found.page)


def _was_taken(page: DecidedPage, log: Sequence[Decision], by: str) -> bool:
    """Whether this very file was recorded before, and amended the candidate, so that it shows what it shows no more."""
    recorded = {
        (one.change_id, one.decision.value, one.text, one.reason)
        for one in log
        if one.reviewer == by and one.new_sha256 == page.new_sha256
    }
    asked = {
        (entry.id, entry.decision, one_line(entry.text), one_line(entry.reason))
        for entry in page.change
        if entry.decision
    }
    amends = any(decision == "amend" for _, decision, _, _ in asked)
    by_all = not page.all or any(said == page.all for _, said, _, _ in recorded - asked)
    return amends and by_all and asked <= recorded


def _replace_candidate(page: Page, workspace: Workspace, now: datetime) -> None:
    """Store and write the amended page, which was made from the inputs of the candidate it replaces."""
    settings = workspace.settings
    folder = candidate_folder(page.hcpcs_code, settings)
    before = read_candidate(folder)
    revision = read_revision(settings.revisions, page.hcpcs_code, ledger_sha256(before)) if before else None
    parts = revision.parts if revision else {}
    store_candidate(page, folder, workspace, parts=parts, today=now.date(), dated=False)


def review_diff(diff: PageDiff, workspace: Workspace) -> PageReview:
    """Where the candidate of a comparison stands, by the decisions that are recorded.

    What was accepted before a page was rolled back led to what was taken back, and is accepted no more.
    """
    decisions = read_decisions(workspace.settings.reviews, diff.hcpcs_code)
    if since := rolled_back_at(diff.hcpcs_code, workspace.settings):
        decisions = [
            one for one in decisions if one.decided_at > since or one.decision is DecisionKind.REJECT
        ]
    return review_page(diff, decisions, second_person=workspace.second_person)


def find_siblings(decision: Decision, settings: Settings) -> list[Sibling]:
    """The claims of other candidates in the same words as the decided one."""
    quoted = json.dumps(decision.before, ensure_ascii=False).encode()
    found = []
    for path in sorted(settings.candidates.glob("*/page.json")):
        if path.parent.name == decision.hcpcs_code or quoted not in path.read_bytes():
            continue
        page = read_candidate(path.parent)
        claims = {c.id: c for s in statements_of(page) for c in s.claims} if page else {}
        found += [
            Sibling(
                hcpcs_code=path.parent.name,
                claim_id=claim.id,
                of_code=decision.hcpcs_code,
                of_claim_id=decision.claim_id,
            )
            for claim in claims.values()
            if claim.text == decision.before
        ]
    return found
