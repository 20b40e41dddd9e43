"""Bringing the publishers' files in: fetched or taken from a folder, kept by hash, their tables loaded.

Which file of a table stays where there are several, `sync_memory` says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Literal

from pipeline.data import Record
from pipeline.errors import SourceError, StateError, UsageError
from pipeline.facts.database import FactDatabase
from pipeline.facts.descriptors import store_descriptors
from pipeline.facts.readers.layout import TableFile
from pipeline.facts.releases import parse_release, release_span
from pipeline.load_tables import (
    LOADED,
    Candidate,
    KeepDescriptors,
    LoadedFile,
    Naming,
    choose_forms,
    find_tables,
    load_candidate,
    notices,
    refuse_unsure,
)
from pipeline.settings import Settings
from pipeline.sources.archive import open_members
from pipeline.sources.licence import accept_licence, licence_accepted, licence_notice, must_accept
from pipeline.sources.registry import RegistryEntry, ReleaseFile, release_of_name
from pipeline.sources.snapshots import (
    Fetched,
    Snapshot,
    adopt,
    check_snapshot,
    read_snapshots,
    record_snapshot,
    stored_path,
)
from pipeline.store import exclusive_lock
from pipeline.sync_memory import SyncMemory

Progress = Callable[[str], None]
# Fetches a registry's file into the snapshots: the file, its release, what is known of it from before.
FetchFile = Callable[[ReleaseFile, str, Snapshot | None], Fetched]
# Shows the notice found in the files; the name of who accepts it, or None.
AskLicence = Callable[[str], str | None]


_UNNAMED = "UNNAMED"  # the shelf of files whose own names tell no release; their tables' names may


@dataclass
class _Opened:
    """A file whose members were looked at. `reason` says why none of it can be used."""

    fetched: Fetched
    candidates: list[Candidate] = field(default_factory=list)
    tables: list[LoadedFile] = field(default_factory=list)
    reason: str = ""

    @property
    def refused(self) -> bool:
        """Whether it, or a table of it, could not be used."""
        return bool(self.reason) or any(table.status == "refused" for table in self.tables)


class SyncedFile(Record):
    """A publisher's file and what became of its members. `unchanged`: nothing of it had to be read again.

    `refused`: the file itself could not be used, with the reason, or none of its tables could, each with its own.
    """

    name: str
    release: str
    status: Literal["new", "unchanged", "refused", "passed over"]
    tables: tuple[LoadedFile, ...] = ()
    reason: str = ""


# Brings a file into the snapshots, and again at a second call; or says why it cannot be used.
_Take = Callable[[], Fetched | SyncedFile]


@dataclass(frozen=True)
class Sync:
    """What a run of `sources sync` works with. `today` is its date."""

    settings: Settings
    registry: dict[str, RegistryEntry]
    database: FactDatabase
    today: date
    ask_licence: AskLicence
    progress: Progress

    def naming(self, release: str) -> Naming:
        """How the release of a file is told, with one asked for or ("") not."""
        return Naming(asked=release, of_name=self.releases_of_name, starts=self.starts)

    def releases_of_name(self, name: str) -> list[str]:
        """The releases that a file's name may mean, by the registry."""
        found = (release_of_name(entry, name) for entry in self.registry.values())
        return [release for release in found if release]

    def starts(self, release: str) -> date | None:
        """The first day of a release, where the registry says that it is not that of its quarter."""
        entry = self.registry.get(parse_release(release).family)
        known = entry.release(release) if entry else None
        return known.effective_from if known else None


def sync_folder(folder: Path, *, release: str, sync: Sync) -> Iterator[SyncedFile]:
    """Take in every file below a folder: bytes into the snapshots, tables into the database.

    `release` settles what the files belong to, "" leaves it to their names. Raises UsageError for no such folder or
    a licence that is not accepted, SourceError at the end where a release was asked for and nothing there is of it,
    StateError where the state folder cannot be used or another sync runs.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder; give one that holds the publisher's files")
    found = sorted(path for path in folder.rglob("*") if not path.name.startswith("."))
    links = [path for path in found if _leads_out(path, folder)]
    files = [path for path in found if path.is_file() and path not in links]
    if not files and not links:
        raise UsageError(f"{folder} holds no files; put the publisher's files (zips as they are) into it")
    takes = [partial(_take, path, release, sync) for path in files]
    useful = False
    with _lock(sync.settings):
        yield from (_passed_link(path, release) for path in links)
        for file in _load_all(takes, asked=release, by_hand=bool(release), sync=sync):
            useful |= file.status == "refused" or any(table.status in LOADED for table in file.tables)
            yield file
    if release and not useful:
        raise SourceError(
            f"nothing in {folder} is a table of {release} that could be loaded, for the reasons above; give the folder "
            "with its files, or the release that these belong to"
        )


def sync_releases(releases: Sequence[str], *, fetch_file: FetchFile, sync: Sync) -> Iterator[SyncedFile]:
    """Fetch the files of releases, as the registry names them, and load their tables.

    Raises UsageError for a release that the registry has no address of, or a licence that is not accepted.
    """
    wanted = [(release, _files(release, sync)) for release in releases]
    with _lock(sync.settings):
        for release, files in wanted:
            takes = [partial(_fetch, file, release, fetch_file, sync) for file in files]
            yield from _load_all(takes, asked=release, by_hand=False, sync=sync)


def due_releases(registry: dict[str, RegistryEntry], today: date) -> list[str]:
    """Of every family, the newest release that has started and whose address the registry knows."""
    found = []
    for entry in registry.values():
        started = [r.name for r in entry.releases if r.files and release_span(r.name)[0] <= today]
        found += sorted(started, key=lambda name: parse_release(name).order)[-1:]
    return found


def _lock(settings: Settings):
    return exclusive_lock(settings.home / "sync.lock", what="bringing sources in")


def _files(release: str, sync: Sync) -> tuple[ReleaseFile, ...]:
    entry = sync.registry[parse_release(release).family]
    known = entry.release(release)
    if known is None or not known.files:
        raise UsageError(
            f"the registry has no address of {release}; download it from {entry.url} and run `briefwright sources sync "
            f"--release {release} --offline-from FOLDER`, or add the address to sources/registry.toml"
        )
    return known.files


def _leads_out(path: Path, folder: Path) -> bool:
    return path.is_symlink() and not path.resolve().is_relative_to(folder.resolve())


def _passed_link(path: Path, release: str) -> SyncedFile:
    reason = "it is a link that leads out of the folder; put the file itself there"
    return SyncedFile(name=path.name, release=release, status="passed over", reason=reason)


def _take(path: Path, release: str, sync: Sync) -> Fetched | SyncedFile:
    sync.progress(path.name)
    named = [release] if release else sync.releases_of_name(path.name)
    shelf = named[0] if named else _UNNAMED
    try:
        known = {snapshot.origin: snapshot for snapshot in read_snapshots(sync.settings.snapshots, shelf)}
        return adopt(
            path,
            folder=sync.settings.snapshots,
            release=shelf,
            retrieved_on=sync.today,
            known=known.get(str(path.absolute())),
        )
    except SourceError as error:
        return SyncedFile(name=path.name, release=release, status="refused", reason=str(error))


def _fetch(file: ReleaseFile, release: str, fetch_file: FetchFile, sync: Sync) -> Fetched | SyncedFile:
    sync.progress(file.url)
    known = {snapshot.origin: snapshot for snapshot in read_snapshots(sync.settings.snapshots, release)}
    try:
        return fetch_file(file, release, known.get(file.url))
    except SourceError as error:
        return SyncedFile(name=file.url, release=release, status="refused", reason=str(error))


def _load_all(takes: Sequence[_Take], *, asked: str, by_hand: bool, sync: Sync) -> Iterator[SyncedFile]:
    """The files of one run together: one form of each table is loaded, and one licence asked for."""
    taken = [(take, take()) for take in takes]
    hashes = frozenset(file.snapshot.sha256 for _, file in taken if isinstance(file, Fetched))
    memory = SyncMemory(sync.settings.snapshots / "loaded", sync.database, asked, by_hand, hashes)
    opened: list[_Opened] = []
    standing: list[LoadedFile] = []
    for take, first in taken:
        done = memory.recall(first.snapshot) if isinstance(first, Fetched) else None
        file = first if done is not None else _sound(first, take, sync)
        if isinstance(file, SyncedFile):
            yield file
        elif done is not None:
            standing += (table for table in done if table.status == "unchanged")
            _record(file.snapshot, sync)
            yield SyncedFile(name=file.snapshot.name, release=_shown(file), status="unchanged", tables=done)
        else:
            opened.append(_open(file, asked, sync))
            # Also where the licence is not accepted then: what came need not come again.
            if not opened[-1].reason:
                _record(file.snapshot, sync)
    sure, unsure = refuse_unsure(c for file in opened for c in file.candidates)
    candidates, stay = memory.without_replaced(sure)
    chosen, passed = choose_forms(candidates, standing, stands=memory.stands())
    _settle_licence(chosen, sync)
    yield from _load_chosen(opened, chosen, [*stay, *passed, *unsure], sync)
    for file in opened:
        memory.note(file.fetched.snapshot, file.tables, done=not file.refused)


def _load_chosen(
    opened: Sequence[_Opened],
    chosen: Sequence[Candidate],
    passed: Sequence[tuple[Candidate, LoadedFile]],
    sync: Sync,
) -> Iterator[SyncedFile]:
    keep = _keeper(sync)
    for file in opened:
        file.tables += (report for candidate, report in passed if candidate in file.candidates)
        for candidate in chosen:
            if candidate in file.candidates:
                sync.progress(candidate.file.name)
                file.tables.append(
                    load_candidate(
                        sync.database,
                        candidate,
                        progress=sync.progress,
                        keep_descriptors=keep,
                        together=chosen,
                    )
                )
        yield _close(file)


def _sound(file: Fetched | SyncedFile, take: _Take, sync: Sync) -> Fetched | SyncedFile:
    """The file, whose stored bytes have their hash: taken again where they no longer do. Raises StateError."""
    if isinstance(file, SyncedFile):
        return file
    try:
        check_snapshot(sync.settings.snapshots, file.snapshot)
    except StateError:
        with suppress(OSError):
            stored_path(sync.settings.snapshots, file.snapshot.sha256).unlink(missing_ok=True)
        file = take()
        if isinstance(file, Fetched):
            check_snapshot(sync.settings.snapshots, file.snapshot)
    return file


def _record(snapshot: Snapshot, sync: Sync) -> None:
    """Note what a file looks like now, its server's ETag included, unless that is what is noted."""
    if snapshot not in read_snapshots(sync.settings.snapshots, snapshot.release):
        record_snapshot(sync.settings.snapshots, snapshot)


def _open(fetched: Fetched, asked: str, sync: Sync) -> _Opened:
    opened = _Opened(fetched)
    snapshot = fetched.snapshot
    sync.progress(snapshot.name)
    stored = stored_path(sync.settings.snapshots, snapshot.sha256)
    members = (TableFile(*member) for member in open_members(stored, name=snapshot.name))
    try:
        for item in find_tables(
            members, archive=snapshot.name, sha256=snapshot.sha256, naming=sync.naming(asked)
        ):
            if isinstance(item, Candidate):
                opened.candidates.append(item)
            else:
                opened.tables.append(item)
    except SourceError as error:  # the archive itself: nothing of it is used
        opened.candidates.clear()
        opened.reason = str(error)
        stored.unlink(missing_ok=True)
    return opened


def _close(opened: _Opened) -> SyncedFile:
    became = {table.status for table in opened.tables}
    return SyncedFile(
        name=opened.fetched.snapshot.name,
        release=_shown(opened.fetched),
        status="new" if became & LOADED else "refused" if opened.refused else "passed over",
        tables=tuple(opened.tables),
        reason=opened.reason,
    )


def _shown(fetched: Fetched) -> str:
    release = fetched.snapshot.release
    return "" if release == _UNNAMED else release


def _keeper(sync: Sync) -> KeepDescriptors | None:
    """Descriptors are read, and kept apart, under an accepted licence alone."""
    if licence_accepted(sync.settings.home) is None:
        return None
    return partial(store_descriptors, sync.settings.descriptors, on=sync.today)


def _settle_licence(candidates: Sequence[Candidate], sync: Sync) -> None:
    """Nothing that carries a copyright notice is loaded before its terms are accepted."""
    lines = notices(candidates)
    if not lines:
        return
    notice = licence_notice(lines)
    if must_accept(licence_accepted(sync.settings.home), notice):
        by = sync.ask_licence(notice)
        if by is None:
            raise UsageError(
                "these files are under the American Medical Association's licence, which must be accepted once: read "
                "the notice above and run the command again with --accept-ama-licence"
            )
        accept_licence(sync.settings.home, by=by, on=sync.today, notice=notice)
