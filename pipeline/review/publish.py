"""Publishing a candidate: the only writer of `outputs/`."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from pipeline.data import Record
from pipeline.errors import PublishError
from pipeline.store import exclusive_lock, write_atomically

PAGE_FILES = ("page.html", "page.md", "page.json")
LOG_NAME = "publications.jsonl"


class Publication(Record):
    """One line of the log: who published what, when, by the hash of what was shown."""

    hcpcs_code: str
    sha256: dict[str, str]
    fingerprint: str
    reviewer: str
    published_at: datetime


def publish_page(
    hcpcs_code: str,
    *,
    fingerprint: str,
    contents: Mapping[str, bytes],
    outputs: Path,
    lock: Path,
    reviewer: str,
    now: datetime,
) -> Publication:
    """Write a candidate's files, by name, to `outputs/CODE/`, all or none, and append to the log.

    `lock` keeps two processes from publishing at once. Raises PublishError without a reviewer's name,
    StateError when it cannot be written.
    """
    if not reviewer.strip():
        raise PublishError("a page is published under a reviewer's name; give --reviewer NAME")
    with exclusive_lock(lock, what="publishing"):
        publication = Publication(
            hcpcs_code=hcpcs_code,
            sha256={name: hashlib.sha256(data).hexdigest() for name, data in contents.items()},
            fingerprint=fingerprint,
            reviewer=reviewer.strip(),
            published_at=now,
        )
        _swap_in(outputs / hcpcs_code, contents)
        log = outputs / LOG_NAME
        before = log.read_text(encoding="utf-8") if log.is_file() else ""
        write_atomically(log, before + publication.model_dump_json() + "\n")
    return publication


def _swap_in(target: Path, contents: Mapping[str, bytes]) -> None:
    """Write all files into a folder aside, then put it in the place of the old one.

    A crash between the two renames leaves the old folder beside; the next publication puts it back first.
    """
    aside, old = target.with_name(f".{target.name}.new"), target.with_name(f".{target.name}.old")
    if old.exists() and not target.exists():
        old.rename(target)
    for stale in (aside, old):
        shutil.rmtree(stale, ignore_errors=True)
    try:
        for name, data in contents.items():
            write_atomically(aside / name, data)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    if target.exists():
        target.rename(old)
    aside.rename(target)
    shutil.rmtree(old, ignore_errors=True)
