"""Full-text queries: codes are found, and no text of a user can be a syntax error."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.index import HashingEmbedder, build_index, open_index
from pipeline.index.query import MAX_WORDS, in_manual_words, match_expression
from tests.index.helpers import document, passage

HOSTILE = st.text(alphabet=st.sampled_from("\"'*^():-+{}[]\x00\n;%_ANDORNTE a1é\u0301中\ud800"), max_size=60)


@pytest.fixture(scope="module")
def words() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE words USING fts5 (text, headings)")
    connection.execute("INSERT INTO words VALUES ('a1 and NEAR or text', 'none')")
    yield connection
    connection.close()


def test_raw_text_is_a_syntax_error_and_the_expression_is_not(words: sqlite3.Connection) -> None:
    hostile = 'NEAR("a1" AND headings:none) *'
    with pytest.raises(sqlite3.OperationalError):
        words.execute("SELECT 1 FROM words WHERE words MATCH ?", (hostile,)).fetchall()
    assert words.execute("SELECT 1 FROM words WHERE words MATCH ?", (match_expression(hostile),)).fetchall()


@given(st.one_of(HOSTILE, st.text(max_size=80)))
def test_any_text_is_safe(words: sqlite3.Connection, text: str) -> None:
    expression = match_expression(text)
    if expression:
        words.execute("SELECT 1 FROM words WHERE words MATCH ?", (expression,)).fetchall()
    else:
        assert not any(char.isalnum() for char in text)


def test_long_text_is_cut_and_repeats_are_dropped(words: sqlite3.Connection) -> None:
    expression = match_expression(" ".join(f"w{number} same" for number in range(5_000)))
    assert expression.count(" OR ") == MAX_WORDS - 1
    assert expression.count('"same"') == 1
    words.execute("SELECT 1 FROM words WHERE words MATCH ?", (expression,)).fetchall()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("G0289", ["b"]),
        ("g0289?", ["b"]),
        ("modifier 57", ["a"]),
        ("M17.11", ["c"]),
        ("m17.12", []),
        ("(CO-97)", ["c"]),
        ("CAFE naive", ["d"]),
        ("billing", ["e"]),
        ("Appointment", ["a"]),
        ("AND OR NOT", ["e"]),
        ('"" * ^', []),
        ("", []),
    ],
)
def test_codes_modifiers_accents_and_headings_are_found(
    folder: Path, query: str, expected: list[str]
) -> None:
    with open_index(folder, embedder=HashingEmbedder()) as index:
        assert [hit.passage.id for hit in index.keyword_search(query, limit=1)] == expected


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Is the C-arm paid?", {"fluoroscopy", "fluoroscopic"}),
        ("keyhole, scope!", {"endoscopy", "endoscopic", "arthroscopy", "arthroscopic", "laparoscopic"}),
        ("us and or er", set()),
        ("US or OR", {"ultrasound", "ultrasonic", "operating", "room"}),
        ("telescope and microscopes", set()),
        # A word of two meanings adds words of both; what the manuals say themselves is not narrowed.
        ("PT units", {"physical", "therapy", "prothrombin", "UOS", "units", "of", "service", "MUE"}),
        ("PA", {"physician", "assistant", "prior", "authorization"}),
        ("BMP", {"bone", "morphogenetic", "protein", "graft", "metabolic", "panel"}),
        ("tap", {"aspiration", "arthrocentesis", "lumbar", "puncture", "paracentesis", "thoracentesis"}),
        ("hematoma", {"hemorrhage", "bleeding", "seroma", "drainage", "evacuation"}),
        ("screw, screws, plate", {"internal", "fixation", "instrumentation"}),
        ("rod", {"internal", "fixation", "instrumentation", "intramedullary"}),
        ("pt pa bmp and a graft", set()),
        ("", set()),
        ("\ud800\x00", set()),
    ],
)
def test_office_words_add_manual_words_each_once(question: str, wanted: set[str]) -> None:
    added = in_manual_words(question).split()
    assert set(added) == wanted
    assert len(added) == len(wanted)


def test_equal_scores_are_ordered_by_id(tmp_path: Path) -> None:
    twins = [passage(name, "the same words") for name in ("z", "m", "a")]
    build_index([document(*twins)], folder=tmp_path, embedder=HashingEmbedder())
    with open_index(tmp_path, embedder=HashingEmbedder()) as index:
        for hits in (
            index.keyword_search("words", limit=9),
            index.vector_search("words", limit=9),
            index.search("words", limit=9),
        ):
            assert [hit.passage.id for hit in hits] == ["a", "m", "z"]
