"""The AMA's notice inside CMS's files: shown once, and nothing is loaded before it is accepted."""

from datetime import date
from pathlib import Path

import pytest

from pipeline.errors import StateError, UsageError
from pipeline.sources.licence import AMA_PAGE, licence_accepted
from tests.syncing import TODAY, Syncing
from tests.tables_sample import fee, fee_csv, gpci_csv, mue_csv, write, zipped

GPCI = gpci_csv("01112,CA,05,A CITY,1.000,1.400,0.500")
MUE = mue_csv("20001,2,3 Date of Service Edit: Clinical,Clinical: Data")


@pytest.fixture
def sync(tmp_path: Path) -> Syncing:
    return Syncing(tmp_path / "home")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(
        tmp_path / "given",
        {
            "rvu26d.zip": zipped({"fees.csv": fee_csv(fee("20001")), "GPCI2026.csv": GPCI}),
            "MCR_MUE_PractitionerServices_Eff_10-01-2026.csv": MUE,
        },
    )


def test_it_is_asked_once_for_all_files_of_a_run_and_remembered(sync: Syncing, folder: Path):
    sync(folder)
    (notice,) = sync.shown
    lines = notice.splitlines()
    assert lines[0].startswith("CPT codes and descriptions only are copyright 2025")
    assert lines.count(lines[0]) == 1 and "Invented words." in lines
    assert AMA_PAGE in lines[-1]
    accepted = licence_accepted(sync.home)
    assert accepted and (accepted.by, accepted.on, accepted.notice) == ("Kim", TODAY, notice)
    later = Syncing(sync.home, by=None, today=date(2026, 12, 1))
    write(folder, {"PPRRVU2026_Jul.csv": fee_csv(fee("20001"), month="July")})
    assert later(folder)["PPRRVU2026_Jul.csv"].tables[0].status == "loaded"
    assert later.shown == []


def test_without_acceptance_nothing_is_loaded(sync: Syncing, folder: Path):
    sync.by = None
    with pytest.raises(UsageError, match="run the command again with --accept-ama-licence"):
        sync(folder)
    assert len(sync.shown) == 1
    assert sync.tables() == [] and licence_accepted(sync.home) is None
    sync.by = "Kim"
    assert {file.status for file in sync(folder).values()} == {"new"}
    assert len(sync.tables()) == 3


def test_it_is_asked_again_for_a_later_year(sync: Syncing, folder: Path):
    sync(folder)
    write(folder, {"PPRRVU2026_Jul.csv": fee_csv(fee("20001"), month="July", copyright_year=2024)})
    sync(folder)
    assert len(sync.shown) == 1
    newer = fee_csv(fee("20003"), copyright_year=2026)
    write(folder, {"rvu26d.zip": zipped({"fees.csv": newer, "GPCI2026.csv": GPCI})})
    sync.by = None
    with pytest.raises(UsageError):
        sync(folder)
    assert sync.rows() == ["20001", "20001"]  # of July, and of October as it was
    sync.by = "Jo"
    sync(folder)
    assert [("copyright 2026" in notice) for notice in sync.shown] == [False, True, True]
    accepted = licence_accepted(sync.home)
    assert accepted and accepted.by == "Jo" and sync.rows() == ["20001", "20003"]


def test_files_without_a_notice_need_no_acceptance(sync: Syncing, tmp_path: Path):
    sync.by = None
    folder = write(tmp_path / "given", {"GPCI2026.csv": GPCI, "readme.txt": b"words"})
    assert sync(folder, release="RVU26D")["GPCI2026.csv"].status == "new"
    assert sync.shown == [] and sync.tables() == ["RVU26D gpci 1/1 1"]


def test_a_damaged_acceptance_is_no_acceptance(sync: Syncing, folder: Path):
    write(sync.home, {"licence.json": b"{}"})
    with pytest.raises(StateError, match=r"licence.json cannot be read .* accept again"):
        sync(folder)
    assert sync.tables() == []
