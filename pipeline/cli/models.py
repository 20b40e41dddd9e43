"""Options of the commands that ask language models, and what a run of theirs asked and cost."""

from __future__ import annotations

import os
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from pipeline.cli.common import end_progress, progress
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from datetime import date

    from pipeline.batch_runs import Pending
    from pipeline.llm import Meter, Totals
    from pipeline.model_drafter import ModelNames
    from pipeline.run import Drafter
    from pipeline.workspace import Workspace

MODEL_HELP = (
    "Draft with this model: NAME, or PROVIDER:NAME; key from OPENAI_API_KEY, address from OPENAI_BASE_URL."
)
Model = Annotated[str | None, typer.Option("--model", metavar="NAME", help=MODEL_HELP)]
Judge = Annotated[
    str | None,
    typer.Option(
        "--judge", metavar="NAME", help="Model that judges; the drafting one if not given; none: no judge."
    ),
]
Repair = Annotated[
    str | None,
    typer.Option("--repair", metavar="NAME", help="Model that mends; the drafting one if not given."),
]
Replay = Annotated[bool, typer.Option("--replay", help="Use replies of the journal only; ask nothing.")]
Refresh = Annotated[bool, typer.Option("--refresh", help="Ask again for what the journal holds.")]
Estimate = Annotated[
    bool, typer.Option("--estimate", help="Print what the next calls would come to; ask and write nothing.")
]
MaxCost = Annotated[
    str | None, typer.Option("--max-cost", metavar="USD", help="Stop before the calls of this run cost more.")
]
MaxCalls = Annotated[
    int | None, typer.Option("--max-calls", metavar="N", help="Stop before this run makes more calls.")
]
Concurrency = Annotated[
    int, typer.Option("--concurrency", metavar="N", min=1, max=256, help="Calls at a time.")
]
Rpm = Annotated[int | None, typer.Option("--rpm", metavar="N", help="Requests a minute, of each model.")]
Tpm = Annotated[int | None, typer.Option("--tpm", metavar="N", help="Tokens a minute, of each model.")]
PriceFile = Annotated[
    Path | None,
    typer.Option(
        "--prices", metavar="FILE", help="A price table (TOML) over the one that comes with Briefwright."
    ),
]
_ABOUT_MODELS = ("judge", "repair", "replay", "refresh", "max_cost", "max_calls", "rpm", "tpm", "prices")
CONCURRENCY = 8
"""Calls at a time, unless told otherwise."""


class ModelRun(NamedTuple):
    """The drafter of a run, and the meter of its calls; None for a run without a model.

    `judges_itself`: one model drafts and judges.
    """

    drafter: Drafter
    meter: Meter | None
    judges_itself: bool = False


class ModelOptions(NamedTuple):
    """The options of a run that asks models, as given."""

    model: str | None
    judge: str | None = None
    repair: str | None = None
    replay: bool = False
    refresh: bool = False
    max_cost: str | None = None
    max_calls: int | None = None
    rpm: int | None = None
    tpm: int | None = None
    prices: Path | None = None
    concurrency: int = CONCURRENCY


def require_names(model: str | None, judge: str | None, repair: str | None, *, what: str) -> ModelNames:
    """The names of the models. Raises UsageError where there is none, or a name is none."""
    from pipeline.llm import parse_model_spec
    from pipeline.model_drafter import ModelNames

    if model is None:
        raise UsageError(f"{what} needs a model; name it with --model")
    draft, mends = (parse_model_spec(name).model for name in (model, repair or model))
    if judge == "none":
        return ModelNames(draft, "", mends)
    return ModelNames(draft, parse_model_spec(judge).model if judge else draft, mends)


def open_run(options: ModelOptions, *, workspace: Workspace) -> ModelRun:
    """The drafter that the options ask for. Raises UsageError for options that make no sense."""
    from pipeline.run import Drafter

    if options.model is None:
        given = [name for name in _ABOUT_MODELS if getattr(options, name) not in (None, False)]
        if given:
            option = given[0].replace("_", "-")
            raise UsageError(f"--{option} is about the calls of a model; name it with --model")
        return ModelRun(Drafter(), None)
    from pipeline.llm import Journal, Meter, RunLimits, load_prices, open_client, open_stack
    from pipeline.model_drafter import make_model_drafter

    names = require_names(options.model, options.judge, options.repair, what="drafting")
    prices = load_prices(options.prices)
    meter = Meter(prices)
    client = open_stack(
        filter(None, names),
        lambda name: open_client(name, environ=os.environ),
        journal=Journal(workspace.settings.journal),
        prices=prices,
        meter=meter,
        limits=RunLimits(
            max_calls=options.max_calls,
            max_cost=_dollars(options.max_cost),
            requests_per_minute=options.rpm,
            tokens_per_minute=options.tpm,
        ),
        replay=options.replay,
        refresh=options.refresh,
    )
    drafter = make_model_drafter(names, client, workspace=workspace, concurrency=options.concurrency)
    return ModelRun(drafter, meter, judges_itself=names.judge == names.draft)


def pending_calls(
    codes: list[str], names: ModelNames, *, workspace: Workspace, as_of: date, again: bool = False
) -> Pending:
    """The calls that these pages would make next, with progress shown; see `find_pending`. Asks nothing."""
    from pipeline.batch_runs import find_pending
    from pipeline.index.embedders import load_embedder

    pending = find_pending(
        codes,
        workspace=workspace,
        embedder=load_embedder(workspace.settings.embedder),
        as_of=as_of,
        names=names,
        progress=progress,
        again=again,
    )
    end_progress()
    return pending


def _dollars(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        amount = Decimal(text.removeprefix("$"))
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount < 0:
        raise UsageError(f"--max-cost {text!r} is no amount of dollars, such as 2.50")
    return amount


def calls_line(totals: Totals, claims: int) -> str:
    """What a run asked and cost, and what came of it: `claims` on the pages that a model wrote. Two lines."""
    from pipeline.llm import show_cost

    cached = f" ({totals.usage.cached_input_tokens:,} cached)" if totals.usage.cached_input_tokens else ""
    failed = f", {totals.failures} of no use" if totals.failures else ""
    return (
        f"calls: {totals.calls} asked, {totals.stored} from the journal{failed}; tokens: "
        f"{totals.usage.input_tokens:,} in{cached}, {totals.usage.output_tokens:,} out; "
        f"cost: {show_cost(totals.cost)}\n"
        f"claims of the model that stand: {claims:,}"
        + (f", {_counted(tokens_a_claim(totals, claims))} tokens each" if claims else "")
    )


def _counted(number: int | None) -> str:
    return "unknown" if number is None else f"{number:,}"


def tokens_a_claim(totals: Totals, claims: int) -> int | None:
    """Tokens in and out, of all calls now and before, for each claim that stands; None where nobody counted them."""
    used = totals.usage + totals.stored_usage
    tokens = used.input_tokens + used.output_tokens
    return round(tokens / claims) if claims and tokens else None


def calls_json(meter: Meter, claims: int) -> dict[str, object]:
    """The sums of a run: in all, and by page, section, prompt and model; and the claims that came of it."""
    groups = ("page", "section", "subject", "prompt", "model")
    return {
        **meter.totals().model_dump(mode="json"),
        "claims": claims,
        "cost": None if meter.totals().cost is None else str(meter.totals().cost),
        "tokens_a_claim": tokens_a_claim(meter.totals(), claims),
        **{
            f"by_{group}": {
                name: totals.model_dump(mode="json") for name, totals in meter.totals_by(group).items()
            }
            for group in groups
        },
    }
