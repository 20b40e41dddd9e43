"""`eval verification`: the project's own suites, or a judge against a file of labelled pairs."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipeline.cli.common import end_progress, open_workspace, print_json, progress
from pipeline.errors import SourceError, UsageError

if TYPE_CHECKING:
    from pipeline.evaluate.labelled import LabelledPair
    from pipeline.llm import Meter
    from pipeline.verify.judges import PairJudge
    from pipeline.verify.local_judge import LocalJudge, Weights

LOCAL = "local"
CONCURRENCY = 8


class JudgeOptions(NamedTuple):
    """Who judges, as given: one judge, or two that have to agree. The others are about the calls of a model."""

    judges: tuple[str, ...] = ()
    replay: bool = False
    max_calls: int | None = None
    concurrency: int | None = None


class JudgeRun(NamedTuple):
    """The judge of a run, what the local one among them was trained on, and the meter of a model's calls."""

    judge: PairJudge
    weights: Weights | None
    meter: Meter | None


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


def judge_calls_line(meter: Meter) -> str:
    """What the judging models were asked, and what it cost."""
    from pipeline.llm import show_cost

    totals = meter.totals()
    return f"calls: {totals.calls} asked, {totals.stored} from the journal; cost: {show_cost(totals.cost)}"


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


def open_judges(options: JudgeOptions) -> JudgeRun:
    """The judge that the options name. Raises UsageError, or SourceError for weights that cannot be used."""
    from pipeline.verify.judges import SecondOpinion

    named = options.judges or (LOCAL,)
    if len(named) > 2 or len(set(named)) < len(named):
        raise UsageError(
            f"--judge {' '.join(named):.60}: give one judge, or two that differ and have to agree"
        )
    local = [name for name in named if name.partition(":")[0] == LOCAL]
    models = [name for name in named if name not in local]
    if not models and options != JudgeOptions(options.judges):
        raise UsageError(
            "--replay, --max-calls and --concurrency are about the calls of a model; none judges"
        )
    judges: dict[str, PairJudge] = {}
    weights = meter = None
    for name in local:
        judges[name], weights = _open_local(name.partition(":")[2])
    if models:
        opened, meter = _open_models(models, options)
        judges |= opened
    first, *second = (judges[name] for name in named)
    return JudgeRun(SecondOpinion(first, *second) if second else first, weights, meter)


def _open_local(file: str) -> tuple[LocalJudge, Weights]:
    """The judge by the weights of a file, empty: those shipped."""
    from pipeline.index.embed import MiniLmEmbedder
    from pipeline.verify.local_judge import LocalJudge, load_weights

    weights = load_weights(Path(file) if file else None)
    if weights.embedder != MiniLmEmbedder.name:
        raise SourceError(
            f"the local judge was trained with the embedder {weights.embedder!r:.60}, which is not the bundled one; "
            "train it again with `python -m evals.verification.train_local_judge`"
        )
    return LocalJudge(weights, MiniLmEmbedder().embed), weights


def _open_models(names: Sequence[str], options: JudgeOptions) -> tuple[dict[str, PairJudge], Meter]:
    from pipeline.llm import (
        Journal,
        Meter,
        RunLimits,
        load_prices,
        open_client,
        open_stack,
        parse_model_spec,
    )
    from pipeline.prompts import load_prompt
    from pipeline.verify.model_judge import ModelJudge

    settings = open_workspace().settings
    models = {name: parse_model_spec(name).model for name in names}
    prompt = load_prompt(settings.prompts / "judge" / "statements.md.j2")
    prices = load_prices(None)
    meter = Meter(prices)
    client = open_stack(
        models.values(),
        lambda model: open_client(model, environ=os.environ),
        journal=Journal(settings.journal),
        prices=prices,
        meter=meter,
        limits=RunLimits(max_calls=options.max_calls),
        replay=options.replay,
    )
    calls = options.concurrency or CONCURRENCY
    return {
        name: ModelJudge(model, prompt, client, concurrency=calls) for name, model in models.items()
    }, meter
