"""A server on this machine that answers as it is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast


class Handler(BaseHTTPRequestHandler):
    """Answers each request by the next of the server's scripted answers; the last one stays."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server = cast(Server, self.server)
        server.seen.append({name.lower(): value for name, value in self.headers.items()} | {"": self.path})
        answers = server.answers
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        answer(self)

    def reply(self, status: int, body: bytes, headers: Mapping[str, str], *, length: int | None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    seen: list[dict[str, str]]
    answers: list[Callable[[Handler], None]]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/files/zip/rvu26d.zip"
