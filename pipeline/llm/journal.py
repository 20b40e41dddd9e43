"""The reply journal: what a model answered is written down before it is used, and never paid for twice.

One JSON file a reply, `KEY.json`, where KEY is `ModelRequest.key`: {"request": …, "reply": …}. A request
holds model, parameters, prompt and schema, and no key, header or address of an endpoint.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from pipeline.data import Record
from pipeline.errors import ModelError, StateError, UsageError
from pipeline.llm.client import ModelClient, ModelFailure, ModelReply, ModelRequest
from pipeline.store import write_atomically


class _Entry(Record):
    request: ModelRequest
    reply: ModelReply


class Journal:
    """A folder of replies, made when the first one is written.

    Threads and processes may write the same key at the same time: a file is replaced whole, and the last one stands.
    """

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
    """Answers from the journal where it can, and asks `client` otherwise; a key is never asked twice at a time.

    A stored reply that was refused, cut off, empty or went in circles was paid for like any other, and is the answer
    until a refresh. With `replay` the client is never asked: a request that is not in the journal raises ModelError.
    With `refresh` what is stored from earlier runs is asked again and replaced, once a run; a reply that cannot be used
    is this run's answer, but never takes the place of one that can. `heard` is told of every reply not asked for.
    """

    def __init__(
        self,
        client: ModelClient,
        journal: Journal,
        *,
        replay: bool = False,
        refresh: bool = False,
        heard: Callable[[ModelRequest, ModelReply], None] | None = None,
    ):
        if replay and refresh:
            raise UsageError("a replay asks nothing, a refresh asks everything again: choose one")
        self._client = client
        self._journal = journal
        self._replay = replay
        self._refresh = refresh
        self._heard = heard
        self._lock = threading.Lock()
        self._in_hand: dict[str, threading.Lock] = {}
        self._asked: set[str] = set()
        self._not_kept: dict[str, ModelReply] = {}

    def complete(self, request: ModelRequest) -> ModelReply:
        """The stored reply, or the client's, stored."""
        key = request.key
        with self._lock:
            in_hand = self._in_hand.setdefault(key, threading.Lock())
        with in_hand:
            return self._find_or_ask(request, key)

    def _find_or_ask(self, request: ModelRequest, key: str) -> ModelReply:
        outdated = self._refresh and key not in self._asked
        stored = None if outdated else self._not_kept.get(key) or self._journal.find(request)
        if stored is not None:
            if self._heard is not None:
                self._heard(request, stored)
            return stored
        if self._replay:
            raise ModelError(
                f"the journal holds no reply of {request.model} to this prompt (entry {key[:12]}…); "
                "run once without replay to record it",
                kind=ModelFailure.NOT_IN_JOURNAL,
            )
        reply = self._client.complete(request)
        if reply.failure is not None and self._holds_a_better(request):
            self._not_kept[key] = reply
        else:
            self._journal.record(request, reply)
        self._asked.add(key)
        return reply

    def _holds_a_better(self, request: ModelRequest) -> bool:
        """Whether a usable reply is stored. One of the wrong form counts: a second question is asked of it."""
        stored = self._journal.find(request)
        return stored is not None and stored.failure is None
