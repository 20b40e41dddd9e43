"""The budget: what could pass it is refused before it is asked, on one thread and on many."""

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from pipeline.errors import ModelError, UsageError
from pipeline.llm import (
    BudgetedClient,
    ModelFailure,
    ModelReply,
    ModelRequest,
    Price,
    ScriptedClient,
    Usage,
    cost,
    estimated_usage,
)
from tests.llm.cases import colour_request

MODEL = "openai:m"
PRICES = {MODEL: Price(input=Decimal(1), cached_input=Decimal("0.5"), output=Decimal(2))}
REQUEST = colour_request(MODEL)
WORST = cost(estimated_usage(REQUEST), PRICES[MODEL]) or Decimal(0)
USED = Usage(input_tokens=50, output_tokens=10)
REAL = cost(USED, PRICES[MODEL]) or Decimal(0)


def budgeted(*replies, **limits) -> tuple[BudgetedClient, ScriptedClient]:
    inner = ScriptedClient(replies)
    return BudgetedClient(inner, models=(MODEL,), prices=PRICES, **limits), inner


def refused(client: BudgetedClient) -> bool:
    try:
        client.complete(REQUEST)
    except ModelError as error:
        assert error.kind == ModelFailure.BUDGET
        assert "journal" in str(error)
        return True
    return False


def test_no_more_calls_than_allowed():
    client, inner = budgeted(*[ModelReply(text="{}")] * 5, max_calls=2)
    assert [refused(client) for _ in range(4)] == [False, False, True, True]
    assert len(inner.requests) == 2


def test_none_allowed_asks_nothing():
    client, inner = budgeted(max_calls=0)
    assert refused(client)
    assert inner.requests == []


def test_a_call_that_could_pass_the_cost_is_not_asked():
    client, inner = budgeted(ModelReply(text="{}", usage=USED), max_cost=WORST - Decimal("0.000001"))
    assert refused(client)
    assert inner.requests == []


def test_the_real_cost_counts_afterwards():
    client, _ = budgeted(*[ModelReply(text="{}", usage=USED)] * 5, max_cost=WORST + 2 * REAL)
    assert [refused(client) for _ in range(4)] == [False, False, False, True]


def test_a_cost_that_is_not_told_counts_as_the_worst():
    client, _ = budgeted(*[ModelReply(text="{}")] * 5, max_cost=2 * WORST)
    assert [refused(client) for _ in range(3)] == [False, False, True]


@pytest.mark.parametrize(("kind", "left"), [(ModelFailure.RATE_LIMIT, True), (ModelFailure.TIMEOUT, False)])
def test_a_failed_call_counts_where_a_model_may_have_worked(kind: ModelFailure, left: bool):
    client, _ = budgeted(ModelError("no", kind=kind), ModelReply(text="{}"), max_cost=WORST)
    with pytest.raises(ModelError):
        client.complete(REQUEST)
    assert refused(client) is not left


def test_a_cost_without_a_price_cannot_be_bounded():
    with pytest.raises(UsageError, match="openai:nobody-knows"):
        BudgetedClient(
            ScriptedClient([]), models=(MODEL, "openai:nobody-knows"), prices=PRICES, max_cost=Decimal(1)
        )
    client, _ = budgeted(ModelReply(text="{}"), max_cost=Decimal(1))
    with pytest.raises(UsageError, match="openai:other"):
        client.complete(colour_request("openai:other"))
    BudgetedClient(ScriptedClient([]), models=("openai:nobody-knows",), prices=PRICES, max_calls=1)


@pytest.mark.parametrize("limits", [{"max_calls": -1}, {"max_cost": Decimal(-1)}])
def test_a_budget_below_nothing_is_refused(limits: dict):
    with pytest.raises(UsageError, match="from 0"):
        budgeted(**limits)


class Slow:
    """Answers when it is let; knows how many calls were on their way at most."""

    def __init__(self, usage: Usage):
        self._usage = usage
        self._lock = threading.Lock()
        self._now = 0
        self.most = 0
        self.calls = 0

    def complete(self, request: ModelRequest) -> ModelReply:
        with self._lock:
            self._now += 1
            self.calls += 1
            self.most = max(self.most, self._now)
        threading.Event().wait(0.01)
        with self._lock:
            self._now -= 1
        return ModelReply(text="{}", usage=self._usage)


def run_many(inner: Slow, **limits) -> list[bool]:
    client = BudgetedClient(inner, models=(MODEL,), prices=PRICES, **limits)
    with ThreadPoolExecutor(12) as pool:
        return list(pool.map(lambda _: refused(client), range(24)))


def test_calls_on_their_way_count_and_the_rest_waits_for_them():
    inner = Slow(USED)
    # Room for three at a time and, by what they really cost, for all 24: nothing is refused too early.
    outcomes = run_many(inner, max_cost=3 * WORST + 20 * REAL)
    assert not any(outcomes)
    assert 1 < inner.most <= 3 + 1


def test_calls_that_cost_their_worst_never_pass_the_budget():
    worst = estimated_usage(REQUEST)
    inner = Slow(worst)
    outcomes = run_many(inner, max_cost=5 * WORST + WORST / 2)
    assert (outcomes.count(False), inner.calls) == (5, 5)


def test_threads_share_the_number_of_calls():
    inner = Slow(USED)
    assert run_many(inner, max_calls=7).count(False) == inner.calls == 7


def test_what_was_never_sent_uses_up_no_call():
    missing = ModelError("no package", kind=ModelFailure.NO_PROVIDER)
    client = BudgetedClient(ScriptedClient([missing, "{}"]), models=["openai:m"], prices={}, max_calls=1)
    with pytest.raises(ModelError, match="no package"):
        client.complete(colour_request("openai:m"))
    assert client.complete(colour_request("openai:m")).text
    with pytest.raises(ModelError, match="budget"):
        client.complete(colour_request("openai:m"))
