"""Syncs as tests run them: a state folder of their own, a clock that stands still, someone who answers for the AMA."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from pipeline.facts.database import FactDatabase
from pipeline.facts.readers.layout import TableFile
from pipeline.load_tables import Candidate, LoadedFile, Naming, find_tables
from pipeline.settings import Settings
from pipeline.sources.registry import RegistryEntry, load_registry, release_of_name
from pipeline.sync import Sync, SyncedFile, sync_folder

ROOT = Path(__file__).parents[1]
TODAY = date(2026, 11, 24)
REGISTRY = load_registry(ROOT / "sources" / "registry.toml")


@dataclass
class Syncing:
    """A state folder that files are synced into. `shown`: the licence notices that were asked about."""

    home: Path
    by: str | None = "Kim"
    registry: dict[str, RegistryEntry] = field(default_factory=lambda: REGISTRY)
    today: date = TODAY
    progress: Callable[[str], None] = lambda text: None
    shown: list[str] = field(default_factory=list)

    def __call__(self, folder: Path, release: str = "") -> dict[str, SyncedFile]:
        """Sync a folder; what became of its files, by name."""
        return {file.name: file for file in sync_folder(folder, release=release, sync=self.sync())}

    def sync(self) -> Sync:
        """A run as the command line makes one."""
        return Sync(
            settings=Settings(root=ROOT, home=self.home),
            registry=self.registry,
            database=self.database,
            today=self.today,
            ask_licence=self._ask,
            progress=self.progress,
        )

    def _ask(self, notice: str) -> str | None:
        self.shown.append(notice)
        return self.by

    @property
    def database(self) -> FactDatabase:
        """The tables as a process sees them that opens the file now."""
        return FactDatabase(self.home / "facts.sqlite")

    def tables(self) -> list[str]:
        """The loaded tables: release, layout, part, rows."""
        return [f"{t.release.name} {t.layout} {t.part}/{t.parts} {t.kept}" for t in self.database.tables()]

    def rows(self, layout: str = "pprrvu") -> list[str]:
        """Keys of the rows in the tables of a layout."""
        return [
            key
            for table in self.database.tables(layout)
            for (key,) in self.database.query(
                "SELECT key FROM rows WHERE table_id = ? ORDER BY key", table.id
            )
        ]


def by_status(tables: Iterable[LoadedFile]) -> dict[str, str]:
    """What became of each member, by its name."""
    return {table.file: table.status for table in tables}


def of_name(name: str) -> list[str]:
    """The releases that a file's name may mean."""
    return [release for entry in REGISTRY.values() if (release := release_of_name(entry, name))]


def look(*files: TableFile, archive: str = "", asked: str = "") -> list[Candidate | LoadedFile]:
    """What the members of a file are, as its own archive or folder names them."""
    naming = Naming(asked=asked, of_name=of_name, starts=lambda release: None)
    return list(find_tables(files, archive=archive, sha256="0" * 64, naming=naming))


def tables(*files: TableFile, archive: str = "", asked: str = "") -> list[Candidate]:
    """The same, all of which must be tables."""
    found = look(*files, archive=archive, asked=asked)
    assert all(isinstance(item, Candidate) for item in found), found
    return [item for item in found if isinstance(item, Candidate)]
