"""`python -m evals.performance [NAME …] [--json]`: print the figures of all benchmarks, or of those named."""

from __future__ import annotations

import argparse
import importlib
import json

BENCHMARKS = (
    "page",
    "index",
    "documents",
    "verify",
    "judge",
    "quotes",
    "tables",
    "drafting",
    "revisions",
    "site",
)


def main() -> None:
    """Run and print; a benchmark is a module `NAME_bench` with `run()`."""
    parser = argparse.ArgumentParser(prog="python -m evals.performance", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; default: all")
    parser.add_argument("--json", action="store_true", help="one JSON object a figure")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(BENCHMARKS):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}")
    for name in asked.names or BENCHMARKS:
        for label, figure in importlib.import_module(f"evals.performance.{name}_bench").run():
            if asked.json:
                said = json.dumps({"benchmark": name, "what": label, "figure": figure}, ensure_ascii=False)
            else:
                said = f"{name:<9} {label:<52} {figure}"
            print(said, flush=True)


if __name__ == "__main__":
    main()
