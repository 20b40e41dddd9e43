"""`python -m evals.performance [NAME …]`: print the figures of all benchmarks, or of those named."""

from __future__ import annotations

import importlib
import sys

BENCHMARKS = ("page", "index", "documents", "verify", "tables", "drafting")


def main() -> None:
    """Run and print; a benchmark is a module `NAME_bench` with `run()`."""
    for name in sys.argv[1:] or BENCHMARKS:
        for label, figure in importlib.import_module(f"evals.performance.{name}_bench").run():
            print(f"{name:<8} {label:<52} {figure}", flush=True)


if __name__ == "__main__":
    main()
