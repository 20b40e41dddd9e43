"""Every vector of the index compared with a question's: exact, and fast enough far beyond any manual."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pipeline.index.passages import Scored

if TYPE_CHECKING:
    from pipeline.index.embed import Vectors

_HEAD = 512
"""Nearest passages that are put in order before anybody asks for more."""

DECIMALS = 6
"""Kept of a similarity: the last bits of a product depend on where a row stands in the matrix, and equal texts must
stay equal, so that ids decide."""


class ExactComparison:
    """Vectors of passages' pieces in memory. Row i is a piece of passage `owners[i]`; pieces of one stand together."""

    def __init__(self, owners: Sequence[int], matrix: Vectors) -> None:
        import numpy as np

        rows = np.array(owners, dtype=np.int64)
        self._starts = np.flatnonzero(np.diff(rows, prepend=-1))
        self._owners = rows[self._starts]
        self._matrix = matrix

    def nearest(self, vector: Vectors) -> Iterator[Scored]:
        """All passages by the cosine similarity of their best piece, ties in the order given."""
        import numpy as np

        if not len(self._owners):
            return
        best = np.round(np.maximum.reduceat(self._matrix @ vector, self._starts), DECIMALS)
        done = 0
        if len(best) > _HEAD:
            edge = np.partition(best, -_HEAD)[-_HEAD]
            head = np.flatnonzero(best >= edge)  # with all ties at the edge, so that the rest follows on
            order = head[np.argsort(-best[head], kind="stable")]
            yield from map(Scored, self._owners[order].tolist(), best[order].tolist())
            done = len(head)
        order = np.argsort(-best, kind="stable")[done:]
        yield from map(Scored, self._owners[order].tolist(), best[order].tolist())
