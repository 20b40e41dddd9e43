"""The two places of vectors: Chroma in a folder beside the passage table, and a Chroma server by its address.

Two embedded clients on one folder lose vectors silently: there the index lock is held, for reading too.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipeline.errors import BriefwrightError, StateError, UsageError
from pipeline.identity import digest
from pipeline.index.database import damaged
from pipeline.index.generations import token
from pipeline.index.vectors import VectorPlace, VectorStore, VectorStoreError, open_collection
from pipeline.store import is_damage_code

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

FOLDER = "chroma"
_COLLECTION = "passages"
_DATABASE = "chroma.sqlite3"
_SQLITE_MAGIC = b"SQLite format 3\x00"
_SQLITE_CODE = re.compile(r"\(code: (\d+)\)")


class EmbeddedChroma:
    """Chroma in this process, in a folder beside the passage table."""

    shared = False

    def name(self, home: Path) -> str:
        """See `VectorPlace.name`: the folder moves with the table."""
        return FOLDER

    def looks_sound(self, home: Path) -> bool:
        """See `VectorPlace.looks_sound`."""
        try:
            with (home / FOLDER / _DATABASE).open("rb") as file:
                return file.read(len(_SQLITE_MAGIC)) == _SQLITE_MAGIC
        except OSError:
            return False

    def remove(self, home: Path) -> None:
        """See `VectorPlace.remove`."""
        try:
            shutil.rmtree(home / FOLDER)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise StateError(f"cannot remove {home / FOLDER}: {error.strerror}; make it writable") from error

    @contextmanager
    def open(self, home: Path, *, create: bool) -> Iterator[VectorStore]:
        """See `VectorPlace.open`; the caller holds the index lock throughout."""
        if not create and not self.looks_sound(home):
            raise FileNotFoundError(home / FOLDER)
        from chromadb.api.client import Client
        from chromadb.config import Settings
        from chromadb.errors import ChromaError

        settings = Settings(
            _env_file=None,  # pyright: ignore[reportCallIssue] - a .env where the user stands is not about our index
            anonymized_telemetry=False,
            is_persistent=True,
            persist_directory=str(home / FOLDER),
        )
        try:
            try:
                client = Client(settings=settings)
            except Exception:
                # Chroma keeps the half-started system and would hand it to the next client on this folder.
                Client.clear_system_cache()
                raise
            with client:
                yield VectorStore(open_collection(client, _COLLECTION, create=create))
        except ChromaError as error:
            code = _SQLITE_CODE.search(str(error))
            if code and not is_damage_code(int(code[1])):
                raise StateError(
                    f"cannot use {home / FOLDER}: {error}; free some space, make it writable, then try again"
                ) from error
            raise VectorStoreError(str(damaged(home, error))) from error


class ChromaServer:
    """A Chroma server by address. Each index has a collection of its own there, named after its folder."""

    shared = True

    def __init__(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            scheme, host, port = parts.scheme, parts.hostname, parts.port
        except ValueError:
            scheme, host, port = "", None, None
        if scheme not in ("http", "https") or not host:
            raise UsageError(f"{url!r:.100} is no address of a Chroma server; expected http://HOST:PORT")
        self._url = url
        self._host, self._secure = host, scheme == "https"
        self._port = port or (443 if self._secure else 8000)

    def name(self, home: Path) -> str:
        """See `VectorPlace.name`."""
        return f"{self._url} {self._collection(home)}"

    def looks_sound(self, home: Path) -> bool:
        """The server is asked when it is used, and what it lacks is found out there by counting."""
        return True

    def remove(self, home: Path) -> None:
        """See `VectorPlace.remove`."""
        from chromadb.errors import NotFoundError

        with self._client() as client, suppress(NotFoundError):
            client.delete_collection(self._collection(home))

    @contextmanager
    def open(self, home: Path, *, create: bool) -> Iterator[VectorStore]:
        """See `VectorPlace.open`."""
        with self._client() as client:
            yield VectorStore(open_collection(client, self._collection(home), create=create))

    def _collection(self, home: Path) -> str:
        return f"briefwright-{digest([str(home.absolute()), token(home)])[:24]}"

    @contextmanager
    def _client(self) -> Iterator[ClientAPI]:
        from chromadb import HttpClient
        from chromadb.config import Settings

        settings = Settings(_env_file=None, anonymized_telemetry=False)  # pyright: ignore[reportCallIssue]
        try:
            yield HttpClient(host=self._host, port=self._port, ssl=self._secure, settings=settings)
        except (BriefwrightError, sqlite3.Error, FileNotFoundError):
            raise  # from the block
        except (
            Exception
        ) as error:  # Chroma's own, its HTTP library's, or a bare Exception with the server's words
            raise StateError(
                f"the Chroma server at {self._url} does not answer as it should ({error}); start it with `chroma run`, "
                "or unset BRIEFWRIGHT_CHROMA_URL"
            ) from error


EMBEDDED: VectorPlace = EmbeddedChroma()
