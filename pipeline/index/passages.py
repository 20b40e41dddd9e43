"""The canonical table of documents, passages and vectors, with a full-text index, in one SQLite file.

Everything else about the index is derived from this file. A generation is one committed state: passages change in one
transaction, so that a reader sees the generation it opened until it lets go, and a build that dies leaves the one before.
Vectors are kept by the hash of what was embedded, apart from passages: they are saved as they are computed, used by
every passage that says the same, in any edition, and dropped when no passage of the generation before names them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pydantic import ValidationError

from pipeline.data import Passage
from pipeline.errors import PassageIndexError
from pipeline.index.filters import Filters, where
from pipeline.store import is_damage, open_sqlite, sqlite_state_error

if TYPE_CHECKING:
    from pipeline.index.embed import Vectors
    from pipeline.index.sources import IndexedDocument

DATABASE = "passages.sqlite3"
_SCHEMA_VERSION = 2
# Porter stems let "billed" find "billing" and leave codes alone. Full stop and hyphen stay separators, so that
# "29881." at the end of a sentence is 29881; `match_expression` asks for M17.11 or CO-97 as adjacent words.
_SCHEMA = f"""
BEGIN;
CREATE TABLE state (generation INTEGER NOT NULL, embedder TEXT NOT NULL, dimensions INTEGER NOT NULL);
CREATE TABLE documents (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, digest TEXT NOT NULL, authority TEXT NOT NULL,
    payer_scope TEXT NOT NULL, valid_from TEXT NOT NULL, valid_to TEXT
);
CREATE TABLE passages (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, document INTEGER NOT NULL, record TEXT NOT NULL
);
CREATE INDEX passages_of ON passages (document);
CREATE TABLE pieces (passage INTEGER NOT NULL, hash TEXT NOT NULL);
CREATE INDEX pieces_of ON pieces (passage);
CREATE TABLE codes (passage INTEGER NOT NULL, first TEXT NOT NULL, last TEXT NOT NULL, named INTEGER NOT NULL);
CREATE INDEX codes_of ON codes (passage);
CREATE TABLE vectors (hash TEXT PRIMARY KEY, vector BLOB NOT NULL, stored INTEGER NOT NULL DEFAULT 0);
CREATE VIRTUAL TABLE words USING fts5 (text, headings, tokenize = 'porter unicode61 remove_diacritics 2');
PRAGMA user_version = {_SCHEMA_VERSION};
COMMIT;
"""


class Held(NamedTuple):
    """What the table holds of a document: its number, and the digest of what was indexed."""

    number: int
    digest: str


class Scored(NamedTuple):
    """A passage's number and its score; higher is better."""

    number: int
    score: float


def damaged(folder: Path, reason: object) -> PassageIndexError:
    """The error for an index that cannot be trusted any more."""
    return PassageIndexError(
        f"the passage index in {folder} is damaged ({reason}); run `briefwright index --rebuild`"
    )


@contextmanager
def index_errors(folder: Path) -> Iterator[None]:
    """Turn database errors of the block into PassageIndexError (damage) or StateError (locked, full)."""
    try:
        yield
    except sqlite3.Error as error:
        if is_damage(error):
            raise damaged(folder, error) from error
        raise sqlite_state_error(folder / DATABASE, error) from error


class PassageTable:
    """The open table. Methods raise sqlite3.Error; callers wrap their work in `index_errors`."""

    def __init__(self, connection: sqlite3.Connection, folder: Path) -> None:
        self._connection = connection
        self._folder = folder

    @classmethod
    @contextmanager
    def open(cls, folder: Path, *, create: bool) -> Iterator[PassageTable]:
        """Open the table of `folder` for one block, within `index_errors`.

        Raises FileNotFoundError when it is absent and `create` is False.
        """
        with index_errors(folder):
            connection = open_sqlite(folder / DATABASE, create=create)
            try:
                version = connection.execute("PRAGMA user_version").fetchone()[0]
                empty = not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
                if empty and create:
                    connection.executescript(_SCHEMA)
                elif empty:  # what a full disk leaves of a first build
                    raise FileNotFoundError(folder / DATABASE)
                elif version != _SCHEMA_VERSION:
                    raise damaged(folder, f"format {version}, expected {_SCHEMA_VERSION}")
                yield cls(connection, folder)
            finally:
                connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block's writes or none."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:  # a full disk has rolled back already
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

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

    def set_embedder(self, name: str, dimensions: int) -> None:
        """Record the embedder, once, as generation 0."""
        self._connection.execute("INSERT INTO state VALUES (0, ?, ?)", (name, dimensions))

    def documents(self) -> dict[str, Held]:
        """What is held, by document id."""
        rows = self._connection.execute("SELECT id, number, digest FROM documents")
        return {name: Held(number, digest) for name, number, digest in rows}

    def passages_of(self, document: int) -> dict[str, tuple[int, str]]:
        """Number and record of each passage of a document, by id."""
        rows = self._connection.execute(
            "SELECT id, number, record FROM passages WHERE document = ?", (document,)
        )
        return {name: (number, record) for name, number, record in rows}

    def put_document(self, document: IndexedDocument) -> int:
        """Write or replace a document's own row; its number."""
        return self._connection.execute(
            "INSERT INTO documents (id, digest, authority, payer_scope, valid_from, valid_to)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET digest = excluded.digest,"
            " authority = excluded.authority, payer_scope = excluded.payer_scope,"
            " valid_from = excluded.valid_from, valid_to = excluded.valid_to RETURNING number",
            (
                document.id,
                document.digest,
                document.authority.value,
                document.payer_scope,
                document.valid_from.isoformat(),
                document.valid_to.isoformat() if document.valid_to else None,
            ),
        ).fetchone()[0]

    def put_passage(self, document: int, passage: Passage, record: str, pieces: Sequence[str]) -> None:
        """Add a passage with the hashes of its pieces."""
        number = self._connection.execute(
            "INSERT INTO passages (id, document, record) VALUES (?, ?, ?)", (passage.id, document, record)
        ).lastrowid
        self._connection.execute(
            "INSERT INTO words (rowid, text, headings) VALUES (?, ?, ?)",
            (number, passage.text, "\n".join(passage.heading_path)),
        )
        self._connection.executemany("INSERT INTO pieces VALUES (?, ?)", [(number, name) for name in pieces])
        ranges = [(number, *pair, 1) for pair in passage.codes]
        ranges += [(number, *pair, 0) for pair in passage.chapter_codes]
        self._connection.executemany("INSERT INTO codes VALUES (?, ?, ?, ?)", ranges)

    def drop_passages(self, numbers: Sequence[int]) -> None:
        """Remove passages."""
        for table, column in (
            ("passages", "number"),
            ("words", "rowid"),
            ("pieces", "passage"),
            ("codes", "passage"),
        ):
            self._connection.executemany(
                f"DELETE FROM {table} WHERE {column} = ?",  # noqa: S608 - names from the line above
                [(number,) for number in numbers],
            )

    def drop_document(self, number: int) -> int:
        """Remove a document with its passages; how many those were."""
        numbers = [n for n, _ in self.passages_of(number).values()]
        self.drop_passages(numbers)
        self._connection.execute("DELETE FROM documents WHERE number = ?", (number,))
        return len(numbers)

    def begin_generation(self) -> None:
        """Count up, within the transaction that changes the passages."""
        self._connection.execute("UPDATE state SET generation = generation + 1")

    def count(self) -> int:
        """Number of passages."""
        return self._connection.execute("SELECT count(*) FROM passages").fetchone()[0]

    def known_vectors(self) -> set[str]:
        """Hashes for which there is a vector."""
        return {name for (name,) in self._connection.execute("SELECT hash FROM vectors")}

    def save_vectors(self, hashes: Sequence[str], vectors: Vectors) -> None:
        """Keep vectors, row i for hashes[i], in one transaction."""
        with self.transaction():
            self._connection.executemany(
                "INSERT OR IGNORE INTO vectors (hash, vector) VALUES (?, ?)",
                [(name, row.astype("<f4").tobytes()) for name, row in zip(hashes, vectors, strict=True)],
            )

    def vectors(self) -> tuple[list[int], Vectors]:
        """Passage numbers in the order of ids, one for each of their pieces, and the pieces' vectors, one row each."""
        rows = self._connection.execute(
            "SELECT passage, vector FROM pieces JOIN vectors USING (hash) JOIN passages ON number = passage ORDER BY id"
        ).fetchall()
        return [number for number, _ in rows], self._matrix([vector for _, vector in rows])

    def vectors_of(self, passage: int) -> Vectors:
        """The vectors of one passage's pieces."""
        rows = self._connection.execute(
            "SELECT vector FROM pieces JOIN vectors USING (hash) WHERE passage = ?", (passage,)
        ).fetchall()
        return self._matrix([vector for (vector,) in rows])

    def count_pieces(self) -> int:
        """Number of pieces that have a vector each."""
        return self._connection.execute("SELECT count(*) FROM pieces").fetchone()[0]

    def unstored(self) -> tuple[list[str], Vectors]:
        """Hashes and vectors that the vector store does not hold yet."""
        rows = self._connection.execute(
            "SELECT hash, vector FROM vectors WHERE NOT stored ORDER BY hash"
        ).fetchall()
        return [name for name, _ in rows], self._matrix([vector for _, vector in rows])

    def _matrix(self, blobs: Sequence[bytes]) -> Vectors:
        import numpy as np

        width = (self.embedder() or ("", 0))[1]
        if any(len(blob) != 4 * width for blob in blobs):
            raise damaged(self._folder, "a vector of the wrong length")
        return (
            np.frombuffer(b"".join(blobs), dtype="<f4")
            .reshape(-1, max(width, 1))
            .astype(np.float32, copy=False)
        )

    def mark_stored(self, hashes: Sequence[str]) -> None:
        """The vector store now holds these."""
        with self.transaction():
            self._connection.executemany(
                "UPDATE vectors SET stored = 1 WHERE hash = ?", [(h,) for h in hashes]
            )

    def forget_stored(self) -> None:
        """The vector store was lost: everything is to be stored again, from the vectors kept here."""
        with self.transaction():
            self._connection.execute("UPDATE vectors SET stored = 0")

    def stored_count(self) -> int:
        """How many vectors the vector store should hold."""
        return self._connection.execute("SELECT count(*) FROM vectors WHERE stored").fetchone()[0]

    def unused_vectors(self) -> list[str]:
        """Hashes that no passage names."""
        rows = self._connection.execute(
            "SELECT hash FROM vectors WHERE hash NOT IN (SELECT hash FROM pieces)"
        )
        return [name for (name,) in rows]

    def drop_vectors(self, hashes: Sequence[str]) -> None:
        """Forget vectors."""
        with self.transaction():
            self._connection.executemany("DELETE FROM vectors WHERE hash = ?", [(h,) for h in hashes])

    def passages_with(self, hashes: Sequence[str]) -> Mapping[str, list[int]]:
        """The passages that have a piece of each hash."""
        found: dict[str, list[int]] = {}
        for name in hashes:
            rows = self._connection.execute(
                "SELECT passage FROM pieces WHERE hash = ? ORDER BY passage", (name,)
            )
            found[name] = [number for (number,) in rows]
        return found

    def match(self, expression: str, weights: tuple[float, float]) -> Iterator[Scored]:
        """Passages for a full-text expression, best BM25 score first, ties by id; weights of text and headings."""
        rows = self._connection.execute(
            "SELECT words.rowid, bm25(words, ?, ?) AS score FROM words JOIN passages ON number = words.rowid"
            " WHERE words MATCH ? ORDER BY score, id",
            (*weights, expression),
        )
        for number, score in rows:
            yield Scored(number, -score)

    def allowed(self, filters: Filters) -> set[int]:
        """Numbers of the passages that pass the filters."""
        condition, values = where(filters)
        rows = self._connection.execute(
            "SELECT p.number FROM passages AS p JOIN documents AS d ON d.number = p.document"
            f" WHERE {condition}",
            values,
        )
        return {number for (number,) in rows}

    def naming(self, hcpcs_code: str) -> list[int]:
        """Passages whose text names a code, by itself or in a range."""
        rows = self._connection.execute(
            "SELECT DISTINCT passage FROM codes WHERE named AND first <= ?1 AND ?1 <= last"
            " AND (substr(first, -1) BETWEEN '0' AND '9') = (substr(?1, -1) BETWEEN '0' AND '9')",
            (hcpcs_code,),
        )
        return [number for (number,) in rows]

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
        return [
            self._parse(record)
            for (record,) in self._connection.execute("SELECT record FROM passages ORDER BY id")
        ]

    def _parse(self, record: str) -> Passage:
        try:
            return Passage.model_validate_json(record)
        except ValidationError as error:
            raise damaged(self._folder, f"a record is not a passage: {error.errors()[0]['msg']}") from error
