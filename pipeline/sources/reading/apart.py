"""A document read in a process of its own, so that a hostile file costs bounded time and memory and no more."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from pipeline.data import BlockKind, DocumentBlock
from pipeline.errors import SourceError
from pipeline.sources.reading.blocks import Composed

TIMEOUT_S = 180.0
_TOO_MUCH = "it may be damaged or made to harm; save it again, or split it"


def read_apart(path: Path, *, name: str = "", timeout_s: float = TIMEOUT_S) -> Composed:
    """The document in `path`, a PDF, HTML, Markdown or text file; `name` (with its suffix) is for the messages.

    Raises SourceError when it cannot be read: with the reader's own sentence, or because reading took too much time or
    memory, or broke down.
    """
    name = name or path.name
    # -P: no module of the folder that the user happens to be in takes the place of ours or of Python's.
    command = [sys.executable, "-P", "-m", "pipeline.sources.reading", str(path), name]
    # One thread: numeric libraries would set aside memory for many.
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            check=False,
            env=environment,
        )
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"reading {name} takes more than {timeout_s:g} s; {_TOO_MUCH}") from error
    except OSError as error:
        raise SourceError(f"a process to read {name} cannot be started ({error.strerror})") from error
    if done.returncode == -signal.SIGXCPU:
        raise SourceError(f"reading {name} takes too much processor time; {_TOO_MUCH}")
    try:
        return _composed(json.loads(done.stdout))
    except (ValueError, TypeError, KeyError):
        raise SourceError(
            f"{name} cannot be read: its reader broke down ({_last_words(done)}); {_TOO_MUCH}"
        ) from None


def _composed(answer: dict) -> Composed:
    if "refused" in answer:
        raise SourceError(answer["refused"])
    return Composed(
        answer["text"],
        tuple(answer["page_starts"]),
        tuple(
            DocumentBlock(BlockKind(kind), level, start, end) for kind, level, start, end in answer["blocks"]
        ),
    )


def _last_words(done: subprocess.CompletedProcess[bytes]) -> str:
    if done.returncode < 0:
        return f"signal {-done.returncode}"
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:200] if lines else f"exit {done.returncode}"
