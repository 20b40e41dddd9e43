"""Other embedders: LangChain's by name, what they answer checked before it is believed."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding, Embeddings

from pipeline.errors import ModelError, PassageIndexError, UsageError
from pipeline.index import HashingEmbedder, MiniLmEmbedder, build_index, open_index
from pipeline.index.embedders import LangChainEmbedder, load_embedder
from tests.index.helpers import BOOK, INVENTED
from tests.llm.stub_server import Answer, Call, StubServer, failure


class Given(Embeddings):
    """Answers what it was given."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    def embed_query(self, text: str) -> list[float]:
        raise AssertionError("questions are embedded as passages are")


def test_vectors_are_of_length_one_and_in_order() -> None:
    embedder = LangChainEmbedder(DeterministicFakeEmbedding(size=24), name="fake:24")
    texts = [one.text for one in INVENTED]
    vectors = embedder.embed(texts)
    assert vectors.shape == (5, 24) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert np.array_equal(vectors[3:4], embedder.embed(texts[3:4]))
    assert embedder.dimensions == 24
    assert embedder.embed([]).shape == (0, 24)


def test_dimensions_are_asked_for_where_nothing_was_embedded_yet() -> None:
    assert LangChainEmbedder(DeterministicFakeEmbedding(size=9), name="fake:9").dimensions == 9


def test_large_numbers_become_short_vectors() -> None:
    assert LangChainEmbedder(Given([[3e38, 4e38]]), name="fake").embed(["x"]).tolist() == [
        pytest.approx([0.6, 0.8])
    ]


@pytest.mark.parametrize(
    "answer",
    [
        [[1.0, 0.0]],
        [[1.0, 0.0]] * 3,
        [[1.0, 0.0], [math.nan, 1.0]],
        [[1.0, 0.0], [math.inf, 1.0]],
        [[1.0, 0.0], [0.0, 0.0]],
        [[1.0, 0.0], [1.0]],
        [[1.0, 0.0], ["a", "b"]],
        [[1.0, 0.0], None],
        [[], []],
        [],
        [1.0, 2.0],
        None,
        "ab",
    ],
    ids=repr,
)
def test_what_is_no_embedding_is_refused(answer: object) -> None:
    with pytest.raises(
        ModelError, match=r"^fake:2 answered no usable embeddings for 2 texts; .*BRIEFWRIGHT_EMBEDDER"
    ):
        LangChainEmbedder(Given(answer), name="fake:2").embed(["one", "two"])


def test_a_provider_that_fails_is_a_model_error(tmp_path: Path) -> None:
    embedder = LangChainEmbedder(Given(RuntimeError("quota used up")), name="fake:2")
    with pytest.raises(
        ModelError, match=r"fake:2 cannot be asked for embeddings \(quota used up\); check its key"
    ):
        build_index([BOOK], folder=tmp_path, embedder=embedder)


def test_an_index_of_it_is_searched_and_never_with_another(tmp_path: Path) -> None:
    embedder = LangChainEmbedder(DeterministicFakeEmbedding(size=24), name="fake:24")
    assert build_index([BOOK], folder=tmp_path, embedder=embedder).embedded == 5
    for exact_up_to in (0, 100):
        with open_index(tmp_path, embedder=embedder, exact_up_to=exact_up_to) as index:
            assert index.vector_search(INVENTED[3].text, limit=1)[0].passage == INVENTED[3]
    other = LangChainEmbedder(DeterministicFakeEmbedding(size=24), name="fake:twenty-four")
    for refused in (other, HashingEmbedder(24)):
        with pytest.raises(PassageIndexError, match=r"vectors of fake:24, not of .*--rebuild"):
            open_index(tmp_path, embedder=refused)


def test_the_bundled_embedder_needs_no_name() -> None:
    assert isinstance(load_embedder(), MiniLmEmbedder)
    assert isinstance(load_embedder("minilm"), MiniLmEmbedder)


@pytest.mark.parametrize("name", ["", "openai", "openai:", ":model", "MiniLM", "minilm-l12"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(
        UsageError, match=r"BRIEFWRIGHT_EMBEDDER .* is no embedder; expected minilm, or PROVIDER:MODEL"
    ):
        load_embedder(name)


@pytest.mark.parametrize(
    "name", ["nobody:model", "cohere:embed-english-v3.0", "openai:text-embedding-3-small"]
)
def test_a_provider_without_package_or_key_is_a_model_error(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(
        ModelError, match=rf"the embedder {name} cannot be loaded \(.*; install its package, set its key"
    ):
        load_embedder(name)


def test_importing_embedders_loads_no_provider() -> None:
    script = (
        "import sys; from pipeline.index.embedders import load_embedder; load_embedder()\n"
        "print({'langchain', 'langchain_core', 'langchain_openai', 'openai', 'onnxruntime'} & set(sys.modules))"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout == "set()\n"


def embeddings(count: int) -> Answer:
    data = [{"object": "embedding", "index": n, "embedding": [1.0 + n, 2.0, 3.0]} for n in range(count)]
    usage = {"prompt_tokens": 1, "total_tokens": 1}
    return Answer(json.dumps({"object": "list", "model": "stub", "data": data, "usage": usage}))


@pytest.fixture
def openai_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[StubServer], None]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "OPENAI_API_BASE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)

    def point(server: StubServer) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-stub")
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)

    return point


def test_openai_is_asked_for_texts_and_nothing_is_downloaded(
    tmp_path: Path, openai_at: Callable[[StubServer], None]
) -> None:
    with StubServer([embeddings(1), embeddings(5), embeddings(1)]).running() as server:
        openai_at(server)
        embedder = load_embedder("openai:text-embedding-stub")
        assert embedder.name == "openai:text-embedding-stub"
        assert build_index([BOOK], folder=tmp_path, embedder=embedder).embedded == 5
        with open_index(tmp_path, embedder=embedder) as index:
            assert len(index.vector_search("knee", limit=5)) == 5
    calls: list[Call] = server.calls
    assert {(call.path, call.authorization) for call in calls} == {("/v1/embeddings", "Bearer sk-stub")}
    assert [len(call.body["input"]) for call in calls] == [1, 5, 1]
    assert sorted(calls[1].body["input"])[0].startswith("Bone from")  # texts, not token numbers
    assert calls[0].body["model"] == "text-embedding-stub"


@pytest.mark.parametrize("answer", [failure(401, "bad key"), Answer("no JSON"), embeddings(2)])
def test_what_openai_cannot_answer_is_a_model_error(
    answer: Answer, openai_at: Callable[[StubServer], None]
) -> None:
    with StubServer([answer]).running() as server:
        openai_at(server)
        embedder = load_embedder("openai:text-embedding-stub")
        with pytest.raises(ModelError, match="openai:text-embedding-stub"):
            embedder.embed(["one", "two", "three"])
