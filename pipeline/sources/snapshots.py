"""What was fetched or taken from a folder: bytes kept under their own hash, and a record of them for each release.

A folder of snapshots holds the files as `SHA256`, and `releases/NAME.json` with the `Snapshot`s of release NAME. The
record is written whole, after the bytes it speaks of; callers hold a lock while they write.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

from pydantic import Field, ValidationError

from pipeline.data import Record
from pipeline.errors import SourceError, StateError
from pipeline.store import cannot_write, write_atomically

MAX_BYTES = 1024 * 2**20
"""No official file is near it: the largest, the coverage database, has some 300 MiB."""

_BLOCK = 2**20
_BLANK = b"\xef\xbb\xbf \t\r\n"


class Snapshot(Record):
    """One file as it was on a day.

    `origin` is the URL or the path it came from, `name` the publisher's name for it. `etag` and `last_modified` are
    the server's, empty where it sent none. `stamp` is what a folder's file looked like from outside (size and times),
    so that an untouched file need not be read again; empty for a download.
    """

    origin: str
    name: str
    release: str = Field(pattern=r"^[A-Z]+[0-9A-Z-]*$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int
    retrieved_on: date
    etag: str = ""
    last_modified: str = ""
    stamp: str = ""


class Fetched(NamedTuple):
    """A file in the store. `unchanged`: the store held these bytes under this release before."""

    status: Literal["new", "unchanged"]
    snapshot: Snapshot


def stored_path(folder: Path, sha256: str) -> Path:
    """Where the bytes with this hash lie, or would lie."""
    return folder / sha256


def is_stored(folder: Path, snapshot: Snapshot) -> bool:
    """Whether the bytes are there in full length; `check_snapshot` reads them."""
    with suppress(OSError):
        return stored_path(folder, snapshot.sha256).stat().st_size == snapshot.size
    return False


def check_snapshot(folder: Path, snapshot: Snapshot) -> None:
    """Raise StateError where the stored bytes are missing or no longer have their hash."""
    path = stored_path(folder, snapshot.sha256)
    try:
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        found = error.strerror or str(error)
    if found != snapshot.sha256:
        raise StateError(
            f"the stored copy of {snapshot.name} ({snapshot.release}) is missing or damaged: {path} should have the "
            f"SHA-256 {snapshot.sha256}, found {found}; delete it and run briefwright sources sync again"
        )


def read_snapshots(folder: Path, release: str) -> tuple[Snapshot, ...]:
    """The files of a release, by name; none where it was never recorded. Raises StateError for a damaged record."""
    path = _record_path(folder, release)
    try:
        entries = json.loads(path.read_bytes())["snapshots"]
        snapshots = [Snapshot.model_validate(entry) for entry in entries]
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
        reason = error.strerror if isinstance(error, OSError) else type(error).__name__
        raise StateError(
            f"{path} cannot be read as a record of snapshots ({reason}); delete it and run briefwright sources sync "
            "again"
        ) from error
    return tuple(sorted(snapshots, key=lambda snapshot: snapshot.name))


def record_snapshot(folder: Path, snapshot: Snapshot) -> None:
    """Put the file into its release's record, in place of one of the same name. Raises StateError."""
    kept = [other for other in read_snapshots(folder, snapshot.release) if other.name != snapshot.name]
    entries = sorted((*kept, snapshot), key=lambda each: each.name)
    content = {"snapshots": [entry.model_dump(mode="json") for entry in entries]}
    write_atomically(_record_path(folder, snapshot.release), json.dumps(content, indent=1) + "\n")


def adopt(
    path: Path,
    *,
    folder: Path,
    release: str,
    retrieved_on: date,
    known: Snapshot | None = None,
    max_bytes: int = MAX_BYTES,
) -> Fetched:
    """Take a file of the user's folder into the store; it is copied, so that it may change afterwards.

    `known` is the record of an earlier call for it: an untouched file is not read again. The result is to be recorded
    by the caller. Raises SourceError for a file that cannot be read, is a web page, is empty or above `max_bytes`, and
    StateError where the store cannot be written.
    """
    origin = str(path.absolute())
    try:
        stamp, size = _look(path)
        if size > max_bytes:
            raise SourceError(f"{path} has {size / 2**20:,.0f} MiB, more than any official file; take it out")
        if not size:
            raise SourceError(f"{path} is empty; download it again")
        seen = known and (known.origin, known.stamp, known.release) == (origin, stamp, release)
        if known and seen and is_stored(folder, known):
            return Fetched("unchanged", known)
        with path.open("rb") as stream:
            if looks_like_web_page(stream.read(64)):
                raise SourceError(f"{path} is a web page, not a data file; download it again in a browser")
            stream.seek(0)
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
            snapshot = Snapshot(
                origin=origin,
                name=path.name,
                release=release,
                sha256=sha256,
                size=size,
                retrieved_on=retrieved_on,
                stamp=stamp,
            )
            if not is_stored(folder, snapshot):
                stream.seek(0)
                _copy(stream, stored_path(folder, sha256), sha256=sha256, shown=path)
        if _look(path) != (stamp, size):
            raise SourceError(f"{path} changed while it was read; run the command again once it is complete")
    except OSError as error:
        raise SourceError(
            f"{path} cannot be read ({error.strerror}); check the path and its permissions"
        ) from error
    if known and (known.sha256, known.release, known.name) == (sha256, release, path.name):
        return Fetched("unchanged", known.model_copy(update={"origin": origin, "stamp": stamp}))
    return Fetched("new", snapshot)


def looks_like_web_page(head: bytes) -> bool:
    """Whether a file that begins so is HTML (or XML), which no official table is."""
    return head.lstrip(_BLANK).startswith(b"<")


def _look(path: Path) -> tuple[str, int]:
    found = path.stat()
    return f"{found.st_size}-{found.st_mtime_ns}-{found.st_ctime_ns}-{found.st_ino}", found.st_size


def _copy(stream: BinaryIO, target: Path, *, sha256: str, shown: Path) -> None:
    aside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("w+b") as copy:
            shutil.copyfileobj(stream, copy, _BLOCK)
            copy.seek(0)
            same = hashlib.file_digest(copy, "sha256").hexdigest() == sha256
        if same:
            aside.replace(target)
    except OSError as error:
        raise cannot_write(target, error.strerror or str(error)) from error
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
    if not same:
        raise SourceError(f"{shown} changed while it was read; run the command again once it is complete")


def _record_path(folder: Path, release: str) -> Path:
    return folder / "releases" / f"{release}.json"
