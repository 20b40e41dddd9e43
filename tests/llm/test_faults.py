"""What an endpoint does wrong over the wire: what is tried again, how often, how long, and what never is."""

import json
import socket
import time
from itertools import cycle, islice

import pytest

from pipeline.errors import ModelError
from pipeline.llm import Journal, JournaledClient, ModelFailure
from pipeline.llm.client import MAX_REPLY_BYTES
from pipeline.llm.endpoint import MAX_RETRIES
from pipeline.llm.openai_compatible import OpenAICompatibleClient
from tests.llm.cases import KEY, Colour, ask, client_for, colour_request
from tests.llm.stub_server import Answer, completion, failure

GOOD = '{"name": "red", "warm": true}'


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the SDK would have slept between its tries."""
    slept: list[float] = []
    monkeypatch.setattr("openai._base_client.time.sleep", slept.append)
    return slept


def test_a_crowded_endpoint_is_asked_again_when_it_says(serve, waits: list[float]):
    server = serve(*[failure(429, "slow down", retry_after="7")] * 3, completion(GOOD))
    assert client_for(server, max_retries=MAX_RETRIES).complete(colour_request()).text == GOOD
    assert waits == [7, 7, 7]


def test_a_wait_of_hours_is_not_waited_for(serve, waits: list[float]):
    server = serve(failure(429, "come back tomorrow", retry_after="7200"))
    with pytest.raises(ModelError) as caught:
        client_for(server, max_retries=MAX_RETRIES).complete(colour_request())
    assert caught.value.kind == ModelFailure.RATE_LIMIT
    assert (len(server.calls), waits) == (1, [])


@pytest.mark.parametrize("answer", [failure(500, "boom"), failure(503, "busy"), Answer(GOOD, cut=True)])
def test_other_failures_are_tried_again_with_growing_waits_and_jitter(
    serve, waits: list[float], answer: Answer
):
    server = serve(answer)
    with pytest.raises(ModelError):
        client_for(server, max_retries=99).complete(colour_request())
    assert len(server.calls) == 1 + MAX_RETRIES == 6
    for waited, most in zip(waits, (0.5, 1, 2, 4, 8), strict=True):
        assert 0.75 * most <= waited <= most
    assert len({waited / most for waited, most in zip(waits, (0.5, 1, 2, 4, 8), strict=True)}) > 1


def test_a_passing_failure_does_no_harm(serve, waits: list[float]):
    server = serve(failure(500, "boom"), Answer(GOOD, cut=True), completion(GOOD))
    assert client_for(server, max_retries=2).complete(colour_request()).text == GOOD
    assert len(server.calls) == 3


@pytest.mark.parametrize(
    "answer",
    [
        failure(401, "wrong key"),
        failure(400, "bad schema"),
        failure(404, "no such model"),
        completion("no JSON"),
        completion(None, refusal="No."),
        completion("{", finish_reason="length"),
        Answer("x" * (MAX_REPLY_BYTES + 1)),
    ],
)
def test_what_another_try_would_not_mend_is_asked_once(serve, waits: list[float], answer: Answer):
    server = serve(answer)
    try:
        client_for(server, max_retries=MAX_RETRIES).complete(colour_request())
    except ModelError as error:
        assert error.kind in (ModelFailure.UNAUTHORISED, ModelFailure.REJECTED)
    assert (len(server.calls), waits) == (1, [])


def test_no_quota_is_said_as_such(serve, waits: list[float]):
    server = serve(failure(429, "pay", code="insufficient_quota"))
    with pytest.raises(ModelError, match="quota") as caught:
        client_for(server, max_retries=1).complete(colour_request())
    assert caught.value.kind == ModelFailure.QUOTA


def test_silence_is_tried_again_and_ends(serve, waits: list[float]):
    server = serve(completion(GOOD)._replace(delay_s=9))
    began = time.monotonic()
    with pytest.raises(ModelError) as caught:
        client_for(server, timeout_s=0.1, max_retries=2).complete(colour_request())
    assert caught.value.kind == ModelFailure.TIMEOUT
    assert len(waits) == 2
    assert time.monotonic() - began < 5


def test_an_answer_that_drips_without_end_is_a_timeout(serve):
    # Each piece comes well within the timeout, and all of them take twenty times as long.
    server = serve(completion(GOOD)._replace(pace_s=0.1))
    began = time.monotonic()
    with pytest.raises(ModelError) as caught:
        client_for(server, timeout_s=0.2).complete(colour_request())
    assert caught.value.kind == ModelFailure.TIMEOUT
    assert time.monotonic() - began < 1.5


def test_a_slow_answer_that_ends_in_time_is_one(serve):
    server = serve(completion(GOOD)._replace(pace_s=0.005))
    assert client_for(server).complete(colour_request()).text == GOOD


@pytest.mark.parametrize("size", [MAX_REPLY_BYTES + 1, 10_000_000])
def test_a_huge_reply_is_a_failure_and_is_not_held(serve, size: int):
    server = serve(completion("x" * size))
    reply = client_for(server).complete(colour_request())
    assert (reply.failure, reply.text) == (ModelFailure.OVERSIZE, "")
    with pytest.raises(ModelError, match="megabyte") as caught:
        ask(client_for(server), colour_request(), Colour)
    assert caught.value.replies == ("",)


def test_a_large_reply_below_the_bound_is_read(serve):
    text = Colour(name=" ".join(map(str, range(100_000))), warm=True).model_dump_json()
    assert len(text) > 500_000
    assert client_for(serve(completion(text))).complete(colour_request()).text == text


def test_a_huge_error_page_is_still_the_error(serve):
    with pytest.raises(ModelError, match="status 500"):
        client_for(serve(Answer("x" * 10_000_000, 500))).complete(colour_request())


def test_a_reply_that_goes_in_circles_is_a_failure(serve):
    stuck = " ".join(islice(cycle(["The surgeon signs the report."]), 40))
    reply = client_for(serve(completion(Colour(name=stuck, warm=True).model_dump_json()))).complete(
        colour_request()
    )
    assert reply.failure == ModelFailure.LOOPING


def test_half_a_surrogate_pair_stops_nothing(serve, tmp_path):
    raw = completion("PLACE").body.replace("PLACE", "\\ud83d")
    reply = JournaledClient(client_for(serve(Answer(raw))), Journal(tmp_path)).complete(colour_request())
    assert reply.text == "?"


@pytest.mark.parametrize(
    "change",
    [
        {"usage": {"prompt_tokens": -5, "completion_tokens": None, "total_tokens": 0}},
        {"usage": None},
        {"usage": {}},
        {"model": None},
    ],
)
def test_odd_counts_stop_nothing(serve, change: dict):
    body = {**json.loads(completion(GOOD).body), **change}
    reply = client_for(serve(Answer(json.dumps(body)))).complete(colour_request())
    assert reply.text == GOOD
    assert reply.usage.input_tokens >= 0


@pytest.mark.parametrize("body", ["", "{", "null", "[]", '"text"', '{"choices": []}', '{"choices": null}'])
def test_what_is_no_completion_is_said_in_one_sentence(serve, body: str):
    with pytest.raises(ModelError) as caught:
        client_for(serve(Answer(body))).complete(colour_request())
    assert "\n" not in str(caught.value)
    assert caught.value.kind in (ModelFailure.SERVER, ModelFailure.REJECTED)


def test_nobody_there_is_tried_again_and_said(waits: list[float]):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1"}
    with pytest.raises(ModelError) as caught:
        OpenAICompatibleClient("m", environ=environ, max_retries=2).complete(colour_request())
    assert caught.value.kind == ModelFailure.UNREACHABLE
    assert len(waits) == 2
