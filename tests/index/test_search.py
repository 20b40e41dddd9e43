"""Searching: words, meaning and codes; filters; the same from Chroma as from the table."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipeline.data import Authority
from pipeline.errors import PassageIndexError
from pipeline.index import Filters, HashingEmbedder, PassageIndex, build_index, open_index
from pipeline.index.answering import chance_answered, likely_answered
from pipeline.index.langchain import PassageRetriever, from_document, to_document
from pipeline.index.vectors import VectorPlace
from tests.index.helpers import BOOK, INVENTED, document, passage

SHOULDER = passage(
    "s", "CPT code 29822 is reported once a shoulder.", of="doc:s", codes=(("29822", "29822"),)
)
FAMILY = passage(
    "r", "CPT codes 29820-29828 are one family of the shoulder.", of="doc:s", codes=(("29820", "29828"),)
)
CHAPTER = passage("h", "The shoulder is positioned first.", of="doc:s", chapter_codes=(("20000", "29999"),))
GENERAL = passage("g", "The shoulder is named on the claim.", of="doc:s")
ELSEWHERE = passage("k", "CPT code 27447 concerns no shoulder.", of="doc:k", codes=(("27447", "27447"),))
BOOKS = [
    document(SHOULDER, FAMILY, CHAPTER, GENERAL, name="doc:s", authority=Authority.NCCI),
    document(
        ELSEWHERE,
        name="doc:k",
        authority=Authority.VENDOR,
        payer_scope="an insurer",
        valid_from=date(2024, 1, 1),
        valid_to=date(2025, 12, 31),
    ),
]


@pytest.fixture
def books(tmp_path: Path) -> Path:
    build_index(BOOKS, folder=tmp_path, embedder=HashingEmbedder())
    return tmp_path


def found(index: PassageIndex, filters: Filters) -> dict[str, set[str]]:
    query = "shoulder CPT code"
    return {
        "words": {hit.passage.id for hit in index.keyword_search(query, limit=9, filters=filters)},
        "meaning": {hit.passage.id for hit in index.vector_search(query, limit=9, filters=filters)},
        "fused": {hit.passage.id for hit in index.search(query, limit=9, filters=filters)},
    }


@pytest.mark.parametrize("exact_up_to", [100, 0])
@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        (Filters(), {"s", "r", "h", "g", "k"}),
        (Filters(as_of=date(2025, 6, 1)), {"k"}),
        (Filters(as_of=date(2025, 12, 31)), {"k"}),
        (Filters(as_of=date(2026, 1, 1)), {"s", "r", "h", "g"}),
        (Filters(as_of=date(2020, 1, 1)), set()),
        (Filters(payer_scopes=("an insurer", "another")), {"k"}),
        (Filters(authorities=(Authority.NCCI, Authority.CMS)), {"s", "r", "h", "g"}),
        (Filters(documents=("doc:k",)), {"k"}),
        (Filters(hcpcs_code="29822"), {"s", "r", "h", "g"}),
        (Filters(hcpcs_code="29828"), {"r", "h", "g"}),
        (Filters(hcpcs_code="27447"), {"h", "g", "k"}),
        (Filters(hcpcs_code="2982F"), {"g"}),  # sorts inside the ranges, and is of another kind
        (Filters(hcpcs_code="29822", as_of=date(2025, 6, 1)), set()),
    ],
)
def test_filters_hold_in_every_search(
    books: Path, filters: Filters, wanted: set[str], exact_up_to: int
) -> None:
    with open_index(books, embedder=HashingEmbedder(), exact_up_to=exact_up_to) as index:
        hits = found(index, filters)
        assert hits["meaning"] == hits["fused"] == wanted
        assert hits["words"] == wanted


def test_what_is_not_allowed_pushes_nothing_aside(tmp_path: Path) -> None:
    crowd = [passage(f"x{n:03}", "wobble graft wobble graft", of="doc:x") for n in range(300)]
    wanted = passage("y", "a wobble once in a graft", of="doc:x")
    build_index([document(*crowd, wanted, name="doc:x")], folder=tmp_path, embedder=HashingEmbedder())
    for exact_up_to in (1000, 0):
        with open_index(tmp_path, embedder=HashingEmbedder(), exact_up_to=exact_up_to) as index:
            hits = index.search("wobble graft", limit=3, allowed=lambda one: one.id == "y")
            assert [hit.passage.id for hit in hits] == ["y"]


def test_chroma_and_exact_comparison_agree(tmp_path: Path, place: VectorPlace) -> None:
    build_index([BOOK, *BOOKS], folder=tmp_path, embedder=HashingEmbedder(), place=place)
    questions = ["wobble graft", "29822 shoulder", "denial CO-97", "naïve café"]
    with open_index(tmp_path, embedder=HashingEmbedder(), place=place) as exact:
        wanted = [[hit.passage.id for hit in exact.search(one, limit=4)] for one in questions]
    with open_index(tmp_path, embedder=HashingEmbedder(), place=place, exact_up_to=0) as chroma:
        assert [[hit.passage.id for hit in chroma.search(one, limit=4)] for one in questions] == wanted


def test_a_code_in_the_question_puts_passages_that_name_it_first(books: Path) -> None:
    with open_index(books, embedder=HashingEmbedder()) as index:
        hits = index.search("what holds for the shoulder with 29822", limit=5)
        assert [hit.passage.id for hit in hits][:2] == ["s", "r"]
        assert [hit.codes for hit in hits][:2] == [1.0, 0.7]


def test_a_rule_repeated_in_every_chapter_is_shown_once_while_others_are_left(tmp_path: Path) -> None:
    rule = "Control of a wobble during the operation is part of it and not reported."
    same = [passage(f"c{n}", rule, of="doc:m", headings=("M", f"Chapter {n}")) for n in range(6)]
    other = passage("z", "A wobble after the operation is reported with a modifier.", of="doc:m")
    build_index([document(*same, other, name="doc:m")], folder=tmp_path, embedder=HashingEmbedder())
    with open_index(tmp_path, embedder=HashingEmbedder()) as index:
        hits = [hit.passage.id for hit in index.search("wobble operation part reported", limit=3)]
    assert "z" in hits[:2] and len(hits) == 3


def test_office_words_find_manual_words(tmp_path: Path) -> None:
    book = document(
        passage("f", "Fluoroscopy is an integral part of the operation."),
        passage("o", "The operating table belongs to the hospital."),
    )
    build_index([book], folder=tmp_path, embedder=HashingEmbedder())
    with open_index(tmp_path, embedder=HashingEmbedder()) as index:
        assert index.search("C-arm extra", limit=1)[0].passage.id == "f"
        assert index.keyword_search("C-arm extra", limit=1) == []


def test_order_of_building_decides_nothing(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    build_index([BOOK, *BOOKS], folder=one, embedder=HashingEmbedder())
    for given in ([BOOKS[1]], [BOOKS[1], BOOK], [BOOKS[1], BOOKS[0], BOOK]):
        build_index(given, folder=other, embedder=HashingEmbedder())
    with open_index(one, embedder=HashingEmbedder()) as a, open_index(other, embedder=HashingEmbedder()) as b:
        for question in ("shoulder", "the", "CPT code 29822", "graft knee claim"):
            assert a.search(question, limit=9) == b.search(question, limit=9)


@pytest.mark.parametrize(
    "question", ["", " ", '"', "NEAR(", "a AND", "*", "text:x", "x" * 100_000, "\x00", "\ud800", "(" * 500]
)
def test_no_question_is_an_error(folder: Path, question: str) -> None:
    with open_index(folder, embedder=HashingEmbedder()) as index:
        index.search(question, limit=3)


def test_a_missing_index_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(PassageIndexError, match="run `briefwright index`"):
        open_index(tmp_path / "none", embedder=HashingEmbedder())


def test_the_chance_of_an_answer_rises_with_what_speaks_for_it(books: Path) -> None:
    with open_index(books, embedder=HashingEmbedder()) as index:
        good = index.search("CPT code 29822 is reported once a shoulder", limit=1)[0]
        bad = index.search("invoice address of the landlord 99213", limit=1)[0]
    assert chance_answered(good) > chance_answered(bad)
    assert not likely_answered(bad)


def test_langchain_asks_us_as_a_retriever(books: Path) -> None:
    with open_index(books, embedder=HashingEmbedder()) as index:
        retriever = PassageRetriever(index=index, filters=Filters(documents=("doc:s",)), limit=2)
        documents = retriever.invoke("shoulder 29822")
    assert [one.id for one in documents] == ["s", "r"]
    assert documents[0].page_content == SHOULDER.text and documents[0].metadata["score"] > 0


@pytest.mark.parametrize("one", [*INVENTED, SHOULDER, FAMILY, CHAPTER])
def test_passages_become_documents_and_passages_again(one) -> None:
    assert from_document(to_document(one)) == one
