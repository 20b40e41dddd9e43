"""A loopback server that speaks chat completions after a fixed wait.

`python -m evals.performance.model_server SECONDS` prints its port. It answers a drafting prompt with a sentence from
each passage and two words more, so that a judge is asked; a judging prompt with support for all; a repair prompt with
nothing.
"""

from __future__ import annotations

import json
import re
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_PASSAGE = re.compile(r'<passage id="([^"]+#[^"]+)">\n(.*?)\n</passage>', re.DOTALL)
_STATEMENT = re.compile(r"^Statement (s\d+)", re.MULTILINE)
_QUESTION = re.compile(r"^- (\w+): ", re.MULTILINE)
_ASKED = "-question"  # ends the id of the question that a passage answers
_SHORT = 3  # words
_MOST = 10  # statements of a section


def draft(user: str) -> dict[str, object]:
    """One statement a passage."""
    statements, keys = [], _QUESTION.findall(user)
    passages = dict(_PASSAGE.findall(user))
    asked = {id_.removesuffix(_ASKED): text for id_, text in passages.items() if id_.endswith(_ASKED)}
    for id_ in [id_ for id_ in passages if not id_.endswith(_ASKED)][:_MOST]:
        passage = passages[id_].strip()
        first = re.split(r"(?<=[.!?])\s", passage)[0].rstrip(".!?")
        reworded = len(first.split()) > _SHORT  # "No" is said with all that follows
        statements.append(
            {
                "text": f"{first} as told." if reworded else passage,
                "question": asked.get(id_, ""),
                "evidence": [{"id": id_, "quote": first if reworded else passage}],
                "answers": keys if not statements else [],
            }
        )
    return {"statements": statements}


def judge(user: str) -> dict[str, object]:
    """Support for every statement."""
    assertion = {"text": "It holds.", "label": "supported", "reason": "The evidence says it."}
    return {"judgements": [{"statement": s, "assertions": [assertion]} for s in _STATEMENT.findall(user)]}


def reply_to(asked: dict[str, Any]) -> dict[str, object]:
    """The chat completion that answers a request's body, by the schema it asks for."""
    schema = asked["response_format"]["json_schema"]["name"]
    user = asked["messages"][-1]["content"]
    said = {"DraftReply": draft, "JudgeReply": judge}.get(schema, lambda _: {"statements": []})(user)
    content = json.dumps(said)
    message = {"role": "assistant", "content": content, "refusal": None}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": asked["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": sum(len(each["content"]) for each in asked["messages"]) // 4,
            "completion_tokens": len(content) // 4,
            "total_tokens": 0,
        },
    }


class Handler(BaseHTTPRequestHandler):
    """Answers every POST."""

    protocol_version = "HTTP/1.1"
    # Head and body in one packet: in two, the second waits some 40 ms for the first to be acknowledged.
    wbufsize = -1
    wait_s = 0.4

    def do_POST(self) -> None:
        """Wait, then answer by the schema that is asked for."""
        began = time.perf_counter()
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        data = json.dumps(reply_to(asked)).encode()
        time.sleep(max(0.0, self.wait_s - (time.perf_counter() - began)))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def main() -> None:
    """Serve until the process is ended."""
    Handler.wait_s = float(sys.argv[1])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
