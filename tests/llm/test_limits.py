"""Limits per minute, against a clock that only sleeping moves."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pipeline.errors import ModelError, UsageError
from pipeline.llm import LimitedClient, ModelReply, ModelRequest, Usage, estimated_usage
from tests.llm.cases import colour_request

SMALL = colour_request()
RESERVED = estimated_usage(SMALL).input_tokens + SMALL.max_tokens


class Clock:
    """Time that passes by sleeping; `seen` has the time of each call."""

    def __init__(self):
        self.now = 1000.0
        self.seen: list[float] = []
        self._lock = threading.Lock()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert 0 < seconds <= 1
        with self._lock:
            self.now += seconds


class Counting:
    """Answers at once, having used this much."""

    def __init__(self, clock: Clock, used: int = 0, *, takes_s: float = 0.0):
        self._clock = clock
        self._usage = Usage(input_tokens=used)
        self._takes_s = takes_s

    def complete(self, request: ModelRequest) -> ModelReply:
        self._clock.seen.append(self._clock.now - 1000)
        self._clock.now += self._takes_s
        return ModelReply(text="{}", usage=self._usage)


def times(count: int, *, used: int = 0, takes_s: float = 0.0, rpm: int | None = None, tpm: int | None = None):
    clock = Clock()
    client = LimitedClient(
        Counting(clock, used, takes_s=takes_s), rpm=rpm, tpm=tpm, clock=clock, sleep=clock.sleep
    )
    for _ in range(count):
        client.complete(SMALL)
    return [round(seen) for seen in clock.seen]


def test_without_limits_nothing_waits():
    assert times(50) == [0] * 50


def test_no_minute_has_more_requests_than_allowed():
    assert times(7, rpm=3) == [0, 0, 0, 60, 60, 60, 120]
    assert times(5, rpm=3, takes_s=10) == [0, 10, 20, 60, 70]


def test_tokens_are_set_aside_before_a_call():
    assert times(3, tpm=2 * RESERVED) == [0, 0, 60]
    assert times(3, tpm=2 * RESERVED - 1) == [0, 60, 120]


def test_what_a_call_really_used_counts_afterwards():
    assert times(3, used=10, tpm=RESERVED + 20) == [0, 0, 0]
    assert times(4, used=10, tpm=RESERVED + 10) == [0, 0, 60, 60]
    assert times(2, used=5 * RESERVED, tpm=4 * RESERVED) == [0, 60]


def test_a_call_larger_than_the_limit_goes_alone():
    assert times(3, tpm=10) == [0, 60, 120]


def test_a_failed_call_keeps_what_it_set_aside():
    clock = Clock()

    class Down:
        def complete(self, request: ModelRequest) -> ModelReply:
            clock.seen.append(clock.now - 1000)
            raise ModelError("down")

    client = LimitedClient(Down(), tpm=RESERVED, clock=clock, sleep=clock.sleep)
    for _ in range(2):
        with pytest.raises(ModelError):
            client.complete(SMALL)
    assert [round(seen) for seen in clock.seen] == [0, 60]


@pytest.mark.parametrize("limits", [{"rpm": 0}, {"tpm": -1}])
def test_a_limit_that_lets_nothing_through_is_refused(limits: dict[str, Any]):
    with pytest.raises(UsageError, match="from 1"):
        LimitedClient(Counting(Clock()), **limits)


def test_many_threads_keep_the_limit():
    clock = Clock()
    client = LimitedClient(Counting(clock), rpm=5, clock=clock, sleep=clock.sleep)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: client.complete(SMALL), range(23)))
    assert sorted(round(seen) // 60 for seen in clock.seen) == [n // 5 for n in range(23)]


def test_a_large_call_is_not_passed_by_small_ones():
    clock, order = Clock(), []
    large = SMALL.model_copy(update={"max_tokens": 9000})
    asleep, go_on = threading.Event(), threading.Event()

    def sleep(seconds: float) -> None:
        asleep.set()
        go_on.wait(5)
        clock.sleep(seconds)

    class Ordered:
        def complete(self, request: ModelRequest) -> ModelReply:
            order.append(request.max_tokens)
            return ModelReply(text="{}", usage=Usage(input_tokens=RESERVED))

    client = LimitedClient(Ordered(), tpm=9000, clock=clock, sleep=sleep)
    client.complete(SMALL)
    threads = [threading.Thread(target=client.complete, args=(each,)) for each in (large, SMALL)]
    threads[0].start()
    assert asleep.wait(5)
    threads[1].start()  # would fit beside the first, and waits for the large one all the same
    time.sleep(0.05)
    assert order == [SMALL.max_tokens]
    go_on.set()
    for thread in threads:
        thread.join(5)
    assert order == [SMALL.max_tokens, 9000, SMALL.max_tokens]
