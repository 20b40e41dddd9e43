"""A client that answers from a script: the model of tests and of the examples in prompts."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel

from pipeline.errors import ModelError
from pipeline.llm.client import ModelReply, ModelRequest


class ScriptedClient:
    """Gives its replies in turn and records what it was asked.

    A reply is text, a record (sent as its JSON), a whole ModelReply, or a ModelError to raise. Asked more
    often than it has replies, it raises ModelError.
    """

    def __init__(
        self, replies: Iterable[str | BaseModel | ModelReply | ModelError], *, model: str = "scripted"
    ):
        self._replies = list(replies)
        self._model = model
        self.requests: list[ModelRequest] = []

    @property
    def model(self) -> str:
        """The name requests and statements carry."""
        return self._model

    def complete(self, request: ModelRequest) -> ModelReply:
        """The next reply of the script."""
        self.requests.append(request)
        if len(self.requests) > len(self._replies):
            raise ModelError(f"the script has {len(self._replies)} replies and was asked once more")
        reply = self._replies[len(self.requests) - 1]
        if isinstance(reply, ModelError):
            raise reply
        if isinstance(reply, ModelReply):
            return reply
        return ModelReply(text=reply if isinstance(reply, str) else reply.model_dump_json())
