"""What a run would ask for and cost at most, before anything is sent; the same estimate feeds limits and budgets."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal

from pipeline.data import Record
from pipeline.llm.client import ModelRequest, Usage
from pipeline.llm.prices import Prices, cost

# English prose has some four bytes a token, codes, figures and JSON about three. The smaller number errs towards too
# many tokens, which is the right side for a limit and a budget; a tokenizer would have to be downloaded.
_BYTES_PER_TOKEN = 3


def estimated_usage(request: ModelRequest) -> Usage:
    """The most that a call is expected to use: its input by length, nothing cached, and output up to its bound."""
    schema = json.dumps(request.json_schema, separators=(",", ":"))
    texts = (request.system, request.user, request.schema_name, schema)
    size = sum(len(text.encode("utf-8", "replace")) for text in texts)
    return Usage(input_tokens=-(-size // _BYTES_PER_TOKEN), output_tokens=request.max_tokens)


class Estimate(Record):
    """A run that was not made. Costs are USD: `at_least` for the input alone, `at_most` with every reply at its bound.

    Both are None where the price of a model is unknown; `unpriced_calls` says of how many calls. The replies decide how
    many calls follow (judging, mending, asking again): those are not in it.
    """

    calls: int
    input_tokens: int
    max_output_tokens: int
    at_least: Decimal | None
    at_most: Decimal | None
    unpriced_calls: int


def estimate_run(requests: Iterable[ModelRequest], prices: Prices) -> Estimate:
    """What these requests would come to."""
    total, low, high = Usage(), Decimal(0), Decimal(0)
    calls = unpriced = 0
    for request in requests:
        usage, price = estimated_usage(request), prices.get(request.model)
        calls += 1
        total += usage
        most = cost(usage, price)
        least = cost(usage.model_copy(update={"output_tokens": 0}), price)
        if most is None or least is None:
            unpriced += 1
        else:
            low, high = low + least, high + most
    return Estimate(
        calls=calls,
        input_tokens=total.input_tokens,
        max_output_tokens=total.output_tokens,
        at_least=None if unpriced else low,
        at_most=None if unpriced else high,
        unpriced_calls=unpriced,
    )
