"""What came of files in earlier syncs, and so which file of a table stays.

A table that is loaded stays until a file of it comes that never was loaded, without the loaded one beside it in the
folder (unless it is a better form). A file that was replaced comes back only where it is asked for: from a folder of
its own, with the release named. A table passed over for another is looked at again once that one is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from pydantic import Field

from pipeline.data import Record
from pipeline.facts.database import FactDatabase, LoadedTable, reader_version
from pipeline.load_tables import LOADED, Candidate, LoadedFile, replaced, table_place
from pipeline.sources.snapshots import Snapshot
from pipeline.store import write_atomically


class _Came(Record):
    """What came of a file, and by place the SHA-256 of the table that stood in the end."""

    reader: str
    tables: tuple[LoadedFile, ...]
    stood: dict[str, str]


class _Known(Record):
    """What is known of bytes: the places they were ever loaded into; what came of them, by release and name."""

    once: tuple[str, ...] = ()
    came: dict[str, _Came] = Field(default_factory=dict)


class SyncMemory(NamedTuple):
    """The memory as one run sees it, kept in a folder by the hash of bytes.

    `asked`: the release asked for, or empty. `by_hand`: what was replaced may come back. `hashes`: those of the run's
    files.
    """

    folder: Path
    database: FactDatabase
    asked: str
    by_hand: bool
    hashes: frozenset[str]

    def stands(self) -> dict[str, LoadedTable]:
        """The loaded tables by place."""
        return {table_place(t.layout, t.release.name, t.part): t for t in self.database.tables()}

    def recall(self, snapshot: Snapshot) -> tuple[LoadedFile, ...] | None:
        """What came of a file of these bytes, release asked for and name, where it would come to the same now.

        So where the readers are the same, and in the place of each of its tables stands what stood then: its own
        table, or one for which it was passed over and would be again.
        """
        known = self._known(snapshot.sha256)
        came = known.came.get(self._asked_as(snapshot))
        if came is None or came.reader != reader_version():
            return None
        stands = self.stands()
        for place in {table.place for table in came.tables if table.place}:
            now = stands[place].sha256 if place in stands else ""
            stays = now in self.hashes or (place in known.once and not self.by_hand)
            if not now or now != came.stood.get(place) or not stays:
                return None
        return tuple(map(_unchanged, came.tables))

    def without_replaced(
        self, candidates: Iterable[Candidate]
    ) -> tuple[list[Candidate], list[tuple[Candidate, LoadedFile]]]:
        """The candidates that may be loaded; and those that were replaced and do not come back by themselves."""
        stands = self.stands()
        may: list[Candidate] = []
        stay: list[tuple[Candidate, LoadedFile]] = []
        for candidate in candidates:
            table = stands.get(candidate.place)
            if table is None or not self._was_replaced(candidate, table):
                may.append(candidate)
            else:
                stay.append((candidate, replaced(candidate, table)))
        return may, stay

    def _was_replaced(self, candidate: Candidate, by: LoadedTable) -> bool:
        sha256 = candidate.origin.sha256
        if by.sha256 == sha256 or (self.by_hand and by.sha256 not in self.hashes):
            return False
        return candidate.place in self._known(sha256).once

    def note(self, snapshot: Snapshot, tables: Sequence[LoadedFile], *, done: bool) -> None:
        """Note what came of a file, after all files of the run; where it is not `done`, only what was loaded of it."""
        known, key = self._known(snapshot.sha256), self._asked_as(snapshot)
        came = {other: value for other, value in known.came.items() if other != key}
        if done:
            stands = self.stands()
            places = sorted({table.place for table in tables if table.place in stands})
            stood = {place: stands[place].sha256 for place in places}
            came[key] = _Came(reader=reader_version(), tables=tuple(tables), stood=stood)
        loaded = {table.place for table in tables if table.status in LOADED}
        noted = _Known(once=tuple(sorted(loaded.union(known.once))), came=came)
        write_atomically(self._path(snapshot.sha256), noted.model_dump_json(indent=1) + "\n")

    def _known(self, sha256: str) -> _Known:
        with suppress(OSError, ValueError):
            return _Known.model_validate_json(self._path(sha256).read_bytes())
        return _Known()

    def _asked_as(self, snapshot: Snapshot) -> str:
        return f"{self.asked} {snapshot.name}"

    def _path(self, sha256: str) -> Path:
        return self.folder / f"{sha256}.json"


def _unchanged(table: LoadedFile) -> LoadedFile:
    return table.model_copy(update={"status": "unchanged"}) if table.status == "loaded" else table
