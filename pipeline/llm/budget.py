"""A hard budget for a run, in calls and in USD: what could pass it is not asked."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from decimal import Decimal

from pipeline.errors import ModelError, UsageError
from pipeline.llm.client import NEVER_ASKED, NEVER_BILLED, ModelClient, ModelFailure, ModelReply, ModelRequest
from pipeline.llm.estimate import estimated_usage
from pipeline.llm.prices import Prices, cost, show_cost


class BudgetedClient:
    """Asks `client` while the run stays within `max_calls` and `max_cost` (USD); None: no such bound.

    Before a call its worst case is set aside: estimated input, and `max_tokens` of output. What calls on their way have
    set aside counts as spent; a call that does not fit beside them waits for them, and is refused only when it does not
    fit alone. Afterwards the real cost counts, or the worst case where the endpoint did not say. The SDK's own retries
    are not seen. `models` are those that will be asked: raises UsageError where `max_cost` is set and the price of one
    is unknown.
    """

    def __init__(
        self,
        client: ModelClient,
        *,
        models: Iterable[str],
        prices: Prices,
        max_calls: int | None = None,
        max_cost: Decimal | None = None,
    ):
        if (max_calls is not None and max_calls < 0) or (max_cost is not None and not max_cost >= 0):
            raise UsageError("a budget is a number of calls or of dollars from 0")
        unknown = sorted(set(models) - set(prices)) if max_cost is not None else []
        if unknown:
            raise UsageError(
                f"the price of {', '.join(unknown)} is unknown, so that no cost can be bounded; "
                "name it in a price file, or bound the number of calls instead"
            )
        self._client = client
        self._prices = prices
        self._max_calls = max_calls
        self._max_cost = max_cost
        self._changed = threading.Condition()
        self._calls = 0
        self._spent = Decimal(0)
        self._set_aside: list[Decimal] = []

    def complete(self, request: ModelRequest) -> ModelReply:
        """The client's reply. Raises ModelError of kind BUDGET before it asks, otherwise as the client does."""
        worst = self._worst_case(request)
        self._set_aside_for(worst)
        spent, made = worst, 1
        try:
            reply = self._client.complete(request)
            paid = cost(reply.usage, self._prices.get(request.model))
            spent = worst if paid is None else paid
            return reply
        except ModelError as error:
            spent = Decimal(0) if error.kind in NEVER_BILLED else worst
            made = 0 if error.kind in NEVER_ASKED else 1
            raise
        finally:
            with self._changed:
                self._set_aside.remove(worst)
                self._spent += spent
                self._calls += made - 1  # counted when it was set aside
                self._changed.notify_all()

    def _worst_case(self, request: ModelRequest) -> Decimal:
        if self._max_cost is None:
            return Decimal(0)
        worst = cost(estimated_usage(request), self._prices.get(request.model))
        if worst is None:
            raise UsageError(f"the price of {request.model} is unknown, so that its cost cannot be bounded")
        return worst

    def _set_aside_for(self, worst: Decimal) -> None:
        with self._changed:
            if self._max_calls is not None and self._calls >= self._max_calls:
                raise ModelError(
                    f"the budget of {self._max_calls} calls is used up; what was answered is in the journal, "
                    "so run again with more",
                    kind=ModelFailure.BUDGET,
                )
            # Counted before it waits, so that no more calls wait than may be made.
            self._calls += 1
            self._changed.wait_for(lambda: not self._set_aside or self._fits(worst))
            if not self._fits(worst):
                self._calls -= 1
                raise ModelError(
                    f"the budget of {show_cost(self._max_cost)} has no room for a call of up to {show_cost(worst)} "
                    f"after {show_cost(self._spent)}; what was answered is in the journal, so run again with more",
                    kind=ModelFailure.BUDGET,
                )
            self._set_aside.append(worst)

    def _fits(self, worst: Decimal) -> bool:
        return self._max_cost is None or self._spent + sum(self._set_aside) + worst <= self._max_cost
