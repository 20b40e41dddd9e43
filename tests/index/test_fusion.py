"""One score out of words, meaning and codes."""

from __future__ import annotations

import pytest

from pipeline.data import Applicability
from pipeline.index.fusion import Signals, Weights, fuse, speaks_of, spread, told_codes
from tests.index.helpers import passage


def test_bm25_counts_as_a_share_of_the_best() -> None:
    scores = fuse({1: Signals(20, 0.5, 1), 2: Signals(10, 0.5, 1)}, Weights(words=0.4, codes=0.5))
    assert scores == pytest.approx({1: 0.5 + 0.4 + 0.5, 2: 0.5 + 0.2 + 0.5})
    assert fuse({3: Signals(0, 0.1, 0)}) == pytest.approx({3: 0.1})
    assert fuse({}) == {}


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("29881 with 29877?", ("29881", "29877")),
        ("29881, 29881 and G0289", ("29881", "G0289")),
        ("0510F 0232T", ("0510F", "0232T")),
        ("g0289 or 0213t, 0510f and G0289?", ("G0289", "0213T", "0510F")),
        ("29881RT and 20610lt", ("29881", "20610")),
        ("5000m away, covid19 d1234 at 2000t or m17.11, M1711 and g5601", ()),
        ("$12345, 10,000 patients, M17.11, 2026, 123456", ()),
    ],
)
def test_codes_in_a_question(text: str, codes: tuple[str, ...]) -> None:
    assert told_codes(text) == codes


def test_how_far_a_passage_is_about_codes() -> None:
    one = passage(
        "p", "x", codes=(("29881", "29881"), ("29870", "29889")), chapter_codes=(("20000", "29999"),)
    )
    assert speaks_of(one, ("29881",)) == 1.0
    assert speaks_of(one, ("29870",)) == 0.7
    assert speaks_of(one, ("20610",)) == 0.1
    assert speaks_of(one, ("2987F",)) == 0.0
    assert speaks_of(one, ("29881", "99213")) == 0.5
    assert speaks_of(one, ()) == 1.0


def test_a_note_is_about_the_codes_of_its_text_and_those_it_applies_to() -> None:
    to = Applicability(codes=("29876",), ranges=(("29880", "29889"),))
    note = passage("n", "G0289 is not reported.").model_copy(update={"applies_to": to})
    assert [speaks_of(note, (code,)) for code in ("G0289", "29876", "29881", "20610")] == [1.0, 1.0, 0.7, 0.0]
    read = passage("d", "See page 20610 on 29881.", codes=(("29881", "29881"),))
    assert [speaks_of(read, (code,)) for code in ("29881", "20610")] == [1.0, 0.0]


def test_repeated_words_stand_back_but_fill_up() -> None:
    passages = {
        1: passage("1", "the same rule said here"),
        2: passage("2", "the same rule said here"),
        3: passage("3", "another thing altogether"),
    }
    assert spread([1, 2, 3], passages.__getitem__, limit=2) == [1, 3]
    assert spread([1, 2, 3], passages.__getitem__, limit=3) == [1, 3, 2]
    assert spread([1, 2, 3], passages.__getitem__, limit=0) == []
