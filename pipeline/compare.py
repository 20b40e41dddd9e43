"""Two revisions of a page by their names, compared: the published page, the candidate, a date, a stored revision."""

from __future__ import annotations

from datetime import date

from pipeline.changes.diff import diff_pages, ledger_sha256
from pipeline.changes.revisions import find_revision, read_revision, read_revision_page
from pipeline.data import InputChange, Page, PageDiff
from pipeline.errors import UsageError
from pipeline.input_parts import changed_parts
from pipeline.regenerate import candidate_folder, read_candidate, read_published
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
        raise UsageError(
            f"there is no {new} page of {hcpcs_code}; run `briefwright regenerate {hcpcs_code}` first"
        )
    before = _read(hcpcs_code, old, settings)
    return diff_pages(
        before,
        after,
        mark=mark_mentions,
        inputs=_changed_inputs(before, after, settings),
        names=(old, new),
    )


def diff_candidate(candidate: Page, settings: Settings) -> PageDiff:
    """What changed from the published page to a candidate that is not written yet."""
    published = read_published(candidate.hcpcs_code, settings)
    return diff_pages(published, candidate, mark=mark_mentions, names=(PUBLISHED, CANDIDATE))


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
