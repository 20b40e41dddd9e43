"""The meter: every call counted once, by everything it is asked for, and unknown costs stay unknown."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.errors import ModelError
from pipeline.llm import (
    Journal,
    JournaledClient,
    Meter,
    MeteredClient,
    ModelFailure,
    ModelReply,
    Price,
    ScriptedClient,
    Usage,
)
from tests.llm.cases import Colour, colour_request

GOOD = Colour(name="red", warm=True).model_dump_json()
USAGE = Usage(input_tokens=1000, cached_input_tokens=400, output_tokens=100)
PRICES = {"openai:m": Price(input=Decimal(1), cached_input=Decimal("0.5"), output=Decimal(2))}
PAID = Decimal("0.001")


def request(label: str, model: str = "openai:m", user: str = "Which?"):
    return colour_request(model, user, label=label)


def reply(text: str = GOOD, **more) -> ModelReply:
    return ModelReply(text=text, usage=USAGE, **more)


def metered(*replies, clock=lambda: 0.0) -> tuple[Meter, MeteredClient]:
    meter = Meter(PRICES)
    return meter, MeteredClient(ScriptedClient(replies), meter, clock=clock)


def test_a_call_is_recorded_with_what_it_was_for_and_what_it_cost():
    ticks = iter([10.0, 12.5])
    meter, client = metered(reply(), clock=lambda: next(ticks))
    client.complete(request("20970/documentation/draft"))
    (record,) = meter.records
    assert (record.page, record.section, record.prompt) == ("20970", "documentation", "draft")
    assert (record.subject, record.model, record.source) == ("20970/documentation", "openai:m", "model")
    assert (record.usage, record.cost, record.latency_s, record.failure) == (USAGE, PAID, 2.5, "")


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (reply('{"name": "red"}'), "invalid"),
        (reply("no JSON"), "invalid"),
        (reply("{", finish_reason="length"), "length"),
        (reply("", refusal="No."), "refusal"),
        (reply(" "), "empty"),
    ],
)
def test_a_reply_that_cannot_be_used_is_a_failure_that_cost_as_much(answer: ModelReply, failure: str):
    meter, client = metered(answer)
    client.complete(request("1/a/draft"))
    assert (meter.records[0].failure, meter.records[0].cost) == (failure, PAID)
    assert (meter.totals().failures, meter.totals().cost) == (1, PAID)


@pytest.mark.parametrize(
    ("kind", "paid"),
    [(ModelFailure.RATE_LIMIT, Decimal(0)), (ModelFailure.QUOTA, Decimal(0)), (ModelFailure.TIMEOUT, None)],
)
def test_a_call_without_a_reply_is_counted_and_raised(kind: ModelFailure, paid: Decimal | None):
    meter, client = metered(ModelError("no", kind=kind))
    with pytest.raises(ModelError):
        client.complete(request("1/a/draft"))
    assert (meter.records[0].failure, meter.records[0].cost) == (kind, paid)


@pytest.mark.parametrize("kind", [ModelFailure.NO_PROVIDER, ModelFailure.NO_KEY])
def test_what_was_never_sent_is_no_call(kind: ModelFailure):
    meter, client = metered(ModelError("no", kind=kind))
    with pytest.raises(ModelError):
        client.complete(request("1/a/draft"))
    assert meter.records == ()


def test_sums_by_prompt_section_page_subject_and_model():
    meter, client = metered(*[reply()] * 4)
    for label in ("1/a/draft", "1/a/judge", "1/b/draft", "2/a/draft"):
        client.complete(request(label))
    assert {name: total.calls for name, total in meter.totals_by("prompt").items()} == {
        "draft": 3,
        "judge": 1,
    }
    assert {name: total.calls for name, total in meter.totals_by("section").items()} == {"a": 3, "b": 1}
    assert {name: total.cost for name, total in meter.totals_by("page").items()} == {"1": 3 * PAID, "2": PAID}
    assert list(meter.totals_by("subject")) == ["1/a", "1/b", "2/a"]
    assert meter.totals_by("model")["openai:m"] == meter.totals()
    assert meter.totals().usage == USAGE + USAGE + USAGE + USAGE


def test_one_unknown_cost_makes_the_sum_unknown_and_is_counted():
    meter, client = metered(reply(), reply())
    client.complete(request("1/a/draft"))
    client.complete(request("1/a/draft", model="openai:nobody-knows"))
    total = meter.totals()
    assert (total.cost, total.known_cost, total.unpriced) == (None, PAID, 1)
    assert meter.totals_by("model")["openai:m"].cost == PAID


def test_an_endpoint_that_does_not_count_leaves_the_cost_unknown():
    meter, client = metered(ModelReply(text=GOOD))
    client.complete(request("1/a/draft"))
    assert meter.totals().cost is None


def test_the_journal_costs_nothing_and_is_told_apart(tmp_path: Path):
    meter = Meter(PRICES)
    inner = MeteredClient(ScriptedClient([reply()]), meter)
    client = JournaledClient(inner, Journal(tmp_path), heard=meter.count_stored)
    client.complete(request("1/a/draft"))
    client.complete(request("2/a/draft"))
    assert [(record.page, record.source, record.cost) for record in meter.records] == [
        ("1", "model", PAID),
        ("2", "journal", 0),
    ]
    total = meter.totals()
    assert (total.calls, total.stored, total.usage, total.stored_usage, total.cost) == (
        1,
        1,
        USAGE,
        USAGE,
        PAID,
    )


@pytest.mark.parametrize(
    ("label", "parts"),
    [("", ("", "", "")), ("20970", ("20970", "", "")), ("1/a/judge/2", ("1", "a", "judge/2"))],
)
def test_a_label_may_be_short_or_long(label: str, parts: tuple[str, str, str]):
    meter, client = metered(reply())
    client.complete(request(label))
    record = meter.records[0]
    assert (record.page, record.section, record.prompt) == parts


def test_no_call_is_lost_between_threads():
    class Same:
        def complete(self, request) -> ModelReply:
            return reply()

    meter = Meter(PRICES)
    client = MeteredClient(Same(), meter)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: client.complete(request(f"{n}/a/draft")), range(400)))
    assert (meter.totals().calls, meter.totals().cost) == (400, 400 * PAID)
