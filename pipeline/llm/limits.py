"""Requests and tokens per minute: a call waits until it fits, in the order in which calls came."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pipeline.errors import UsageError
from pipeline.llm.client import ModelClient, ModelReply, ModelRequest, Usage
from pipeline.llm.estimate import estimated_usage

_WINDOW_S = 60.0
# A waiting call looks again this often: replies that used less than was set aside make room before the minute is over.
_LONGEST_SLEEP_S = 1.0
_SHORTEST_SLEEP_S = 0.001


@dataclass
class _Taken:
    """What a call takes of the window that opens at `at`."""

    at: float
    tokens: int


class LimitedClient:
    """Asks one model at most `rpm` times in any minute, for at most `tpm` tokens; None: no such limit.

    A call sets aside its estimated input and its whole `max_tokens`, since endpoints count so too when they decide
    whether to take it, and gives back what it did not use when the reply is there. A call that is larger than the limit
    goes alone. The SDK's own retries are not seen here; the endpoint's 429 stays the last word.
    """

    def __init__(
        self,
        client: ModelClient,
        *,
        rpm: int | None = None,
        tpm: int | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ):
        if any(limit is not None and limit < 1 for limit in (rpm, tpm)):
            raise UsageError("a limit of requests or tokens per minute is a whole number from 1")
        self._client = client
        self._rpm = rpm
        self._tpm = tpm
        self._clock = clock
        self._sleep = sleep
        self._changed = threading.Condition()
        self._waiting: deque[object] = deque()
        self._window: deque[_Taken] = deque()

    def complete(self, request: ModelRequest) -> ModelReply:
        """The client's reply, once there is room to ask. Raises ModelError as the client does."""
        taken = self._take(_total(estimated_usage(request)))
        reply = self._client.complete(request)
        # A call that failed keeps what it set aside: the endpoint may have counted it.
        if reply.usage != Usage():
            with self._changed:
                taken.tokens = _total(reply.usage)
        return reply

    def _take(self, tokens: int) -> _Taken:
        with self._turn():
            while True:
                with self._changed:
                    now = self._clock()
                    wait = self._wait_s(tokens, now)
                    if wait <= 0:
                        taken = _Taken(now, tokens)
                        self._window.append(taken)
                        return taken
                self._sleep(min(max(wait, _SHORTEST_SLEEP_S), _LONGEST_SLEEP_S))

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """First come, first served: a large call is not passed by small ones for ever."""
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
        try:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting[0] is ticket)
            yield
        finally:
            with self._changed:
                self._waiting.remove(ticket)
                self._changed.notify_all()

    def _wait_s(self, tokens: int, now: float) -> float:
        """Seconds until a call fits, 0 when it does: until enough of the oldest calls have left the window."""
        while self._window and now >= self._window[0].at + _WINDOW_S:
            self._window.popleft()
        requests_over = 0 if self._rpm is None else len(self._window) + 1 - self._rpm
        used = sum(taken.tokens for taken in self._window)
        tokens_over = 0 if self._tpm is None else used + tokens - self._tpm
        until = now
        for taken in self._window:
            if requests_over <= 0 and tokens_over <= 0:
                break
            until = taken.at + _WINDOW_S
            requests_over -= 1
            tokens_over -= taken.tokens
        return until - now


def _total(usage: Usage) -> int:
    return usage.input_tokens + usage.output_tokens
