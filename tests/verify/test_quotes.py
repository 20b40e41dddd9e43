import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.data import Match
from pipeline.verify import locate_quote
from pipeline.verify.quotes import JOINTS, normalised_document


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


ODD = "aB 1-‐–\xad\ufffe\n\r\t\u200b\ufeff\u00a0\u2028“’`é"


@given(st.text(alphabet=ODD, max_size=40), st.sampled_from(JOINTS))
def test_offsets_lead_back_to_the_character_that_was_normalised(text, joint):
    found = normalised_document(text, joint)
    for place, character in enumerate(found.text):
        if character.isalnum():
            assert text[found.original(place)] == character
    assert not re.search(r"[^\S ]|[–“’`\xad\u200b\ufeff]", found.text)


def test_a_long_document_is_not_driven_out_by_the_passages_looked_into():
    text = "A rule stands in\na line of its own. " * 500
    locate_quote("not there at all", text)
    kept = [normalised_document(text, joint) for joint in JOINTS]
    for number in range(40):
        locate_quote("not there at all", f"A passage in\nlines, number {number}.")
    assert all(normalised_document(text, joint) is each for joint, each in zip(JOINTS, kept, strict=True))
