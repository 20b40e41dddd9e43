"""The reply journal: what a model answered is written down before it is used, and never paid for twice.

One JSON file a reply, `KEY.json`, where KEY is `ModelRequest.key`: {"request": …, "reply": …}. A request
holds model, parameters, prompt and schema, and no key, header or address of an endpoint.
"""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from pipeline.data import Record
from pipeline.errors import ModelError, StateError
from pipeline.llm.client import ModelClient, ModelFailure, ModelReply, ModelRequest
from pipeline.store import write_atomically


class _Entry(Record):
    request: ModelRequest
    reply: ModelReply


class Journal:
    """A folder of replies, made when the first one is written."""

    def __init__(self, folder: Path):
        self._folder = folder

    def path_of(self, request: ModelRequest) -> Path:
        """Where the reply to `request` stands, or would."""
        return self._folder / f"{request.key}.json"

    def find(self, request: ModelRequest) -> ModelReply | None:
        """The stored reply. Raises StateError where its file is damaged or answers another request."""
        path = self.path_of(request)
        try:
            entry = _Entry.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            raise _damaged(path) from error
        if entry.request.key != request.key:
            raise _damaged(path)
        return entry.reply

    def record(self, request: ModelRequest, reply: ModelReply) -> None:
        """Write a reply down. Raises StateError."""
        entry = _Entry(request=request, reply=reply).model_dump(mode="json")
        text = json.dumps(entry, indent=1, sort_keys=True, ensure_ascii=False)
        write_atomically(self.path_of(request), text + "\n")


def _damaged(path: Path) -> StateError:
    return StateError(
        f"the journal entry {path} cannot be read back; delete the file and the model is asked again"
    )


class JournaledClient:
    """Answers from the journal where it can, and asks `client` otherwise.

    A stored reply that was refused, cut off or empty is asked again, except in a replay. With `replay` the
    client is never asked: a request that is not in the journal raises ModelError.
    """

    def __init__(self, client: ModelClient, journal: Journal, *, replay: bool = False):
        self._client = client
        self._journal = journal
        self._replay = replay

    @property
    def model(self) -> str:
        """The name of the client it stands before."""
        return self._client.model

    def complete(self, request: ModelRequest) -> ModelReply:
        """The stored reply, or the client's, stored."""
        stored = self._journal.find(request)
        if stored is not None and (self._replay or stored.failure is None):
            return stored
        if self._replay:
            raise ModelError(
                f"the journal holds no reply of {request.model} to this prompt (entry {request.key[:12]}…); "
                "run once without replay to record it",
                kind=ModelFailure.NOT_IN_JOURNAL,
            )
        reply = self._client.complete(request)
        self._journal.record(request, reply)
        return reply
