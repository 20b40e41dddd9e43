"""The judges that a command was told to ask: the local one, a model, or two that have to agree."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipeline.cli.common import open_workspace
from pipeline.errors import SourceError, UsageError

if TYPE_CHECKING:
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


def judge_calls_line(meter: Meter) -> str:
    """What the judging models were asked, and what it cost."""
    from pipeline.llm import show_cost

    totals = meter.totals()
    return f"calls: {totals.calls} asked, {totals.stored} from the journal; cost: {show_cost(totals.cost)}"
