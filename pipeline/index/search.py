"""Search the passage index: words by BM25, meaning by cosine similarity, codes by name, fused into one score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

from pipeline.data import Passage, Record
from pipeline.errors import PassageIndexError
from pipeline.index.database import damaged, index_errors
from pipeline.index.embed import Embedder
from pipeline.index.filters import Filters
from pipeline.index.fusion import WEIGHTS, Signals, Weights, fuse, speaks_of, spread, told_codes
from pipeline.index.generations import current
from pipeline.index.nearest import Nearest
from pipeline.index.passages import PassageTable
from pipeline.index.query import in_manual_words, match_expression
from pipeline.index.vectors import EMBEDDED, VectorPlace

EXACT_UP_TO = 150_000
"""Pieces up to which every vector is compared, from the canonical table, rather than asking Chroma; see the README."""

_CANDIDATES = 100
_EVERYTHING = Filters()

_COLUMN_WEIGHTS = (1.0, 1.0)
"""BM25 weights of a passage's text and headings."""


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
            table = stack.enter_context(PassageTable.open(home))
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
        nearest = Nearest(table, home, embedder=embedder, place=place)
        asks_chroma = table.count_pieces() > exact_up_to
        return PassageIndex(table, home, nearest, asks_chroma=asks_chroma, resources=stack.pop_all())


class PassageIndex:
    """An open index, made by `open_index`; close it, or use it in a `with` block. One thread at a time.

    Searches raise PassageIndexError for damage found on the way, StateError where Chroma is locked elsewhere.
    """

    def __init__(
        self, table: PassageTable, home: Path, nearest: Nearest, *, asks_chroma: bool, resources: ExitStack
    ) -> None:
        self._table = table
        self._home = home
        self._nearest = nearest
        self._asks_chroma = asks_chroma
        self._resources = resources
        self._passages: dict[int, Passage] = {}
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
                near = self._nearest.by_chroma(query, limit=4 * limit)
                found = dict(islice((one for one in near if passes(one[0])), limit))
                if len(found) >= limit:
                    return found
            # Also where the filter, or HNSW, left too few of Chroma's.
            return dict(islice((one for one in self._nearest.exact(query) if passes(one[0])), limit))

    def _similarity(self, query: str, number: int) -> float:
        with index_errors(self._home):
            return self._nearest.similarity(query, number)

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
