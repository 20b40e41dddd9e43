"""Regenerating candidates: build the index where needed, build pages, write them to the state folder."""

from __future__ import annotations

import shutil
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from pipeline.amend import amend_page
from pipeline.changes.revisions import save_revision
from pipeline.data import Page, Passage, Record
from pipeline.draft.records import Draft
from pipeline.errors import PublishError, SourceError, StateError
from pipeline.examine import Examiner
from pipeline.index import Embedder
from pipeline.input_parts import amended_parts
from pipeline.inputs import PageInputs, gather_inputs
from pipeline.llm import Steps, run_many
from pipeline.page.files import PAGE_FILES, render_files
from pipeline.page.ledger import load_ledger
from pipeline.published import read_published
from pipeline.retrieve import opened_index
from pipeline.review.amendments import amendments_of
from pipeline.review.log import read_decisions
from pipeline.run import (
    Drafter,
    Search,
    WriteSections,
    build_page,
    open_examiner,
    open_reader,
)
from pipeline.settings import Settings
from pipeline.store import exclusive_lock, write_atomically
from pipeline.workspace import Workspace

Progress = Callable[[str], None]


class Regenerated(Record):
    """A candidate that was written: its page, where page.html lies, and how long it took.

    `set_aside` says where a damaged earlier ledger went; its verified dates start anew. `unchanged`: it was there, and
    nothing was done.
    """

    page: Page
    path: Path
    seconds: float
    set_aside: str = ""
    unchanged: bool = False


@contextmanager
def open_search(workspace: Workspace, *, embedder: Embedder, progress: Progress) -> Iterator[Search]:
    """The passage index, brought up to date first; unchanged passages are not embedded again."""
    with opened_index(workspace, embedder=embedder, progress=progress) as index:

        def search(query: str, limit: int, allowed: Callable[[Passage], bool]) -> list[Passage]:
            return [hit.passage for hit in index.search(query, limit=limit, allowed=allowed)]

        yield search


def regenerate_pages(
    codes: Sequence[str],
    *,
    workspace: Workspace,
    embedder: Embedder,
    as_of: date,
    today: date,
    progress: Progress,
    dated: bool = False,
    drafter: Drafter = Drafter(),  # noqa: B008 - frozen
) -> Iterator[Regenerated]:
    """Yield each candidate once it is written. One process at a time; what was written before an error stays.

    `dated`: the date of service was asked for, so the page is kept apart from the current one.
    """
    settings = workspace.settings
    with (
        exclusive_lock(settings.home / "regenerate.lock", what="regenerating pages"),
        open_search(workspace, embedder=embedder, progress=progress) as search,
    ):
        progress(f"{codes[0]} (1/{len(codes)})" if codes else "")
        began = time.perf_counter()
        reader = open_reader(workspace, drafter, dated=dated)
        drafted = _drafted(codes, workspace=workspace, search=search, as_of=as_of, drafter=drafter)
        for number, (inputs, written, examiner) in enumerate(drafted, 1):
            code = inputs.plan.hcpcs_code
            progress(f"{code} ({number}/{len(codes)})")
            folder = candidate_folder(code, settings, as_of=as_of if dated else None)
            previous, set_aside = _previous(code, folder, settings)
            parts = reader.read(inputs)
            page = build_page(
                inputs,
                workspace=workspace,
                search=search,
                today=today,
                previous=previous,
                drafter=drafter,
                written=written,
                examiner=examiner,
                parts=parts,
            )
            page = _with_amendments(page, workspace, today=today)
            path = store_candidate(page, folder, workspace, parts=parts, today=today, dated=dated)
            seconds = round(time.perf_counter() - began, 3)
            yield Regenerated(page=page, path=path, seconds=seconds, set_aside=set_aside)
            began = time.perf_counter()


def _with_amendments(page: Page, workspace: Workspace, *, today: date) -> Page:
    """The page with what reviewers amended, where it was drafted in the same words again."""
    amendments = amendments_of(read_decisions(workspace.settings.reviews, page.hcpcs_code))
    amended = amend_page(page, amendments, workspace=workspace, today=today)
    said = tuple(
        f"the amendment of {name} does not stand any more: {why}" for name, why in amended.refused.items()
    )
    return amended.page.model_copy(update={"failures": (*page.failures, *said)}) if said else amended.page


class PageWork(NamedTuple):
    """A page that was begun: its inputs, what examines its claims, the sections that a model is to write, by key."""

    inputs: PageInputs
    examiner: Examiner
    sections: Mapping[str, Steps[Draft]]


def begin_pages(
    codes: Sequence[str], *, workspace: Workspace, search: Search, as_of: date, write: WriteSections | None
) -> Iterator[PageWork]:
    """Each page in turn, with nothing asked yet; no sections without `write`. Raises NoFactsError."""
    for code in codes:
        inputs = gather_inputs(code, workspace=workspace, as_of=as_of)
        examiner = open_examiner(inputs, workspace=workspace)
        yield PageWork(inputs, examiner, write(inputs, search, examiner) if write else {})


def _drafted(
    codes: Sequence[str], *, workspace: Workspace, search: Search, as_of: date, drafter: Drafter
) -> Iterator[tuple[PageInputs, dict[str, Draft], Examiner]]:
    """The inputs of each page in turn, with the sections that a model wrote; the calls of later pages run ahead."""
    begun = begin_pages(codes, workspace=workspace, search=search, as_of=as_of, write=drafter.write)
    if drafter.write is None or drafter.client is None:
        for page in begun:
            yield page.inputs, {}, page.examiner
        return
    waiting: deque[PageWork] = deque()

    def tasks() -> Iterator[tuple[str, Steps[Draft]]]:
        for page in begun:
            waiting.append(page)
            yield from page.sections.items()

    done = run_many(tasks(), drafter.client, concurrency=drafter.concurrency)
    for first in done:  # sections come in the order of the tasks, and so page by page
        page = waiting.popleft()
        sections = [first, *islice(done, len(page.sections) - 1)]
        yield page.inputs, {key: draft for key, draft in sections if draft is not None}, page.examiner


def candidate_folder(hcpcs_code: str, settings: Settings, *, as_of: date | None = None) -> Path:
    """Where a candidate lies: the current page of a code, or the one for a date of service that was asked for."""
    folder = settings.candidates / hcpcs_code
    return folder / "as-of" / as_of.isoformat() if as_of else folder


def kept_candidate(hcpcs_code: str, settings: Settings, *, as_of: date | None = None) -> Regenerated:
    """The candidate there is, with nothing done. Raises SourceError where there is none, or a damaged one."""
    folder = candidate_folder(hcpcs_code, settings, as_of=as_of)
    page = read_candidate(folder)
    if page is None:
        raise SourceError(f"there is no candidate of {hcpcs_code}; regenerate it")
    return Regenerated(page=page, path=folder / PAGE_FILES[0], seconds=0, unchanged=True)


def _previous(hcpcs_code: str, folder: Path, settings: Settings) -> tuple[Page | None, str]:
    """The candidate there is, else the published page; and a sentence where the candidate was damaged and moved."""
    try:
        return read_candidate(folder) or read_published(hcpcs_code, settings), ""
    except SourceError:
        ledger = folder / PAGE_FILES[-1]
        aside = ledger.with_name(f"{ledger.name}.damaged")
        if not ledger.exists():  # the published one is damaged: a reviewer's concern, not this run's
            return (
                None,
                f"the published ledger of {hcpcs_code} is damaged; dates of verification start afresh",
            )
        try:
            if aside.is_dir():
                shutil.rmtree(aside)
            ledger.replace(aside)
        except OSError as error:
            raise StateError(
                f"{ledger} is damaged and cannot be moved aside ({error.strerror}); delete it and regenerate"
            ) from error
        return None, f"the earlier ledger of {hcpcs_code} was damaged; it is kept as {aside}"


def store_candidate(
    page: Page,
    folder: Path,
    workspace: Workspace,
    *,
    parts: Mapping[str, Mapping[str, str]],
    today: date,
    dated: bool,
) -> Path:
    """Keep the page as a revision made from these parts and its amendments, and write its files; where page.html lies.

    In this order: whatever is interrupted, a folder whose files are not those of a stored revision is made anew.
    """
    files = render_files(page, site_name=workspace.site_name)
    settings = workspace.settings
    save_revision(
        page,
        files,
        settings.revisions,
        parts=amended_parts(parts, page.hcpcs_code, settings.reviews),
        made_on=today,
        dated=dated,
        sources=workspace.sources_on(page.as_of),
    )
    for name, data in files.items():
        write_atomically(folder / name, data)
    return folder / PAGE_FILES[0]


def read_rendered_candidate(page: Page, folder: Path, *, site_name: str) -> dict[str, bytes]:
    """The candidate's files by name, where they are what this program renders from its ledger.

    Raises PublishError where a file is missing, was edited or is of another run or version: the ledger would
    not vouch for what it says.
    """
    code = page.hcpcs_code
    rendered = render_files(page, site_name=site_name)
    for name, data in rendered.items():
        path = folder / name
        try:
            held = path.read_bytes()
        except OSError as error:
            raise PublishError(
                f"there is no complete candidate of {code} ({name}: {error.strerror}); "
                f"run `briefwright regenerate {code}` first"
            ) from error
        if held != data:
            raise PublishError(
                f"{path} is not what its ledger says (edited, or written by another run or version); "
                f"run `briefwright regenerate {code}` and review it again"
            )
    return rendered


def read_candidate(folder: Path) -> Page | None:
    """The ledger of a candidate's folder, None where there is none. Raises SourceError for a damaged one."""
    return read_ledger(folder / PAGE_FILES[-1])


def read_ledger(path: Path) -> Page | None:
    """The page of a ledger, None where there is none. Raises SourceError for a damaged one."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} cannot be read ({error}); delete it and regenerate the page") from error
    try:
        return load_ledger(text)
    except SourceError as error:
        raise SourceError(f"{path}: {error}") from error
