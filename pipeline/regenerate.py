"""Regenerating candidates: build the index where needed, build pages, write them to the state folder."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from pipeline.data import Page, Passage, Record
from pipeline.errors import PublishError, SourceError, StateError
from pipeline.index import Embedder, build_index, open_index
from pipeline.page.ledger import dump_ledger, load_ledger
from pipeline.page.markdown import render_markdown
from pipeline.page.render import render_html
from pipeline.review.publish import PAGE_FILES
from pipeline.run import Drafter, Search, build_page
from pipeline.settings import Settings
from pipeline.store import exclusive_lock, write_atomically
from pipeline.workspace import OWN, Workspace

Progress = Callable[[str], None]


class Regenerated(Record):
    """A candidate that was written: its page, where page.html lies, and how long it took.

    `set_aside` says where a damaged earlier ledger went; its verified dates start anew.
    """

    page: Page
    path: Path
    seconds: float
    set_aside: str = ""


@contextmanager
def open_search(workspace: Workspace, *, embedder: Embedder, progress: Progress) -> Iterator[Search]:
    """The passage index, brought up to date first; unchanged passages are not embedded again."""
    folder = workspace.settings.index

    def report(done: int, total: int) -> None:
        progress(f"indexing passages {done}/{total}")

    build_index(workspace.passages(), folder=folder, embedder=embedder, progress=report)
    with open_index(folder, embedder=embedder) as index:

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
    drafter: Drafter = Drafter(),  # noqa: B008 - frozen
) -> Iterator[Regenerated]:
    """Yield each candidate once it is written. One process at a time; what was written before an error stays."""
    settings = workspace.settings
    with (
        exclusive_lock(settings.home / "regenerate.lock", what="regenerating pages"),
        open_search(workspace, embedder=embedder, progress=progress) as search,
    ):
        for number, code in enumerate(codes, 1):
            progress(f"{code} ({number}/{len(codes)})")
            began = time.perf_counter()
            previous, set_aside = _previous(code, settings)
            page = build_page(
                code,
                workspace=workspace,
                search=search,
                as_of=as_of,
                today=today,
                previous=previous,
                drafter=drafter,
            )
            path = write_candidate(page, settings)
            seconds = round(time.perf_counter() - began, 3)
            yield Regenerated(page=page, path=path, seconds=seconds, set_aside=set_aside)


def _previous(hcpcs_code: str, settings: Settings) -> tuple[Page | None, str]:
    """The candidate there is, and a sentence where it was damaged and moved aside."""
    try:
        return read_candidate(hcpcs_code, settings), ""
    except SourceError:
        ledger = settings.candidates / hcpcs_code / PAGE_FILES[-1]
        aside = ledger.with_name(f"{ledger.name}.damaged")
        try:
            if aside.is_dir():
                shutil.rmtree(aside)
            ledger.replace(aside)
        except OSError as error:
            raise StateError(
                f"{ledger} is damaged and cannot be moved aside ({error.strerror}); delete it and regenerate"
            ) from error
        return None, f"the earlier ledger of {hcpcs_code} was damaged; it is kept as {aside}"


def write_candidate(page: Page, settings: Settings) -> Path:
    """Write the three renderings; the ledger last, so that a complete ledger means a complete candidate."""
    folder = settings.candidates / page.hcpcs_code
    for name, data in _render(page).items():
        write_atomically(folder / name, data)
    return folder / PAGE_FILES[0]


def _render(page: Page) -> dict[str, bytes]:
    texts = (render_html(page, site_name=OWN), render_markdown(page), dump_ledger(page))
    return {name: text.encode() for name, text in zip(PAGE_FILES, texts, strict=True)}


def read_rendered_candidate(page: Page, settings: Settings) -> dict[str, bytes]:
    """The candidate's files by name, where they are what this program renders from its ledger.

    Raises PublishError where a file is missing, was edited or is of another run or version: the ledger would
    not vouch for what it says.
    """
    code = page.hcpcs_code
    rendered = _render(page)
    for name, data in rendered.items():
        path = settings.candidates / code / name
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


def read_candidate(hcpcs_code: str, settings: Settings) -> Page | None:
    """The candidate's ledger, None where there is none. Raises SourceError for a damaged one."""
    return _read_ledger(settings.candidates / hcpcs_code / PAGE_FILES[-1])


def read_published(hcpcs_code: str, settings: Settings) -> Page | None:
    """The published ledger, None where there is none. Raises SourceError for a damaged one."""
    return _read_ledger(settings.outputs / hcpcs_code / PAGE_FILES[-1])


def _read_ledger(path: Path) -> Page | None:
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
