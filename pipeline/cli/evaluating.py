"""`eval`: suites that measure the product against gold cases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.common import Json, end_progress, open_workspace, print_json, progress
from pipeline.errors import UsageError

SUITES = ("retrieval",)


def evaluate(
    suite: Annotated[str, typer.Argument(help="The suite: retrieval.")] = "retrieval",
    data: Annotated[
        Path | None, typer.Option(help="Gold questions as JSON Lines, instead of the suite's own.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write the report with its chart here as well.")] = None,
    as_json: Json = False,
) -> None:
    """Run a suite over the notes and documents there are, and print its figures with intervals."""
    from pipeline.evaluate.report import render_report, table_lines
    from pipeline.evaluate.retrieval import load_gold, measure_retrieval
    from pipeline.index.embedders import load_embedder
    from pipeline.retrieve import opened_index
    from pipeline.store import write_atomically

    if suite not in SUITES:
        raise UsageError(f"there is no suite {suite!r:.40}; expected one of {', '.join(SUITES)}")
    workspace = open_workspace()
    questions = load_gold(data or workspace.settings.root / "evals" / "retrieval" / "gold.jsonl")
    embedder = load_embedder(workspace.settings.embedder)
    with opened_index(workspace, embedder=embedder, progress=progress) as index:
        report = measure_retrieval(questions, index=index, words=workspace.anchored, progress=progress)
    end_progress()
    if html is not None:
        write_atomically(html, render_report(report))
    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        for line in table_lines(report):
            print(line)
