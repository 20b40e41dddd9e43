"""Regenerating candidates: build the index where needed, build pages, write them to the state folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from pipeline.data import Page, Passage, Record
from pipeline.errors import SourceError
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
    """A candidate that was written: its page, where page.html lies, and how long it took."""

    page: Page
    path: Path
    seconds: float


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
            page = build_page(
                code,
                workspace=workspace,
                search=search,
                as_of=as_of,
                today=today,
                previous=read_candidate(code, settings),
                drafter=drafter,
            )
            path = write_candidate(page, settings)
            yield Regenerated(page=page, path=path, seconds=round(time.perf_counter() - began, 3))


def write_candidate(page: Page, settings: Settings) -> Path:
    """Write the three renderings; the ledger last, so that a complete ledger means a complete candidate."""
    folder = settings.candidates / page.hcpcs_code
    html, markdown, ledger = (folder / name for name in PAGE_FILES)
    write_atomically(html, render_html(page, site_name=OWN))
    write_atomically(markdown, render_markdown(page))
    write_atomically(ledger, dump_ledger(page))
    return html


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
    return load_ledger(text)
