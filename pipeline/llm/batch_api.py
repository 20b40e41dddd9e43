"""Batches through OpenAI's API: thin functions over the SDK's client, which is passed in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pipeline.data import Record
from pipeline.errors import UsageError
from pipeline.llm.batch import URL
from pipeline.llm.endpoint import Endpoint

if TYPE_CHECKING:
    import openai

MAX_LINES = 50_000
"""What the API takes in one batch; also 200 MB, which it checks itself, and one model."""

_ENDED = frozenset(("failed", "completed", "expired", "cancelled"))


class BatchState(Record):
    """Where a batch stands: `status` in the API's words, counts of its requests, the files of results, empty before."""

    id: str
    status: str
    total: int = 0
    completed: int = 0
    failed: int = 0
    output_file: str = ""
    error_file: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing more will come; an expired or cancelled batch has results of what was done in time."""
        return self.status in _ENDED


class BatchApi:
    """The endpoint's batches. Raises ModelError of an endpoint kind, UsageError where OPENAI_BASE_URL is no address."""

    def __init__(self, client: openai.OpenAI, endpoint: Endpoint):
        self._client = client
        self._endpoint = endpoint

    def submit(self, lines: Iterable[Mapping[str, Any]]) -> BatchState:
        """Send the lines of `batch_line` as one batch. Raises UsageError where they do not make one."""
        given = list(lines)
        models = sorted({line["body"]["model"] for line in given})
        if len(models) != 1 or len(given) > MAX_LINES:
            raise UsageError(
                f"a batch holds requests to one model, at most {MAX_LINES:,}; "
                f"this one has {len(given):,} to {', '.join(models) or 'none'}"
            )
        content = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in given)
        with self._explained():
            file = self._client.files.create(file=("requests.jsonl", content.encode()), purpose="batch")
            batch = self._client.batches.create(input_file_id=file.id, endpoint=URL, completion_window="24h")
        return _state(batch)

    def poll(self, batch_id: str) -> BatchState:
        """Where the batch stands now."""
        with self._explained():
            return _state(self._client.batches.retrieve(batch_id))

    def results(self, state: BatchState) -> Iterator[bytes]:
        """The result lines there are, failed ones last, for `import_batch`."""
        for file in filter(None, (state.output_file, state.error_file)):
            with self._explained():
                content = self._client.files.content(file).content
            yield from content.splitlines()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        import openai

        try:
            yield
        except openai.OpenAIError as error:
            raise self._endpoint.explain(error, what="such batch or file") from error


def open_batch_api(environ: Mapping[str, str], *, timeout_s: float = 120.0) -> BatchApi:
    """Batches at the endpoint that OPENAI_API_KEY and OPENAI_BASE_URL name. Raises ModelError where there is no key."""
    endpoint = Endpoint(environ, timeout_s=timeout_s)
    settings = endpoint.settings()
    import openai

    return BatchApi(openai.OpenAI(**settings), endpoint)


def _state(batch: Any) -> BatchState:
    counts = batch.request_counts
    return BatchState(
        id=batch.id,
        status=batch.status,
        total=counts.total if counts else 0,
        completed=counts.completed if counts else 0,
        failed=counts.failed if counts else 0,
        output_file=batch.output_file_id or "",
        error_file=batch.error_file_id or "",
    )
