"""Which file of a table stays: what came of a file is remembered by its bytes, the release asked for and its name."""

from pathlib import Path

import pytest

from pipeline.errors import SourceError, StateError
from pipeline.sources.snapshots import stored_path
from tests.syncing import Syncing, by_status
from tests.tables_sample import add_ons_txt, fee, fee_csv, fee_txt, gpci_csv, write, zipped

OLD, NEW = "rvu26d.zip", "rvu26d-updated.zip"
GPCI = gpci_csv("01112,CA,05,A CITY,1.000,1.400,0.500")


def issue(code: str) -> bytes:
    return zipped({"fees.csv": fee_csv(fee(code)), "GPCI2026.csv": GPCI})


@pytest.fixture
def sync(tmp_path: Path) -> Syncing:
    return Syncing(tmp_path / "home")


@pytest.fixture
def both(tmp_path: Path, sync: Syncing) -> Path:
    """A folder with a loaded file and the same file issued again."""
    folder = write(tmp_path / "both", {OLD: issue("20001")})
    sync(folder)
    return write(folder, {NEW: issue("20002")})


def reason(sync: Syncing, folder: Path, name: str, release: str = "") -> str:
    return next(t for t in sync(folder, release)[name].tables if t.file == "fees.csv").reason


def test_a_file_issued_again_beside_the_loaded_one_is_loaded_from_a_folder_of_its_own(
    sync: Syncing, both: Path, tmp_path: Path
):
    for _ in range(2):
        assert "from a folder of its own with --release RVU26D" in reason(sync, both, NEW)
    assert sync.rows() == ["20001"]
    alone = write(tmp_path / "alone", {NEW: issue("20002")})
    assert by_status(sync(alone)[NEW].tables)["fees.csv"] == "loaded"
    assert sync.rows() == ["20002"]


def test_a_file_that_was_replaced_does_not_come_back_by_itself(sync: Syncing, both: Path, tmp_path: Path):
    sync(write(tmp_path / "alone", {NEW: issue("20002")}))
    old = write(tmp_path / "old", {OLD: issue("20001")})
    for folder in (both, old, old, both):
        said = reason(sync, folder, OLD)
        assert said.startswith(
            "it was replaced by fees.csv, which stays; to load it again, sync it from a folder"
        )
        assert sync.rows() == ["20002"]
    assert sync(old)[OLD].status == "unchanged"  # and is not read again
    assert "which stays" in reason(sync, both, OLD, "RVU26D")  # not a folder of its own
    assert by_status(sync(old, "RVU26D")[OLD].tables)["fees.csv"] == "loaded"
    assert sync.rows() == ["20001"]
    assert "which stays" in reason(sync, tmp_path / "alone", NEW)
    sync(tmp_path / "alone", "RVU26D")
    assert sync.rows() == ["20002"]


def test_newer_readers_bring_no_replaced_file_back(
    sync: Syncing, both: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    sync(write(tmp_path / "alone", {NEW: issue("20002")}))
    for place in ("pipeline.sync_memory", "pipeline.facts.loading", "pipeline.facts.database"):
        monkeypatch.setattr(f"{place}.reader_version", lambda: "newer")
    assert by_status(sync(both)[NEW].tables)["fees.csv"] == "loaded"
    assert sync.rows() == ["20002"]


def test_the_loaded_one_of_two_files_stays_when_both_are_read_again(
    sync: Syncing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = write(tmp_path / "both", {"rvu26d-z.zip": issue("20001")})
    sync(folder)
    write(folder, {"rvu26d-a.zip": issue("20002")})
    for place in ("pipeline.sync_memory", "pipeline.facts.loading", "pipeline.facts.database"):
        monkeypatch.setattr(f"{place}.reader_version", lambda: "newer")
    sync(folder)
    assert sync.rows() == ["20001"]


def test_a_form_passed_over_is_loaded_once_the_better_one_is_gone(sync: Syncing, tmp_path: Path):
    folder = write(
        tmp_path / "forms",
        {"PPRRVU2026_Oct.csv": fee_csv(fee("20001")), "PPRRVU2026_Oct.txt": fee_txt(fee("20001"))},
    )
    sync(folder)
    assert sync(folder)["PPRRVU2026_Oct.txt"].status == "unchanged"
    (folder / "PPRRVU2026_Oct.csv").unlink()
    assert by_status(sync(folder)["PPRRVU2026_Oct.txt"].tables) == {"PPRRVU2026_Oct.txt": "loaded"}


def test_the_same_bytes_under_the_name_of_another_release_are_loaded_as_that_one(
    sync: Syncing, tmp_path: Path
):
    content = add_ons_txt("1 20004 20001")
    folder = write(tmp_path / "given", {"AOC_V2026Q3-MCR.txt": content})
    sync(folder)
    (folder / "AOC_V2026Q3-MCR.txt").rename(folder / "AOC_V2026Q4-MCR.txt")
    assert sync(folder)["AOC_V2026Q4-MCR.txt"].status == "new"
    assert sync.tables() == ["AOC-2026Q3 add_ons 1/1 1", "AOC-2026Q4 add_ons 1/1 1"]
    assert sync(folder)["AOC_V2026Q4-MCR.txt"].status == "unchanged"


def test_a_table_found_unchanged_has_the_counts_of_the_loaded_one(sync: Syncing, tmp_path: Path):
    sync(write(tmp_path / "one", {OLD: issue("20001")}))
    other = write(tmp_path / "other", {"rvu26d-copy.zip": issue("20001")})
    for _ in range(2):
        tables = {table.file: table for table in sync(other)["rvu26d-copy.zip"].tables}
        assert [(t.status, t.rows, t.passed_over) for t in tables.values()] == [
            ("unchanged", 1, 2),
            ("unchanged", 1, 3),
        ]


def damage(sync: Syncing, sha256: str) -> None:
    path = stored_path(sync.home / "snapshots", sha256)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"20001", b"20009"))
    assert path.read_bytes() != content


@pytest.mark.parametrize("touched", [False, True])
def test_stored_bytes_that_were_altered_are_taken_again_before_they_are_loaded(
    sync: Syncing, tmp_path: Path, touched: bool
):
    folder = write(tmp_path / "given", {"PPRRVU2026_Oct.csv": fee_csv(fee("20001"))})
    sync(folder)
    (table,) = sync.database.tables()
    damage(sync, table.sha256)
    (sync.home / "facts.sqlite").unlink()
    if touched:
        (folder / "PPRRVU2026_Oct.csv").touch()
    assert sync(folder)["PPRRVU2026_Oct.csv"].status == "new"
    assert sync.rows() == ["20001"]


def test_bytes_that_cannot_be_stored_soundly_are_not_loaded(
    sync: Syncing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = write(tmp_path / "given", {"PPRRVU2026_Oct.csv": fee_csv(fee("20001"))})

    def fail(*_: object) -> None:
        raise StateError("the stored copy is damaged")

    monkeypatch.setattr("pipeline.sync.check_snapshot", fail)
    with pytest.raises(StateError, match="damaged"):
        sync(folder)
    assert sync.tables() == []


def test_a_folder_without_a_table_of_the_release_asked_for_is_an_error(sync: Syncing, tmp_path: Path):
    folder = write(tmp_path / "given", {OLD: issue("20001"), "readme.txt": b"words"})
    with pytest.raises(
        SourceError, match=r"nothing in .*given is a table of MUE-2026Q4 that could be loaded"
    ):
        sync(folder, "MUE-2026Q4")
    sync(folder, "RVU26D")
    assert sync(folder, "RVU26D")[OLD].status == "unchanged"


def test_links_that_lead_out_of_the_folder_are_passed_over(sync: Syncing, tmp_path: Path):
    outside = write(tmp_path / "outside", {OLD: issue("20001"), "deep/rvu26c.zip": issue("20003")})
    folder = write(tmp_path / "given", {"files/GPCI2026.csv": GPCI})
    (folder / OLD).symlink_to(outside / OLD)
    (folder / "more").symlink_to(outside / "deep")
    (folder / "rvu26d-gpci.csv").symlink_to(folder / "files" / "GPCI2026.csv")
    found = sync(folder, "RVU26D")
    assert [found[name].status for name in (OLD, "more", "GPCI2026.csv")] == [
        "passed over",
        "passed over",
        "new",
    ]
    assert found[OLD].reason == "it is a link that leads out of the folder; put the file itself there"
    assert sync.tables() == ["RVU26D gpci 1/1 1"]
