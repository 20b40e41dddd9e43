"""The clients of a run, put together: what stands before what."""

from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.errors import ModelError, UsageError
from pipeline.llm import (
    Journal,
    Meter,
    ModelFailure,
    ModelReply,
    Price,
    RunLimits,
    ScriptedClient,
    Usage,
    open_stack,
)
from tests.llm.cases import Colour, colour_request

GOOD = ModelReply(
    text=Colour(name="red", warm=True).model_dump_json(), usage=Usage(input_tokens=10, output_tokens=5)
)
PRICES = {
    name: Price(input=Decimal(1), cached_input=Decimal(1), output=Decimal(1))
    for name in ("openai:a", "openai:b")
}


def stack(folder: Path, limits: RunLimits, *, models=("openai:a", "openai:b", "openai:a"), **more):
    clients: dict[str, ScriptedClient] = {}

    def open_model(name: str) -> ScriptedClient:
        assert name not in clients
        clients[name] = ScriptedClient([GOOD] * 20)
        return clients[name]

    meter = Meter(PRICES)
    client = open_stack(
        models, open_model, journal=Journal(folder), prices=PRICES, meter=meter, limits=limits, **more
    )
    return client, clients, meter


def test_each_request_goes_to_the_model_it_names(tmp_path: Path):
    client, clients, meter = stack(tmp_path, RunLimits())
    client.complete(colour_request("openai:b", label="1/a/judge"))
    assert (len(clients["openai:a"].requests), len(clients["openai:b"].requests)) == (0, 1)
    assert meter.records[0].model == "openai:b"
    with pytest.raises(UsageError, match="openai:c"):
        client.complete(colour_request("openai:c"))


def test_models_share_one_budget_and_the_journal_is_outside_of_it(tmp_path: Path):
    client, _, meter = stack(tmp_path, RunLimits(max_calls=2))
    one, two, three = (
        colour_request("openai:a"),
        colour_request("openai:b"),
        colour_request("openai:a", "Else?"),
    )
    client.complete(one)
    client.complete(two)
    with pytest.raises(ModelError) as caught:
        client.complete(three)
    assert caught.value.kind == ModelFailure.BUDGET
    assert client.complete(one) == client.complete(two)
    assert (meter.totals().calls, meter.totals().stored, meter.totals().failures) == (2, 2, 0)


def test_what_the_journal_has_waits_for_no_limit(tmp_path: Path):
    slept = []
    limits = RunLimits(requests_per_minute=1)
    client, _, _ = stack(tmp_path, limits, clock=lambda: float(sum(slept)), sleep=slept.append)
    for _ in range(3):
        client.complete(colour_request("openai:a"))
    client.complete(colour_request("openai:b"))
    assert slept == []
    client.complete(colour_request("openai:a", "Else?"))
    assert sum(slept) == pytest.approx(60)


def test_a_bounded_cost_with_an_unknown_price_is_refused_before_anything_is_asked(tmp_path: Path):
    with pytest.raises(UsageError, match="openai:nobody-knows"):
        stack(tmp_path, RunLimits(max_cost=Decimal(1)), models=("openai:a", "openai:nobody-knows"))


def test_a_refresh_is_paid_again_and_a_replay_is_not(tmp_path: Path):
    request = colour_request("openai:a")
    stack(tmp_path, RunLimits())[0].complete(request)
    client, _, meter = stack(tmp_path, RunLimits(), refresh=True)
    client.complete(request)
    assert meter.totals().calls == 1
    client, clients, meter = stack(tmp_path, RunLimits(max_calls=0), replay=True)
    assert client.complete(request) == GOOD
    assert (meter.totals().calls, meter.totals().stored, clients["openai:a"].requests) == (0, 1, [])
