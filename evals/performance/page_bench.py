"""Cold and warm `briefwright regenerate` of one code, as a user runs it, beside bare imports of the same code."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_CODE = "20970"
_WARM_RUNS = 5


def run() -> list[tuple[str, str]]:
    """Rows of name and figure. Goals: cold under 60 s, warm under 2 s, `--help` under 0.5 s."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "BRIEFWRIGHT_HOME": home}
        command = [str(Path(sys.executable).with_name("briefwright"))]
        cold = _seconds([*command, "regenerate", _CODE], environment)
        warm = min(
            _seconds([*command, "regenerate", _CODE, "--force"], environment) for _ in range(_WARM_RUNS)
        )
        floor = min(
            _seconds([sys.executable, "-c", "import pipeline.regenerate"], environment)
            for _ in range(_WARM_RUNS)
        )
        help_text = min(_seconds([*command, "--help"], environment) for _ in range(_WARM_RUNS))
    return [
        (f"regenerate {_CODE}, cold, index included", f"{cold:.2f} s"),
        (
            f"regenerate {_CODE}, warm, best of {_WARM_RUNS}",
            f"{warm:.2f} s, {warm / floor:.1f} × bare imports ({floor:.2f} s)",
        ),
        ("--help", f"{help_text:.2f} s"),
    ]


def _seconds(command: list[str], environment: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return time.perf_counter() - began
