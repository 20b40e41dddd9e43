"""Which pages are to be made anew, and why: each page's inputs now against those its candidate was made from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from pipeline.changes.revisions import read_revision, renew_sources
from pipeline.conflicts import find_conflicts
from pipeline.data import PageState
from pipeline.input_parts import InputReader, amended_parts, changed_parts
from pipeline.inputs import gather_inputs
from pipeline.page.files import PAGE_FILES
from pipeline.page.ledger import load_ledger
from pipeline.regenerate import candidate_folder
from pipeline.run import Drafter, open_reader
from pipeline.settings import Settings
from pipeline.store import holds_files
from pipeline.workspace import Workspace


def page_states(
    codes: Sequence[str],
    *,
    workspace: Workspace,
    as_of: date,
    dated: bool,
    drafter: Drafter,
    note: bool = False,
) -> Iterator[PageState]:
    """The state of each page by this drafter, in turn. Raises NoFactsError.

    Reads only, unless it is to `note` that other documents do not contradict a page, so as not to look that up again.
    """
    reader = open_reader(workspace, drafter, dated=dated)
    for code in codes:
        folder = candidate_folder(code, workspace.settings, as_of=as_of if dated else None)
        yield _state(code, folder, reader, workspace=workspace, as_of=as_of, note=note)


def _state(
    code: str, folder: Path, reader: InputReader, *, workspace: Workspace, as_of: date, note: bool
) -> PageState:
    try:
        ledger = (folder / PAGE_FILES[-1]).read_bytes()
    except OSError:
        return PageState(hcpcs_code=code, state="new")
    sha256 = hashlib.sha256(ledger).hexdigest()
    revision = read_revision(workspace.settings.revisions, code, sha256)
    others = PAGE_FILES[:-1]
    if revision is None or not holds_files(folder, {name: revision.files.get(name, "") for name in others}):
        return PageState(hcpcs_code=code, state="unknown")
    drawn = reader.read(gather_inputs(code, workspace=workspace, as_of=as_of))
    parts = amended_parts(drawn, code, workspace.settings.reviews)
    if parts != revision.parts:
        return PageState(hcpcs_code=code, state="stale", changes=tuple(changed_parts(revision.parts, parts)))
    if revision.sources != (sources := workspace.sources_on(as_of)):
        if conflicts := find_conflicts(load_ledger(ledger.decode()), workspace, as_of):
            return PageState(hcpcs_code=code, state="stale", changes=tuple(conflicts))
        if note:
            renew_sources(revision, workspace.settings.revisions, sources)
    return PageState(hcpcs_code=code, state="current" if revision.complete else "unfinished")


def codes_with_candidates(settings: Settings, *, as_of: date | None = None) -> list[str]:
    """The codes of which there is a candidate of today, or one for a date of service, sorted."""
    dated = f"as-of/{as_of}/" if as_of else ""
    found = settings.candidates.glob(f"*/{dated}{PAGE_FILES[-1]}")
    return sorted(path.relative_to(settings.candidates).parts[0] for path in found)
