"""Bringing the files of the site up to date with its log and its pages, and copying it elsewhere."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import SourceError
from pipeline.page.files import PAGE_FILES
from pipeline.page.ledger import ledger_schema
from pipeline.review.publish import LOG_NAME, published_now, read_log
from pipeline.site.cards import CATALOGUE, cards_of, dump_catalogue
from pipeline.site.corrections import CORRECTIONS_LOG, read_corrections
from pipeline.site.feed import FEED, render_feed
from pipeline.site.render import render_corrections, render_index
from pipeline.store import cannot_write, write_atomically

SCHEMA = "ledger.schema.json"
INDEX = "index.html"
CORRECTIONS = "corrections.html"
_MEND = "restore it from version control or publish the page again"


def build_site(root: Path, *, site_name: str) -> None:
    """Write every file of the site that is not as it should be; nothing without a log.

    They follow from the log, the corrections and the ledgers alone, so that the same gives the same bytes. Raises
    SourceError, StateError.
    """
    for name, text in _site_files(root, site_name):
        _write_changed(root / name, text.encode())


def _site_files(root: Path, site_name: str) -> Iterator[tuple[str, str]]:
    log = read_log(root)
    if not log:
        return
    corrections = read_corrections(root)
    published = published_now(log)
    cards = cards_of(root, published.values())
    up = frozenset(card.name for card in cards)
    yield CATALOGUE, dump_catalogue(cards)
    yield SCHEMA, json.dumps(ledger_schema(), indent=1, ensure_ascii=False) + "\n"
    yield INDEX, render_index(cards, log, published, site_name=site_name)
    yield FEED, render_feed(log, corrections, site_name=site_name, up=up)
    yield CORRECTIONS, render_corrections(corrections, up, site_name=site_name)
    if not (root / CORRECTIONS_LOG).is_file():
        yield CORRECTIONS_LOG, ""


def copy_site(root: Path, target: Path) -> int:
    """Make `target` the same site as `root`: pages first, then what lists them, last away with pages that are gone.

    The number of files written. Only folders that the log of `target` names are taken away. Raises SourceError, also
    where a page is not the one that went out; StateError.
    """
    before = published_now(read_log(target))
    up = published_now(read_log(root))
    written = 0
    for name, publication in up.items():  # all of them before any is copied
        for file in PAGE_FILES:
            _require_published(root / name / file, publication.sha256.get(file))
    for name in up:
        for file in PAGE_FILES:
            written += _copy(root / name / file, target / name / file)
    for file in (CORRECTIONS_LOG, CATALOGUE, SCHEMA, CORRECTIONS, FEED, INDEX, LOG_NAME):
        written += _copy(root / file, target / file)
    for name in sorted(before.keys() - up.keys()):
        for file in PAGE_FILES:
            try:
                (target / name / file).unlink(missing_ok=True)
            except OSError as error:
                raise cannot_write(target / name / file, error.strerror or str(error)) from error
        _remove_empty(target / name, target)
    return written


def _require_published(path: Path, sha256: str | None) -> None:
    if hashlib.sha256(_read(path)).hexdigest() != sha256:
        raise SourceError(f"{path} is not the file that was published; {_MEND}")


def _copy(source: Path, target: Path) -> bool:
    return _write_changed(target, _read(source))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror}); {_MEND}") from error


def _write_changed(path: Path, data: bytes) -> bool:
    try:
        if path.read_bytes() == data:
            return False
    except OSError:
        pass  # not there, or not readable: writing says what is wrong
    write_atomically(path, data)
    return True


def _remove_empty(folder: Path, root: Path) -> None:
    while folder != root and folder.is_dir() and not any(folder.iterdir()):
        shutil.rmtree(folder, ignore_errors=True)
        folder = folder.parent
