"""The SQLite file of an index: its tables, how it is opened, and what its errors mean to a user."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import PassageIndexError
from pipeline.store import is_damage, open_sqlite, sqlite_state_error

DATABASE = "passages.sqlite3"
_SCHEMA_VERSION = 3
# Porter stems let "billed" find "billing" and leave codes alone. Full stop and hyphen stay separators, so that
# "29881." at the end of a sentence is 29881; `match_expression` asks for M17.11 or CO-97 as adjacent words.
_SCHEMA = f"""
BEGIN;
CREATE TABLE state (
    generation INTEGER NOT NULL, embedder TEXT NOT NULL, dimensions INTEGER NOT NULL, place TEXT NOT NULL
);
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
CREATE INDEX pieces_with ON pieces (hash);
CREATE TABLE codes (passage INTEGER NOT NULL, first TEXT NOT NULL, last TEXT NOT NULL, named INTEGER NOT NULL);
CREATE INDEX codes_of ON codes (passage);
CREATE TABLE vectors (hash TEXT PRIMARY KEY, vector BLOB NOT NULL, stored INTEGER NOT NULL DEFAULT 0);
CREATE VIRTUAL TABLE words USING fts5 (text, headings, tokenize = 'porter unicode61 remove_diacritics 2');
PRAGMA user_version = {_SCHEMA_VERSION};
COMMIT;
"""


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


@contextmanager
def opened(folder: Path, *, create: bool) -> Iterator[sqlite3.Connection]:
    """The database of `folder`, in autocommit, for one block within `index_errors`.

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
            yield connection
        finally:
            connection.close()
