"""Pages by a model at a loopback server with a fixed latency: wall time beside the ideal, a second run, tokens."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from pipeline.index import HashingEmbedder
from pipeline.llm import Journal, JournaledClient, Meter, MeteredClient, ModelClient, open_client
from pipeline.model_drafter import ModelNames, make_model_drafter
from pipeline.page.assemble import count_written
from pipeline.regenerate import regenerate_pages
from pipeline.run import Drafter
from pipeline.settings import Settings, read_settings
from pipeline.workspace import Workspace

_LATENCY_S = 0.4
_CONCURRENCY = 16
_MODEL = "openai:bench"
_DATES = (date(2026, 11, 24), date(2026, 11, 25))
_PAGES = 100


def run() -> list[tuple[str, str]]:
    """Rows of name and figure. Goals: wall ≤ 1.15 × the ideal, replay ≤ 0.1 s a page beyond verification."""
    with tempfile.TemporaryDirectory() as home, _server() as url:
        os.environ["OPENAI_BASE_URL"] = url
        workspace = Workspace(Settings(root=read_settings().root, home=Path(home)))
        codes = sorted(workspace.profiles)
        bare, _ = _timed(workspace, codes, Drafter())
        meter = Meter({})
        client = MeteredClient(open_client(_MODEL, environ=os.environ), meter)
        wall, claims = _timed(workspace, codes, _drafter(workspace, client))
        calls = meter.totals().calls
        ideal = calls * _LATENCY_S / _CONCURRENCY
        asked_again = Meter({})
        again = MeteredClient(open_client(_MODEL, environ=os.environ), asked_again)
        replay, _ = _timed(workspace, codes, _drafter(workspace, again))
        totals = meter.totals()
    pages = _PAGES
    return [
        (
            f"{pages} pages, {calls} calls at {_CONCURRENCY}",
            f"{wall:.1f} s, {wall / ideal:.2f} × ideal ({ideal:.1f} s)",
        ),
        ("extractive pages, the same codes", f"{bare:.1f} s, {bare / pages:.3f} s a page"),
        (
            "second run, replies from the journal",
            f"{replay:.1f} s, {replay / pages:.3f} s a page, {asked_again.totals().calls} calls",
        ),
        (
            "tokens a page",
            f"{totals.usage.input_tokens // pages} in, {totals.usage.output_tokens // pages} out",
        ),
        (
            "tokens a claim of the model that stands",
            f"{(totals.usage.input_tokens + totals.usage.output_tokens) // claims} ({claims // pages} claims a page)",
        ),
        ("peak memory", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB"),
    ]


def _drafter(workspace: Workspace, client: ModelClient) -> Drafter:
    journaled = JournaledClient(client, Journal(workspace.settings.journal))
    return make_model_drafter(
        ModelNames(_MODEL, _MODEL, _MODEL), journaled, workspace=workspace, concurrency=_CONCURRENCY
    )


def _timed(workspace: Workspace, codes: list[str], drafter: Drafter) -> tuple[float, int]:
    """Seconds, and claims of a model that stand. Half of the pages for each of two dates: there are fewer codes."""
    claims = 0
    began = time.perf_counter()
    for on in _DATES:
        done = regenerate_pages(
            codes[: _PAGES // len(_DATES)],
            workspace=workspace,
            embedder=HashingEmbedder(),
            as_of=on,
            today=on,
            progress=lambda message: None,
            drafter=drafter,
        )
        claims += sum(count_written(result.page) for result in done)
    return time.perf_counter() - began, claims


@contextmanager
def _server() -> Iterator[str]:
    command = [sys.executable, "-m", "evals.performance.model_server", str(_LATENCY_S)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
        finally:
            process.terminate()
