"""Three rankings of passages for a question: by words, by meaning, and those that name its codes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.data import Passage
from pipeline.index.database import damaged, index_errors
from pipeline.index.embed import Embedder
from pipeline.index.embedding import embed_as, require_embedder
from pipeline.index.filters import Filters
from pipeline.index.generations import LOCK
from pipeline.index.nearest import DECIMALS, ExactComparison
from pipeline.index.passages import PassageTable, Scored
from pipeline.index.query import any_of, telling_words
from pipeline.index.vectors import VectorPlace
from pipeline.store import exclusive_lock

if TYPE_CHECKING:
    from pipeline.index.embed import Vectors

_QUERIES = 64  # whose vectors are kept
_CHROMA_LOCK_TIMEOUT_S = 30.0

_COLUMN_WEIGHTS = (1.0, 1.0)
"""BM25 weights of a passage's text and headings."""

EVERYTHING = Filters()
Allowed = Callable[[Passage], bool]
Passes = Callable[[int], bool]


class Rankings:
    """Rankings over one generation of the table in `home`; passages are numbers here, ties are decided by their ids.

    Chroma is asked where there are more than `exact_up_to` pieces.
    """

    def __init__(
        self, table: PassageTable, home: Path, *, embedder: Embedder, place: VectorPlace, exact_up_to: int
    ) -> None:
        self._table = table
        self._home = home
        self._place = place
        with index_errors(home):
            width = require_embedder(table, embedder)
            self._asks_chroma = table.count_pieces() > exact_up_to
        # Pages that are made one after another ask the same questions.
        self._vector_of: Callable[[str], Vectors] = lru_cache(maxsize=_QUERIES)(
            lambda query: embed_as(embedder, [query], width=width)[0]
        )
        self.seen: dict[int, Passage] = {}
        self._exact: ExactComparison | None = None
        self._vectors: int | None = None
        self._is_common = lru_cache(maxsize=10_000)(table.is_common)
        self._passing: dict[Filters, set[int]] = {}

    def passage(self, number: int) -> Passage:
        """The passage of that number, kept in `seen`."""
        if number not in self.seen:
            with index_errors(self._home):
                found = self._table.passage(number)
            if found is None:
                raise damaged(self._home, f"passage {number} is missing")
            self.seen[number] = found
        return self.seen[number]

    def passes(self, filters: Filters, allowed: Allowed | None) -> Passes:
        """Whether a passage may be an answer: filters are looked up once, `allowed` is asked each time."""
        inside = None if filters == EVERYTHING else self._inside(filters)
        if inside is None and allowed is None:
            return lambda number: True
        return lambda number: (
            (inside is None or number in inside) and (allowed is None or allowed(self.passage(number)))
        )

    def _inside(self, filters: Filters) -> set[int]:
        if filters not in self._passing:
            with index_errors(self._home):
                self._passing[filters] = self._table.allowed(filters)
        return self._passing[filters]

    def words(self, query: str, *, limit: int, passes: Passes) -> dict[int, float]:
        """BM25 score by number, best first."""
        words = telling_words(query)
        if not words or limit < 1:
            return {}
        with index_errors(self._home):
            expression = any_of([word for word in words if not self._is_common(word)] or words)
            return _first(self._table.match(expression, _COLUMN_WEIGHTS), limit=limit, passes=passes)

    def meaning(self, query: str, *, limit: int, passes: Passes) -> dict[int, float]:
        """Cosine similarity of a passage's best piece by number, best first; none for a blank query."""
        if not query.strip() or limit < 1:
            return {}
        with index_errors(self._home):
            if self._asks_chroma:
                found = _first(self._nearest_in_chroma(query, 4 * limit), limit=limit, passes=passes)
                if len(found) >= limit:
                    return found
            # Also where the filter, or HNSW, left too few of Chroma's.
            if self._exact is None:
                self._exact = ExactComparison(*self._table.vectors())
            return _first(self._exact.nearest(self._vector_of(query)), limit=limit, passes=passes)

    def naming(self, codes: Sequence[str], *, limit: int, passes: Passes) -> list[int]:
        """Passages that name one of the codes, those of the first code first."""
        with index_errors(self._home):
            found = dict.fromkeys(number for code in codes for number in self._table.naming(code))
            return list(islice(filter(passes, found), limit))

    def similarity(self, query: str, number: int) -> float:
        """Cosine similarity of one passage's best piece."""
        with index_errors(self._home):
            rows = self._table.vectors_of(number)
        return round(max((float(row @ self._vector_of(query)) for row in rows), default=0.0), DECIMALS)

    def _nearest_in_chroma(self, query: str, limit: int) -> list[Scored]:
        """Passages of the nearest pieces; none where the store is gone, lost some, or is of a later build."""
        with ExitStack() as stack:
            if not self._place.shared:
                lock = self._home.parent / LOCK
                what = "using the passage index"
                stack.enter_context(exclusive_lock(lock, what=what, timeout_s=_CHROMA_LOCK_TIMEOUT_S))
            try:
                with PassageTable.open(self._home) as now:  # not as of the generation that is held
                    if now.place() != self._place.name(self._home):
                        return []
                store = stack.enter_context(self._place.open(self._home, create=False))
            except FileNotFoundError:
                return []
            if self._vectors is None:
                self._vectors = self._table.count_vectors()
            if store.count() < self._vectors:
                return []
            near = store.query(self._vector_of(query), limit=limit)
        owners = self._table.passages_with([one.key for one in near])
        best: dict[tuple[int, str], float] = {}
        for one in near:
            for owner in owners[one.key]:
                best.setdefault(owner, round(one.score, DECIMALS))
        ordered = sorted(best.items(), key=lambda item: (-item[1], item[0][1]))
        return [Scored(number, score) for (number, _), score in ordered]


def _first(ranked: Iterable[Scored], *, limit: int, passes: Passes) -> dict[int, float]:
    return dict(islice(((number, score) for number, score in ranked if passes(number)), limit))
