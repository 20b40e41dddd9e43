"""Publishing one page and all of the starter set, beside the bare rendering; site and status of 1,600 pages."""

from __future__ import annotations

import gzip
import hashlib
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from pipeline.data import Page
from pipeline.page.files import render_files
from pipeline.page.ledger import dump_ledger
from pipeline.publishing import Ready, Site, publish_pages
from pipeline.regenerate import candidate_folder, read_candidate
from pipeline.review.publish import LOG_NAME, Publication
from pipeline.settings import read_settings
from pipeline.site.build import build_site
from pipeline.status import site_status
from pipeline.store import write_atomically
from pipeline.workspace import Workspace

_MANY = 1600
_NOW = datetime(2026, 11, 24, tzinfo=UTC)


def run() -> list[tuple[str, str]]:
    """Rows of name and figure; works on the candidates of the starter set that are in the state folder."""
    workspace = Workspace(read_settings())
    found = (
        read_candidate(candidate_folder(code, workspace.settings)) for code in sorted(workspace.profiles)
    )
    pages = [page for page in found if page is not None]
    if not pages:
        return [("publish", "no candidates; run `briefwright regenerate --all` first")]
    with tempfile.TemporaryDirectory() as folder:
        return _run(pages, Path(folder))


def _run(pages: list[Page], folder: Path) -> list[tuple[str, str]]:
    site = Site(root=folder / "few", name="Bench")
    bare = _seconds(lambda: [render_files(page, site_name="Bench", home="../") for page in pages])
    every = _seconds(lambda: _publish(pages, site, _NOW))
    changed = pages[0].model_copy(update={"fingerprint": "0"})
    alone = _seconds(lambda: _publish([changed], site, _NOW + timedelta(days=1)))
    bare_one = _seconds(lambda: render_files(changed, site_name="Bench", home="../"))
    many = Site(root=folder / "many", name="Bench")
    copies = [
        pages[number % len(pages)].model_copy(update={"hcpcs_code": f"{20000 + number:05}"})
        for number in range(_MANY)
    ]
    _seed(copies, many.root, folder / "candidates")
    anew = _seconds(lambda: build_site(many.root, site_name="Bench"))
    another = copies[0].model_copy(update={"fingerprint": "0"})
    one_of_many = _seconds(lambda: _publish([another], many, _NOW + timedelta(days=1)))
    again = _seconds(lambda: build_site(many.root, site_name="Bench"))
    state = _seconds(
        lambda: site_status(
            many.root,
            folder / "candidates",
            loaded=lambda _: ("RVU26D",),
            stands=lambda code, on: True,
            today=date(2026, 11, 24),
            review_every_days=365,
        )
    )
    index = (many.root / "index.html").read_bytes()
    size = f"{len(index) / 1e6:.2f} MB, {len(gzip.compress(index)) / 1e3:.0f} kB compressed"
    return [
        (f"publish {len(pages)} pages", f"{every:.2f} s, {every / bare:.1f} × bare rendering ({bare:.2f} s)"),
        (f"publish 1 page among {len(pages)}", f"{alone:.2f} s, {alone / bare_one:.1f} × bare rendering"),
        (f"publish 1 page among {_MANY:,}", f"{one_of_many:.2f} s"),
        (f"index, feed, corrections of {_MANY:,} pages", f"{again:.2f} s; from the ledgers {anew:.1f} s"),
        (f"index.html of {_MANY:,} pages", size),
        (f"status of {_MANY:,} pages with candidates", f"{state:.2f} s"),
    ]


def _seed(pages: list[Page], root: Path, candidates: Path) -> None:
    """The ledgers and the log as publishing them would leave them, but nothing rendered."""
    lines: list[str] = []
    for page in pages:
        ledger = dump_ledger(page).encode()
        for place in (root, candidates):
            write_atomically(place / page.hcpcs_code / "page.json", ledger)
        publication = Publication(
            hcpcs_code=page.hcpcs_code,
            sha256={"page.json": hashlib.sha256(ledger).hexdigest()},
            fingerprint=page.fingerprint,
            reviewer="Bench",
            published_at=_NOW,
        )
        lines.append(publication.model_dump_json() + "\n")
    write_atomically(root / LOG_NAME, "".join(lines))


def _publish(pages: list[Page], site: Site, at: datetime) -> None:
    publish_pages([Ready(page) for page in pages], site, approve=lambda _: "Bench", now=at)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
