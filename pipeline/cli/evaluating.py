"""`eval`: suites that measure the product against gold cases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.common import Json, end_progress, open_workspace, print_json, progress
from pipeline.cli.judges import JudgeOptions
from pipeline.cli.judging import evaluate_verification
from pipeline.cli.models import MaxCalls, Replay
from pipeline.errors import UsageError

SUITES = ("retrieval", "content", "verification")


def evaluate(
    suite: Annotated[
        str,
        typer.Argument(
            help="retrieval; content: how specific pages are; verification: mistakes caught, or a judge by --data."
        ),
    ] = "retrieval",
    data: Annotated[
        Path | None,
        typer.Option(
            help="Gold as JSON Lines, instead of the suite's own: questions, or rows of evidence, claim and label."
        ),
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write the report with its chart here as well.")] = None,
    judge: Annotated[
        list[str] | None,
        typer.Option(
            "--judge",
            metavar="NAME",
            help="Who judges the pairs of --data: local, local:WEIGHTS, or a model; given twice: both have to agree.",
        ),
    ] = None,
    replay: Replay = False,
    max_calls: MaxCalls = None,
    concurrency: Annotated[
        int | None, typer.Option("--concurrency", metavar="N", min=1, max=256, help="Calls at a time.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Run a suite and print its figures: the search over notes and documents, the prose of regenerated pages, or what
    verification catches and how well a judge tells what evidence supports."""
    if suite not in SUITES:
        raise UsageError(f"there is no suite {suite!r:.40}; expected one of {', '.join(SUITES)}")
    options = JudgeOptions(tuple(judge or ()), replay, max_calls, concurrency)
    if suite == "verification":
        evaluate_verification(data, options, html=html, as_json=as_json)
        return
    if options != JudgeOptions():
        raise UsageError(f"--judge and its calls are about the suite verification, not {suite}")
    if suite == "content":
        _evaluate_content(as_json=as_json)
        return
    from pipeline.evaluate.report import render_report, table_lines
    from pipeline.evaluate.retrieval import load_gold, measure_retrieval
    from pipeline.index.embedders import load_embedder
    from pipeline.retrieve import opened_index
    from pipeline.store import write_atomically

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


def _evaluate_content(*, as_json: bool) -> None:
    from pipeline.evaluate.content import content_lines, measure_content
    from pipeline.regenerate import read_candidate

    workspace = open_workspace()
    found = {code: read_candidate(workspace.settings.candidates / code) for code in workspace.profiles}
    missing = [code for code, page in found.items() if page is None]
    if missing:
        raise UsageError(
            f"{len(missing)} of {len(found)} pages are not there, as {missing[0]}; run `briefwright regenerate --all`"
        )
    report = measure_content([page for page in found.values() if page])
    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        for line in content_lines(report):
            print(line)
