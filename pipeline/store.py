"""Files, locks and databases in the state folder: what goes wrong there becomes one clear sentence."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from pipeline.errors import StateError

BUSY_TIMEOUT_S = 10.0
"""How long a statement waits for another process's short write before it fails."""

_MEBIBYTE = 1024 * 1024
_NOT_DAMAGE = frozenset(
    (
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
    )
)


def write_atomically(path: Path, data: bytes | str) -> None:
    """Write `data` (text as UTF-8, line ends kept) so that `path` holds the old bytes or all the new ones.

    Makes missing parent folders. Raises StateError saying what could not be written and what to do.
    """
    content = data.encode() if isinstance(data, str) else data
    aside = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            aside.write_bytes(content)
            aside.replace(path)
        except BaseException:
            with suppress(OSError):
                aside.unlink()
            raise
    except OSError as error:
        raise cannot_write(path, error.strerror or str(error)) from error


def file_hashes(files: Mapping[str, bytes]) -> dict[str, str]:
    """SHA-256 of each file's bytes, by its name."""
    return {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}


def holds_files(folder: Path, sha256: Mapping[str, str]) -> bool:
    """Whether the folder has files of these names and hashes, whatever else it has."""
    try:
        return file_hashes({name: (folder / name).read_bytes() for name in sha256}) == dict(sha256)
    except OSError:
        return False


@contextmanager
def exclusive_lock(path: Path, *, what: str, timeout_s: float = 0) -> Iterator[None]:
    """Hold the lock file `path` while the block runs; it frees itself when the process ends, however it ends.

    `what` completes "another briefwright process is …". Not re-entrant. Raises StateError when the lock is
    still held elsewhere after `timeout_s` seconds, or cannot be made.
    """
    from filelock import FileLock, Timeout  # imports asyncio: 50 ms that only writers need

    lock = FileLock(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=timeout_s)
    except Timeout:
        raise StateError(
            f"another briefwright process is {what}; wait for it to end or stop it, then try again "
            f"(lock: {path})"
        ) from None
    except OSError as error:
        raise cannot_write(path, error.strerror or str(error)) from error
    try:
        yield
    finally:
        lock.release()


def open_sqlite(path: Path, *, create: bool = True) -> sqlite3.Connection:
    """Open a database in WAL mode, in autocommit: callers write inside their own `BEGIN` … `COMMIT`.

    Raises StateError when the file cannot be opened or made, FileNotFoundError when it is absent and `create`
    is False, and sqlite3.DatabaseError when it is not a sound database: only the caller knows the remedy.
    """
    if not create and not path.is_file():
        raise FileNotFoundError(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    except (OSError, sqlite3.OperationalError) as error:
        raise cannot_write(path, getattr(error, "strerror", None) or str(error)) from error
    try:
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL"):
            with closing(connection.execute(f"PRAGMA {pragma}")) as cursor:
                cursor.fetchall()
    except sqlite3.DatabaseError as error:
        connection.close()
        if is_damage(error):
            raise
        raise sqlite_state_error(path, error) from error
    return connection


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file itself is unsound, rather than locked, full or out of reach."""
    return is_damage_code(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR))


def is_damage_code(code: int) -> bool:
    """`is_damage` for SQLite's own error number, plain or extended."""
    return code == sqlite3.SQLITE_IOERR_SHORT_READ or (code & 0xFF) not in _NOT_DAMAGE


def sqlite_state_error(path: Path, error: sqlite3.Error) -> StateError:
    """The StateError for a database error that is no damage: locked, full, not writable."""
    if (getattr(error, "sqlite_errorcode", 0) & 0xFF) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StateError(f"{path} is in use by another process; wait for it to end, then try again")
    return cannot_write(path, str(error))


def cannot_write(path: Path, reason: str) -> StateError:
    """The StateError for a file that cannot be written: why, how much is free on its disk, what to do."""
    folder = path.parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        free = f"{shutil.disk_usage(folder).free / _MEBIBYTE:,.1f} MiB free on its disk"
    except OSError:
        free = "free space unknown"
    return StateError(
        f"cannot write {path}: {reason} ({free}); free some space, make {folder} writable, "
        "or point BRIEFWRIGHT_HOME at another folder"
    )
