"""The registry of sources: who publishes what, where, under which licence."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import ValidationError

from pipeline.data import Authority, Record
from pipeline.errors import SourceError


class RegistryEntry(Record):
    """One source as `sources/registry.toml` names it; `family` as in `facts.releases`."""

    family: str
    publisher: str
    title: str
    url: str
    authority: Authority
    licence: str
    calendar: str


def load_registry(path: Path) -> dict[str, RegistryEntry]:
    """Entries by family. Raises SourceError naming the file and the entry at fault."""
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))["source"]
        parsed = [RegistryEntry.model_validate(entry) for entry in entries]
    except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
        raise SourceError(f"{path}: cannot be read as a registry of [[source]] entries ({error})") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise SourceError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    return {entry.family: entry for entry in parsed}
