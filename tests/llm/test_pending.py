"""What would be asked, what it would cost, and that nobody is asked."""

from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.errors import ModelError
from pipeline.llm import (
    Journal,
    ModelFailure,
    ModelReply,
    PendingClient,
    Price,
    estimate_run,
    estimated_usage,
)
from tests.llm.cases import Colour, colour_request

MODEL = "openai:m"
PRICES = {MODEL: Price(input=Decimal(1), cached_input=Decimal(0), output=Decimal(2))}
GOOD = Colour(name="red", warm=True).model_dump_json()


def is_pending(client: PendingClient, request) -> bool:
    try:
        client.complete(request)
    except ModelError as error:
        assert error.kind == ModelFailure.PENDING
        return True
    return False


def test_what_the_journal_has_not_is_collected_once_and_in_order(tmp_path: Path):
    journal = Journal(tmp_path)
    stored, one, two = (colour_request(user=user) for user in ("stored", "one", "two"))
    journal.record(stored, ModelReply(text=GOOD))
    client = PendingClient(journal)
    again = one.model_copy(update={"label": "elsewhere"})
    assert [is_pending(client, each) for each in (two, stored, one, again)] == [True, False, True, True]
    assert client.pending == [two, one]
    assert client.complete(stored).text == GOOD


def test_a_stored_reply_that_cannot_be_used_is_an_answer_unless_it_is_asked_for_again(tmp_path: Path):
    journal, request, good = Journal(tmp_path), colour_request(), colour_request(user="good")
    journal.record(request, ModelReply(text="{", finish_reason="length"))
    journal.record(good, ModelReply(text=GOOD))
    client = PendingClient(journal)
    assert client.complete(request).failure == ModelFailure.LENGTH and client.pending == []
    again = PendingClient(journal, again=True)
    assert [is_pending(again, each) for each in (request, good)] == [True, False]
    assert again.pending == [request]


def test_asking_for_what_is_pending_writes_nothing(tmp_path: Path):
    with pytest.raises(ModelError, match="no reply of"):
        PendingClient(Journal(tmp_path / "journal")).complete(colour_request())
    assert list(tmp_path.iterdir()) == []


def test_an_estimate_has_a_range_of_costs():
    request = colour_request(MODEL)
    usage = estimated_usage(request)
    estimate = estimate_run([request, request], PRICES)
    assert (estimate.calls, estimate.input_tokens) == (2, 2 * usage.input_tokens)
    assert estimate.max_output_tokens == 2 * 4096
    assert estimate.at_least == Decimal(2 * usage.input_tokens) / 1_000_000
    assert estimate.at_most == Decimal(2 * usage.input_tokens + 2 * 2 * 4096) / 1_000_000
    assert estimate.unpriced_calls == 0


def test_an_unknown_price_leaves_the_estimate_unknown():
    estimate = estimate_run([colour_request(MODEL), colour_request("openai:other")], PRICES)
    assert (estimate.at_least, estimate.at_most, estimate.unpriced_calls) == (None, None, 1)


def test_nothing_to_ask_costs_nothing():
    estimate = estimate_run([], PRICES)
    assert (estimate.calls, estimate.at_least, estimate.at_most) == (0, 0, 0)


def test_the_estimate_of_tokens_grows_with_all_that_is_sent():
    base = colour_request()
    tokens = estimated_usage(base).input_tokens
    for change in (
        {"system": base.system + "x" * 300},
        {"user": base.user + "x" * 300},
        {"json_schema": {"d": "x" * 900}},
    ):
        assert estimated_usage(base.model_copy(update=change)).input_tokens > tokens
    long = estimated_usage(base.model_copy(update={"user": "27447, 29881. " * 1000})).input_tokens
    assert 14_000 / 4 < long < 14_000 / 2
