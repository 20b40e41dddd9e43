"""What calls used and cost: one record a call, and sums of them by prompt, section, page, model and run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Literal

from pipeline.data import Record
from pipeline.errors import ModelError
from pipeline.llm.client import NEVER_ASKED, NEVER_BILLED, ModelClient, ModelReply, ModelRequest, Usage
from pipeline.llm.prices import Prices, cost

_NOTHING = Usage()

Grouping = Literal["prompt", "section", "page", "subject", "model"]


class CallRecord(Record):
    """One request that was answered, by a model or by the journal, or that failed.

    `cost` is what this run paid for it in USD, so 0 from the journal; None where that is unknown. `failure` is the
    ModelFailure that made it useless, with its cost all the same. `latency_s` includes the SDK's own retries.
    """

    page: str
    section: str
    prompt: str
    model: str
    source: Literal["model", "journal"]
    usage: Usage = Usage()
    cost: Decimal | None = None
    latency_s: float = 0.0
    failure: str = ""

    @property
    def subject(self) -> str:
        """What it was about: `20970/documentation`."""
        return f"{self.page}/{self.section}" if self.section else self.page


class Totals(Record):
    """Sums over records. `calls` went to a model and used `usage`; `stored` came from the journal, paid for long ago.

    `known_cost` is what is known of the cost in USD; `unpriced` calls come on top of it.
    """

    calls: int = 0
    stored: int = 0
    failures: int = 0
    usage: Usage = Usage()
    stored_usage: Usage = Usage()
    known_cost: Decimal = Decimal(0)
    unpriced: int = 0
    latency_s: float = 0.0

    @property
    def cost(self) -> Decimal | None:
        """The whole cost in USD, None where a part of it is unknown."""
        return None if self.unpriced else self.known_cost


def sum_records(records: Iterable[CallRecord]) -> Totals:
    """The totals of these records."""
    given = list(records)
    asked = [record for record in given if record.source == "model"]
    stored = [record for record in given if record.source == "journal"]
    return Totals(
        calls=len(asked),
        stored=len(stored),
        failures=sum(bool(record.failure) for record in given),
        usage=sum((record.usage for record in asked), Usage()),
        stored_usage=sum((record.usage for record in stored), Usage()),
        known_cost=sum((record.cost for record in given if record.cost is not None), Decimal(0)),
        unpriced=sum(record.cost is None for record in given),
        latency_s=round(sum(record.latency_s for record in given), 3),
    )


class Meter:
    """Collects the records of a run, from any thread."""

    def __init__(self, prices: Prices):
        self._prices = prices
        self._lock = threading.Lock()
        self._records: list[CallRecord] = []

    @property
    def records(self) -> tuple[CallRecord, ...]:
        """All so far, in the order in which they were answered."""
        with self._lock:
            return tuple(self._records)

    def totals(self) -> Totals:
        """The sums of the run."""
        return sum_records(self.records)

    def totals_by(self, group: Grouping) -> dict[str, Totals]:
        """The sums by prompt, section, page, subject or model, in the order of their names."""
        groups: dict[str, list[CallRecord]] = {}
        for record in self.records:
            groups.setdefault(getattr(record, group), []).append(record)
        return {name: sum_records(groups[name]) for name in sorted(groups)}

    def count_answer(self, request: ModelRequest, reply: ModelReply, latency_s: float) -> None:
        """A model answered, usably or not."""
        paid = cost(reply.usage, self._prices.get(request.model))
        failure = request.failure_of(reply) or ""
        self._add(request, "model", usage=reply.usage, cost=paid, latency_s=latency_s, failure=failure)

    def count_failure(self, request: ModelRequest, error: ModelError, latency_s: float) -> None:
        """No reply could be had."""
        price = self._prices.get(request.model)
        paid = Decimal(0) if error.kind in NEVER_BILLED else cost(Usage(), price)
        self._add(request, "model", cost=paid, latency_s=latency_s, failure=error.kind)

    def count_stored(self, request: ModelRequest, reply: ModelReply) -> None:
        """The journal answered."""
        failure = request.failure_of(reply) or ""
        self._add(request, "journal", usage=reply.usage, cost=Decimal(0), failure=failure)

    def _add(
        self,
        request: ModelRequest,
        source: Literal["model", "journal"],
        *,
        usage: Usage = _NOTHING,
        cost: Decimal | None,
        latency_s: float = 0.0,
        failure: str,
    ) -> None:
        page, section, prompt = (*request.label.split("/", 2), "", "", "")[:3]
        record = CallRecord(
            page=page,
            section=section,
            prompt=prompt,
            model=request.model,
            source=source,
            usage=usage,
            cost=cost,
            latency_s=round(latency_s, 3),
            failure=failure,
        )
        with self._lock:
            self._records.append(record)


class MeteredClient:
    """Counts what passes through it. What the SDK repeats on its own is one call here, and its cost is not seen."""

    def __init__(self, client: ModelClient, meter: Meter, *, clock: Callable[[], float] = time.monotonic):
        self._client = client
        self._meter = meter
        self._clock = clock

    def complete(self, request: ModelRequest) -> ModelReply:
        """The client's reply. Raises ModelError as the client does; where nothing was sent, nothing is counted."""
        began = self._clock()
        try:
            reply = self._client.complete(request)
        except ModelError as error:
            if error.kind not in NEVER_ASKED:
                self._meter.count_failure(request, error, self._clock() - began)
            raise
        self._meter.count_answer(request, reply, self._clock() - began)
        return reply
