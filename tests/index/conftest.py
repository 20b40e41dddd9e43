"""An index of invented passages, built once and copied for each test; and a Chroma server on loopback."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.index import HashingEmbedder, build_index
from pipeline.index.places import EMBEDDED, ChromaServer
from pipeline.index.vectors import VectorPlace
from tests.index.helpers import BOOK


@pytest.fixture(scope="session")
def _built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built") / "index"
    build_index([BOOK], folder=folder, embedder=HashingEmbedder())
    return folder


@pytest.fixture
def folder(_built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(_built, tmp_path / "index"))


@pytest.fixture(scope="session")
def chroma_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that `chroma run` started, ended by its own process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = tmp_path_factory.mktemp("chroma")
    command = [Path(sys.executable).with_name("chroma"), "run", "--path", path, "--host", "127.0.0.1"]
    server = subprocess.Popen(
        [*map(str, command), "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{url}/api/v2/heartbeat", timeout=2).close()
                break
            except OSError:
                assert server.poll() is None, "`chroma run` ended by itself"
                time.sleep(0.1)
        yield url
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture(params=["embedded", "server"])
def place(request: pytest.FixtureRequest) -> VectorPlace:
    """Both places of vectors, for the same tests."""
    if request.param == "embedded":
        return EMBEDDED
    return ChromaServer(request.getfixturevalue("chroma_url"))
