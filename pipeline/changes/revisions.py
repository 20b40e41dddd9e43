"""Revisions of pages in the state folder: each ledger under the hash of its bytes, with what it was made from.

`CODE/SHA.page.json.gz` holds the ledger, `CODE/SHA.json` the record; SHA are 16 digits of the ledger's SHA-256. The
record is written last: a revision without one does not exist.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from pipeline.data import Page, Revision
from pipeline.errors import SourceError, UsageError
from pipeline.page.files import PAGE_FILES
from pipeline.page.ledger import load_ledger
from pipeline.store import file_hashes, write_atomically

_NAME = 16
_RECORD, _LEDGER = ".json", ".page.json.gz"


def save_revision(
    page: Page,
    files: Mapping[str, bytes],
    folder: Path,
    *,
    parts: Mapping[str, Mapping[str, str]],
    made_on: date,
    dated: bool,
    sources: str = "",
) -> Revision:
    """Store the page, whose files these are; one that is stored already keeps its number and day alone.

    One process at a time. Raises StateError.
    """
    ledger = files[PAGE_FILES[-1]]
    hashes = file_hashes(files)
    sha256 = hashes[PAGE_FILES[-1]]
    before = read_revision(folder, page.hcpcs_code, sha256)
    revision = Revision(
        hcpcs_code=page.hcpcs_code,
        sha256=sha256,
        number=before.number if before else len(revisions_of(folder, page.hcpcs_code)) + 1,
        made_on=before.made_on if before else made_on,
        as_of=page.as_of,
        dated=dated,
        drafter=page.drafter,
        fingerprint=page.fingerprint,
        files=hashes,
        sources=sources,
        complete=not (page.failures and page.drafter.startswith("model:")),
        parts={kind: dict(items) for kind, items in parts.items()},
    )
    if revision != before:
        stem = folder / page.hcpcs_code / sha256[:_NAME]
        # mtime 0: same bytes for the same ledger
        write_atomically(Path(f"{stem}{_LEDGER}"), gzip.compress(ledger, compresslevel=6, mtime=0))
        write_atomically(Path(f"{stem}{_RECORD}"), revision.model_dump_json() + "\n")
    return revision


def renew_sources(revision: Revision, folder: Path, sources: str) -> None:
    """Note that the page stands beside these documents as well: nothing in them contradicts it. Raises StateError."""
    path = folder / revision.hcpcs_code / f"{revision.sha256[:_NAME]}{_RECORD}"
    write_atomically(path, revision.model_copy(update={"sources": sources}).model_dump_json() + "\n")


def read_revision(folder: Path, hcpcs_code: str, sha256: str) -> Revision | None:
    """The record of a ledger's revision; None where there is none, or it is damaged: it is then made anew."""
    try:
        text = (folder / hcpcs_code / f"{sha256[:_NAME]}{_RECORD}").read_bytes()
        revision = Revision.model_validate_json(text)
    except (OSError, ValidationError):
        return None
    return revision if revision.sha256 == sha256 else None


def revisions_of(folder: Path, hcpcs_code: str) -> list[Revision]:
    """Every stored revision of a code, the oldest first; damaged records are passed over."""
    found = []
    for path in sorted((folder / hcpcs_code).glob(f"*{_RECORD}")):
        try:
            found.append(Revision.model_validate_json(path.read_bytes()))
        except (OSError, ValidationError):
            continue
    return sorted(found, key=lambda revision: (revision.number, revision.sha256))


def find_revision(folder: Path, hcpcs_code: str, name: str) -> Revision:
    """The revision of this number, or whose hash begins so. Raises UsageError where none does, or several."""
    held = revisions_of(folder, hcpcs_code)
    found = [one for one in held if str(one.number) == name] or [
        one for one in held if len(name) >= 4 and one.sha256.startswith(name.lower())
    ]
    if len(found) == 1:
        return found[0]
    known = ", ".join(f"{one.number} ({one.sha256[:12]}, {one.made_on})" for one in held[-8:]) or "none"
    raise UsageError(
        f"{name!r} names {'several revisions' if found else 'no revision'} of {hcpcs_code}; stored are {known}; "
        "`published`, `candidate` and a date of service are names as well"
    )


def read_revision_page(folder: Path, revision: Revision) -> Page:
    """The page of a revision. Raises SourceError where its ledger is missing or damaged."""
    path = folder / revision.hcpcs_code / f"{revision.sha256[:_NAME]}{_LEDGER}"
    try:
        ledger = gzip.decompress(path.read_bytes())
    except (OSError, EOFError) as error:
        raise SourceError(f"{path} cannot be read ({error}); the revision is lost") from error
    if hashlib.sha256(ledger).hexdigest() != revision.sha256:
        raise SourceError(f"{path} does not hold the ledger it is named after; the revision is lost")
    return load_ledger(ledger.decode())
