"""Which folder of an index serves: a rebuild is made beside the one in use, and takes its place when it is finished."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from pipeline.errors import PassageIndexError, StateError
from pipeline.store import cannot_write, write_atomically

POINTER = "current"
_NAME = re.compile(r"b[0-9]{1,9}")


def current(folder: Path) -> Path | None:
    """The folder that serves, None before the first build. Raises PassageIndexError for a pointer to nothing."""
    try:
        name = (folder / POINTER).read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateError(f"cannot read {folder / POINTER}: {error.strerror}; make it readable") from error
    if not _NAME.fullmatch(name) or not (folder / name).is_dir():
        raise PassageIndexError(
            f"the passage index in {folder} is damaged ({POINTER} names no build); run `briefwright index --rebuild`"
        )
    return folder / name


def fresh_folder(folder: Path) -> Path:
    """A new folder beside those there are. The caller holds the build lock."""
    numbers = [int(one.name[1:]) for one in folder.glob("b*") if _NAME.fullmatch(one.name)]
    made = folder / f"b{max(numbers, default=0) + 1}"
    try:
        made.mkdir(parents=True)
    except OSError as error:
        raise cannot_write(made, error.strerror or str(error)) from error
    return made


def choose(folder: Path, home: Path) -> None:
    """Let `home` serve from now on, and remove the others; who has one of those open keeps it."""
    write_atomically(folder / POINTER, home.name + "\n")
    for other in others(folder, home):
        shutil.rmtree(other, ignore_errors=True)


def others(folder: Path, home: Path) -> list[Path]:
    """The builds beside `home`."""
    return [one for one in sorted(folder.glob("b*")) if one != home and _NAME.fullmatch(one.name)]
