"""The clients of a run, one on another. This is the one place that knows their order:

JournaledClient    what was answered before costs nothing and waits for nothing
BudgetedClient     one budget for all models of the run
ModelRouter        to the model that the request names
LimitedClient      each model has its own limits, as endpoints do
MeteredClient      counts what is really asked, with the latency of the call and not of waiting for room
the model's client
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from pipeline.data import Record
from pipeline.errors import UsageError
from pipeline.llm.budget import BudgetedClient
from pipeline.llm.client import ModelClient, ModelReply, ModelRequest
from pipeline.llm.journal import Journal, JournaledClient
from pipeline.llm.limits import LimitedClient
from pipeline.llm.meter import Meter, MeteredClient
from pipeline.llm.prices import Prices


class RunLimits(Record):
    """What a run may ask for: `max_calls` and `max_cost` (USD) in all, the others of each model. None: no limit."""

    max_calls: int | None = None
    max_cost: Decimal | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None


NO_LIMITS = RunLimits()


class ModelRouter:
    """Gives each request to the client of the model it names."""

    def __init__(self, clients: Mapping[str, ModelClient]):
        self._clients = clients

    def complete(self, request: ModelRequest) -> ModelReply:
        """That client's reply. Raises UsageError for a model that was not opened."""
        client = self._clients.get(request.model)
        if client is None:
            raise UsageError(f"the model {request.model} is none of this run ({', '.join(self._clients)})")
        return client.complete(request)


def open_stack(
    models: Iterable[str],
    open_model: Callable[[str], ModelClient],
    *,
    journal: Journal,
    prices: Prices,
    meter: Meter,
    limits: RunLimits = NO_LIMITS,
    replay: bool = False,
    refresh: bool = False,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> JournaledClient:
    """One client for all models of a run, by the names that requests carry; `open_model` opens each once.

    Raises UsageError for limits that make no sense or a `max_cost` with a model of unknown price.
    """
    names = tuple(dict.fromkeys(models))

    def limited(name: str) -> ModelClient:
        return LimitedClient(
            MeteredClient(open_model(name), meter, clock=clock),
            rpm=limits.requests_per_minute,
            tpm=limits.tokens_per_minute,
            clock=clock,
            sleep=sleep,
        )

    budgeted = BudgetedClient(
        ModelRouter({name: limited(name) for name in names}),
        models=names,
        prices=prices,
        max_calls=limits.max_calls,
        max_cost=limits.max_cost,
    )
    return JournaledClient(budgeted, journal, replay=replay, refresh=refresh, heard=meter.count_stored)
