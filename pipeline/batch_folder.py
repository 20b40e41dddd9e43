"""What was handed out as batches and is awaited: requests, and the batches at the endpoint that they went into."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from pipeline.batch_runs import Pending
from pipeline.data import Record
from pipeline.draft.replies import DraftReply, RepairReply
from pipeline.errors import ModelError, StateError
from pipeline.llm import NEVER_BILLED, BatchApi, BatchState, ModelRequest, batch_line
from pipeline.store import write_atomically
from pipeline.verify.entailment import JudgeReply

ON_ITS_WAY = timedelta(minutes=15)
"""How long a batch that the endpoint does not list may still turn up there."""
REPLY_TYPES = (DraftReply, JudgeReply, RepairReply)
"""What the calls of a page ask for."""


class HandedOut(Record):
    """A request whose reply is awaited, and the page it was first handed out for."""

    page: str
    request: ModelRequest


class Job(Record):
    """A batch that is under way: the keys of its calls, and its id at the endpoint, empty until that is known.

    `token` is our own name for it, which the endpoint keeps with it; `host` and `begun` say where and when it was sent.
    """

    token: str
    host: str
    begun: datetime
    model: str
    keys: tuple[str, ...]
    id: str = ""


class BatchFolder:
    """Requests that were handed out, `requests/KEY.json`, and batches that are under way, `jobs/TOKEN.json`.

    One process at a time may change it. `reply_types` are what requests may ask for; each reads its replies.
    """

    def __init__(self, folder: Path, *, reply_types: Iterable[type[BaseModel]] = REPLY_TYPES):
        self._requests = folder / "requests"
        self._jobs = folder / "jobs"
        self._reply_types = {reply_type.__name__: reply_type for reply_type in reply_types}

    def hand_out(self, requests: Iterable[ModelRequest]) -> None:
        """Keep requests until their replies come. Raises StateError."""
        for request in requests:
            path = self._requests / f"{request.key}.json"
            if not path.exists():
                _write(path, HandedOut(page=request.label.split("/")[0], request=request))

    def requests(self) -> dict[str, ModelRequest]:
        """The requests whose replies are awaited, by key. Raises StateError for a damaged one."""
        return {key: self._with_type(handed_out.request) for key, handed_out in self._handed_out().items()}

    def settle(self, keys: Iterable[str]) -> None:
        """Forget requests that were answered."""
        for key in keys:
            (self._requests / f"{key}.json").unlink(missing_ok=True)

    def drop_stale(self, pending: Pending) -> int:
        """Forget what was handed out for these pages and models, is pending no more and in no batch: how many.

        A changed prompt, source or date makes another request; handing out as before brings the old one back.
        """
        pages = {page.hcpcs_code for page in pending.pages}
        kept = self.under_way().union(request.key for request in pending.requests)
        stale = [
            key
            for key, found in self._handed_out().items()
            if found.page in pages and found.request.model in pending.models and key not in kept
        ]
        self.settle(stale)
        return len(stale)

    def begin(self, requests: Sequence[ModelRequest], *, host: str, now: datetime) -> Job:
        """Write down that these calls to one model are about to be submitted. Raises StateError."""
        job = Job(
            token=uuid.uuid4().hex,
            host=host,
            begun=now,
            model=requests[0].model,
            keys=tuple(request.key for request in requests),
        )
        self.keep(job)
        return job

    def keep(self, job: Job) -> None:
        """Write a job down. Raises StateError."""
        _write(self.path_of(job), job)

    def path_of(self, job: Job) -> Path:
        """Where a job stands."""
        return self._jobs / f"{job.token}.json"

    def jobs(self) -> list[Job]:
        """Batches whose results were not fetched yet. Raises StateError for a damaged one."""
        return [
            _read(path, Job, "delete it, and import the results of its batch by hand")
            for path in sorted(self._jobs.glob("*.json"))
        ]

    def under_way(self) -> set[str]:
        """The keys of the calls in these batches."""
        return {key for job in self.jobs() for key in job.keys}

    def finish(self, job: Job) -> None:
        """Forget a batch whose results were fetched, or that never came to be."""
        self.path_of(job).unlink(missing_ok=True)

    def _handed_out(self) -> dict[str, HandedOut]:
        paths = sorted(self._requests.glob("*.json"))
        found = (_read(path, HandedOut, "delete it and export again") for path in paths)
        return {handed_out.request.key: handed_out for handed_out in found}

    def _with_type(self, request: ModelRequest) -> ModelRequest:
        """The request as it was handed out; a type that has changed since says nothing of its replies."""
        reply_type = self._reply_types.get(request.schema_name)
        if reply_type is None or reply_type.model_json_schema() != request.json_schema:
            return request
        return request.model_copy(update={"reply_type": reply_type})


def submit_batch(
    requests: Sequence[ModelRequest], folder: BatchFolder, api: BatchApi, *, now: datetime
) -> BatchState:
    """Submit calls to one model. Raises ModelError or UsageError as `api` does.

    The job is written down before the batch is created: whatever happens in between, `recover_jobs` finds out.
    """
    folder.hand_out(requests)
    file_id = api.upload(map(batch_line, requests))
    job = folder.begin(requests, host=api.host, now=now)
    try:
        state = api.create(file_id, token=job.token)
    except ModelError as error:
        if error.kind in NEVER_BILLED:
            folder.finish(job)
        raise
    folder.keep(job.model_copy(update={"id": state.id}))
    return state


class Recovered(NamedTuple):
    """A job whose id was not known: as it was, and its batch, None where none is found.

    `forgotten`: it never came to be. Otherwise it may still be on its way, or is at another host.
    """

    job: Job
    state: BatchState | None
    forgotten: bool


def recover_jobs(folder: BatchFolder, api: BatchApi, *, now: datetime) -> Iterator[Recovered]:
    """Ask the endpoint for jobs without an id, by their tokens: each gets its id, or is forgotten after a while.

    Raises ModelError.
    """
    for job in folder.jobs():
        if job.id:
            continue
        state = api.find(job.token) if job.host == api.host else None
        if state is not None:
            folder.keep(job.model_copy(update={"id": state.id}))
        # A batch may be listed long after the call that created it went out.
        forgotten = state is None and job.host == api.host and now - job.begun > ON_ITS_WAY
        if forgotten:
            folder.finish(job)
        yield Recovered(job, state, forgotten)


_Stored = TypeVar("_Stored", bound=Record)


def _write(path: Path, record: Record) -> None:
    write_atomically(path, record.model_dump_json(indent=1) + "\n")


def _read(path: Path, kind: type[_Stored], remedy: str) -> _Stored:
    try:
        return kind.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise StateError(f"{path} cannot be read back; {remedy}") from error
