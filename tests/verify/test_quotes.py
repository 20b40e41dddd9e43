import time

import pytest

from pipeline.data import Match
from pipeline.verify import locate_quote


def test_exact_quote_has_offsets_into_the_text():
    text = "One rule. Another rule stands here."
    found = locate_quote("Another rule", text)
    assert found.match is Match.EXACT
    assert text[found.start : found.end] == "Another rule"


@pytest.mark.parametrize(
    ("quote", "text"),
    [
        ("a global period of 090 days", "if a global\n   period of 090 days is"),
        ("“separate” service", 'a "separate" service'),
        ("2020-2026", "from 2020–2026 on"),
        ("separately reportable", "is separ-\nately reportable"),
        ("non-facility setting", "the non-\nfacility setting"),
        ("intraprocedure work", "intra\ufffeprocedure work"),
    ],
)
def test_normalised_quote_is_found_with_original_offsets(quote, text):
    found = locate_quote(quote, text)
    assert found.match is Match.NORMALISED
    piece = text[found.start : found.end]
    assert piece.split()[-1][-4:] == quote.split()[-1][-4:]
    assert piece[0].strip()


@pytest.mark.parametrize(
    "quote", ["", "   ", "not separately payable", "Is Separately Payable", "is separately, payable"]
)
def test_other_words_case_or_punctuation_are_missing(quote):
    assert locate_quote(quote, "it is separately payable").match is Match.MISSING


def test_long_text_takes_under_a_millisecond_once_normalised():
    text = "Some words of a manual with a curly “quote” and line\nbreaks. " * 1000
    quote = 'of a manual with a curly "quote" and line breaks. Some'
    locate_quote(quote, text)
    best = min(_timed(quote, text) for _ in range(5))
    assert best < 0.005
    assert locate_quote(quote, text).match is Match.NORMALISED


def _timed(quote, text):
    start = time.perf_counter()
    locate_quote(quote, text)
    return time.perf_counter() - start
