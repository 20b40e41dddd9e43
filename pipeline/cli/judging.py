"""`eval verification`: the project's own suites, or a judge against a file of labelled pairs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli.common import end_progress, open_workspace, print_json, progress
from pipeline.cli.judges import JudgeOptions, judge_calls_line, open_judges
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.evaluate.labelled import LabelledPair
    from pipeline.verify.local_judge import Weights


def evaluate_verification(
    data: Path | None, options: JudgeOptions, *, html: Path | None, as_json: bool
) -> None:
    """Run and print."""
    if data is None:
        if options != JudgeOptions() or html is not None:
            raise UsageError("--judge, its calls and --html are about a file of pairs; name it with --data")
        _evaluate_own(as_json=as_json)
        return
    from pipeline.evaluate.judging import measure_judge
    from pipeline.evaluate.judging_report import judging_lines, render_judging
    from pipeline.evaluate.labelled import load_pairs
    from pipeline.store import write_atomically

    rows = load_pairs(data)
    run = open_judges(options)
    report = measure_judge(
        rows,
        run.judge,
        data="/".join(data.parts[-2:]),
        seen=_seen(rows, run.weights),
        clock=time.perf_counter,
        progress=progress,
    )
    end_progress()
    if html is not None:
        write_atomically(html, render_judging(report))
    if as_json:
        print_json(report.model_dump(mode="json"))
        return
    for line in judging_lines(report):
        print(line)
    if run.meter is not None:
        print(judge_calls_line(run.meter))


def _evaluate_own(*, as_json: bool) -> None:
    from pipeline.evaluate.own_suites import measure_own, own_lines

    report = measure_own(open_workspace())
    if as_json:
        print_json(report.model_dump(mode="json"))
        return
    for line in own_lines(report):
        print(line)


def _seen(rows: Sequence[LabelledPair], weights: Weights | None) -> int:
    if weights is None:
        return 0
    from pipeline.verify.local_judge import seen_in_training

    return seen_in_training([row.pair for row in rows], weights)
