"""A vector store and where it is: what the index asks of Chroma, in a folder of our own or on a server of yours.

Ids are hashes of what was embedded, so that a vector never changes, and more than one generation can be served from one
collection. Chroma's default embedding downloads a model, so no collection of ours has an embedding function and every
call passes vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from pipeline.errors import PassageIndexError

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.collection_configuration import CreateHNSWConfiguration
    from chromadb.api.models.Collection import Collection

    from pipeline.index.embed import Vectors

_MAX_BATCH = 5_461

# With Chroma's own settings every second question near one of 200 vectors that stand apart from 20,000 others in dense
# groups (manuals repeat themselves) misses it; with these every tenth, at no cost in time but a third more to build.
_HNSW: CreateHNSWConfiguration = {
    "space": "cosine",
    "max_neighbors": 32,
    "ef_construction": 200,
    "ef_search": 400,
}


class VectorStoreError(PassageIndexError):
    """Chroma cannot use its own files, all of which can be made again from the canonical table."""


class Near(NamedTuple):
    """A vector found: its hash, and its cosine similarity."""

    key: str
    score: float


class VectorStore:
    """The open collection; ids are hashes of pieces, distances are 1 - cosine."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    def upsert(self, ids: Sequence[str], vectors: Vectors) -> None:
        """Add or replace, row i for ids[i]."""
        for first in range(0, len(ids), _MAX_BATCH):
            batch = slice(first, first + _MAX_BATCH)
            self._collection.upsert(ids=list(ids[batch]), embeddings=vectors[batch])

    def delete(self, ids: Sequence[str]) -> None:
        """Remove; an absent id is no error."""
        for first in range(0, len(ids), _MAX_BATCH):
            self._collection.delete(ids=list(ids[first : first + _MAX_BATCH]))

    def count(self) -> int:
        """Number of vectors."""
        return self._collection.count()

    def query(self, vector: Vectors, *, limit: int) -> list[Near]:
        """Nearest ids with cosine similarity, best first, ties by id; `vector` has shape (dimensions,).

        Approximate: HNSW may miss neighbours, and fewer than `limit` may come back although more are stored
        (many equal vectors, or a lost segment, of which Chroma says nothing).
        """
        wanted = min(limit, self.count())
        if wanted < 1:
            return []
        reply = self._collection.query(
            query_embeddings=vector[None, :], n_results=wanted, include=["distances"]
        )
        ids, distances = reply["ids"][0], (reply["distances"] or [[]])[0]
        scored = [Near(name, 1 - float(distance)) for name, distance in zip(ids, distances, strict=True)]
        return sorted(scored, key=lambda hit: (-hit.score, hit.key))


class VectorPlace(Protocol):
    """Where the vectors of an index are stored."""

    @property
    def shared(self) -> bool:
        """Whether several processes may use it at once; else the caller holds the index lock."""
        ...

    def name(self, home: Path) -> str:
        """What tells the store of the index in `home` from any other; never empty."""
        ...

    def looks_sound(self, home: Path) -> bool:
        """Whether there is something that could be the store of the index in `home`, without loading Chroma."""
        ...

    def remove(self, home: Path) -> None:
        """Delete the store, if any. Raises StateError where that is not possible."""
        ...

    def open(self, home: Path, *, create: bool) -> AbstractContextManager[VectorStore]:
        """The store, for one block. Raises FileNotFoundError when it is absent and `create` is False.

        Raises VectorStoreError when Chroma cannot use its files, StateError when it says that the disk refuses or the
        server does not answer.
        """
        ...


def open_collection(client: ClientAPI, name: str, *, create: bool) -> Collection:
    """The collection of that name. Raises FileNotFoundError when it is absent and `create` is False."""
    from chromadb.errors import NotFoundError

    if create:
        return client.get_or_create_collection(name, embedding_function=None, configuration={"hnsw": _HNSW})
    try:
        return client.get_collection(name, embedding_function=None)
    except NotFoundError:
        raise FileNotFoundError(name) from None
