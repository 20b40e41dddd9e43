"""Search the passage index: words by BM25, meaning by cosine similarity, codes by name, fused into one score."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import lru_cache
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from pipeline.data import Passage, Record
from pipeline.errors import PassageIndexError
from pipeline.index.build import LOCK, require_embedder
from pipeline.index.embed import Embedder
from pipeline.index.filters import Filters
from pipeline.index.fusion import WEIGHTS, Signals, Weights, fuse, speaks_of, spread, told_codes
from pipeline.index.generations import current
from pipeline.index.passages import PassageTable, damaged, index_errors
from pipeline.index.query import in_manual_words, match_expression
from pipeline.index.vectors import EMBEDDED, VectorPlace
from pipeline.store import exclusive_lock

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pipeline.index.embed import Vectors

    Numbers = NDArray[np.int64]

EXACT_UP_TO = 150_000
"""Pieces up to which every vector is compared, from the canonical table, rather than asking Chroma; see the README."""

_QUERIES = 64  # whose vectors are kept
_CANDIDATES = 50
_CHROMA_LOCK_TIMEOUT_S = 30.0
_EVERYTHING = Filters()

_COLUMN_WEIGHTS = (1.0, 0.25)
"""BM25 weights of a passage's text and headings."""

_HEAD = 512  # nearest passages that are put in order before anybody asks for more

Allowed = Callable[[Passage], bool]
Passes = Callable[[int], bool]


class Hit(Record):
    """A passage found. `score`: higher is better, comparable within one search only.

    `words` (BM25), `similarity` (cosine) and `codes` (share of the question's codes it speaks of) are what the score is
    made of. Ranks count from 1 among allowed passages; None: not among that search's candidates.
    """

    passage: Passage
    score: float
    words: float = 0.0
    similarity: float = 0.0
    codes: float = 1.0
    keyword_rank: int | None = None
    vector_rank: int | None = None


def open_index(
    folder: Path, *, embedder: Embedder, place: VectorPlace = EMBEDDED, exact_up_to: int = EXACT_UP_TO
) -> PassageIndex:
    """Open the last finished generation of the index; later builds do not show until it is opened again.

    Raises PassageIndexError when it is missing, damaged or of another embedder.
    """
    with ExitStack() as stack:
        home = current(folder)
        try:
            if home is None:
                raise FileNotFoundError(folder)
            table = stack.enter_context(PassageTable.open(home, create=False))
        except FileNotFoundError:
            raise PassageIndexError(
                f"there is no passage index in {folder}; run `briefwright index`"
            ) from None
        table.hold_still()
        if not table.generation():
            raise PassageIndexError(
                f"the passage index in {folder} is not finished; if no other briefwright process is building it, "
                "run `briefwright index`"
            )
        require_embedder(table, embedder)
        return PassageIndex(
            table,
            folder=folder,
            home=home,
            embedder=embedder,
            place=place,
            exact_up_to=exact_up_to,
            resources=stack.pop_all(),
        )


class PassageIndex:
    """An open index, made by `open_index`; close it, or use it in a `with` block. One thread at a time.

    Searches raise PassageIndexError for damage found on the way, StateError where Chroma is locked elsewhere.
    """

    def __init__(
        self,
        table: PassageTable,
        *,
        folder: Path,
        home: Path,
        embedder: Embedder,
        place: VectorPlace,
        exact_up_to: int,
        resources: ExitStack,
    ) -> None:
        self._table = table
        self._folder = folder
        self._home = home
        self._place = place
        # Pages that are made one after another ask the same questions.
        self._vector_of = lru_cache(maxsize=_QUERIES)(lambda query: embedder.embed([query])[0])
        with index_errors(home):
            self._asks_chroma = table.count_pieces() > exact_up_to
        self._resources = resources
        self._passages: dict[int, Passage] = {}
        self._matrix: tuple[Numbers, Numbers, Vectors] | None = None
        self._passing: dict[str, set[int]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files; searching afterwards is an error."""
        self._resources.close()

    @property
    def generation(self) -> int:
        """Which build this index shows."""
        with index_errors(self._home):
            return self._table.generation()

    def search(
        self,
        query: str,
        *,
        limit: int,
        filters: Filters = _EVERYTHING,
        allowed: Allowed | None = None,
        weights: Weights = WEIGHTS,
    ) -> list[Hit]:
        """Passages for `query`, best first: words, meaning and codes in one score (`fusion`), ties by id.

        `filters` and `allowed` sort out before ranks are given, so a passage that may not be used pushes none aside. Of
        passages with the same words the best stands for all.
        """
        depth = max(_CANDIDATES, 4 * limit)
        passes = self._passes(filters, allowed)
        words = self._words(f"{query} {in_manual_words(query)}", limit=depth, passes=passes)
        meaning = self._meaning(query, limit=depth, passes=passes)
        codes = told_codes(query)
        naming = islice(filter(passes, self._naming(codes)), depth)
        keyword_ranks = {number: rank for rank, number in enumerate(words, 1)}
        vector_ranks = {number: rank for rank, number in enumerate(meaning, 1)}
        signals = {
            number: Signals(
                words.get(number, 0.0),
                meaning[number] if number in meaning else self._similarity(query, number),
                speaks_of(self._passage(number), codes),
            )
            for number in dict.fromkeys((*words, *meaning, *naming))
        }
        scores = fuse(signals, weights)
        ordered = sorted(scores, key=lambda number: (-scores[number], self._passage(number).id))
        return [
            Hit(
                passage=self._passage(number),
                score=scores[number],
                words=signals[number].words,
                similarity=signals[number].meaning,
                codes=signals[number].codes,
                keyword_rank=keyword_ranks.get(number),
                vector_rank=vector_ranks.get(number),
            )
            for number in spread(ordered, self._passages, limit=max(limit, 0))
        ]

    def keyword_search(
        self, query: str, *, limit: int, filters: Filters = _EVERYTHING, allowed: Allowed | None = None
    ) -> list[Hit]:
        """Passages holding any word of `query`, best BM25 score first, ties by id."""
        found = self._words(query, limit=limit, passes=self._passes(filters, allowed))
        return [
            Hit(passage=self._passage(number), score=score, words=score, keyword_rank=rank)
            for rank, (number, score) in enumerate(found.items(), 1)
        ]

    def vector_search(
        self, query: str, *, limit: int, filters: Filters = _EVERYTHING, allowed: Allowed | None = None
    ) -> list[Hit]:
        """Passages nearest in meaning by cosine similarity, ties by id; none for a blank query."""
        found = self._meaning(query, limit=limit, passes=self._passes(filters, allowed))
        return [
            Hit(passage=self._passage(number), score=score, similarity=score, vector_rank=rank)
            for rank, (number, score) in enumerate(found.items(), 1)
        ]

    def passage(self, passage_id: str) -> Passage:
        """The passage of that id. Raises KeyError when the index does not hold it."""
        with index_errors(self._home):
            found = self._table.passage_of_id(passage_id)
        if found is None:
            raise KeyError(passage_id)
        return found

    def digests(self) -> dict[str, str]:
        """The digest of every document indexed, by id."""
        with index_errors(self._home):
            return {name: held.digest for name, held in self._table.documents().items()}

    def passages(self) -> list[Passage]:
        """All passages, by id."""
        with index_errors(self._home):
            return self._table.passages()

    def _passes(self, filters: Filters, allowed: Allowed | None) -> Passes:
        """Whether a passage, by number, may be an answer: filters are looked up once, `allowed` is asked each time."""
        if filters == _EVERYTHING and allowed is None:
            return lambda number: True
        with index_errors(self._home):
            inside = None if filters == _EVERYTHING else self._inside(filters)
        return lambda number: (
            (inside is None or number in inside) and (allowed is None or allowed(self._passage(number)))
        )

    def _inside(self, filters: Filters) -> set[int]:
        key = filters.model_dump_json()
        if key not in self._passing:
            self._passing[key] = self._table.allowed(filters)
        return self._passing[key]

    def _words(self, query: str, *, limit: int, passes: Passes) -> dict[int, float]:
        """BM25 score by number, best first."""
        expression = match_expression(query)
        if not expression or limit < 1:
            return {}
        with index_errors(self._home):
            found = (one for one in self._table.match(expression, _COLUMN_WEIGHTS) if passes(one.number))
            return {one.number: one.score for one in islice(found, limit)}

    def _meaning(self, query: str, *, limit: int, passes: Passes) -> dict[int, float]:
        """Cosine similarity of a passage's best piece by number, best first; none for a blank query."""
        if not query.strip() or limit < 1:
            return {}
        with index_errors(self._home):
            if self._asks_chroma:
                found = dict(
                    islice(((n, s) for n, s in self._nearest_chroma(query, 4 * limit) if passes(n)), limit)
                )
                if len(found) >= limit:
                    return found
            # Also where the filter, or HNSW, left too few of Chroma's.
            return dict(islice(((n, s) for n, s in self._nearest_exact(query) if passes(n)), limit))

    def _naming(self, codes: Sequence[str]) -> list[int]:
        """Passages that name one of the codes."""
        with index_errors(self._home):
            return sorted({number for code in codes for number in self._table.naming(code)})

    def _passage(self, number: int) -> Passage:
        if number not in self._passages:
            with index_errors(self._home):
                found = self._table.passage(number)
            if found is None:
                raise damaged(self._home, f"passage {number} is missing")
            self._passages[number] = found
        return self._passages[number]

    def _similarity(self, query: str, number: int) -> float:
        """Cosine similarity of one passage's best piece."""
        with index_errors(self._home):
            return max(
                (float(row @ self._vector_of(query)) for row in self._table.vectors_of(number)), default=0.0
            )

    def _nearest_exact(self, query: str) -> Iterator[tuple[int, float]]:
        """All passages by similarity, ties by id."""
        import numpy as np

        if self._matrix is None:
            numbers, matrix = self._table.vectors()
            rows = np.array(numbers, dtype=np.int64)
            starts = np.flatnonzero(np.diff(rows, prepend=-1))
            self._matrix = rows[starts], starts, matrix
        owners, starts, matrix = self._matrix
        if not len(owners):
            return
        # Rounded, because the last bits of a product depend on where a row stands in the matrix: equal texts
        # must stay equal, so that ids decide.
        best = np.round(np.maximum.reduceat(matrix @ self._vector_of(query), starts), 6)
        for count in (_HEAD, len(best)):
            count = min(count, len(best))
            head = np.argpartition(-best, count - 1)[:count] if count < len(best) else np.arange(len(best))
            done = 0 if count == min(_HEAD, len(best)) else min(_HEAD, len(best))
            order = head[np.lexsort((head, -best[head]))]
            for number in order[done:]:
                yield int(owners[number]), float(best[number])
            if count == len(best):
                return

    def _nearest_chroma(self, query: str, limit: int) -> list[tuple[int, float]]:
        with ExitStack() as stack:
            if not self._place.shared:
                stack.enter_context(
                    exclusive_lock(
                        self._folder / LOCK, what="using the passage index", timeout_s=_CHROMA_LOCK_TIMEOUT_S
                    )
                )
            store = stack.enter_context(self._place.open(self._home))
            near = store.query(self._vector_of(query), limit=limit)
        owners = self._table.passages_with([one.key for one in near])
        best: dict[int, float] = {}
        for one in near:
            for number in owners[one.key]:
                best.setdefault(number, one.score)
        return list(best.items())
