"""Which embedder an index uses: the bundled one, or one of LangChain's by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.errors import ModelError, UsageError
from pipeline.index.embed import Embedder, MiniLmEmbedder

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

    from pipeline.index.embed import Vectors

BUNDLED = "minilm"


class LangChainEmbedder:
    """Any LangChain `Embeddings` as an embedder; vectors are scaled to length 1.

    `name` identifies provider and model. Raises ModelError when the provider cannot be asked.
    """

    def __init__(self, embeddings: Embeddings, *, name: str) -> None:
        self.name = name
        self._embeddings = embeddings
        self._dimensions = 0

    @property
    def dimensions(self) -> int:
        """Length of every vector; asks the provider once where nothing was embedded yet."""
        if not self._dimensions:
            self.embed(["length"])
        return self._dimensions

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`."""
        import numpy as np

        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        try:
            rows = self._embeddings.embed_documents(list(texts))
        except Exception as error:  # each provider raises what it likes
            raise ModelError(
                f"{self.name} cannot be asked for embeddings ({_first_line(error)}); check its key and address, or "
                "unset BRIEFWRIGHT_EMBEDDER to use the bundled embedder"
            ) from error
        try:
            vectors = np.array(rows, dtype=np.float64)
        except (TypeError, ValueError):
            vectors = np.zeros((0, 0))  # rows of several lengths, or no numbers
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True) if vectors.ndim == 2 else np.zeros(1)
        if len(lengths) != len(texts) or not (np.isfinite(lengths) & (lengths > 0)).all():
            raise ModelError(
                f"{self.name} answered no usable embeddings for {len(texts)} texts; try again, or unset "
                "BRIEFWRIGHT_EMBEDDER to use the bundled embedder"
            )
        self._dimensions = vectors.size // len(texts)
        return (vectors / lengths).astype(np.float32)


def load_embedder(name: str = BUNDLED) -> Embedder:
    """The embedder called `name`: `minilm`, or PROVIDER:MODEL such as `openai:text-embedding-3-small`.

    Raises UsageError for a name that is neither, ModelError where the provider's package or key is missing.
    """
    if name == BUNDLED:
        return MiniLmEmbedder()
    provider, colon, model = name.partition(":")
    if not (provider and colon and model):
        raise UsageError(
            f"BRIEFWRIGHT_EMBEDDER {name!r:.60} is no embedder; expected {BUNDLED}, or PROVIDER:MODEL such as "
            "openai:text-embedding-3-small"
        )
    try:
        return LangChainEmbedder(_load(provider, model), name=name)
    except Exception as error:
        raise ModelError(
            f"the embedder {name} cannot be loaded ({_first_line(error)}); install its package, set its key, or unset "
            "BRIEFWRIGHT_EMBEDDER"
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _load(provider: str, model: str) -> Embeddings:
    if provider == "openai":
        from langchain_openai import OpenAIEmbeddings

        # Else tiktoken downloads files to count tokens; our pieces are far below any limit.
        return OpenAIEmbeddings(model=model, check_embedding_ctx_length=False)
    from langchain.embeddings import init_embeddings

    return init_embeddings(model, provider=provider)
