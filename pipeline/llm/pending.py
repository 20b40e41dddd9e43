"""What would have to be asked: the client of estimates and of batch exports, which asks nobody."""

from __future__ import annotations

import threading

from pipeline.errors import ModelError
from pipeline.llm.client import ModelFailure, ModelReply, ModelRequest
from pipeline.llm.journal import Journal


class PendingClient:
    """Answers from the journal, and collects what is not there.

    A stored reply that cannot be used is an answer, as in a live run; with `again` it counts as not there.
    """

    def __init__(self, journal: Journal, *, again: bool = False):
        self._journal = journal
        self._again = again
        self._lock = threading.Lock()
        self._pending: dict[str, ModelRequest] = {}

    @property
    def pending(self) -> list[ModelRequest]:
        """The requests without a reply, each key once, in the order in which they came."""
        with self._lock:
            return list(self._pending.values())

    def complete(self, request: ModelRequest) -> ModelReply:
        """The stored reply. Raises ModelError of kind PENDING where there is none."""
        stored = self._journal.find(request)
        if stored is not None and not (self._again and stored.failure is not None):
            return stored
        with self._lock:
            self._pending.setdefault(request.key, request)
        raise ModelError(
            f"the journal holds no reply of {request.model} yet (entry {request.key[:12]}…)",
            kind=ModelFailure.PENDING,
        )
