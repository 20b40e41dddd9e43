"""A release change: which pages are stale, making them anew, their redlines; each beside the bare work.

Needs the folder of real CMS files that lies beside some checkouts: the fee schedule of July 2024, then that of October
2025. Every eighth payable code of 20000-29999 has a page. Times are those of the processor, on one core: what else runs
on the machine does not count.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TypeVar

from pipeline.changes.redline import render_redline
from pipeline.compare import compare_revisions
from pipeline.index import HashingEmbedder
from pipeline.page.files import PAGE_FILES
from pipeline.page.render import render_html
from pipeline.regenerate import candidate_folder, read_candidate, regenerate_pages
from pipeline.run import Drafter
from pipeline.settings import Settings, read_settings
from pipeline.stale import page_states
from pipeline.workspace import Workspace
from tests import official_files
from tests.syncing import Syncing

_SHARED = Path(__file__).parents[3] / "shared" / "data" / "cms"
_ON = date(2026, 11, 24)
_EVERY = 8
_REDLINES = 40

T = TypeVar("T")


def run() -> list[tuple[str, str]]:
    """Rows of name and figure. Goals: no-op over 1,600 pages 10 s; 5 pages a second; a redline 200 ms."""
    if not _SHARED.is_dir():
        return [("real CMS files", "not beside this checkout: nothing measured")]
    with tempfile.TemporaryDirectory() as folder:
        return _measure(Path(folder))


def _measure(folder: Path) -> list[tuple[str, str]]:
    home, before, after = folder / "home", folder / "rvu24c", folder / "rvu25d"
    before.mkdir()
    after.mkdir()
    official_files.write_fee_schedule(_SHARED, before, "RVU24C")
    for name in ("PPRRVU2025_Oct.csv", "GPCI2025.csv"):
        shutil.copyfile(_SHARED / "pfs" / "rvu25d_oct2025" / name, after / name)
    Syncing(home)(before, "RVU24C")
    workspace = _open(home)
    payable = [code for code in workspace.facts.payable() if "20000" <= code <= "29999"][::_EVERY]
    _regenerate(payable, workspace)
    first, _ = _timed(lambda: _stale(payable[:1], _open(home)))
    unchanged, none = _timed(lambda: _stale(payable, _open(home)))
    bare, _ = _timed(lambda: _read(payable, workspace.settings))
    Syncing(home)(after, "RVU25D")
    workspace = _open(home)
    held = [code for code in payable if workspace.facts.facts_on(code, _ON).get("status_code")]
    found, stale = _timed(lambda: _stale(held, workspace))
    made, _ = _timed(lambda: _regenerate(stale, workspace))
    rendered, _ = _timed(lambda: [_render(code, workspace) for code in stale])
    redlined, _ = _timed(lambda: [_redline(code, workspace.settings) for code in stale[:_REDLINES]])
    pages = len(payable)
    each, render = redlined / _REDLINES, rendered / len(stale)
    return [
        (
            f"nothing changed, {pages} pages, {len(none)} stale",
            f"{unchanged:.2f} s, {unchanged / bare:.1f} × reading and hashing them ({bare:.2f} s)",
        ),
        (
            "the same for 1,600 pages, reckoned",
            f"{first + 1599 * (unchanged - first) / (pages - 1):.1f} s, of which {first:.1f} s for the first",
        ),
        (f"RVU24C → RVU25D, {len(stale)} of {len(held)} pages found stale", f"{found:.2f} s"),
        (
            "made anew",
            f"{len(stale) / made:.1f} pages/s, {made / rendered:.1f} × reading and rendering them",
        ),
        (
            "a redline, compared and rendered",
            f"{each * 1000:.0f} ms, {each / render:.1f} × rendering the page",
        ),
    ]


def _open(home: Path) -> Workspace:
    return Workspace(Settings(root=read_settings().root, home=home))


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    began = time.process_time()
    result = work()
    return time.process_time() - began, result


def _stale(codes: list[str], workspace: Workspace) -> list[str]:
    states = page_states(codes, workspace=workspace, as_of=_ON, dated=False, drafter=Drafter())
    return [state.hcpcs_code for state in states if not state.is_current]


def _regenerate(codes: list[str], workspace: Workspace) -> None:
    done = regenerate_pages(
        codes,
        workspace=workspace,
        embedder=HashingEmbedder(),
        as_of=_ON,
        today=_ON,
        progress=lambda message: None,
    )
    for _ in done:
        pass


def _read(codes: list[str], settings: Settings) -> list[str]:
    return [
        hashlib.sha256((candidate_folder(code, settings) / PAGE_FILES[-1]).read_bytes()).hexdigest()
        for code in codes
    ]


def _render(code: str, workspace: Workspace) -> str:
    page = read_candidate(candidate_folder(code, workspace.settings))
    return render_html(page, site_name=workspace.site_name) if page else ""


def _redline(code: str, settings: Settings) -> str:
    return render_redline(
        compare_revisions(code, settings, old="1", new="candidate"), site_name="Briefwright"
    )
