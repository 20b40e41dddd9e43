"""Search the passage index: words by BM25, meaning by cosine similarity, codes by name, fused into one score."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from pipeline.data import Passage, Record
from pipeline.errors import PassageIndexError
from pipeline.index.database import index_errors
from pipeline.index.embed import Embedder
from pipeline.index.filters import Filters
from pipeline.index.fusion import WEIGHTS, Signals, Weights, fuse, speaks_of, spread, told_codes
from pipeline.index.generations import current
from pipeline.index.passages import PassageTable
from pipeline.index.places import EMBEDDED
from pipeline.index.query import in_manual_words
from pipeline.index.rankings import EVERYTHING, Allowed, Rankings
from pipeline.index.vectors import VectorPlace

EXACT_UP_TO = 150_000
"""Pieces up to which every vector is compared, from the canonical table, rather than asking Chroma; see the README."""

_CANDIDATES = 100


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
        home, table = _open_current(folder, stack)
        if not table.generation():
            raise PassageIndexError(
                f"the passage index in {folder} is not finished; if no other briefwright process is building it, "
                "run `briefwright index`"
            )
        rankings = Rankings(table, home, embedder=embedder, place=place, exact_up_to=exact_up_to)
        return PassageIndex(table, home=home, rankings=rankings, resources=stack.pop_all())


def _open_current(folder: Path, stack: ExitStack) -> tuple[Path, PassageTable]:
    home = current(folder)
    while home is not None:
        try:
            table = stack.enter_context(PassageTable.open(home))
            table.hold_still()
            return home, table
        except FileNotFoundError:
            # Unless a rebuild took its place in between.
            before, home = home, current(folder)
            if home == before:
                break
    raise PassageIndexError(f"there is no passage index in {folder}; run `briefwright index`")


class PassageIndex:
    """An open index, made by `open_index`; close it, or use it in a `with` block. One thread at a time.

    Searches raise PassageIndexError for damage found on the way, StateError where Chroma is locked elsewhere or its
    server does not answer.
    """

    def __init__(self, table: PassageTable, *, home: Path, rankings: Rankings, resources: ExitStack) -> None:
        self._table = table
        self._home = home
        self._rankings = rankings
        self._resources = resources

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
        filters: Filters = EVERYTHING,
        allowed: Allowed | None = None,
        weights: Weights = WEIGHTS,
    ) -> list[Hit]:
        """Passages for `query`, best first: words, meaning and codes in one score (`fusion`), ties by id.

        `filters` and `allowed` sort out before ranks are given, so a passage that may not be used pushes none aside. Of
        passages with the same words the best stands for all, while others are left.
        """
        rankings, depth = self._rankings, max(_CANDIDATES, 4 * limit)
        passes = rankings.passes(filters, allowed)
        codes = told_codes(query)
        words = rankings.words(f"{query} {in_manual_words(query)}", limit=depth, passes=passes)
        meaning = rankings.meaning(query, limit=depth, passes=passes)
        naming = rankings.naming(codes, limit=depth, passes=passes)
        keyword_ranks = {number: rank for rank, number in enumerate(words, 1)}
        vector_ranks = {number: rank for rank, number in enumerate(meaning, 1)}
        signals = {
            number: Signals(
                words.get(number, 0.0),
                meaning[number] if number in meaning else rankings.similarity(query, number),
                speaks_of(rankings.passage(number), codes) if codes else 1.0,
            )
            for number in dict.fromkeys((*words, *meaning, *naming))
        }
        scores = fuse(signals, weights)
        # A passage is only fetched where it may be shown, or its id has to decide between equals.
        equals = Counter(scores.values())
        ordered = sorted(
            scores,
            key=lambda number: (
                -scores[number],
                rankings.passage(number).id if equals[scores[number]] > 1 else "",
            ),
        )
        return [
            Hit(
                passage=rankings.passage(number),
                score=scores[number],
                words=signals[number].words,
                similarity=signals[number].meaning,
                codes=signals[number].codes,
                keyword_rank=keyword_ranks.get(number),
                vector_rank=vector_ranks.get(number),
            )
            for number in spread(ordered, rankings.passage, limit=max(limit, 0))
        ]

    def keyword_search(
        self, query: str, *, limit: int, filters: Filters = EVERYTHING, allowed: Allowed | None = None
    ) -> list[Hit]:
        """Passages holding any word of `query`, best BM25 score first, ties by id."""
        passes = self._rankings.passes(filters, allowed)
        found = self._rankings.words(query, limit=limit, passes=passes)
        return [
            Hit(passage=self._rankings.passage(number), score=score, words=score, keyword_rank=rank)
            for rank, (number, score) in enumerate(found.items(), 1)
        ]

    def vector_search(
        self, query: str, *, limit: int, filters: Filters = EVERYTHING, allowed: Allowed | None = None
    ) -> list[Hit]:
        """Passages nearest in meaning by cosine similarity, ties by id; none for a blank query."""
        passes = self._rankings.passes(filters, allowed)
        found = self._rankings.meaning(query, limit=limit, passes=passes)
        return [
            Hit(passage=self._rankings.passage(number), score=score, similarity=score, vector_rank=rank)
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
