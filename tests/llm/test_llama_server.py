"""The OpenAI-compatible path against a real server with a small model: real HTTP, real JSON-schema decoding.

It claims nothing of what the model says. `BRIEFWRIGHT_LLAMA_SERVER` names a `llama-server` of llama.cpp,
`BRIEFWRIGHT_LLAMA_MODEL` a GGUF file, such as SmolLM2-135M's.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.llm import Journal, JournaledClient, ModelFailure, ModelRequest, open_client
from tests.llm.cases import Colour, ask, colour_request

SERVER, MODEL = (os.environ.get(f"BRIEFWRIGHT_LLAMA_{name}", "") for name in ("SERVER", "MODEL"))
pytestmark = [
    pytest.mark.llama,
    pytest.mark.skipif(
        not (SERVER and MODEL and Path(SERVER).is_file() and Path(MODEL).is_file()),
        reason="needs llama-server and a model: BRIEFWRIGHT_LLAMA_SERVER, BRIEFWRIGHT_LLAMA_MODEL",
    ),
]
_PATIENCE_S = 60


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that has loaded the model."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("llama") / "log.txt"
    command = [SERVER, "-m", MODEL, "--host", "127.0.0.1", "--port", str(port), "-c", "4096", "--no-webui"]
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            for _ in range(_PATIENCE_S * 10):
                time.sleep(0.1)
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1) as answer:
                        if answer.status == 200:
                            break
                except OSError:
                    assert process.poll() is None, log.read_text(errors="replace")[-2000:]
            else:
                pytest.fail(f"the server did not load its model: {log.read_text(errors='replace')[-2000:]}")
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()


def client(address: str):
    return open_client("openai:smollm2", environ={"OPENAI_BASE_URL": address}, timeout_s=60)


def request(*, max_tokens: int) -> ModelRequest:
    return colour_request("openai:smollm2").model_copy(update={"max_tokens": max_tokens})


def test_the_reply_follows_the_schema_and_is_counted(address: str, tmp_path: Path) -> None:
    journaled = JournaledClient(client(address), Journal(tmp_path))
    found = ask(journaled, request(max_tokens=64), Colour)
    assert isinstance(found, Colour)
    stored = Journal(tmp_path).find(request(max_tokens=64))
    assert stored is not None and stored.usage.input_tokens > 0 and stored.usage.output_tokens > 0
    silent = JournaledClient(client("http://127.0.0.1:9/v1"), Journal(tmp_path), replay=True)
    assert ask(silent, request(max_tokens=64), Colour) == found


def test_a_reply_that_is_cut_off_is_a_failure(address: str) -> None:
    reply = client(address).complete(request(max_tokens=2))
    assert reply.failure is ModelFailure.LENGTH
