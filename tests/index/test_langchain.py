"""LangChain's interfaces: our search as a retriever, passages as documents and back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.documents import Document
from langchain_core.runnables import RunnableLambda

from pipeline.data import Applicability, Passage
from pipeline.index import Filters, HashingEmbedder, build_index, open_index
from pipeline.index.langchain import PassageRetriever, from_document, to_document
from tests.index.helpers import INVENTED
from tests.index.test_filters import BOOKS, NAMED

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
CODES = st.lists(st.tuples(TEXT, TEXT), max_size=3).map(tuple)
PASSAGES = st.builds(
    Passage,
    id=TEXT,
    document_id=TEXT,
    heading_path=st.lists(TEXT, max_size=3).map(tuple),
    section_key=TEXT,
    start=st.integers(0, 2**40),
    end=st.integers(0, 2**40),
    page=st.none() | st.integers(1, 9_999),
    text=TEXT,
    applies_to=st.builds(
        Applicability,
        codes=st.lists(st.sampled_from(["29881", "0232T", "G0289"]), max_size=2).map(tuple),
        tags=st.lists(TEXT, max_size=2).map(tuple),
        indicators=st.dictionaries(TEXT, st.lists(TEXT, max_size=2).map(tuple), max_size=2),
    ),
    codes=CODES,
    chapter_codes=CODES,
)


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("books")
    build_index(BOOKS, folder=folder, embedder=HashingEmbedder())
    return folder


def name_all(documents: list[Document]) -> list[str | None]:
    return [one.id for one in documents]


def test_the_retriever_finds_what_the_search_finds(books: Path) -> None:
    filters = Filters(documents=("doc:s",))
    with open_index(books, embedder=HashingEmbedder()) as index:
        retriever = PassageRetriever(index=index, filters=filters, limit=2)
        documents = retriever.invoke("shoulder 29822")
        hits = index.search("shoulder 29822", limit=2, filters=filters)
        chained = (retriever | RunnableLambda(name_all)).invoke("shoulder 29822")
        many = retriever.batch(["shoulder 29822"], config={"max_concurrency": 1})
    assert [one.id for one in documents] == [hit.passage.id for hit in hits] == chained == ["s", "r"]
    assert many == [documents]
    assert documents[0].page_content == NAMED.text
    assert documents[0].metadata["score"] == hits[0].score
    assert documents[0].metadata["similarity"] == hits[0].similarity
    assert [from_document(one) for one in documents] == [hit.passage for hit in hits]


def test_no_limit_given_is_eight_and_every_question_is_filtered(books: Path) -> None:
    with open_index(books, embedder=HashingEmbedder()) as index:
        assert len(PassageRetriever(index=index).invoke("shoulder")) == 7
        code = PassageRetriever(index=index, filters=Filters(hcpcs_code="2060F"))
        assert {one.id for one in code.invoke("shoulder")} == {"g", "t"}
        assert code.invoke("") == []


@given(PASSAGES)
def test_passages_become_documents_and_passages_again(one: Passage) -> None:
    made = to_document(one)
    assert made.page_content == one.text and made.id == one.id
    # Stores take plain values alone, and keep them as JSON.
    assert all(value is None or isinstance(value, str | int | float) for value in made.metadata.values())
    kept = Document(page_content=made.page_content, metadata=json.loads(json.dumps(made.metadata)))
    assert from_document(kept) == one


@pytest.mark.parametrize(
    "metadata",
    [{}, {"id": "a"}, {"source": "elsewhere"}, {**to_document(INVENTED[0]).metadata, "codes": "no json"}],
)
def test_a_document_of_other_make_is_refused(metadata: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_document(Document(page_content="text", metadata=metadata))


def test_metadata_that_others_add_is_left_aside() -> None:
    made = to_document(INVENTED[0])
    made.metadata["reranked"] = 0.5
    assert from_document(made) == INVENTED[0]
