"""Under whose name a candidate may go out: what of it was approved, by whom, and what still waits."""

from __future__ import annotations

from pipeline.changes.newer_release import is_newer_figures, releases_of
from pipeline.compare import compare_revisions
from pipeline.data import Page, PageDiff
from pipeline.errors import PublishError
from pipeline.review.log import read_decisions
from pipeline.reviewing import review_diff
from pipeline.workspace import Workspace


def signer_of(page: Page, workspace: Workspace, *, reviewer: str, auto_approve_figures: bool = False) -> str:
    """Who answers for the candidate: `reviewer`, or those who accepted its changes. Raises PublishError.

    A page goes out for the first time under the name of whoever read it whole, unless decisions about it are recorded.
    From then on each change needs its decisions; `auto_approve_figures` spares those that are nothing but amounts of a
    newer release (`changes.newer_release`).
    """
    code = page.hcpcs_code
    diff = compare_revisions(code, workspace.settings)
    review = review_diff(diff, workspace)
    accepted = sorted({person for change in review.changes for person in change.accepted_by})
    signed = reviewer.strip() or ", ".join(accepted)
    if review.state == "rejected":
        raise PublishError(
            f"a change of {code} was rejected; mend what it rests on and regenerate, or amend it: "
            f"`briefwright review export {code}`"
        )
    if review.state == "unchanged" and auto_approve_figures:
        return signed or "nothing that a reader sees changed, approved automatically"
    first = not diff.old_sha256 and not read_decisions(workspace.settings.reviews, code)
    if review.state != "waiting" or (first and not workspace.second_person):
        return signed
    waiting = {change.change_id for change in review.changes if change.state == "waiting"}
    spared = _figure_changes(diff) if auto_approve_figures else set[str]()
    if left := len(waiting - spared):
        raise PublishError(
            f"{left} of {len(review.changes)} changes of {code} wait for a decision; "
            f"`briefwright review export {code}`, edit, `briefwright review import`"
        )
    return signed or "figures of a newer release, approved automatically"


def _figure_changes(diff: PageDiff) -> set[str]:
    """Changes by a newer release alone, and of what a page shows beside its claims, what follows from them."""
    found = [change for change in diff.changes if is_newer_figures(change)]
    releases = {f"source {name}" for change in found for name in releases_of(change)}
    beside = {other.id for other in diff.others if other.what in releases or other.what == "date of service"}
    return {change.id for change in found} | (beside if found else set())
