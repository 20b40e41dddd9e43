"""Work that needs model replies, written as generators: each yields requests and is sent replies; one driver asks.

So what happens between two calls (rendering, locating, verifying) runs on one thread, in a fixed order, and only the
waiting is spread over many.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Hashable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from pipeline.errors import ModelError
from pipeline.llm.client import ModelClient, ModelFailure, ModelReply, ModelRequest

_Key = TypeVar("_Key", bound=Hashable)
_Result = TypeVar("_Result")
_Reply = TypeVar("_Reply", bound=BaseModel)

Steps = Generator[ModelRequest, ModelReply, _Result]
"""Yields requests, is sent their replies or has their ModelError raised inside, and returns a result."""


def asking(request: ModelRequest, schema: type[_Reply]) -> Steps[_Reply]:
    """The reply to a request as a `schema`, asked for once more with the findings when the first does not validate.

    Raises ModelError: of an endpoint kind as the client raised it, or of a reply kind (`REPLY_FAILURES`) with the raw
    replies kept.
    """
    first = _usable(request, (yield request), ())
    try:
        return schema.model_validate_json(first)
    except ValidationError as error:
        findings = _describe(error)
    user = f"{request.user.rstrip()}\n\n{_REASK.format(findings=findings)}"
    second = _usable(request, (yield request.model_copy(update={"user": user})), (first,))
    try:
        return schema.model_validate_json(second)
    except ValidationError as error:
        raise ModelError(
            f"the model {request.model} answered twice with JSON that is not a {request.schema_name} "
            f"({_describe(error).splitlines()[0].removeprefix('- ')}); try another model",
            kind=ModelFailure.INVALID,
            replies=(first, second),
        ) from error


def run_steps(steps: Steps[_Result], client: ModelClient) -> _Result:
    """Run one piece of work to its end, asking on this thread. Raises what the work raises."""
    try:
        request = next(steps)
        while True:
            try:
                reply = client.complete(request)
            except ModelError as error:
                request = steps.throw(error)
            else:
                request = steps.send(reply)
    except StopIteration as finished:
        return finished.value


class _Task(Generic[_Key, _Result]):
    """A piece of work on its way: done with its result, or with the error that ended it."""

    def __init__(self, key: _Key, steps: Steps[_Result]):
        self.key = key
        self._steps = steps
        self.done = False
        self.result: _Result | None = None
        self.error: BaseException | None = None

    def advance(self, answered: Future[ModelReply] | None) -> ModelRequest | None:
        """The next request, None once the work is done or waits for replies that are not there yet."""
        try:
            if answered is None:
                return next(self._steps)
            error = answered.exception()
            return self._steps.throw(error) if error is not None else self._steps.send(answered.result())
        except StopIteration as finished:
            self.result = finished.value
        except ModelError as error:
            self.error = None if error.kind is ModelFailure.PENDING else error
        except BaseException as error:
            self.error = error
        self.done = True
        return None


def run_many(
    tasks: Iterable[tuple[_Key, Steps[_Result]]], client: ModelClient, *, concurrency: int
) -> Generator[tuple[_Key, _Result | None]]:
    """Run pieces of work, at most `concurrency` calls at a time, and yield their results in the order given.

    None stands for work that waits for a reply which the client does not ask for (PENDING). Tasks are taken from the
    iterable as there is room for them. Raises what a piece of work raises: from then on nothing new is asked, and calls
    on their way are waited for, so that a journal before the client has them. Results that these complete are yielded
    first, up to the first work in the order that is not done: what still had a call to make gives none, nor does what
    comes after it.
    """
    pool = ThreadPoolExecutor(concurrency, thread_name_prefix="model")
    try:
        yield from _Run(pool, client, ahead=2 * concurrency).results(iter(tasks))
    finally:
        pool.shutdown(cancel_futures=True)


class _Run(Generic[_Key, _Result]):
    """Tasks in order, and the calls of theirs that are on their way.

    `ahead`: more calls than are asked at a time, so that they go on while results are worked with.
    """

    def __init__(self, pool: ThreadPoolExecutor, client: ModelClient, *, ahead: int):
        self._pool = pool
        self._client = client
        self._ahead = ahead
        self._order: deque[_Task[_Key, _Result]] = deque()
        self._asked: dict[Future[ModelReply], _Task[_Key, _Result]] = {}
        self._failed: BaseException | None = None

    def results(self, source: Iterator[tuple[_Key, Steps[_Result]]]) -> Iterator[tuple[_Key, _Result | None]]:
        """What the tasks give, in their order."""
        more = True
        while more or self._order:
            while more and not self._failed and len(self._asked) < self._ahead:
                item = next(source, None)
                if item is None:
                    more = False
                else:
                    self._order.append(_Task(*item))
                    self._go_on(self._order[-1], None)
            while self._order and self._order[0].done and self._order[0].error is None:
                task = self._order.popleft()
                yield task.key, task.result
            if self._failed and (not self._asked or self._order[0].done):
                raise self._failed
            if self._asked:
                finished, _ = wait(self._asked, return_when=FIRST_COMPLETED)
                for future in finished:
                    self._go_on(self._asked.pop(future), future)

    def _go_on(self, task: _Task[_Key, _Result], answered: Future[ModelReply] | None) -> None:
        request = task.advance(answered)
        if task.error is not None:
            self._failed = self._failed or task.error
            for future in [future for future in self._asked if future.cancel()]:
                del self._asked[future]
        elif request is not None and not self._failed:
            self._asked[self._pool.submit(self._client.complete, request)] = task


_SHOWN_FINDINGS = 8
_REASK = """Your previous reply could not be used:
{findings}
Reply again, with one JSON object that satisfies the schema and nothing else."""


_ADVICE = {
    ModelFailure.REFUSAL: "declined to answer; try another model or prompt",
    ModelFailure.LENGTH: "was cut off at {max_tokens} tokens; allow it more, or give it fewer passages",
    ModelFailure.EMPTY: "answered nothing; ask again with --refresh or try another model",
    ModelFailure.LOOPING: "repeated itself over and over; try another model",
    ModelFailure.OVERSIZE: "answered more than a megabyte, which was not read; try another model",
}


def _usable(request: ModelRequest, reply: ModelReply, earlier: tuple[str, ...]) -> str:
    if reply.failure is None:
        return reply.text
    advice = _ADVICE[reply.failure].format(max_tokens=request.max_tokens)
    raise ModelError(
        f"the model {request.model} {advice}",
        kind=reply.failure,
        replies=(*earlier, reply.text or reply.refusal),
    )


def _describe(error: ValidationError) -> str:
    lines = [
        f"- {'.'.join(str(step) for step in finding['loc']) or 'reply'}: {finding['msg']}"
        for finding in error.errors(include_input=False, include_url=False)
    ]
    shown = lines[:_SHOWN_FINDINGS]
    if len(lines) > len(shown):
        shown.append(f"- and {len(lines) - len(shown)} more")
    return "\n".join(shown)
