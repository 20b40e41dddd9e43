"""Whole CMS tables: loading, look-ups, differences and a second sync, each beside merely reading the bytes.

Needs the folder of real CMS files that lies beside some checkouts. What is there as third-party parses is first written
again in the official layouts. Every load runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from pipeline.facts.answers import answer_pair
from pipeline.facts.database import FactDatabase
from pipeline.facts.differences import diff_releases
from pipeline.facts.lookup import FactStore
from pipeline.facts.page_rows import page_rows
from pipeline.settings import Settings, read_settings
from pipeline.sources.registry import load_registry
from pipeline.sync import Sync, sync_folder
from tests import official_files

_SHARED = Path(__file__).parents[3] / "shared" / "data" / "cms"
_PAIRS = 2_000
_PAGES = 200
_TODAY = date(2026, 11, 24)


def run() -> list[tuple[str, str]]:
    """Rows of (what, measured). Goals: fee schedule 3 s; PTP 60 s, 500 MB, look-up 1 ms; re-sync 1 s; diff 3 s."""
    if not _SHARED.is_dir():
        return [("real CMS files", "not beside this checkout: nothing measured")]
    with tempfile.TemporaryDirectory() as folder:
        return _measure(Path(folder))


def _measure(folder: Path) -> list[tuple[str, str]]:
    official = _SHARED / "pfs" / "rvu25d_oct2025"
    schedule = _copy(official / "PPRRVU2025_Oct.csv", folder / "rvu25d")
    before = folder / "rvu24c"
    before.mkdir()
    official_files.write_fee_schedule(_SHARED, before, "RVU24C")
    pairs = folder / "ptp"
    pairs.mkdir()
    parts = official_files.write_ptp(_SHARED, pairs)
    home = folder / "home"
    rows = [
        _load("PPRRVU csv, 19,090 rows", schedule.parent, "RVU25D", home, [schedule]),
        _load("all practitioner PTP pairs", pairs, "PTP-2024Q3", home, parts),
    ]
    _load("", before, "RVU24C", home, [])
    again = [
        ("fee schedule, unchanged", _again(schedule.parent, "RVU25D", home), [schedule]),
        ("all PTP pairs, unchanged", _again(pairs, "PTP-2024Q3", home), parts),
    ]
    rows += [(f"sync again: {name}", _beside(seconds, _read(files))) for name, seconds, files in again]
    return rows + _look_up(home, schedule, before)


def _look_up(home: Path, schedule: Path, before: Path) -> list[tuple[str, str]]:
    database = FactDatabase(home / "facts.sqlite")
    store = FactStore([], database)
    edits = database.query("SELECT column_one, column_two FROM ptp_edits ORDER BY column_two LIMIT 400000")
    asked = random.Random(1).sample(edits, _PAIRS)  # noqa: S311 - a sample, not a secret
    answer_pair(store, asked[0][0], asked[0][1], _TODAY)
    each = _seconds(lambda: [answer_pair(store, two, one, _TODAY) for (one, two) in asked]) / _PAIRS
    changed = []
    seconds = _seconds(lambda: changed.append(diff_releases(database, "RVU24C", "RVU25D")))
    files = [schedule, *before.glob("PPRRVU*.csv")]
    codes = [code for code in store.payable() if "20000" <= code <= "29999"][:_PAGES]
    page = _seconds(lambda: [page_rows(store, code, _TODAY, near=()) for code in codes]) / len(codes)
    return [
        ("PTP look-up of a pair, either order", f"{each * 1000:.3f} ms"),
        (f"diff of two fee schedules, {len(changed[0].changes):,} changes", _beside(seconds, _read(files))),
        ("rows of a page, its closest partners found", f"{page * 1000:.1f} ms"),
    ]


def _copy(path: Path, folder: Path) -> Path:
    folder.mkdir()
    target = folder / path.name
    target.write_bytes(path.read_bytes())
    return target


def _load(name: str, folder: Path, release: str, home: Path, files: Sequence[Path]) -> tuple[str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "evals.performance.tables_bench", str(folder), release, str(home)],
        check=True,
        capture_output=True,
        text=True,
    )
    found = json.loads(done.stdout)
    read = _read(files) if files else 1.0
    rate = f", {found['rows'] / found['seconds']:,.0f} rows/s, peak {found['peak_kib'] / 1024:.0f} MB"
    return f"load: {name}", _beside(found["seconds"], read) + rate


def _again(folder: Path, release: str, home: Path) -> float:
    return _seconds(lambda: list(sync_folder(folder, release=release, sync=_sync(home))))


def _read(files: Sequence[Path]) -> float:
    """The seconds that reading the files and splitting their lines at tabs or commas takes."""

    def split() -> None:
        for path in files:
            separator = "\t" if path.suffix == ".txt" else ","
            with path.open(encoding="cp1252", newline="") as lines:
                for line in lines:
                    line.split(separator)

    return _seconds(split)


def _beside(seconds: float, read: float) -> str:
    return f"{seconds:.2f} s, {seconds / read:.1f} × reading and splitting the lines ({read:.2f} s)"


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _sync(home: Path) -> Sync:
    root = read_settings().root
    return Sync(
        settings=Settings(root=root, home=home),
        registry=load_registry(root / "sources" / "registry.toml"),
        database=FactDatabase(home / "facts.sqlite"),
        today=_TODAY,
        ask_licence=lambda notice: "a benchmark",
        progress=lambda message: None,
    )


def main() -> None:
    """Load a folder as `sync` does, in this process alone; its figures as JSON."""
    folder, release, home = sys.argv[1:]
    began = time.perf_counter()
    done = list(sync_folder(Path(folder), release=release, sync=_sync(Path(home))))
    seconds = time.perf_counter() - began
    tables = [table for file in done for table in file.tables]
    assert all(table.status in ("loaded", "passed over") for table in tables), tables
    rows = sum(table.rows for table in tables)
    print(json.dumps({"seconds": seconds, "rows": rows, "peak_kib": _peak_kib()}))


def _peak_kib() -> int:
    """The most memory this program held. `ru_maxrss` would count what its parent held when it started it, too."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    main()
