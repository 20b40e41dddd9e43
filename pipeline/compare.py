"""Two revisions of a page by their names, compared: the published page, the candidate, a date, a stored revision."""

from __future__ import annotations

from datetime import date

from pipeline.changes.diff import diff_pages, ledger_sha256
from pipeline.changes.revisions import find_revision, read_revision, read_revision_page
from pipeline.data import InputChange, Page, PageDiff
from pipeline.errors import UsageError
from pipeline.input_parts import changed_parts
from pipeline.published import read_published, read_reviewed
from pipeline.regenerate import candidate_folder, read_candidate
from pipeline.settings import Settings
from pipeline.verify.mentions import mark_mentions

PUBLISHED, CANDIDATE = "published", "candidate"


def compare_revisions(
    hcpcs_code: str, settings: Settings, *, old: str = PUBLISHED, new: str = CANDIDATE
) -> PageDiff:
    """What changed from one revision to another, with the reasons that their inputs give where these are stored.

    A name is `published`, `candidate`, a date of service, a revision's number or the beginning of its hash. Without a
    published page everything is new. Raises UsageError where nothing has the name, SourceError where it is damaged.
    """
    after = _read(hcpcs_code, new, settings)
    if after is None:
        raise _none(new, hcpcs_code)
    before = _read(hcpcs_code, old, settings)
    return _diff(before, after, settings, names=(old, new))


def compare_for_review(hcpcs_code: str, settings: Settings) -> PageDiff:
    """What of the candidate is to be decided.

    It is compared with the published page that somebody signed for: of starter content nothing was decided, so that all
    is new. Raises UsageError without a candidate, SourceError where a ledger is damaged.
    """
    after = _read(hcpcs_code, CANDIDATE, settings)
    if after is None:
        raise _none(CANDIDATE, hcpcs_code)
    return compare_with_reviewed(read_reviewed(hcpcs_code, settings), after, settings)


def compare_with_reviewed(reviewed: Page | None, candidate: Page, settings: Settings) -> PageDiff:
    """The same of pages at hand; the candidate need not be written yet."""
    return _diff(reviewed, candidate, settings, names=(PUBLISHED, CANDIDATE))


def _diff(before: Page | None, after: Page, settings: Settings, *, names: tuple[str, str]) -> PageDiff:
    inputs = _changed_inputs(before, after, settings)
    return diff_pages(before, after, mark=mark_mentions, inputs=inputs, names=names)


def _none(name: str, hcpcs_code: str) -> UsageError:
    return UsageError(
        f"there is no {name} page of {hcpcs_code}; run `briefwright regenerate {hcpcs_code}` first"
    )


def _read(hcpcs_code: str, name: str, settings: Settings) -> Page | None:
    """The page of that name; None where nothing is published, or there is no candidate."""
    if name == PUBLISHED:
        return read_published(hcpcs_code, settings)
    if name == CANDIDATE:
        return read_candidate(candidate_folder(hcpcs_code, settings))
    try:
        on = date.fromisoformat(name) if len(name) == 10 else None
    except ValueError:
        on = None
    if on:
        page = read_candidate(candidate_folder(hcpcs_code, settings, as_of=on))
        if page is None:
            raise UsageError(
                f"there is no page of {hcpcs_code} for {on}; run `briefwright regenerate {hcpcs_code} --as-of {on}`"
            )
        return page
    return read_revision_page(settings.revisions, find_revision(settings.revisions, hcpcs_code, name))


def _changed_inputs(before: Page | None, after: Page, settings: Settings) -> list[InputChange]:
    if before is None:
        return []
    held = [
        read_revision(settings.revisions, page.hcpcs_code, ledger_sha256(page)) for page in (before, after)
    ]
    old, new = held
    return changed_parts(old.parts, new.parts) if old and new else []
