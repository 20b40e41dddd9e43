"""What would have to be asked: the client of estimates and of batch exports, which asks nobody."""

from __future__ import annotations

import threading

from pipeline.errors import ModelError
from pipeline.llm.client import ModelFailure, ModelReply, ModelRequest
from pipeline.llm.journal import Journal


class PendingClient:
    """Answers from the journal, and collects what is not there.

    A reply that was stored and cannot be used counts as not there, as in a live run, which asks for it again.
    """

    def __init__(self, journal: Journal):
        self._journal = journal
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
        if stored is not None and stored.failure is None:
            return stored
        with self._lock:
            self._pending.setdefault(request.key, request)
        raise ModelError(
            f"the journal holds no reply of {request.model} yet (entry {request.key[:12]}…)",
            kind=ModelFailure.PENDING,
        )
