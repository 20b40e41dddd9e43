"""Filters: what may not be an answer is left out of every search, before ranks are given."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipeline.data import Authority
from pipeline.index import Filters, HashingEmbedder, build_index, open_index
from pipeline.index.vectors import VectorPlace
from tests.index.helpers import BOOK, CountingEmbedder, document, passage

NAMED = passage("s", "CPT code 29822 is reported once a shoulder.", of="doc:s", codes=(("29822", "29822"),))
RANGE = passage(
    "r", "CPT codes 29820-29828 are one family of the shoulder.", of="doc:s", codes=(("29820", "29828"),)
)
CHAPTER = passage("h", "The shoulder is positioned first.", of="doc:s", chapter_codes=(("20000", "29999"),))
GENERAL = passage("g", "The shoulder is named on the claim.", of="doc:s")
ELSEWHERE = passage("k", "CPT code 27447 concerns no shoulder.", of="doc:k", codes=(("27447", "27447"),))
JOINTS = passage(
    "j", "The shoulder in 20600-20611 is a joint.", of="doc:j", codes=(("20600", "20611"), ("G0289", "G0289"))
)
TRACKED = passage("t", "CPT code 2060F tracks the shoulder.", of="doc:j", codes=(("2060F", "2060F"),))
BOOKS = [
    document(NAMED, RANGE, CHAPTER, GENERAL, name="doc:s", authority=Authority.NCCI),
    document(
        ELSEWHERE,
        name="doc:k",
        authority=Authority.VENDOR,
        payer_scope="an insurer",
        valid_from=date(2024, 1, 1),
        valid_to=date(2025, 12, 31),
    ),
    document(JOINTS, TRACKED, name="doc:j", authority=Authority.CMS, valid_from=date(2026, 6, 1)),
]
ALL = set("srhgkjt")


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("books")
    build_index(BOOKS, folder=folder, embedder=HashingEmbedder())
    return folder


@pytest.mark.parametrize("exact_up_to", [100, 0])
@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        (Filters(), ALL),
        (Filters(as_of=date(2025, 6, 1)), set("k")),
        (Filters(as_of=date(2024, 1, 1)), set("k")),
        (Filters(as_of=date(2025, 12, 31)), set("k")),
        (Filters(as_of=date(2026, 1, 1)), set("srhg")),
        (Filters(as_of=date(2030, 1, 1)), set("srhgjt")),
        (Filters(as_of=date(2020, 1, 1)), set()),
        (Filters(payer_scopes=("an insurer", "another")), set("k")),
        (Filters(payer_scopes=("nobody",)), set()),
        (Filters(payer_scopes=("' OR 1 --", '"')), set()),
        (Filters(authorities=(Authority.NCCI, Authority.CMS)), set("srhgjt")),
        (Filters(authorities=(Authority.SOCIETY,)), set()),
        (Filters(documents=("doc:k",)), set("k")),
        (Filters(documents=(*(f"doc:{n}" for n in range(40_000)), "doc:k")), set("k")),
        (Filters(hcpcs_code="29822"), set("srhg")),
        (Filters(hcpcs_code="29828"), set("rhg")),
        (Filters(hcpcs_code="29999"), set("hg")),
        (Filters(hcpcs_code="27447"), set("hgk")),
        (Filters(hcpcs_code="20610"), set("hgj")),
        (Filters(hcpcs_code="2060F"), set("gt")),  # sorts inside 20600-20611, and is of another kind
        (Filters(hcpcs_code="G0289"), set("gj")),
        (Filters(hcpcs_code="99213"), set("g")),
        (Filters(hcpcs_code="29822", as_of=date(2025, 6, 1)), set()),
        (Filters(hcpcs_code="20610", as_of=date(2026, 7, 1), authorities=(Authority.CMS,)), set("j")),
    ],
)
def test_filters_hold_in_every_search(
    books: Path, filters: Filters, wanted: set[str], exact_up_to: int
) -> None:
    query = "shoulder CPT code"
    with open_index(books, embedder=HashingEmbedder(), exact_up_to=exact_up_to) as index:
        for search in (index.keyword_search, index.vector_search, index.search):
            hits = search(query, limit=9, filters=filters)
            assert {hit.passage.id for hit in hits} == wanted
            assert len(hits) == len(wanted)
        allowed = index.search(query, limit=9, filters=filters, allowed=lambda one: one.id in "sk")
        assert {hit.passage.id for hit in allowed} == wanted & set("sk")


def test_what_is_filtered_or_not_allowed_pushes_nothing_aside(tmp_path: Path, place: VectorPlace) -> None:
    """Nor does it take a rank: of 300 better ones none is in the way of the one that may be shown."""
    crowd = document(
        *(passage(f"x{n:03}", f"wobble graft wobble graft {n}", of="doc:x") for n in range(300)), name="doc:x"
    )
    wanted = passage("y", "a wobble once in a graft", of="doc:y")
    alone = document(wanted, name="doc:y")
    build_index([crowd, alone], folder=tmp_path, embedder=HashingEmbedder(), place=place)
    for exact_up_to in (1_000, 0):
        with open_index(tmp_path, embedder=HashingEmbedder(), place=place, exact_up_to=exact_up_to) as index:
            for hits in (
                index.search("wobble graft", limit=3, allowed=lambda one: one.id == "y"),
                index.search("wobble graft", limit=3, filters=Filters(documents=("doc:y",))),
            ):
                assert [(hit.passage, hit.keyword_rank, hit.vector_rank) for hit in hits] == [(wanted, 1, 1)]
            assert index.search("graft", limit=2, allowed=lambda one: False) == []
            assert len(index.search("graft", limit=2)) == 2


def test_filters_are_looked_up_once(books: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.index.passages import PassageTable

    asked: list[Filters] = []
    original = PassageTable.allowed
    monkeypatch.setattr(
        PassageTable, "allowed", lambda self, filters: asked.append(filters) or original(self, filters)
    )
    with open_index(books, embedder=HashingEmbedder()) as index:
        for day in (1, 1, 2, 1):
            index.search("shoulder", limit=3, filters=Filters(as_of=date(2026, 1, day)))
        index.search("shoulder", limit=3)
    assert [one.as_of and one.as_of.day for one in asked] == [1, 2]


def test_a_filter_embeds_nothing_and_a_question_once(books: Path) -> None:
    embedder = CountingEmbedder()
    with open_index(books, embedder=embedder) as index:
        for filters in (Filters(), Filters(hcpcs_code="29822"), Filters(documents=(BOOK.id,))):
            index.search("shoulder", limit=3, filters=filters)
            index.vector_search("shoulder", limit=3, filters=filters)
    assert embedder.texts == ["shoulder"]
