"""Which folder of an index serves: a rebuild is made beside the one in use, and takes its place when it is finished."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pipeline.errors import StateError
from pipeline.index.database import DATABASE, damaged
from pipeline.store import cannot_write, write_atomically

LOCK = "lock"
"""Held by whoever builds, or uses an embedded vector store, in the same folder."""

POINTER = "current"
_TOKEN = "token"  # noqa: S105 - a name, no secret
_NAME = re.compile(r"b[0-9]{1,9}")


def current(folder: Path) -> Path | None:
    """The folder that serves, None before the first build. Raises PassageIndexError for a pointer to nothing."""
    name = _pointer(folder)
    while name is not None:
        if _NAME.fullmatch(name) and (folder / name).is_dir():
            return folder / name
        # A rebuild may have moved the pointer, and removed what it named, since it was read.
        if (again := _pointer(folder)) == name:
            raise damaged(folder, f"`{POINTER}` names no build")
        name = again
    return None


def _pointer(folder: Path) -> str | None:
    try:
        return (folder / POINTER).read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateError(f"cannot read {folder / POINTER}: {error.strerror}; make it readable") from error


def fresh_folder(folder: Path) -> Path:
    """A new folder beside those there are. The caller holds the build lock."""
    made = folder / f"b{max((_number(one) for one in builds(folder)), default=0) + 1}"
    try:
        made.mkdir(parents=True)
        (made / _TOKEN).write_text(secrets.token_hex(8), encoding="ascii")
    except OSError as error:
        raise cannot_write(made, error.strerror or str(error)) from error
    return made


def token(home: Path) -> str:
    """What tells the build in `home` from one in a folder of the same name on another machine."""
    with suppress(OSError):
        return (home / _TOKEN).read_text(encoding="ascii", errors="replace")
    return ""


def choose(folder: Path, home: Path) -> None:
    """Let `home` serve from now on."""
    write_atomically(folder / POINTER, home.name + "\n")


def remove_others(folder: Path, home: Path, *, forget: Callable[[Path], None]) -> None:
    """Remove all that does not serve: builds replaced or never finished, and an index of the first format.

    `forget` is called with each build first. Who has one of them open keeps it.
    """
    for other in builds(folder):
        if other != home:
            forget(other)
            shutil.rmtree(other, ignore_errors=True)
    for one in folder.glob(f"{DATABASE}*"):
        with suppress(OSError):
            one.unlink()
    shutil.rmtree(folder / "chroma", ignore_errors=True)


def builds(folder: Path) -> list[Path]:
    """All builds, finished or not, the oldest first."""
    return sorted((one for one in folder.glob("b*") if _NAME.fullmatch(one.name)), key=_number)


def _number(home: Path) -> int:
    return int(home.name[1:])
