"""A client of tests that answers by what it is asked, in whatever order the calls come."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from pydantic import BaseModel

from pipeline.errors import ModelError
from pipeline.llm import ModelReply, ModelRequest

Answer = str | BaseModel | ModelReply | ModelError
NOTHING = {"DraftReply": '{"statements": []}', "RepairReply": '{"statements": []}'}


class AnsweringClient:
    """Answers by the label of the request (`20970/documentation/draft`) or the end of it (`draft`), else that there is
    nothing to say; a judge then lets everything pass.

    An answer is text, a record, a whole reply, an error to raise, or a function of the request that gives one.
    """

    def __init__(
        self,
        answers: Mapping[str, Answer | Callable[[ModelRequest], Answer]] | None = None,
        *,
        model: str = "scripted",
    ):
        self._answers = dict(answers or {})
        self._lock = threading.Lock()
        self.model = model
        self.requests: list[ModelRequest] = []

    def complete(self, request: ModelRequest) -> ModelReply:
        """The answer to a request."""
        with self._lock:
            self.requests.append(request)
        keys = (request.label, request.label.partition("/")[2], request.label.rpartition("/")[2])
        found = next((self._answers[key] for key in keys if key in self._answers), None)
        answer = found(request) if callable(found) else found
        if answer is None:
            answer = NOTHING.get(request.schema_name) or supports_all(request)
        if isinstance(answer, ModelError):
            raise answer
        if isinstance(answer, ModelReply):
            return answer
        return ModelReply(text=answer if isinstance(answer, str) else answer.model_dump_json())

    def asked(self, end: str) -> list[ModelRequest]:
        """The requests whose label ends so."""
        return [request for request in self.requests if request.label.endswith(end)]


def supports_all(request: ModelRequest) -> str:
    """A judge that lets everything pass."""
    return judged(request, lambda number: ("supported", ""))


def judged(request: ModelRequest, say: Callable[[int], tuple[str, str]]) -> str:
    """A judge's reply that labels each statement of the request by its number, with a reason."""
    import json

    count = request.user.count("\nStatement s")
    judgements = []
    for number in range(1, count + 1):
        label, reason = say(number)
        judgements.append(
            {"statement": f"s{number}", "assertions": [{"text": "It.", "label": label, "reason": reason}]}
        )
    return json.dumps({"judgements": judgements})
