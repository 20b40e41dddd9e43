"""A loopback server that speaks just enough of the API for chat and batches, badly where a test asks for it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

_PIECES = 20


class Answer(NamedTuple):
    """One reply: sent with `status` after `delay_s`. `body` is sent as it is.

    `pace_s` sends it in 20 pieces with this long before each; `cut` closes the connection in its middle.
    """

    body: str
    status: int = 200
    delay_s: float = 0.0
    headers: tuple[tuple[str, str], ...] = ()
    pace_s: float = 0.0
    cut: bool = False


class Call(NamedTuple):
    """What the server was sent; `body` is empty for what is no JSON, such as an upload, whose bytes are in `raw`."""

    path: str
    authorization: str
    body: dict
    raw: bytes


def completion(
    content: str | None,
    *,
    finish_reason: str = "stop",
    refusal: str | None = None,
    cached_tokens: int | None = None,
    model: str = "stub",
) -> Answer:
    """A chat completion with this content."""
    message = {"role": "assistant", "content": content, "refusal": refusal}
    usage: dict[str, object] = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    if cached_tokens is not None:
        usage["prompt_tokens_details"] = {"cached_tokens": cached_tokens}
    return Answer(
        json.dumps(
            {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "created": 0,
                "model": model,
                "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
                "usage": usage,
            }
        )
    )


def failure(status: int, message: str, *, code: str | None = None, retry_after: str | None = None) -> Answer:
    """An error in the API's own form."""
    body = json.dumps({"error": {"message": message, "type": "error", "code": code}})
    return Answer(body, status, headers=() if retry_after is None else (("Retry-After", retry_after),))


class StubServer:
    """Answers in turn, the last answer for good; `calls` holds what it was sent.

    `routes` are answers of other addresses by method and path (`GET /v1/batches/b`), each the same every time.
    """

    def __init__(self, answers: list[Answer], routes: Mapping[str, Answer] | None = None):
        self.calls: list[Call] = []
        self._answers = answers
        self._asked = 0
        self._routes = routes or {}
        self._lock = threading.Lock()
        self._released = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer._handle(self, "POST")

            def do_GET(self) -> None:
                outer._handle(self, "GET")

            def log_message(self, format: str, *args: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def _handle(self, handler: BaseHTTPRequestHandler, method: str) -> None:
        raw = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        is_json = handler.headers.get("Content-Type", "").startswith("application/json")
        with self._lock:
            self.calls.append(
                Call(
                    handler.path,
                    handler.headers.get("Authorization", ""),
                    json.loads(raw) if is_json and raw else {},
                    raw,
                )
            )
            answer = self._routes.get(f"{method} {handler.path}")
            if answer is None:
                answer = self._answers[min(self._asked, len(self._answers) - 1)]
                self._asked += 1
        self._released.wait(answer.delay_s)
        try:
            self._send(handler, answer)
        except ConnectionError:
            handler.close_connection = True

    def _send(self, handler: BaseHTTPRequestHandler, answer: Answer) -> None:
        data = answer.body.encode()
        handler.send_response(answer.status)
        for name, value in (("Content-Type", "application/json"), *answer.headers):
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        if answer.cut:
            handler.wfile.write(data[: len(data) // 2])
            handler.close_connection = True
        elif answer.pace_s:
            step = -(-len(data) // _PIECES)
            for start in range(0, len(data), step):
                self._released.wait(answer.pace_s)
                handler.wfile.write(data[start : start + step])
                handler.wfile.flush()
        else:
            handler.wfile.write(data)

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
