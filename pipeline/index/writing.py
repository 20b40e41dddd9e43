"""Writing the canonical table: documents with their passages, vectors as they come, and which of them are stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipeline.data import Passage
from pipeline.index.passages import PassageTable
from pipeline.index.sources import IndexedDocument

if TYPE_CHECKING:
    from pipeline.index.embed import Vectors

_KEYS = (("passages", "number"), ("words", "rowid"), ("pieces", "passage"), ("codes", "passage"))


class WritableTable(PassageTable):
    """The open table of a build, which holds the index lock."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block's writes or none."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # a full disk has rolled back already
                self._connection.execute("ROLLBACK")
            raise

    def set_embedder(self, name: str, dimensions: int) -> None:
        """Record the embedder, once, as generation 0."""
        self._connection.execute("INSERT INTO state VALUES (0, ?, ?, '')", (name, dimensions))

    def put_document(self, document: IndexedDocument) -> int:
        """Write or replace a document's own row; its number."""
        return self._connection.execute(
            "INSERT INTO documents (id, digest, authority, payer_scope, valid_from, valid_to)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET digest = excluded.digest,"
            " authority = excluded.authority, payer_scope = excluded.payer_scope,"
            " valid_from = excluded.valid_from, valid_to = excluded.valid_to RETURNING number",
            (document.id, document.digest, *document.terms),
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
        for table, column in _KEYS:
            self._connection.executemany(
                f"DELETE FROM {table} WHERE {column} = ?",  # noqa: S608 - names from above
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

    def unstored(self) -> tuple[list[str], Vectors]:
        """Hashes and vectors that the vector store does not hold yet."""
        rows = self._connection.execute(
            "SELECT hash, vector FROM vectors WHERE NOT stored ORDER BY hash"
        ).fetchall()
        return [name for name, _ in rows], self.matrix([vector for _, vector in rows])

    def mark_stored(self, hashes: Sequence[str], *, stored: bool = True) -> None:
        """The vector store now holds these, or is about to lose them."""
        with self.transaction():
            self._connection.executemany(
                "UPDATE vectors SET stored = ? WHERE hash = ?", [(stored, name) for name in hashes]
            )

    def forget_stored(self) -> None:
        """Everything is to be stored again from the vectors kept here; until it is, there is no place to ask."""
        with self.transaction():
            self._connection.execute("UPDATE vectors SET stored = 0")
            self._connection.execute("UPDATE state SET place = ''")

    def set_place(self, place: str) -> None:
        """All vectors are stored there."""
        self._connection.execute("UPDATE state SET place = ?", (place,))

    def count_stored(self) -> int:
        """How many vectors the vector store should hold."""
        return self._connection.execute("SELECT count(*) FROM vectors WHERE stored").fetchone()[0]

    def count_unstored(self) -> int:
        """How many vectors it does not hold yet."""
        return self._connection.execute("SELECT count(*) FROM vectors WHERE NOT stored").fetchone()[0]
