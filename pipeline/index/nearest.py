"""The passages nearest in meaning to a question: all compared exactly, or Chroma asked where there are very many."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.index.embed import Embedder
from pipeline.index.embedding import embed_as, require_embedder
from pipeline.index.generations import LOCK
from pipeline.index.passages import PassageTable
from pipeline.index.vectors import VectorPlace
from pipeline.store import exclusive_lock

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pipeline.index.embed import Vectors

    Numbers = NDArray[np.int64]

_QUESTIONS = 64  # whose vectors are kept: pages that are made one after another ask the same ones
_HEAD = 512  # nearest passages that are put in order before anybody asks for more
_LOCK_TIMEOUT_S = 30.0


class Nearest:
    """Similarity of passages of an open table. A passage is as near as its nearest piece.

    Methods raise sqlite3.Error, StateError where Chroma is locked elsewhere or its server does not answer.
    """

    def __init__(self, table: PassageTable, home: Path, *, embedder: Embedder, place: VectorPlace) -> None:
        self._table = table
        self._home = home
        self._place = place
        width = require_embedder(table, embedder)
        self._vector_of = lru_cache(maxsize=_QUESTIONS)(
            lambda text: embed_as(embedder, [text], width=width)[0]
        )
        self._compared: tuple[Numbers, Numbers, Vectors] | None = None

    def similarity(self, question: str, number: int) -> float:
        """Cosine similarity of one passage, by number."""
        vector = self._vector_of(question)
        return max((float(row @ vector) for row in self._table.vectors_of(number)), default=0.0)

    def exact(self, question: str) -> Iterator[tuple[int, float]]:
        """All passages, by number, with their similarity, the nearest first, ties by id."""
        import numpy as np

        numbers, starts, matrix = self._all()
        if not len(numbers):
            return
        # Rounded, because the last bits of a product depend on where a row stands in the matrix: equal texts
        # must stay equal, so that ids decide.
        best = np.round(np.maximum.reduceat(matrix @ self._vector_of(question), starts), 6)
        if len(best) > _HEAD:
            # Most searches ask for a few: these alone are put in order first, with all that tie with the last.
            edge = -np.partition(-best, _HEAD - 1)[_HEAD - 1]
            head, rest = np.flatnonzero(best >= edge), np.flatnonzero(best < edge)
        else:
            head, rest = np.arange(len(best)), np.arange(0)
        for part in (head, rest):
            for place in part[np.argsort(-best[part], kind="stable")]:
                yield int(numbers[place]), float(best[place])

    def _all(self) -> tuple[Numbers, Numbers, Vectors]:
        """Passages in the order of ids, where the rows of each begin, and the rows."""
        import numpy as np

        if self._compared is None:
            owners, matrix = self._table.vectors()
            rows = np.array(owners, dtype=np.int64)
            starts = np.flatnonzero(np.diff(rows, prepend=-1))
            self._compared = rows[starts], starts, matrix
        return self._compared

    def by_chroma(self, question: str, *, limit: int) -> list[tuple[int, float]]:
        """Passages that have one of the `limit` pieces nearest by Chroma; fewer where its index misses some."""
        with ExitStack() as stack:
            if not self._place.shared:
                lock = exclusive_lock(
                    self._home.parent / LOCK, what="using the passage index", timeout_s=_LOCK_TIMEOUT_S
                )
                stack.enter_context(lock)
            try:
                store = stack.enter_context(self._place.open(self._home, create=False))
            except FileNotFoundError:
                return []  # lost: all are compared instead, and the next build fills it anew
            near = store.query(self._vector_of(question), limit=limit)
        owners = self._table.passages_with([one.key for one in near])
        best: dict[int, tuple[float, str]] = {}
        for one in near:
            for number, name in owners[one.key]:
                best.setdefault(number, (one.score, name))
        ordered = sorted(best, key=lambda number: (-best[number][0], best[number][1]))
        return [(number, best[number][0]) for number in ordered]
