"""Prices and costs: exact, and unknown rather than 0."""

from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.errors import SourceError
from pipeline.llm import Price, Usage, cost, load_prices, show_cost

PRICE = Price(input=Decimal("0.15"), cached_input=Decimal("0.075"), output=Decimal("0.6"))
FREE = Price(input=Decimal(0), cached_input=Decimal(0), output=Decimal(0))


def test_our_table_says_where_and_when_each_price_was_read():
    prices = load_prices()
    assert prices["openai:gpt-4o-mini"].input == Decimal("0.15")
    for name, price in prices.items():
        assert ":" in name
        assert price.source.startswith("https://") and price.read_on is not None
        assert 0 < price.cached_input < price.input < price.output


def test_cost_is_exact_and_cached_tokens_are_not_paid_twice():
    usage = Usage(input_tokens=1000, cached_input_tokens=400, output_tokens=10)
    assert cost(usage, PRICE) == Decimal("0.000126")
    assert cost(Usage(input_tokens=1000, output_tokens=10), PRICE) == Decimal("0.000156")


def test_what_is_not_known_is_not_0():
    assert cost(Usage(input_tokens=5), None) is None
    assert cost(Usage(), PRICE) is None
    assert cost(Usage(), FREE) == 0
    assert (show_cost(None), show_cost(Decimal("1234.5"))) == ("unknown", "$1,234.5000")
    assert load_prices().get("openai:nobody-knows") is None


def test_a_file_of_the_users_goes_over_ours(tmp_path: Path):
    path = tmp_path / "prices.toml"
    path.write_text(
        '[model."openai:llama3"]\ninput = 0\ncached_input = 0\noutput = 0\n'
        '[model."openai:gpt-4o"]\ninput = 3.10\ncached_input = 1\noutput = 9\n'
    )
    prices = load_prices(path)
    assert prices["openai:llama3"] == FREE
    assert prices["openai:gpt-4o"].input == Decimal("3.10")
    assert prices["openai:gpt-4o-mini"] == load_prices()["openai:gpt-4o-mini"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[model", "no TOML"),
        ('[model."openai:m"]\ninput = -1\ncached_input = 0\noutput = 0', r"openai:m\.input"),
        ('[model."openai:m"]\ninput = 1\noutput = 0', r"openai:m\.cached_input"),
        ('[model."openai:m"]\ninput = nan\ncached_input = 0\noutput = 0', r"openai:m\.input"),
        ('[models."openai:m"]\ninput = 1', "model"),
    ],
)
def test_a_broken_file_is_named_with_its_entry(tmp_path: Path, text: str, words: str):
    path = tmp_path / "prices.toml"
    path.write_text(text)
    with pytest.raises(SourceError, match=words) as caught:
        load_prices(path)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(SourceError, match="cannot be read"):
        load_prices(tmp_path / "none.toml")
