"""Characters that a reader does not see, or takes for others."""

import pytest

from pipeline.verify.characters import check_characters
from pipeline.verify.reading import read_sentence


@pytest.mark.parametrize(
    "text",
    [
        "Modifier 25 is used.",
        "Dupuytren’s — 10 µm, Ménière, β‑blocker; “separate procedure”",
        "a soft\u00adhyphen and a zero\u200bwidth blank, as documents have them",
    ],
)
def test_what_documents_hold_is_let_pass(text: str):
    assert check_characters(text) == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("The side is \u202enot\u202c given.", "U+202E"),
        ("M\u043edifier 25 is used.", "U+043E"),
        ("It is n\u0336o\u0336t\u0336 used.", "U+0336"),
        ("It is used.\x1b[2K", "U+001B"),
        ("It is n\u03bfwhere used.", "U+03BF"),  # a Greek letter in a Latin word
        ("It is nev\u0258r used.", "U+0258"),
        ("\u274c It is used.", "U+274C"),
        ("It runs \u0669\u0660 days.", "U+0660"),
        ("It is n0t used.", "n0t"),
    ],
)
def test_what_deceives_a_reader_fails(text: str, named: str):
    (finding,) = check_characters(text)
    assert finding.failed and named in finding.check.reason


def test_an_accent_does_not_hide_a_negation():
    assert read_sentence("It is n\u00f3t used.").words == read_sentence("It is not used.").words
    assert read_sentence("It doesnt pay.").words == read_sentence("It does not pay.").words
