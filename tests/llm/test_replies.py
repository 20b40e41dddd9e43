"""Which replies go in circles, and which only look like it; what a reply's failure is."""

import json
import time

import pytest

from pipeline.data import Record
from pipeline.llm import REPLY_FAILURES, ModelFailure, ModelReply, Usage
from pipeline.llm.client import MAX_REPLY_BYTES, OVERSIZE
from pipeline.llm.looping import repeats_itself
from tests.llm.cases import colour_request

SENTENCE = "The operative report names the compartment."
STATEMENT = {
    "text": SENTENCE,
    "evidence": [{"id": "note:a", "quote": "names the compartment"}],
    "answers": [],
}


@pytest.mark.parametrize(
    "text",
    [
        "\n".join([SENTENCE] * 12),
        " ".join([SENTENCE] * 8),
        "Here is the list. " + "and the other side " * 40,
        json.dumps({"statements": [STATEMENT] * 9}),
        json.dumps({"statements": [STATEMENT] * 9}, indent=2),
        json.dumps({"statements": [STATEMENT, {**STATEMENT, "text": "Another one."}] * 9}),
        json.dumps({"name": "modifier " * 60}),
        "A good beginning. " * 1 + f"{SENTENCE} " * 20 + "And an end.",
        json.dumps([STATEMENT] * 3000),
    ],
)
def test_the_same_over_and_over_is_looping(text: str):
    assert repeats_itself(text)
    assert ModelReply(text=text).failure == ModelFailure.LOOPING


@pytest.mark.parametrize(
    "text",
    [
        SENTENCE,
        " ".join([SENTENCE] * 7),
        json.dumps({"statements": [STATEMENT] * 7}),
        json.dumps({"statements": [{**STATEMENT, "text": f"Rule {n}."} for n in range(60)]}),
        json.dumps(
            [{"claim": f"c{n}", "label": "SUPPORTED", "reason": "The passage says so."} for n in range(99)]
        ),
        json.dumps(
            [{"claim": f"c{n}", "label": "SUPPORTED", "reason": "The passage says so."} for n in range(99)],
            indent=1,
        ),
        json.dumps({"rows": [[0] * 200]}),
        "| --- " * 80,
        json.dumps({"answers": ["no"] * 20}),
        "\n".join(f"{SENTENCE} {n}" for n in range(50)),
        '{"statements": []}' + " " * 5000,
    ],
)
def test_what_differs_or_is_short_is_not(text: str):
    assert not repeats_itself(text)
    assert ModelReply(text=text).failure is None


def test_the_longest_reply_is_looked_at_quickly():
    began = time.monotonic()
    repeats_itself("a b " * (MAX_REPLY_BYTES // 4 - 1) + "end")
    repeats_itself(" ".join(map(str, range(150_000))))
    assert time.monotonic() - began < 2


def test_a_cut_off_loop_is_called_cut_off():
    assert ModelReply(text=SENTENCE * 50, finish_reason="length").failure == ModelFailure.LENGTH


@pytest.mark.parametrize(
    "reply", [ModelReply(text="", finish_reason=OVERSIZE), ModelReply(text="x" * 1_000_001)]
)
def test_too_much_is_oversize(reply: ModelReply):
    assert reply.failure == ModelFailure.OVERSIZE


def test_new_failures_are_of_the_right_group():
    assert {ModelFailure.LOOPING, ModelFailure.OVERSIZE} <= REPLY_FAILURES
    assert REPLY_FAILURES.isdisjoint({ModelFailure.PENDING, ModelFailure.BUDGET})


def test_a_request_knows_whether_a_reply_fits_its_schema():
    request = colour_request()
    assert request.failure_of(ModelReply(text='{"name": "red", "warm": true}')) is None
    assert request.failure_of(ModelReply(text='{"name": "red"}')) == ModelFailure.INVALID
    assert request.failure_of(ModelReply(text="")) == ModelFailure.EMPTY

    class Other(Record):
        size: int

    assert request.model_copy(update={"reply_type": Other}).failure_of(ModelReply(text='{"size": 1}')) is None
    assert request.model_copy(update={"reply_type": None}).failure_of(ModelReply(text="[]")) is None


def test_usage_adds_up_and_odd_counts_are_tamed():
    one = Usage(input_tokens=5, cached_input_tokens=2, output_tokens=1)
    assert one + one == Usage(input_tokens=10, cached_input_tokens=4, output_tokens=2)
    counted = Usage.counted(input_tokens=3, cached_input_tokens=9, output_tokens=0)
    assert counted == Usage(input_tokens=3, cached_input_tokens=3, output_tokens=0)
    for cached in (None, -1, True, 10**30):
        counted = Usage.counted(input_tokens=3, cached_input_tokens=cached, output_tokens=1)
        assert counted == Usage(input_tokens=3, output_tokens=1)


@pytest.mark.parametrize("absurd", [None, "7", 2.5, -1, True, 10**30])
def test_half_a_count_is_none(absurd: object):
    assert Usage.counted(input_tokens=absurd, cached_input_tokens=0, output_tokens=5) == Usage()
    assert Usage.counted(input_tokens=5, cached_input_tokens=0, output_tokens=absurd) == Usage()
