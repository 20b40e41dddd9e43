"""Work in steps: asked many at a time, worked with one after another, results in order."""

import threading
import time

import pytest

from pipeline.errors import ModelError
from pipeline.llm import ModelFailure, ModelReply, ModelRequest, run_many, run_steps
from tests.llm.cases import colour_request


def steps(name, calls=1):
    """Asks `calls` times and gives the texts."""
    said = []
    for number in range(calls):
        reply = yield colour_request(user=f"{name} {number}")
        said.append(reply.text)
    return said


class Client:
    """Answers with the prompt after a wait, and notes how many calls were on their way at once."""

    def __init__(self, *, wait_s=0.0, fails=()):
        self._lock = threading.Lock()
        self._wait_s = wait_s
        self._fails = fails
        self.now = self.most = self.calls = 0

    def complete(self, request: ModelRequest) -> ModelReply:
        with self._lock:
            self.now += 1
            self.calls += 1
            self.most = max(self.most, self.now)
        time.sleep(self._wait_s)
        with self._lock:
            self.now -= 1
        for words, error in self._fails:
            if words in request.user:
                raise error
        return ModelReply(text=request.user)


def test_results_come_in_the_order_of_the_tasks():
    tasks = ((name, steps(name, calls=3 if name == "a" else 1)) for name in "abcdefgh")
    found = list(run_many(tasks, Client(wait_s=0.002), concurrency=3))
    assert [key for key, _ in found] == list("abcdefgh")
    assert found[0][1] == ["a 0", "a 1", "a 2"]


def test_no_more_calls_than_allowed_are_on_their_way():
    client = Client(wait_s=0.005)
    list(run_many(((n, steps(n)) for n in range(30)), client, concurrency=4))
    assert client.most == 4 and client.calls == 30


def test_tasks_are_taken_as_there_is_room_for_them():
    begun = []

    def tasks():
        for number in range(100):
            begun.append(number)
            yield number, steps(number)

    found = run_many(tasks(), Client(), concurrency=2)
    next(found)
    assert len(begun) < 20
    found.close()


def test_work_that_waits_for_a_reply_gives_nothing_and_stops_nobody():
    pending = ModelError("not there", kind=ModelFailure.PENDING)
    client = Client(fails=[("b 0", pending)])
    found = dict(run_many(((name, steps(name)) for name in "abc"), client, concurrency=1))
    assert found == {"a": ["a 0"], "b": None, "c": ["c 0"]}


def test_an_error_stops_the_run_and_what_was_not_begun_is_not_asked():
    refused = ModelError("no quota", kind=ModelFailure.QUOTA)
    client = Client(wait_s=0.002, fails=[("n5 0", refused)])
    done = []
    with pytest.raises(ModelError, match="no quota"):
        for key, _ in run_many(((n, steps(f"n{n}")) for n in range(1000)), client, concurrency=2):
            done.append(key)
    assert done == list(range(5))
    assert client.calls < 20


def test_after_an_error_only_what_needs_no_further_call_gives_its_result():
    class Slow(Client):
        """Fails "c" while the others are still on their way."""

        def complete(self, request: ModelRequest) -> ModelReply:
            time.sleep(0 if "c" in request.user else 0.1)
            return super().complete(request)

    refused = ModelError("no quota", kind=ModelFailure.QUOTA)

    def results(b_calls: int) -> list[str]:
        tasks = [("a", steps("a")), ("b", steps("b", b_calls)), ("c", steps("c"))]
        done = []
        with pytest.raises(ModelError, match="no quota"):
            for key, _ in run_many(tasks, Slow(fails=[("c 0", refused)]), concurrency=3):
                done.append(key)
        return done

    assert results(b_calls=1) == ["a", "b"]
    assert results(b_calls=2) == ["a"]


def test_an_error_can_be_met_inside_the_work():
    def patient():
        try:
            yield colour_request(user="first")
        except ModelError:
            reply = yield colour_request(user="second")
            return reply.text
        return ""

    client = Client(fails=[("first", ModelError("busy", kind=ModelFailure.SERVER))])
    assert run_steps(patient(), client) == "second"
    assert list(run_many([("one", patient())], client, concurrency=2)) == [("one", "second")]


def test_work_without_a_call_needs_none():
    def idle():
        yield from ()
        return 7

    client = Client()
    assert list(run_many([("one", idle())], client, concurrency=2)) == [("one", 7)]
    assert client.calls == 0
