"""Under whose name a candidate may go out: what of it was approved, by whom, and what still waits."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.changes.newer_release import is_newer_figures, releases_of
from pipeline.compare import compare_with_reviewed
from pipeline.data import Page, PageDiff, SourceUse
from pipeline.errors import PublishError
from pipeline.published import publication_of, read_reviewed
from pipeline.review.approval import person_of
from pipeline.reviewing import review_diff
from pipeline.workspace import Workspace

# Who approved what no person did.
FIGURES = "the rule for figures of a newer release"
UNSEEN = "the rule for what no reader sees"


def signer_of(
    page: Page,
    workspace: Workspace,
    *,
    reviewers: Sequence[str] = (),
    auto_approve_figures: bool = False,
    unreviewed: bool = False,
    dated: bool = False,
) -> str:
    """Who answers for the candidate: `reviewers`, or those who accepted its changes. Raises PublishError.

    As long as no page of the code is up that somebody signed for, whoever read the candidate whole may sign for it, two
    persons where the site profile asks for two of any kind of change, unless decisions about it are recorded. From then
    on each change needs its decisions; `auto_approve_figures` spares those that are nothing but amounts of a newer
    release (`changes.newer_release`), but not after a page was rolled back. Nobody answers for an `unreviewed` one.
    Pages for a date of service (`dated`) are signed for whole each time.
    """
    code = page.hcpcs_code
    if dated and auto_approve_figures:
        raise PublishError(
            f"{code}: pages for a date of service are signed for whole; leave --auto-approve out"
        )
    if dated:
        return "" if unreviewed else signer_of_whole(workspace, reviewers=reviewers)
    if not workspace.facts.stands(code, page.as_of):
        raise PublishError(
            f"the tables in force on {page.as_of} do not know {code} any more; it is not published again"
        )
    before = read_reviewed(code, workspace.settings)
    diff = compare_with_reviewed(before, page, workspace.settings)
    review = review_diff(diff, workspace)
    if review.state == "rejected":
        raise PublishError(
            f"a change of {code} was rejected; mend what it rests on and regenerate, or amend it: "
            f"`briefwright review export {code}`"
        )
    if unreviewed:
        return ""
    accepted = sorted({person for change in review.changes for person in change.accepted_by})
    signed = ", ".join(_persons(reviewers) or accepted)
    if auto_approve_figures:
        if before is None:
            raise PublishError(f"nobody has reviewed {code} yet; publish it with --reviewer NAME first")
        last = publication_of(code, workspace.settings)
        if last and last.kind == "rolled_back" and review.state != "approved":
            raise PublishError(
                f"{code} was rolled back ({last.reason}); what comes after that is decided by a person: "
                f"`briefwright review export {code}`"
            )
        if review.state == "unchanged":
            return signed or UNSEEN
    decided = any(change.accepted_by for change in review.changes)
    if review.state != "waiting":
        return signed
    if before is None and not decided:
        return signer_of_whole(workspace, reviewers=reviewers)
    waiting = {change.change_id for change in review.changes if change.state == "waiting"}
    spared = _figure_changes(diff, before, page) if auto_approve_figures else set[str]()
    if left := len(waiting - spared):
        raise PublishError(
            f"{left} of {len(review.changes)} changes of {code} wait for a decision; "
            f"`briefwright review export {code}`, edit, `briefwright review import`"
        )
    return signed or FIGURES


def signer_of_whole(workspace: Workspace, *, reviewers: Sequence[str]) -> str:
    """Who signs for a page as a whole, as for the first one of a code, and those for a date of service.

    Raises PublishError where the site profile asks for two persons and fewer are named.
    """
    persons = _persons(reviewers)
    if workspace.second_person and len(persons) < 2:
        raise PublishError(
            "the site profile asks for two persons; give --reviewer NAME twice for a page that both read whole"
        )
    return ", ".join(persons)


def _persons(names: Sequence[str]) -> list[str]:
    """Each person once, as first written."""
    found: dict[str, str] = {}
    for name in names:
        if person := person_of(name):
            found.setdefault(person, " ".join(name.split()))
    return list(found.values())


def _figure_changes(diff: PageDiff, before: Page | None, page: Page) -> set[str]:
    """Changes by a newer release alone, and of what a page shows beside its claims, what follows from them."""
    known = {_said_of(source) for source in before.sources} if before else set[tuple[str, ...]]()
    described_anew = {f"source {source.id}" for source in page.sources if _said_of(source) not in known}
    found = [change for change in diff.changes if is_newer_figures(change)]
    follow = {f"source {name}" for change in found for name in releases_of(change)} - described_anew
    beside = {other.id for other in diff.others if other.what in follow or other.what == "date of service"}
    return {change.id for change in found} | (beside if found else set())


def _said_of(source: SourceUse) -> tuple[str, ...]:
    """What is said of a source in whatever release."""
    return source.publisher, source.title, source.url
