"""The command line as a process: its own state folder, a clock that stands still."""

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

from pipeline.cli import main

COMMAND = str(Path(sys.executable).with_name("briefwright"))
EPOCH = "1795521600"  # 2026-11-24


def environment(home: Path, **more: str | bytes) -> dict[str, str | bytes]:
    """The surroundings of a run."""
    return {**os.environ, "BRIEFWRIGHT_HOME": str(home), "SOURCE_DATE_EPOCH": EPOCH, **more}


def run(home: Path, *arguments: str, **more: str | bytes) -> subprocess.CompletedProcess[str]:
    """Run `briefwright` to its end, `more` in its environment; nobody is there to answer a question."""
    return subprocess.run(
        [COMMAND, *arguments],
        env=environment(home, **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=120,
    )


def run_here(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The same within this process, for one more way to go wrong of a command that other tests run as a process."""
    out, err = io.StringIO(), io.StringIO()
    with (
        patch.dict(os.environ, {name: str(value) for name, value in environment(home).items()}),
        patch.object(sys, "argv", ["briefwright", *arguments]),
        patch.object(sys, "stdin", io.StringIO()),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        code: object = 0
        try:
            main()
        except SystemExit as stop:
            code = stop.code
    assert code is None or isinstance(code, int), code
    return subprocess.CompletedProcess(arguments, code or 0, out.getvalue(), err.getvalue())


def facts(home: Path, *arguments: str) -> str:
    """What `briefwright facts` prints, with nothing to complain of."""
    done = run(home, "facts", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def objects(home: Path, *arguments: str) -> list[dict]:
    """The same with --json: one object a line."""
    return [json.loads(line) for line in facts(home, *arguments, "--json").splitlines()]
