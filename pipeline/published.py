"""What is published of a code, held against the log: a ledger counts where it is the very one that went out."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from pipeline.changes.revisions import read_revision, read_revision_page
from pipeline.data import Page
from pipeline.errors import SourceError
from pipeline.page.files import PAGE_FILES
from pipeline.page.ledger import load_ledger
from pipeline.review.publish import LOG_NAME, Publication, read_log
from pipeline.settings import Settings

_LEDGER = PAGE_FILES[-1]


def publication_of(hcpcs_code: str, settings: Settings) -> Publication | None:
    """How the current page of a code went out; None where none is up. Raises SourceError for a damaged log."""
    last = _last(hcpcs_code, settings)
    return last if last and last.kind != "unpublished" else None


def is_up(hcpcs_code: str, settings: Settings) -> bool:
    """Whether there is nothing to publish: the candidate of a code is the very page that is up, or there is none.

    A page that was taken down stays down until somebody names its code.
    """
    last = _last(hcpcs_code, settings)
    try:
        ledger = (settings.candidates / hcpcs_code / _LEDGER).read_bytes()
    except OSError:
        return True
    if last is None or last.kind == "unpublished":
        return last is not None
    return hashlib.sha256(ledger).hexdigest() == last.sha256.get(_LEDGER)


def rolled_back_at(hcpcs_code: str, settings: Settings) -> datetime | None:
    """When the page of a code was last rolled back to an earlier revision."""
    return max(
        (one.published_at for one in _current(hcpcs_code, settings) if one.kind == "rolled_back"),
        default=None,
    )


def read_published(hcpcs_code: str, settings: Settings) -> Page | None:
    """The published ledger as it went out, None where none is up.

    Where the file is missing or another one by now, its stored revision stands in. Raises SourceError without one.
    """
    publication = publication_of(hcpcs_code, settings)
    if publication is None:
        return None
    sha256 = publication.sha256[_LEDGER]
    path = settings.outputs / publication.name / _LEDGER
    try:
        data = path.read_bytes()
    except OSError:
        data = b""
    if hashlib.sha256(data).hexdigest() == sha256:
        return load_ledger(data.decode())
    if revision := read_revision(settings.revisions, hcpcs_code, sha256):
        return read_revision_page(settings.revisions, revision)
    raise SourceError(
        f"{path} is not the ledger that was published (edited, damaged or gone); restore it from version control, or "
        f"take the page down with `briefwright unpublish {hcpcs_code}`"
    )


def read_reviewed(hcpcs_code: str, settings: Settings) -> Page | None:
    """The published ledger that somebody signed for: what a review compares with. As `read_published`."""
    publication = publication_of(hcpcs_code, settings)
    return None if publication is None or publication.unreviewed else read_published(hcpcs_code, settings)


def _last(hcpcs_code: str, settings: Settings) -> Publication | None:
    log = _current(hcpcs_code, settings)
    return log[-1] if log else None


def _current(hcpcs_code: str, settings: Settings) -> list[Publication]:
    """The log's lines about the current page of a code, the oldest first."""
    path = settings.outputs / LOG_NAME
    try:
        found = path.stat()
    except OSError:
        return []
    return [*_by_code(settings.outputs, found.st_mtime_ns, found.st_size).get(hcpcs_code, ())]


@lru_cache(maxsize=1)
def _by_code(root: Path, changed_ns: int, size: int) -> dict[str, list[Publication]]:
    """Read once as long as the file is the same: every page of a run asks."""
    del changed_ns, size
    found: dict[str, list[Publication]] = {}
    for one in read_log(root):
        if one.as_of is None:
            found.setdefault(one.hcpcs_code, []).append(one)
    return found
