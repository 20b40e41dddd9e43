"""What models cost: `prices.toml` beside this file, and a file of the user's over it.

A model that neither names has no price. Its cost is unknown, which is not 0: a local server's price of 0 is written
down like any other.

    [model."openai:llama3"]
    input = 0
    cached_input = 0
    output = 0
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from pipeline.data import Record
from pipeline.errors import SourceError
from pipeline.llm.client import Usage

_PER_TOKENS = 1_000_000

_Dollars = Annotated[Decimal, Field(ge=0)]


class Price(Record):
    """USD per million tokens; where and when they were read, empty and None in a user's file that does not say."""

    input: _Dollars
    cached_input: _Dollars
    output: _Dollars
    source: str = ""
    read_on: date | None = None


Prices = Mapping[str, Price]
"""By the name that requests carry, `openai:gpt-4o-mini`."""


class _File(Record):
    model: dict[str, Price]


def load_prices(path: Path | None = None) -> Prices:
    """Our table, with the entries of the file at `path` over it. Raises SourceError naming that file and the entry."""
    ours = resources.files("pipeline.llm").joinpath("prices.toml").read_text(encoding="utf-8")
    prices = _parse(ours, "prices.toml")
    if path is None:
        return prices
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: the price table cannot be read ({error})") from error
    return {**prices, **_parse(text, str(path))}


def _parse(text: str, name: str) -> dict[str, Price]:
    try:
        return _File.model_validate(tomllib.loads(text, parse_float=Decimal)).model
    except tomllib.TOMLDecodeError as error:
        raise SourceError(f"{name}: the price table is no TOML ({error})") from error
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise SourceError(
            f'{name}: {where}: {first["msg"]}; an entry [model."openai:NAME"] has input, cached_input and output in '
            "USD per million tokens"
        ) from error


def cost(usage: Usage, price: Price | None) -> Decimal | None:
    """USD for what was used; None where the price is unknown, or the endpoint did not count and is not free.

    Cached tokens are priced as such and not as input a second time. What writing to a cache costs is not in it.
    """
    if price is None:
        return None
    free = not (price.input or price.cached_input or price.output)
    if usage == Usage() and not free:
        return None
    fresh = usage.input_tokens - usage.cached_input_tokens
    return (
        fresh * price.input
        + usage.cached_input_tokens * price.cached_input
        + usage.output_tokens * price.output
    ) / _PER_TOKENS


def show_cost(dollars: Decimal | None) -> str:
    """A cost as people read it: `$0.0123`, or `unknown`."""
    return "unknown" if dollars is None else f"${dollars:,.4f}"
