"""A loopback server that speaks just enough of the chat completions API, badly where a test asks for it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Answer(NamedTuple):
    """One reply: sent with `status` after `delay_s`. `body` is sent as it is."""

    body: str
    status: int = 200
    delay_s: float = 0.0


class Call(NamedTuple):
    """What the server was sent."""

    path: str
    authorization: str
    body: dict


def completion(content: str | None, *, finish_reason: str = "stop", refusal: str | None = None) -> Answer:
    """A chat completion with this content."""
    message = {"role": "assistant", "content": content, "refusal": refusal}
    return Answer(
        json.dumps(
            {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "created": 0,
                "model": "stub",
                "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
                "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
            }
        )
    )


def failure(status: int, message: str, *, code: str | None = None) -> Answer:
    """An error in the API's own form."""
    return Answer(json.dumps({"error": {"message": message, "type": "error", "code": code}}), status)


class StubServer:
    """Answers in turn, the last answer for good; `calls` holds what it was sent."""

    def __init__(self, answers: list[Answer]):
        self.calls: list[Call] = []
        self._answers = answers
        self._released = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers.get("Content-Length", 0))
                body = json.loads(self.rfile.read(size))
                outer.calls.append(Call(self.path, self.headers.get("Authorization", ""), body))
                answer = outer._answers[min(len(outer.calls), len(outer._answers)) - 1]
                outer._released.wait(answer.delay_s)
                data = answer.body.encode()
                try:
                    self.send_response(answer.status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)
                except ConnectionError:
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    @contextmanager
    def running(self) -> Iterator[StubServer]:
        """Serve while the block runs."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            self._released.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()
