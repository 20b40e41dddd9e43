"""Changing a folder of pages and its logs all at once: killed at any step, nothing is half done after the next run.

What is to come is put together under `.publishing/`. Writing `intent.json` there, atomically, is the one step that
decides: before it nothing has happened, after it the change is carried to its end, if need be by the next run.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from pydantic import ValidationError

from pipeline.data import Record
from pipeline.errors import StateError
from pipeline.store import cannot_write, write_atomically

WORK_NAME = ".publishing"
_INTENT = "intent.json"

# Brings what is derived from pages and logs up to date in the folder; doing it twice does no harm.
Finish = Callable[[Path], None]


class _Intent(Record):
    """What was decided. `lengths` are those of the logs, in bytes, before their lines in `appended` are added."""

    placed: tuple[str, ...]
    dropped: tuple[str, ...]
    appended: dict[str, str]
    lengths: dict[str, int]


class FolderChange:
    """What is to be changed under a root; nothing of it is seen there before the change is decided.

    Names are folders below the root, such as `20970` or `20970/as-of/2025-11-03`.
    """

    def __init__(self, root: Path):
        self._root = root
        self._placed: list[str] = []
        self._dropped: list[str] = []
        self._appended: dict[str, list[str]] = {}

    def place(self, name: str, contents: Mapping[str, bytes]) -> None:
        """These files become the folder's; the files it has now go, the folders in it stay. Raises StateError."""
        staged = _staged(self._root, "new", name)
        with _as_state_error(staged):
            target = self._root / name
            for inner in sorted(target.iterdir()) if target.is_dir() else ():
                if inner.is_dir():
                    shutil.copytree(inner, staged / inner.name)
        for file, data in contents.items():
            write_atomically(staged / file, data)
        self._placed.append(name)

    def drop(self, name: str) -> None:
        """The folder goes, with all that is in it."""
        self._dropped.append(name)

    def append(self, file: str, line: str) -> None:
        """The line is added to a log."""
        self._appended.setdefault(file, []).append(line + "\n")

    def decide(self) -> bool:
        """Write down what is to be done; False where that is nothing. Raises StateError."""
        if not (self._placed or self._dropped or self._appended):
            return False
        intent = _Intent(
            placed=tuple(sorted(self._placed)),
            dropped=tuple(sorted(self._dropped)),
            appended={file: "".join(lines) for file, lines in self._appended.items()},
            lengths={file: len(_bytes_of(self._root / file)) for file in self._appended},
        )
        write_atomically(self._root / WORK_NAME / _INTENT, intent.model_dump_json(indent=1) + "\n")
        return True


@contextmanager
def folder_change(root: Path, *, finish: Finish) -> Iterator[FolderChange]:
    """Put a change together in the block; it is made when the block ends, and dropped where it raises.

    One process at a time: hold a lock. `finish` is run after the change. Raises StateError; where the message says so,
    the change is decided and the next run finishes it.
    """
    finish_interrupted(root, finish=finish)
    change = FolderChange(root)
    try:
        yield change
        decided = change.decide()
    except BaseException:
        if not is_interrupted(root):
            shutil.rmtree(root / WORK_NAME, ignore_errors=True)
        raise
    if decided:
        _carry_out(root, finish)


def is_interrupted(root: Path) -> bool:
    """Whether a change was decided here and not carried to its end."""
    return (root / WORK_NAME / _INTENT).is_file()


def finish_interrupted(root: Path, *, finish: Finish) -> bool:
    """Carry an interrupted change to its end, clear away one that was not decided; whether there was one to finish."""
    if is_interrupted(root):
        _carry_out(root, finish)
        return True
    with _as_state_error(root / WORK_NAME), suppress(FileNotFoundError):
        shutil.rmtree(root / WORK_NAME)
    return False


def _carry_out(root: Path, finish: Finish) -> None:
    """Every step may have been done before, in part or whole."""
    path = root / WORK_NAME / _INTENT
    try:
        intent = _Intent.model_validate_json(_bytes_of(path))
    except ValidationError as error:
        raise StateError(
            f"{path} cannot be read back ({error.error_count()} errors); compare {root} with version control, "
            f"delete {path.parent} and publish again"
        ) from error
    try:
        for file, lines in intent.appended.items():
            _append(root / file, lines.encode(), intent.lengths[file])
        for name in intent.placed:
            _put_in_place(root, name)
        for name in intent.dropped:
            _take_away(root, name)
        finish(root)
        with _as_state_error(path):
            path.unlink()
            shutil.rmtree(path.parent, ignore_errors=True)
    except StateError as error:
        raise StateError(
            f"{error}. What was begun is decided; the next `briefwright publish` finishes it"
        ) from error


def _append(path: Path, lines: bytes, length: int) -> None:
    held = _bytes_of(path)
    if not held[length:].startswith(lines):
        write_atomically(path, held + lines)


def _put_in_place(root: Path, name: str) -> None:
    staged, target, old = _staged(root, "new", name), root / name, _staged(root, "old", name)
    if not staged.is_dir():
        return
    with _as_state_error(target):
        _move_aside(target, old)
        target.parent.mkdir(parents=True, exist_ok=True)
        staged.rename(target)


def _take_away(root: Path, name: str) -> None:
    target, old = root / name, _staged(root, "old", name)
    with _as_state_error(target):
        _move_aside(target, old)
        parent = target.parent
        while parent != root and parent.is_dir() and not any(parent.iterdir()):
            parent.rmdir()
            parent = parent.parent


def _move_aside(target: Path, old: Path) -> None:
    if target.exists():
        if old.exists():
            shutil.rmtree(old)
        old.parent.mkdir(parents=True, exist_ok=True)
        target.rename(old)


def _staged(root: Path, kind: str, name: str) -> Path:
    return root / WORK_NAME / kind / name.replace("/", "@")


def _bytes_of(path: Path) -> bytes:
    with _as_state_error(path):
        return path.read_bytes() if path.is_file() else b""


@contextmanager
def _as_state_error(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, shutil.Error) as error:
        raise cannot_write(path, getattr(error, "strerror", None) or str(error)) from error
