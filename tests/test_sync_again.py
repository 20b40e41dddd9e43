"""Syncing again: what is unchanged is not read, what changed replaces, what was interrupted is completed."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from pipeline import load_tables, sync_memory
from pipeline import sync as module
from pipeline.errors import StateError
from pipeline.facts import database, loading
from pipeline.sources import snapshots
from pipeline.store import exclusive_lock
from tests.syncing import ROOT, Syncing, by_status
from tests.tables_sample import fee, fee_csv, fee_txt, fee_xlsx, gpci_csv, mue_csv, write, zipped

GPCI = gpci_csv("01112,CA,05,A CITY,1.000,1.400,0.500")
MUE = mue_csv("20001,2,3 Date of Service Edit: Clinical,Clinical: Data")
FEES = {"fees.csv": fee_csv(fee("20001"), fee("20002")), "fees.txt": fee_txt(fee("20001"), fee("20002"))}


@pytest.fixture
def sync(tmp_path: Path) -> Syncing:
    return Syncing(tmp_path / "home")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(
        tmp_path / "given",
        {
            "rvu26d.zip": zipped(FEES | {"GPCI2026.csv": GPCI}),
            "MCR_MUE_PractitionerServices_Eff_10-01-2026.csv": MUE,
            "readme.txt": b"Read this first.",
        },
    )


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often bytes are hashed, archives opened, tables recognised and loaded."""
    counted: Counter[str] = Counter()

    def count(place: object, name: str) -> None:
        genuine = getattr(place, name)

        def counting(*positional, **named):
            counted[name] += 1
            return genuine(*positional, **named)

        monkeypatch.setattr(place, name, counting)

    count(snapshots.hashlib, "file_digest")
    count(module, "open_members")
    count(load_tables, "recognise")
    count(load_tables, "load_table")
    return counted


def test_unchanged_files_are_not_read_again(sync: Syncing, folder: Path, calls: Counter[str]):
    first = sync(folder)
    assert set(calls) == {"file_digest", "open_members", "recognise", "load_table"}
    calls.clear()
    again = sync(folder)
    assert calls == {}
    assert {file.status for file in again.values()} == {"unchanged"}
    assert len(sync.shown) == 1
    for name, file in first.items():
        counted = [(t.file, t.release, t.layout, t.part, t.rows, t.passed_over) for t in file.tables]
        assert counted == [
            (t.file, t.release, t.layout, t.part, t.rows, t.passed_over) for t in again[name].tables
        ]
    assert by_status(again["rvu26d.zip"].tables) == {
        "fees.csv": "unchanged",
        "fees.txt": "passed over",
        "GPCI2026.csv": "unchanged",
    }


def test_a_touched_file_is_hashed_and_not_read(sync: Syncing, folder: Path, calls: Counter[str]):
    sync(folder)
    calls.clear()
    os.utime(folder / "rvu26d.zip", ns=(1, 1))
    assert sync(folder)["rvu26d.zip"].status == "unchanged"
    assert calls == {"file_digest": 1}
    calls.clear()
    sync(folder)
    assert calls == {}


def test_a_changed_file_replaces_and_the_rest_is_left_alone(sync: Syncing, folder: Path, calls: Counter[str]):
    sync(folder)
    calls.clear()
    (folder / "rvu26d.zip").write_bytes(zipped({"fees.csv": fee_csv(fee("20003"))}))
    again = sync(folder)
    assert {name: file.status for name, file in again.items()} == {
        "rvu26d.zip": "new",
        "MCR_MUE_PractitionerServices_Eff_10-01-2026.csv": "unchanged",
        "readme.txt": "unchanged",
    }
    assert calls["load_table"] == 1
    assert sync.rows() == ["20003"]


def test_a_change_that_is_refused_leaves_what_was_loaded(sync: Syncing, folder: Path):
    sync(folder)
    (folder / "rvu26d.zip").write_bytes(zipped({"fees.csv": fee_csv(fee("20003", work="1.00")[:-1])}))
    for _ in range(2):  # and is refused again, not remembered as done
        (table,) = sync(folder)["rvu26d.zip"].tables
        assert table.status == "refused"
    assert sync.rows() == ["20001", "20002"]


def test_newer_readers_read_everything_again(
    sync: Syncing, folder: Path, calls: Counter[str], monkeypatch: pytest.MonkeyPatch
):
    sync(folder)
    calls.clear()
    for place in (sync_memory, loading, database):
        monkeypatch.setattr(place, "reader_version", lambda: "newer")
    assert by_status(sync(folder)["rvu26d.zip"].tables)["fees.csv"] == "loaded"
    assert calls["load_table"] == 3
    assert {table.reader for table in sync.database.tables()} == {"newer"}
    calls.clear()
    sync(folder)
    assert calls == {}


def test_tables_taken_out_of_the_database_are_loaded_again(sync: Syncing, folder: Path):
    sync(folder)
    before = sync.tables()
    with sync.database.transaction() as cursor:
        for id_, release in cursor.execute("SELECT id, release FROM tables").fetchall():
            if release == "RVU26D":
                database.delete_table(cursor, id_)
    assert by_status(sync(folder)["rvu26d.zip"].tables)["fees.csv"] == "loaded"
    assert sync.tables() == before


def test_what_was_refused_is_tried_again_and_what_was_loaded_is_not(
    sync: Syncing, folder: Path, calls: Counter[str]
):
    broken = fee("20001")[:-1]
    write(folder, {"rvu26d.zip": zipped({"fees.csv": fee_csv(broken), "GPCI2026.csv": GPCI})})
    sync(folder)
    calls.clear()
    again = sync(folder)
    assert by_status(again["rvu26d.zip"].tables) == {"fees.csv": "refused", "GPCI2026.csv": "unchanged"}
    assert calls["load_table"] == 1  # the broken one


@pytest.mark.parametrize("error", [KeyboardInterrupt, StateError])
def test_a_sync_that_stops_in_the_middle_is_completed_by_the_next(
    sync: Syncing, folder: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
):
    sync(folder)
    before = sync.tables()
    write(
        folder,
        {
            "rvu26d.zip": zipped(
                {"fees.csv": fee_csv(fee("20003")), "GPCI2026.csv": GPCI.replace(b"1.400", b"1.5")}
            )
        },
    )
    monkeypatch.setattr(loading, "_REPORT_EVERY", 1)

    def stop(text: str) -> None:
        if text.startswith("fees.csv: 1 rows"):
            raise error("stopped")

    sync.progress = stop
    with pytest.raises(error):
        sync(folder)
    assert (sync.tables(), sync.rows()) == (before, ["20001", "20002"])
    sync.progress = lambda text: None
    assert by_status(sync(folder)["rvu26d.zip"].tables) == {"fees.csv": "loaded", "GPCI2026.csv": "unchanged"}
    assert sync.rows() == ["20003"]


KILLED = """
import sys, time
from pathlib import Path
from pipeline.facts import loading
from tests.syncing import Syncing

home, folder, ready = map(Path, sys.argv[1:])
loading._REPORT_EVERY = 1

def wait(text):
    if text.startswith("fees.csv: 1 rows"):
        ready.touch()
        time.sleep(60)

Syncing(home, progress=wait)(folder)
"""


def test_a_sync_that_is_killed_leaves_the_old_state_and_no_lock(sync: Syncing, folder: Path, tmp_path: Path):
    sync(folder)
    write(folder, {"rvu26d.zip": zipped({"fees.csv": fee_csv(fee("20003"), fee("20004"))})})
    ready = tmp_path / "ready"
    running = subprocess.Popen([sys.executable, "-c", KILLED, sync.home, folder, ready], cwd=ROOT)
    deadline = time.monotonic() + 60
    while not ready.exists() and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    try:
        assert ready.exists()
        with pytest.raises(
            StateError, match="another briefwright process is bringing sources in; wait for it"
        ):
            sync(folder)
    finally:
        running.send_signal(signal.SIGKILL)
        running.wait()
    assert sync.rows() == ["20001", "20002"]
    assert by_status(sync(folder)["rvu26d.zip"].tables) == {"fees.csv": "loaded"}
    assert sync.rows() == ["20003", "20004"]


def test_a_second_sync_is_refused_before_it_touches_anything(
    sync: Syncing, folder: Path, calls: Counter[str]
):
    with (
        exclusive_lock(sync.home / "sync.lock", what="bringing sources in"),
        pytest.raises(StateError, match=r"another briefwright process .* then try again"),
    ):
        sync(folder)
    assert calls == {} and not (sync.home / "facts.sqlite").exists()
    assert sync(folder)["rvu26d.zip"].status == "new"


def test_a_form_that_comes_later_is_taken_only_where_it_is_better(
    sync: Syncing, folder: Path, calls: Counter[str]
):
    rows = (fee("20001"),)
    folder = write(folder.parent / "forms", {"PPRRVU2026_Oct.txt": fee_txt(*rows)})
    sync(folder)
    write(folder, {"PPRRVU2026_Oct.xlsx": fee_xlsx(*rows)})
    (passed,) = sync(folder)["PPRRVU2026_Oct.xlsx"].tables
    assert (passed.status, passed.reason) == (
        "passed over",
        "another form of the table in PPRRVU2026_Oct.txt",
    )
    write(folder, {"PPRRVU2026_Oct.csv": fee_csv(*rows)})
    assert by_status(sync(folder)["PPRRVU2026_Oct.csv"].tables) == {"PPRRVU2026_Oct.csv": "loaded"}
    (left,) = sync(folder)["PPRRVU2026_Oct.txt"].tables  # which is no longer what is loaded
    assert left.reason.startswith("it was replaced by PPRRVU2026_Oct.csv, which stays")
    assert [table.file for table in sync.database.tables()] == ["PPRRVU2026_Oct.csv"]
    calls.clear()
    assert {file.status for file in sync(folder).values()} == {"unchanged"} and calls == {}
