"""The canonical table of documents, passages and vectors, with a full-text index, in one SQLite file.

Everything else about the index is derived from this file. A generation is one committed state: passages change in one
transaction, so that a reader sees the generation it opened until it lets go, and a build that dies leaves the last one.
Vectors are kept by the hash of what was embedded, apart from passages: they are saved as they are computed, used by
every passage that says the same, in any edition, and dropped when no passage of the generation before names them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from pydantic import ValidationError

from pipeline.data import Passage
from pipeline.index.database import damaged, opened
from pipeline.index.filters import Filters, where
from pipeline.index.query import any_of
from pipeline.index.sources import Terms

if TYPE_CHECKING:
    from pipeline.index.embed import Vectors


COMMON = 5_000
"""Passages with a word beyond which a search does without it, if it has others: it tells little and costs most."""


class Held(NamedTuple):
    """What the table holds of a document: its number, the digest of what was indexed, and its terms."""

    number: int
    digest: str
    terms: Terms


class Scored(NamedTuple):
    """A passage's number and its score; higher is better."""

    number: int
    score: float


class PassageTable:
    """The open table, to read. Methods raise sqlite3.Error; callers wrap their work in `index_errors`."""

    def __init__(self, connection: sqlite3.Connection, folder: Path) -> None:
        self._connection = connection
        self._folder = folder

    @classmethod
    @contextmanager
    def open(cls, folder: Path, *, create: bool = False) -> Iterator[Self]:
        """Open the table of `folder` for one block, within `index_errors`.

        Raises FileNotFoundError when it is absent and `create` is False.
        """
        with opened(folder, create=create) as connection:
            yield cls(connection, folder)

    def hold_still(self) -> None:
        """From the next read on until the table is closed, see one generation, whatever other processes write."""
        self._connection.execute("BEGIN DEFERRED")

    def generation(self) -> int:
        """Number of the last finished build; 0 before the first."""
        row = self._connection.execute("SELECT generation FROM state").fetchone()
        return row[0] if row else 0

    def embedder(self) -> tuple[str, int] | None:
        """Name and dimensions of the embedder of all vectors; None before the first build."""
        return self._connection.execute("SELECT embedder, dimensions FROM state").fetchone()

    def place(self) -> str:
        """Where all vectors of finished builds are stored; empty where they are not, or not yet again."""
        row = self._connection.execute("SELECT place FROM state").fetchone()
        return row[0] if row else ""

    def documents(self) -> dict[str, Held]:
        """What is held, by document id."""
        rows = self._connection.execute(
            "SELECT id, number, digest, authority, payer_scope, valid_from, valid_to FROM documents"
        )
        return {name: Held(number, digest, Terms(*terms)) for name, number, digest, *terms in rows}

    def passages_of(self, document: int) -> dict[str, tuple[int, str]]:
        """Number and record of each passage of a document, by id."""
        rows = self._connection.execute(
            "SELECT id, number, record FROM passages WHERE document = ?", (document,)
        )
        return {name: (number, record) for name, number, record in rows}

    def count(self) -> int:
        """Number of passages."""
        return self._connection.execute("SELECT count(*) FROM passages").fetchone()[0]

    def count_pieces(self) -> int:
        """Number of pieces that have a vector each."""
        return self._connection.execute("SELECT count(*) FROM pieces").fetchone()[0]

    def count_vectors(self) -> int:
        """Number of vectors that the pieces have, of which several can share one."""
        return self._connection.execute("SELECT count(DISTINCT hash) FROM pieces").fetchone()[0]

    def vectors(self) -> tuple[list[int], Vectors]:
        """Passage numbers in the order of ids, one for each of their pieces, and the pieces' vectors, one row each."""
        rows = self._connection.execute(
            "SELECT passage, vector FROM pieces JOIN vectors USING (hash) JOIN passages ON number = passage ORDER BY id"
        ).fetchall()
        return [number for number, _ in rows], self.matrix([vector for _, vector in rows])

    def vectors_of(self, passage: int) -> Vectors:
        """The vectors of one passage's pieces."""
        rows = self._connection.execute(
            "SELECT vector FROM pieces JOIN vectors USING (hash) WHERE passage = ?", (passage,)
        ).fetchall()
        return self.matrix([vector for (vector,) in rows])

    def matrix(self, blobs: Sequence[bytes]) -> Vectors:
        """Stored vectors as rows. Raises PassageIndexError where one has the wrong length."""
        import numpy as np

        width = (self.embedder() or ("", 0))[1]
        if any(len(blob) != 4 * width for blob in blobs):
            raise damaged(self._folder, "a vector of the wrong length")
        rows = np.frombuffer(b"".join(blobs), dtype="<f4").reshape(-1, max(width, 1))
        return rows.astype(np.float32, copy=False)

    def passages_with(self, hashes: Sequence[str]) -> Mapping[str, list[tuple[int, str]]]:
        """Number and id of the passages that have a piece of each hash."""
        found: dict[str, list[tuple[int, str]]] = {}
        for name in hashes:
            found[name] = self._connection.execute(
                "SELECT number, id FROM pieces JOIN passages ON number = passage WHERE hash = ?", (name,)
            ).fetchall()
        return found

    def match(self, expression: str, weights: tuple[float, float]) -> Iterator[Scored]:
        """Passages for a full-text expression, best BM25 score first, ties by id; weights of text and headings."""
        rows = self._connection.execute(
            "SELECT rowid, bm25(words, ?, ?) AS score FROM words WHERE words MATCH ? ORDER BY score",
            (*weights, expression),
        )
        # Ids are looked up of equals alone: joining them to every passage with a common word takes most of the time.
        for score, equals in groupby(rows, key=itemgetter(1)):
            numbers = [number for number, _ in equals]
            for number in sorted(numbers, key=self._id_of) if len(numbers) > 1 else numbers:
                yield Scored(number, -score)

    def is_common(self, word: str) -> bool:
        """Whether more passages hold a word than `COMMON`."""
        expression = any_of([word])
        row = self._connection.execute(
            "SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ? LIMIT ?)", (expression, COMMON + 1)
        ).fetchone()
        return row[0] > COMMON

    def _id_of(self, number: int) -> str:
        return self._connection.execute("SELECT id FROM passages WHERE number = ?", (number,)).fetchone()[0]

    def allowed(self, filters: Filters) -> set[int]:
        """Numbers of the passages that pass the filters."""
        condition, values = where(filters)
        rows = self._connection.execute(
            # Made of constants; values are bound.
            f"SELECT p.number FROM passages p JOIN documents d ON d.number = p.document WHERE {condition}",  # noqa: S608
            values,
        )
        return {number for (number,) in rows}

    def naming(self, hcpcs_code: str) -> list[int]:
        """Passages whose text names a code, by itself or in a range, in the order of ids."""
        rows = self._connection.execute(
            "SELECT DISTINCT number, id FROM codes JOIN passages ON number = passage"
            " WHERE named AND first <= ?1 AND ?1 <= last"
            " AND (substr(first, -1) BETWEEN '0' AND '9') = (substr(?1, -1) BETWEEN '0' AND '9') ORDER BY id",
            (hcpcs_code,),
        )
        return [number for number, _ in rows]

    def passage(self, number: int) -> Passage | None:
        """One passage, or None."""
        row = self._connection.execute("SELECT record FROM passages WHERE number = ?", (number,)).fetchone()
        return self._parse(row[0]) if row else None

    def passage_of_id(self, name: str) -> Passage | None:
        """The passage of that id, or None."""
        row = self._connection.execute("SELECT record FROM passages WHERE id = ?", (name,)).fetchone()
        return self._parse(row[0]) if row else None

    def passages(self) -> list[Passage]:
        """All passages by id."""
        rows = self._connection.execute("SELECT record FROM passages ORDER BY id")
        return [self._parse(record) for (record,) in rows]

    def _parse(self, record: str) -> Passage:
        try:
            return Passage.model_validate_json(record)
        except ValidationError as error:
            raise damaged(self._folder, f"a record is not a passage: {error.errors()[0]['msg']}") from error
