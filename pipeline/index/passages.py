"""The canonical table of passages, with their vectors and a full-text index, in one SQLite file.

Everything else about the index is derived from this file. A row whose `vector` is NULL is still to be embedded;
a row with `stored` 0, and an id in `to_delete`, is still to be carried into the vector store. So a build that was
interrupted shows, and the next one completes it.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pydantic import ValidationError

from pipeline.data import Passage
from pipeline.errors import PassageIndexError
from pipeline.index.query import match_expression
from pipeline.store import is_damage, open_sqlite, sqlite_state_error

if TYPE_CHECKING:
    from pipeline.index.embed import Vectors

DATABASE = "passages.sqlite3"
_SCHEMA_VERSION = 1
# Porter stems let "billed" find "billing" and leave codes alone. Full stop and hyphen stay separators, so that
# "29881." at the end of a sentence is 29881; `match_expression` asks for M17.11 or CO-97 as adjacent words.
_SCHEMA = f"""
BEGIN;
CREATE TABLE embedder (name TEXT NOT NULL, dimensions INTEGER NOT NULL);
CREATE TABLE passages (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    document_id TEXT NOT NULL,
    record TEXT NOT NULL,
    text_hash TEXT NOT NULL,
    vector BLOB,
    stored INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE to_delete (id TEXT PRIMARY KEY);
CREATE VIRTUAL TABLE words USING fts5 (text, headings, tokenize = 'porter unicode61 remove_diacritics 2');
PRAGMA user_version = {_SCHEMA_VERSION};
COMMIT;
"""


class Changes(NamedTuple):
    """How a table was brought to hold the wanted passages; the four add up to old and new ones together."""

    added: int
    changed: int
    removed: int
    kept: int


class Scored(NamedTuple):
    """A passage id and its score, higher is better."""

    id: str
    score: float


def embedded_text(passage: Passage) -> str:
    """What a passage's vector stands for: its headings, then its text."""
    return "\n".join((*passage.heading_path, passage.text))


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
        """From the next read on until the table is closed, see one state, whatever other processes write."""
        self._connection.execute("BEGIN DEFERRED")

    def embedder(self) -> tuple[str, int] | None:
        """Name and dimensions of the embedder of all vectors; None before the first build."""
        return self._connection.execute("SELECT name, dimensions FROM embedder").fetchone()

    def set_embedder(self, name: str, dimensions: int) -> None:
        """Record the embedder, once."""
        self._connection.execute("INSERT INTO embedder VALUES (?, ?)", (name, dimensions))

    def records(self) -> dict[str, str]:
        """Record of every passage, as JSON, by id."""
        return dict(self._connection.execute("SELECT id, record FROM passages"))

    def replace(self, wanted: Iterable[Passage]) -> Changes:
        """Make the table hold exactly `wanted`, in one transaction. Vectors of unchanged texts stay."""
        stored = {
            name: (number, record, text_hash)
            for number, name, record, text_hash in self._connection.execute(
                "SELECT number, id, record, text_hash FROM passages"
            )
        }
        added = changed = kept = 0
        with self.transaction():
            for passage in wanted:
                record = passage.model_dump_json()
                text_hash = hashlib.sha256(embedded_text(passage).encode("utf-8", "replace")).hexdigest()
                old = stored.pop(passage.id, None)
                if old is None:
                    added += 1
                    self._insert(passage, record, text_hash)
                elif old[1] == record:
                    kept += 1
                else:
                    changed += 1
                    self._update(old[0], passage, record, text_hash, same_text=old[2] == text_hash)
            for name, (number, _, _) in stored.items():
                self._connection.execute("DELETE FROM passages WHERE number = ?", (number,))
                self._connection.execute("DELETE FROM words WHERE rowid = ?", (number,))
                self._connection.execute("INSERT OR IGNORE INTO to_delete VALUES (?)", (name,))
        return Changes(added, changed, len(stored), kept)

    def _insert(self, passage: Passage, record: str, text_hash: str) -> None:
        number = self._connection.execute(
            "INSERT INTO passages (id, document_id, record, text_hash) VALUES (?, ?, ?, ?)",
            (passage.id, passage.document_id, record, text_hash),
        ).lastrowid
        self._insert_words(number, passage)

    def _insert_words(self, number: int | None, passage: Passage) -> None:
        self._connection.execute(
            "INSERT INTO words (rowid, text, headings) VALUES (?, ?, ?)",
            (number, passage.text, "\n".join(passage.heading_path)),
        )

    def _update(self, number: int, passage: Passage, record: str, text_hash: str, *, same_text: bool) -> None:
        self._connection.execute(
            "UPDATE passages SET document_id = ?, record = ?, text_hash = ? WHERE number = ?",
            (passage.document_id, record, text_hash, number),
        )
        if not same_text:
            self._connection.execute(
                "UPDATE passages SET vector = NULL, stored = 0 WHERE number = ?", (number,)
            )
            self._connection.execute("DELETE FROM words WHERE rowid = ?", (number,))
            self._insert_words(number, passage)

    def pending(self) -> bool:
        """Whether a build was interrupted: something is still to be embedded, stored or deleted."""
        return bool(
            self._connection.execute(
                "SELECT EXISTS (SELECT 1 FROM passages WHERE NOT stored) OR EXISTS (SELECT 1 FROM to_delete)"
            ).fetchone()[0]
        )

    def count(self) -> int:
        """Number of passages."""
        return self._connection.execute("SELECT count(*) FROM passages").fetchone()[0]

    def unembedded(self) -> list[Passage]:
        """Passages without a vector, by id."""
        rows = self._connection.execute("SELECT record FROM passages WHERE vector IS NULL ORDER BY id")
        return [self._parse(record) for (record,) in rows]

    def save_vectors(self, ids: Sequence[str], vectors: Vectors) -> None:
        """Keep the vectors of these passages, row i for ids[i], in one transaction."""
        with self.transaction():
            self._connection.executemany(
                "UPDATE passages SET vector = ? WHERE id = ?",
                [(row.astype("<f4").tobytes(), name) for name, row in zip(ids, vectors, strict=True)],
            )

    def vectors(self, *, unstored_only: bool = False) -> tuple[list[str], Vectors]:
        """Ids in order and their vectors, one row each; `unstored_only`: those not in the vector store yet."""
        import numpy as np

        condition = "NOT stored" if unstored_only else "1"
        rows = self._connection.execute(
            f"SELECT id, vector FROM passages WHERE {condition} ORDER BY id"  # noqa: S608 - one of two constants
        ).fetchall()
        width = (self.embedder() or ("", 0))[1]
        if any(vector is None or len(vector) != 4 * width for _, vector in rows):
            raise damaged(self._folder, "a vector of the wrong length")
        matrix = np.frombuffer(b"".join(vector for _, vector in rows), dtype="<f4").reshape(-1, max(width, 1))
        return [name for name, _ in rows], matrix.astype(np.float32, copy=False)

    def to_delete(self) -> list[str]:
        """Ids whose vectors are still to be deleted from the vector store."""
        return [name for (name,) in self._connection.execute("SELECT id FROM to_delete ORDER BY id")]

    def mark_stored(self, ids: Sequence[str]) -> None:
        """The vector store now holds these, and no removed passage any more."""
        with self.transaction():
            self._connection.executemany(
                "UPDATE passages SET stored = 1 WHERE id = ?", [(name,) for name in ids]
            )
            self._connection.execute("DELETE FROM to_delete")

    def forget_stored(self) -> None:
        """The vector store was lost: everything is to be stored again, from the vectors kept here."""
        with self.transaction():
            self._connection.execute("UPDATE passages SET stored = 0")
            self._connection.execute("DELETE FROM to_delete")

    def match(self, query: str) -> Iterator[Scored]:
        """Passages holding any word of `query`, best BM25 score first, ties by id."""
        expression = match_expression(query)
        if expression:
            for name, score in self._connection.execute(
                "SELECT id, bm25(words) AS score FROM words JOIN passages ON number = words.rowid"
                " WHERE words MATCH ? ORDER BY score, id",
                (expression,),
            ):
                yield Scored(name, -score)

    def passage(self, name: str) -> Passage | None:
        """One passage, or None."""
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
