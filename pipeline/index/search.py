"""Search the passage index: words by BM25, meaning by cosine similarity, both fused by rank."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from pipeline.data import Passage, Record
from pipeline.errors import PassageIndexError
from pipeline.index.build import LOCK, require_embedder
from pipeline.index.embed import Embedder
from pipeline.index.fusion import fuse
from pipeline.index.passages import PassageTable, Scored, index_errors
from pipeline.index.vectors import look_sound, open_vectors
from pipeline.store import exclusive_lock

if TYPE_CHECKING:
    from pipeline.index.embed import Vectors

EXACT_UP_TO = 50_000
"""Passages up to which every vector is compared, from the canonical table, rather than asking Chroma.

Measured on two cores: with 300 passages Chroma costs 0.4 s (its import) and the lock, comparing all 1 ms; with
50,000, opening Chroma and asking takes 0.9 s and misses neighbours, comparing all 0.5 s and then 8 ms.
"""

_QUERIES = 64  # whose vectors are kept
_CANDIDATES = 50
_CHROMA_LOCK_TIMEOUT_S = 30.0

Allowed = Callable[[Passage], bool]


class Hit(Record):
    """A passage found. `score`: higher is better, comparable within one search only.

    Ranks count from 1 among allowed passages; None: not among that search's candidates.
    """

    passage: Passage
    score: float
    keyword_rank: int | None = None
    vector_rank: int | None = None


def open_index(folder: Path, *, embedder: Embedder, exact_up_to: int = EXACT_UP_TO) -> PassageIndex:
    """Open a finished index as it stands now; later builds do not show until it is opened again.

    Raises PassageIndexError when it is missing, unfinished, damaged or of another embedder.
    """
    with ExitStack() as stack:
        try:
            table = stack.enter_context(PassageTable.open(folder, create=False))
        except FileNotFoundError:
            raise PassageIndexError(
                f"there is no passage index in {folder}; run `briefwright index`"
            ) from None
        table.hold_still()
        if table.embedder() is None or table.pending():
            raise PassageIndexError(
                f"the passage index in {folder} is not finished; if no other briefwright process is building it, "
                "run `briefwright index`"
            )
        require_embedder(table, embedder)
        if table.count() and not look_sound(folder):
            raise PassageIndexError(
                f"the vectors of the passage index in {folder} are missing or damaged; "
                "run `briefwright index --rebuild`"
            )
        return PassageIndex(
            table, folder=folder, embedder=embedder, exact_up_to=exact_up_to, resources=stack.pop_all()
        )


class PassageIndex:
    """An open index, made by `open_index`; close it, or use it in a `with` block. One thread at a time.

    Searches raise PassageIndexError for damage found on the way, StateError where Chroma is locked elsewhere.
    """

    def __init__(
        self, table: PassageTable, *, folder: Path, embedder: Embedder, exact_up_to: int, resources: ExitStack
    ) -> None:
        self._table = table
        self._folder = folder
        # Pages that are made one after another ask the same questions.
        self._vector_of = lru_cache(maxsize=_QUERIES)(lambda query: embedder.embed([query]))
        self._exact = table.count() <= exact_up_to
        self._resources = resources
        self._passages: dict[str, Passage] = {}
        self._matrix: tuple[list[str], Vectors] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files; searching afterwards is an error."""
        self._resources.close()

    def search(self, query: str, *, limit: int, allowed: Allowed | None = None) -> list[Hit]:
        """Passages for `query`, best first: both searches, fused by rank, ties by id.

        `allowed` filters before ranks are given, so a passage that may not be used pushes none aside.
        """
        depth = max(_CANDIDATES, 4 * limit)
        words = self.keyword_search(query, limit=depth, allowed=allowed)
        meaning = self.vector_search(query, limit=depth, allowed=allowed)
        keyword_ranks = {hit.passage.id: hit.keyword_rank for hit in words}
        vector_ranks = {hit.passage.id: hit.vector_rank for hit in meaning}
        return [
            Hit(
                passage=self._passages[fused.id],
                score=fused.score,
                keyword_rank=keyword_ranks.get(fused.id),
                vector_rank=vector_ranks.get(fused.id),
            )
            for fused in fuse([list(keyword_ranks), list(vector_ranks)])[: max(limit, 0)]
        ]

    def keyword_search(self, query: str, *, limit: int, allowed: Allowed | None = None) -> list[Hit]:
        """Passages holding any word of `query`, best BM25 score first, ties by id."""
        with index_errors(self._folder):
            found = self._filter(self._table.match(query), limit=limit, allowed=allowed)
        return [
            Hit(passage=passage, score=score, keyword_rank=rank)
            for rank, (passage, score) in enumerate(found, 1)
        ]

    def vector_search(self, query: str, *, limit: int, allowed: Allowed | None = None) -> list[Hit]:
        """Passages nearest in meaning by cosine similarity, ties by id; none for a blank query."""
        if not query.strip() or limit < 1:
            return []
        vector = self._vector_of(query)
        with index_errors(self._folder):
            found: list[tuple[Passage, float]] = []
            if not self._exact:
                found = self._filter(self._nearest_chroma(vector, 4 * limit), limit=limit, allowed=allowed)
            if len(found) < limit:
                # Also where the filter, or HNSW, left too few of Chroma's.
                found = self._filter(self._nearest_exact(vector), limit=limit, allowed=allowed)
        return [
            Hit(passage=passage, score=score, vector_rank=rank)
            for rank, (passage, score) in enumerate(found, 1)
        ]

    def passage(self, passage_id: str) -> Passage:
        """The passage of that id. Raises KeyError when the index does not hold it."""
        found = self._find(passage_id)
        if found is None:
            raise KeyError(passage_id)
        return found

    def passages(self) -> list[Passage]:
        """All passages, by id."""
        with index_errors(self._folder):
            return self._table.passages()

    def _find(self, passage_id: str) -> Passage | None:
        if passage_id not in self._passages:
            with index_errors(self._folder):
                found = self._table.passage(passage_id)
            if found is None:
                return None
            self._passages[passage_id] = found
        return self._passages[passage_id]

    def _filter(
        self, ranked: Iterable[Scored], *, limit: int, allowed: Allowed | None
    ) -> list[tuple[Passage, float]]:
        found: list[tuple[Passage, float]] = []
        for name, score in ranked:
            if len(found) >= limit:
                break
            passage = self._find(name)
            if passage is not None and (allowed is None or allowed(passage)):
                found.append((passage, score))
        return found

    def _nearest_exact(self, vector: Vectors) -> Iterator[Scored]:
        import numpy as np

        if self._matrix is None:
            self._matrix = self._table.vectors()
        ids, matrix = self._matrix
        # Rounded, because the last bits of a product depend on where a row stands in the matrix: equal texts
        # must stay equal, so that ids decide.
        scores = np.round(matrix @ vector[0], 6)
        for number in np.argsort(-scores, kind="stable"):
            yield Scored(ids[number], float(scores[number]))

    def _nearest_chroma(self, vector: Vectors, limit: int) -> list[Scored]:
        lock = exclusive_lock(
            self._folder / LOCK, what="using the passage index", timeout_s=_CHROMA_LOCK_TIMEOUT_S
        )
        with lock, open_vectors(self._folder) as store:
            return store.query(vector[0], limit=limit)
