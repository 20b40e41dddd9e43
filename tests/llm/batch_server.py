"""A loopback server that keeps batches as OpenAI's API does, and loses its answers where a test asks for it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_PAGE = 1  # batches in an answer of the list, so that it always has to be followed


class BatchServer:
    """Batches and files by id, in the order in which they came; `asked` are methods and paths, without queries.

    `answer` gives the answer of `POST /batches`: whether the batch is made, and the status that is said. A batch ends
    when `end` says how; `reply` makes a result line of each line of an upload.
    """

    def __init__(self, reply: Callable[[str], str]):
        self.batches: dict[str, dict[str, Any]] = {}
        self.files: dict[str, str] = {}
        self.asked: list[str] = []
        self.answer: tuple[bool, int] = (True, 200)
        self._reply = reply
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self._send(*outer._post(self.path, body))

            def do_GET(self) -> None:
                self._send(*outer._get(self.path))

            def _send(self, status: int, text: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, format: str, *args: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    @property
    def created(self) -> int:
        """How often a batch was asked to be created."""
        return self.asked.count("POST /v1/batches")

    def end(self, batch_id: str, status: str = "completed", **more: Any) -> None:
        """The batch has ended so; a completed one with a result for each line."""
        self.batches[batch_id].update(status=status, **more)
        if status == "completed":
            lines = self.files[self.batches[batch_id]["input_file_id"]].splitlines()
            self.files[f"out-{batch_id}"] = "".join(self._reply(line) + "\n" for line in lines)
            self.batches[batch_id]["output_file_id"] = f"out-{batch_id}"

    def _post(self, path: str, body: bytes) -> tuple[int, str]:
        self.asked.append(f"POST {path}")
        if path == "/v1/files":
            lines = [line for line in body.decode().splitlines() if line.startswith("{")]
            id_ = f"file-{len(self.files)}"
            self.files[id_] = "\n".join(lines)
            file = {"id": id_, "object": "file", "bytes": 1, "created_at": 0, "filename": "f"}
            return 200, json.dumps({**file, "purpose": "batch", "status": "processed"})
        made, status = self.answer
        batch = {"id": f"batch-{len(self.batches)}", "object": "batch", "created_at": 0, **json.loads(body)}
        batch["status"] = "validating"
        if made:
            self.batches[batch["id"]] = batch
        return status, json.dumps(batch if status == 200 else {"error": {"message": "bad gateway"}})

    def _get(self, path: str) -> tuple[int, str]:
        path, _, query = path.partition("?")
        self.asked.append(f"GET {path}")
        parts = path.removeprefix("/v1/").split("/")
        if parts[0] == "files":
            return 200, self.files[parts[1]]
        if len(parts) == 2:
            return 200, json.dumps(self.batches[parts[1]])
        newest_first = list(self.batches.values())[::-1]
        after = dict(each.split("=") for each in query.split("&")).get("after")
        begin = 1 + [batch["id"] for batch in newest_first].index(after) if after else 0
        page = newest_first[begin : begin + _PAGE]
        more = begin + _PAGE < len(newest_first)
        return 200, json.dumps({"object": "list", "data": page, "has_more": more})

    @contextmanager
    def running(self) -> Iterator[BatchServer]:
        """Serve while the block runs."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()
