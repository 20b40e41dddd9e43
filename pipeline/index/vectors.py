"""The vectors in Chroma, embedded in a folder of our own: explicit vectors only, one process at a time.

Chroma's default embedding downloads a model, so no collection of ours has an embedding function and every call
passes vectors. Two embedded clients on one folder lose vectors silently: callers hold the index lock, for reading
too.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import StateError
from pipeline.index.passages import Scored, damaged
from pipeline.store import is_damage_code

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

    from pipeline.index.embed import Vectors

FOLDER = "chroma"
_COLLECTION = "passages"
_MAX_BATCH = 5_461
_DATABASE = "chroma.sqlite3"
_SQLITE_MAGIC = b"SQLite format 3\x00"
_SQLITE_CODE = re.compile(r"\(code: (\d+)\)")


class VectorStore:
    """The open collection; ids are passage ids, distances are 1 - cosine."""

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

    def query(self, vector: Vectors, *, limit: int) -> list[Scored]:
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
        scored = [Scored(name, 1 - float(distance)) for name, distance in zip(ids, distances, strict=True)]
        return sorted(scored, key=lambda hit: (-hit.score, hit.id))


def look_sound(folder: Path) -> bool:
    """Whether the index folder has something that could be Chroma's database, without loading Chroma."""
    try:
        with (folder / FOLDER / _DATABASE).open("rb") as file:
            return file.read(len(_SQLITE_MAGIC)) == _SQLITE_MAGIC
    except OSError:
        return False


def remove_vectors(folder: Path) -> None:
    """Delete the vector store of an index folder, if any. Raises StateError where that is not possible."""
    try:
        shutil.rmtree(folder / FOLDER)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise StateError(f"cannot remove {folder / FOLDER}: {error.strerror}; make it writable") from error


@contextmanager
def open_vectors(folder: Path) -> Iterator[VectorStore]:
    """The vector store of an index folder, made if absent; the caller holds the index lock throughout.

    Raises PassageIndexError when Chroma cannot read its files, StateError when it cannot write them.
    """
    from chromadb.api.client import Client
    from chromadb.config import Settings
    from chromadb.errors import ChromaError

    settings = Settings(
        _env_file=None,  # pyright: ignore[reportCallIssue] - a .env where the user stands is not about our index
        anonymized_telemetry=False,
        is_persistent=True,
        persist_directory=str(folder / FOLDER),
    )
    try:
        try:
            client = Client(settings=settings)
        except Exception:
            # Chroma keeps the half-started system and would hand it to the next client on this folder.
            Client.clear_system_cache()
            raise
        with client:
            collection = client.get_or_create_collection(
                _COLLECTION, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
            )
            yield VectorStore(collection)
    except ChromaError as error:
        code = _SQLITE_CODE.search(str(error))
        if code and not is_damage_code(int(code[1])):
            raise StateError(
                f"cannot use {folder / FOLDER}: {error}; free some space, make it writable, then try again"
            ) from error
        raise damaged(folder, error) from error
