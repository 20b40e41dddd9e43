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
    except (OSError, KeyError, ValueError) as error:
        reason = "no [[source]] in it" if isinstance(error, KeyError) else error
        raise SourceError(f"{path}: cannot be read as a registry of [[source]] entries ({reason})") from error
    parsed = {}
    for number, entry in enumerate(entries, 1):
        try:
            source = RegistryEntry.model_validate(entry)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise SourceError(f"{path}: [[source]] {number}: {where}: {first['msg']}") from error
        parsed[source.family] = source
    return parsed
