"""Fixtures of the model client tests: a stub endpoint on loopback, and no way out of it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack

import pytest

from tests.llm.stub_server import Answer, StubServer


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback is asked directly, and no trace of a call goes anywhere."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("LANGSMITH_TRACING", "false")


@pytest.fixture
def serve() -> Iterator[Callable[..., StubServer]]:
    """Starts a stub endpoint with these answers; it stops with the test."""
    with ExitStack() as stack:

        def start(*answers: Answer, routes: Mapping[str, Answer] | None = None) -> StubServer:
            return stack.enter_context(StubServer(list(answers), routes or {}).running())

        yield start
