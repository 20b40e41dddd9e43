"""Batches through OpenAI's API: thin functions over the SDK's client, which is passed in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pipeline.data import Record
from pipeline.errors import UsageError
from pipeline.llm.batch import URL, plain_line
from pipeline.llm.endpoint import Endpoint

if TYPE_CHECKING:
    import openai

MAX_LINES = 50_000
"""What the API takes in one batch; also 200 MB, which it checks itself, and one model."""

_ENDED = frozenset(("failed", "completed", "expired", "cancelled"))
_METADATA = "briefwright"  # under which a batch keeps our token
_PAGE = 100  # batches in an answer of the list; the API gives no more


class BatchState(Record):
    """Where a batch stands: `status` in the API's words, counts of its requests, the files of results, empty before.

    `errors` say why it failed as a whole, with the line of the batch where one is to blame.
    """

    id: str
    status: str
    total: int = 0
    completed: int = 0
    failed: int = 0
    output_file: str = ""
    error_file: str = ""
    errors: tuple[str, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether nothing more will come; an expired or cancelled batch has results of what was done in time."""
        return self.status in _ENDED


class BatchApi:
    """The endpoint's batches. Raises ModelError of an endpoint kind, UsageError where OPENAI_BASE_URL is no address."""

    def __init__(self, client: openai.OpenAI, endpoint: Endpoint):
        self._client = client
        # What creates is sent once: the answer of 502 may stand for a batch that was created, and will be paid.
        self._creating = client.with_options(max_retries=0)
        self._endpoint = endpoint

    @property
    def host(self) -> str:
        """The endpoint's name."""
        return self._endpoint.host

    def upload(self, lines: Iterable[Mapping[str, Any]]) -> str:
        """Send the lines of `batch_line`, which costs nothing yet, and give the id of their file, for `create`.

        Raises UsageError where they do not make one batch.
        """
        given = list(lines)
        models = sorted({line["body"]["model"] for line in given})
        if len(models) != 1 or len(given) > MAX_LINES:
            raise UsageError(
                f"a batch holds requests to one model, at most {MAX_LINES:,}; "
                f"this one has {len(given):,} to {', '.join(models) or 'none'}"
            )
        content = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in given)
        with self._explained():
            file = self._creating.files.create(file=("requests.jsonl", content.encode()), purpose="batch")
        return file.id

    def create(self, file_id: str, *, token: str) -> BatchState:
        """Have the uploaded lines answered. By `token` the batch is found should its id get lost on the way."""
        with self._explained():
            batch = self._creating.batches.create(
                input_file_id=file_id, endpoint=URL, completion_window="24h", metadata={_METADATA: token}
            )
        return _state(batch)

    def find(self, token: str) -> BatchState | None:
        """The batch that was created with this token; None where none was."""
        with self._explained():
            for batch in self._client.batches.list(limit=_PAGE):
                if (batch.metadata or {}).get(_METADATA) == token:
                    return _state(batch)
        return None

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
    errors = (batch.errors and batch.errors.data) or ()
    return BatchState(
        id=plain_line(batch.id),
        status=plain_line(batch.status),
        total=counts.total if counts else 0,
        completed=counts.completed if counts else 0,
        failed=counts.failed if counts else 0,
        output_file=batch.output_file_id or "",
        error_file=batch.error_file_id or "",
        errors=tuple(_reason(error) for error in errors),
    )


def _reason(error: Any) -> str:
    words = plain_line(error.message or error.code or "no reason given")
    return words if error.line is None else f"line {error.line}: {words}"
