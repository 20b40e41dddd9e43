"""Searching: words, meaning and codes in one score; the same answers however the index came about."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import PassageIndexError
from pipeline.index import HashingEmbedder, IndexedDocument, build_index, open_index
from pipeline.index.answering import chance_answered, likely_answered, warning
from pipeline.index.fusion import WEIGHTS, Weights
from pipeline.index.nearest import ExactComparison
from pipeline.index.search import Hit, PassageIndex
from tests.index.helpers import BOOK, INVENTED, CountingEmbedder, document, passage
from tests.index.test_filters import BOOKS

HOSTILE = [
    "",
    " \n",
    '"',
    '"" * ^',
    "NEAR(",
    "a AND",
    "NOT",
    "*",
    "text:x headings:y",
    "-knee +graft",
    "{a b}: c",
    "knee\x00graft",
    "\ud800",
    "\ud800 knee",
    "中文 knee",
    "(" * 500,
    "x" * 100_000,
    "a.b-" * 25_000,
    "knee 29881 " * 9_000,
    "$12,345.00 29881% 2060F-20611",
]


def found(hits: list[Hit]) -> list[str]:
    return [hit.passage.id for hit in hits]


def test_a_hit_carries_what_its_score_is_made_of(folder: Path) -> None:
    with open_index(folder, embedder=HashingEmbedder()) as index:
        best, *others = index.search("knee compartment G0289", limit=3)
        by_words = index.keyword_search("knee compartment G0289", limit=3)
        by_meaning = index.vector_search("knee compartment G0289", limit=3)
    assert (best.passage, best.keyword_rank, best.vector_rank) == (INVENTED[1], 1, 1)
    assert best.words == by_words[0].score
    assert best.similarity == by_meaning[0].score
    assert best.codes == 1.0  # a note's text names it
    assert best.score == pytest.approx(
        WEIGHTS.meaning * best.similarity + WEIGHTS.words + WEIGHTS.codes * best.codes
    )
    assert len(others) == 2
    assert [hit.keyword_rank for hit in others] == [None, None]


def test_weights_silence_a_signal(folder: Path) -> None:
    question = "site records of the surgeon are kept"
    with open_index(folder, embedder=HashingEmbedder()) as index:
        only_words = index.search(question, limit=5, weights=Weights(words=1, codes=0, meaning=0))
        only_meaning = index.search(question, limit=5, weights=Weights(words=0, codes=0, meaning=1))
        assert found(only_words)[:2] == found(index.keyword_search(question, limit=2))
        assert found(only_meaning) == found(index.vector_search(question, limit=5))


def test_a_code_in_the_question_puts_passages_that_name_it_first(tmp_path: Path) -> None:
    build_index(BOOKS, folder=tmp_path, embedder=HashingEmbedder())
    with open_index(tmp_path, embedder=HashingEmbedder()) as index:
        hits = index.search("what holds for the shoulder with 29822", limit=7)
        assert found(hits)[:2] == ["s", "r"]
        shares = {hit.passage.id: hit.codes for hit in hits}
        assert shares == {"s": 1.0, "r": 0.7, "h": 0.1, "g": 0.0, "k": 0.0, "j": 0.0, "t": 0.0}
        assert {hit.codes for hit in index.search("the shoulder", limit=7)} == {1.0}


def test_a_code_in_small_letters_is_found(tmp_path: Path) -> None:
    build_index(BOOKS, folder=tmp_path, embedder=HashingEmbedder())
    with open_index(tmp_path, embedder=HashingEmbedder()) as index:
        for question, wanted in (("the shoulder with g0289", "j"), ("the shoulder with 2060f", "t")):
            best, *_ = index.search(question, limit=7)
            assert (best.passage.id, best.codes) == (wanted, 1.0)


def test_a_passage_that_names_the_code_is_a_candidate_though_nothing_else_speaks_for_it(
    tmp_path: Path,
) -> None:
    crowd = [passage(f"x{n:03}", f"wobble graft number {n}") for n in range(400)]
    named = passage("y", "Something else entirely.", codes=(("29820", "29828"),))
    build_index([document(*crowd, named)], folder=tmp_path, embedder=HashingEmbedder())
    with open_index(tmp_path, embedder=HashingEmbedder()) as index:
        heavy = Weights(codes=10)
        (hit,) = index.search("wobble graft 29822", limit=1, weights=heavy)
        assert (hit.passage, hit.keyword_rank, hit.vector_rank) == (named, None, None)
        compared = {one.passage.id: one.score for one in index.vector_search("wobble graft 29822", limit=401)}
        assert hit.similarity == compared["y"]


def test_a_rule_repeated_in_every_chapter_is_shown_once_while_others_are_left(tmp_path: Path) -> None:
    rule = "Control of a wobble during the operation is part of it and not reported."
    same = [passage(f"c{n}", rule, of="doc:m", headings=("M", f"Chapter {n}")) for n in range(6)]
    other = passage("z", "A wobble after the operation is reported with a modifier.", of="doc:m")
    build_index([document(*same, other, name="doc:m")], folder=tmp_path, embedder=HashingEmbedder())
    with open_index(tmp_path, embedder=HashingEmbedder()) as index:
        question = "wobble operation part reported"
        assert "z" in found(index.search(question, limit=2))
        hits = found(index.search(question, limit=7))
        assert sorted(hits) == ["c0", "c1", "c2", "c3", "c4", "c5", "z"] and "z" in hits[:2]


def test_office_words_find_manual_words(tmp_path: Path) -> None:
    book = document(
        passage("f", "Fluoroscopy is an integral part of the operation."),
        passage("o", "The operating table belongs to the hospital."),
    )
    build_index([book], folder=tmp_path, embedder=HashingEmbedder())
    with open_index(tmp_path, embedder=HashingEmbedder()) as index:
        assert found(index.search("C-arm extra", limit=1)) == ["f"]
        assert index.keyword_search("C-arm extra", limit=1) == []


@pytest.fixture(scope="module")
def at_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("at_once")
    build_index([BOOK, *BOOKS, REPEATS], folder=folder, embedder=HashingEmbedder())
    return folder


REPEATS = document(
    *(
        passage(f"q{n:02}", "29822 the same words of the shoulder", of="doc:q", codes=(("29822", "29822"),))
        for n in range(60)
    ),
    name="doc:q",
)
STEPS: list[list[list[IndexedDocument]]] = [
    [[REPEATS, *reversed(BOOKS), BOOK]],
    [[BOOKS[1]], [BOOKS[1], BOOK], [REPEATS, BOOKS[2], BOOK], [BOOKS[2], BOOKS[1], REPEATS, BOOKS[0], BOOK]],
    [[REPEATS], [document(*BOOK.passages()[:2]), *BOOKS], [], [*BOOKS, BOOK, REPEATS]],
]


@pytest.mark.parametrize("steps", STEPS, ids=["another order", "one by one", "emptied in between"])
@pytest.mark.parametrize("exact_up_to", [1_000, 0])
def test_how_the_index_came_about_decides_nothing(
    at_once: Path, tmp_path: Path, steps: list[list[IndexedDocument]], exact_up_to: int
) -> None:
    for documents in steps:
        build_index(documents, folder=tmp_path, embedder=HashingEmbedder())
    with (
        open_index(at_once, embedder=HashingEmbedder(), exact_up_to=exact_up_to) as one,
        open_index(tmp_path, embedder=HashingEmbedder(), exact_up_to=exact_up_to) as other,
    ):
        assert one.passages() == other.passages()
        for question in (
            "shoulder",
            "the",
            "CPT code 29822",
            "graft knee claim",
            "same words",
            "29822 20610",
        ):
            for limit in (3, 20):
                assert one.keyword_search(question, limit=limit) == other.keyword_search(
                    question, limit=limit
                )
                assert one.vector_search(question, limit=limit) == other.vector_search(question, limit=limit)
                assert one.search(question, limit=limit) == other.search(question, limit=limit)


def test_of_very_many_that_name_a_code_the_same_are_considered(tmp_path: Path) -> None:
    crowd = document(*(passage(f"x{n:03}", f"wobble graft number {n}") for n in range(200)), name="x")
    named = [passage(f"y{n:03}", f"Something else {n}.", codes=(("29820", "29828"),)) for n in range(300)]
    answers: list[list[Hit]] = []
    for name, order in (("one", named), ("other", named[::-1])):
        build_index([document(*order), crowd], folder=tmp_path / name, embedder=HashingEmbedder())
        with open_index(tmp_path / name, embedder=HashingEmbedder()) as index:
            answers.append(index.search("wobble graft 29822", limit=5, weights=Weights(codes=10)))
    assert answers[0] == answers[1]
    assert {hit.codes for hit in answers[0]} == {0.7}


@pytest.mark.parametrize(
    "question", HOSTILE, ids=lambda text: repr(text[:12]).encode("ascii", "replace").decode()
)
@pytest.mark.parametrize("exact_up_to", [1_000, 0])
def test_no_question_is_an_error(folder: Path, question: str, exact_up_to: int) -> None:
    with open_index(folder, embedder=HashingEmbedder(), exact_up_to=exact_up_to) as index:
        for search in (index.search, index.keyword_search, index.vector_search):
            assert len(search(question, limit=3)) <= 3


@pytest.fixture(scope="module")
def opened(at_once: Path):
    with open_index(at_once, embedder=HashingEmbedder()) as index:
        yield index


@given(
    st.text(
        alphabet=st.one_of(st.characters(), st.sampled_from("\"'*^():-+{}\x00\ud800 29822F")), max_size=60
    )
)
def test_any_text_is_a_question(opened: PassageIndex, question: str) -> None:
    assert len(opened.search(question, limit=3)) in (0, 3)


def test_unknown_passage_blank_question_and_no_limit(folder: Path) -> None:
    embedder = CountingEmbedder()
    with open_index(folder, embedder=embedder) as index:
        with pytest.raises(KeyError):
            index.passage("zz")
        assert index.search(" \n", limit=3) == index.search("", limit=3) == []
        assert embedder.texts == []
        for limit in (0, -1):
            assert index.search("knee", limit=limit) == index.vector_search("knee", limit=limit) == []
            assert index.keyword_search("knee", limit=limit) == []
        assert len(index.search("knee", limit=99)) == 5


def test_a_missing_index_says_what_to_run_and_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(PassageIndexError, match=r"no passage index.*run `briefwright index`$"):
        open_index(tmp_path / "none", embedder=HashingEmbedder())
    assert not (tmp_path / "none").exists()


def test_a_closed_index_is_not_searched(folder: Path) -> None:
    with open_index(folder, embedder=HashingEmbedder()) as index:
        pass
    with pytest.raises(Exception, match="closed"):
        index.passages()


@pytest.mark.parametrize("size", [1, 511, 512, 513, 2_000])
def test_exact_comparison_gives_every_passage_once_in_order(size: int) -> None:
    """Also where ties stand at the edge of the head that is put in order first."""
    owners = [number for number in range(1, size + 1) for _ in range(1 + number % 3)]
    values = np.random.default_rng(7).choice([0.1, 0.2, 0.3, 0.5], size=len(owners))
    matrix = np.stack([values, np.sqrt(1 - values**2)], axis=1).astype(np.float32)
    best = dict.fromkeys(owners, -1.0)
    for number, value in zip(owners, values, strict=True):
        best[number] = max(best[number], round(float(value), 6))
    ranked = list(ExactComparison(owners, matrix).nearest(np.array([1, 0], dtype=np.float32)))
    assert [one.number for one in ranked] == sorted(best, key=lambda number: (-best[number], number))
    assert [one.score for one in ranked] == pytest.approx([best[one.number] for one in ranked])


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("29822", ""),
        ("CPT codes 29822?", ""),
        ("29824", ""),
        ("g0289", ""),
        ("shoulders", ""),
        ("20970", "no source was found that speaks of 20970; the nearest:"),
        ("29822 and 99213", "no source was found that speaks of 29822, 99213; the nearest:"),
        ("invoice of the landlord", "probably not answered by any source; the nearest:"),
        ("landlord of 29822", "probably not answered by any source; the nearest:"),
    ],
)
def test_a_code_or_topic_alone_is_answered_by_what_speaks_of_it(
    tmp_path: Path, question: str, told: str
) -> None:
    build_index(BOOKS, folder=tmp_path, embedder=HashingEmbedder())
    with open_index(tmp_path, embedder=HashingEmbedder()) as index:
        assert warning(question, index.search(question, limit=1)[0]) == told


def test_the_chance_of_an_answer_rises_with_what_speaks_for_it(tmp_path: Path) -> None:
    build_index(BOOKS, folder=tmp_path, embedder=HashingEmbedder())
    with open_index(tmp_path, embedder=HashingEmbedder()) as index:
        good = index.search("CPT code 29822 is reported once a shoulder", limit=1)[0]
        bad = index.search("invoice address of the landlord 99213", limit=1)[0]
    assert 1 > chance_answered(good) > chance_answered(bad) > 0
    assert not likely_answered(bad)
    for field in ("similarity", "words", "codes"):
        less = good.model_copy(update={field: getattr(good, field) / 2})
        assert chance_answered(less) < chance_answered(good)
