"""Model calls without a model at hand: what pages still wait for, and the requests that were handed out for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from pipeline.data import Record
from pipeline.draft.records import Draft
from pipeline.errors import StateError
from pipeline.index import Embedder
from pipeline.llm import Journal, ModelRequest, PendingClient, Steps, run_many
from pipeline.model_drafter import ModelNames, make_model_drafter
from pipeline.regenerate import Progress, begin_pages, open_search
from pipeline.store import write_atomically
from pipeline.workspace import Workspace


class PageState(Record):
    """Where a page stands: by section, the call it waits for (`draft`, `judge`, `repair`); empty: all is answered."""

    hcpcs_code: str
    waiting: dict[str, str]


class Pending(Record):
    """What the journal does not answer yet, each request once, and where each page stands."""

    requests: tuple[ModelRequest, ...]
    pages: tuple[PageState, ...]


def find_pending(
    codes: Sequence[str],
    *,
    workspace: Workspace,
    embedder: Embedder,
    as_of: date,
    names: ModelNames,
    progress: Progress,
) -> Pending:
    """The calls that regenerating these pages would make next, given the journal. Asks nothing, writes nothing.

    What follows from a reply (judging, mending) is pending once that reply is there. Raises NoFactsError for a code
    that no table or profile holds.
    """
    client = PendingClient(Journal(workspace.settings.journal))
    drafter = make_model_drafter(names, client, workspace=workspace)
    waiting: dict[str, list[str]] = {code: [] for code in codes}
    with open_search(workspace, embedder=embedder, progress=progress) as search:

        def tasks() -> Iterator[tuple[tuple[str, str], Steps[Draft]]]:
            begun = begin_pages(codes, workspace=workspace, search=search, as_of=as_of, write=drafter.write)
            for number, page in enumerate(begun, 1):
                code = page.inputs.plan.hcpcs_code
                progress(f"{code} ({number}/{len(codes)})")
                for key, steps in page.sections.items():
                    yield (code, key), steps

        for (code, key), draft in run_many(tasks(), client, concurrency=1):
            if draft is None:
                waiting[code].append(key)
    calls = {tuple(request.label.split("/")[:2]): request.label.split("/")[-1] for request in client.pending}
    return Pending(
        requests=tuple(client.pending),
        pages=tuple(
            PageState(hcpcs_code=code, waiting={key: calls.get((code, key), "") for key in keys})
            for code, keys in waiting.items()
        ),
    )


class BatchFolder:
    """Requests that were handed out, `requests/KEY.json`, and batches that were submitted, `jobs/ID.txt`."""

    def __init__(self, folder: Path):
        self._requests = folder / "requests"
        self._jobs = folder / "jobs"

    def hand_out(self, requests: Iterable[ModelRequest]) -> None:
        """Keep requests until their replies come. Raises StateError."""
        for request in requests:
            path = self._requests / f"{request.key}.json"
            if not path.exists():
                write_atomically(path, request.model_dump_json(indent=1) + "\n")

    def requests(self) -> dict[str, ModelRequest]:
        """The requests whose replies are awaited, by key. Raises StateError for a damaged one."""
        found = {}
        for path in sorted(self._requests.glob("*.json")):
            try:
                request = ModelRequest.model_validate_json(path.read_bytes())
            except (OSError, ValidationError) as error:
                raise StateError(
                    f"the request {path} cannot be read back; delete it and export again"
                ) from error
            found[request.key] = request
        return found

    def settle(self, keys: Iterable[str]) -> None:
        """Forget requests that were answered."""
        for key in keys:
            (self._requests / f"{key}.json").unlink(missing_ok=True)

    def start(self, batch_id: str) -> None:
        """Keep the id of a batch that was submitted."""
        write_atomically(self._jobs / f"{_plain(batch_id)}.txt", batch_id + "\n")

    def jobs(self) -> list[str]:
        """The ids of batches whose results were not fetched yet."""
        return [path.read_text(encoding="utf-8").strip() for path in sorted(self._jobs.glob("*.txt"))]

    def finish(self, batch_id: str) -> None:
        """Forget a batch whose results were fetched."""
        (self._jobs / f"{_plain(batch_id)}.txt").unlink(missing_ok=True)


def _plain(batch_id: str) -> str:
    """An id as the name of a file: the endpoint chose it."""
    return "".join(character if character.isalnum() or character in "_-" else "_" for character in batch_id)
