"""A folder of the publisher's files, taken in: what is loaded, what is passed over, what is refused and why."""

import gzip
from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.sources.snapshots import read_snapshots, stored_path
from tests.syncing import TODAY, Syncing, by_status
from tests.tables_sample import (
    fee,
    fee_csv,
    fee_txt,
    fee_xlsx,
    gpci_csv,
    mue_csv,
    ptp_txt,
    write,
    zipped,
)

ROWS = (fee("20001"), fee("20002", days="000"))
GPCI = gpci_csv("01112,CA,05,A CITY,1.000,1.400,0.500")
MUE = mue_csv("20001,2,3 Date of Service Edit: Clinical,Clinical: Data")
CAPS = (
    b"HCPCS,MOD,PROCSTAT,CARRIER,LOCALITY,FACILITY PRICE,NON-FACILTY PRICE\r\n79999,,A,01112,05,1.00,1.00\r\n"
)
ANESTHESIA = b"Contractor,Locality,Locality Name,National Anes CF of 20.3178\r\n02102 ,01 ,ALASKA*,27.80 \r\n"
PTP = ptp_txt("20001 20002 20180101 * 1")
BAD = fee_csv(ROWS[0], (*fee("20003")[:5], "1O.00", *fee("20003")[6:]))
RELEASE = {
    "PPRRVU2026_Oct_nonQPP.csv": fee_csv(*ROWS),
    "PPRRVU2026_Oct_nonQPP.txt": fee_txt(*ROWS),
    "PPRRVU2026_Oct_nonQPP.xlsx": fee_xlsx(*ROWS),
    "PPRRVU2026_Oct_QPP.csv": fee_csv(fee("20001", qpp=True)),
    "GPCI2026.csv": GPCI,
    "RVU26D.pdf": b"%PDF-1.7\n\0\1",
}


@pytest.fixture
def sync(tmp_path: Path) -> Syncing:
    return Syncing(tmp_path / "home")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "given"


def recorded(store: Path) -> list[str]:
    return sorted(path.stem for path in (store / "releases").iterdir())


def test_a_release_as_the_publisher_packs_it(sync: Syncing, folder: Path):
    write(folder, {"rvu26d-updated-08-26-2026.zip": zipped(RELEASE)})
    (file,) = sync(folder).values()
    assert (file.name, file.release, file.status) == ("rvu26d-updated-08-26-2026.zip", "RVU26D", "new")
    assert by_status(file.tables) == {
        "PPRRVU2026_Oct_nonQPP.csv": "loaded",
        "PPRRVU2026_Oct_nonQPP.txt": "passed over",
        "PPRRVU2026_Oct_nonQPP.xlsx": "passed over",
        "PPRRVU2026_Oct_QPP.csv": "loaded",
        "GPCI2026.csv": "loaded",
        "RVU26D.pdf": "passed over",
    }
    assert all(table.reason for table in file.tables if table.status == "passed over")
    assert sync.tables() == ["RVU26D-QPP pprrvu 1/1 1", "RVU26D gpci 1/1 1", "RVU26D pprrvu 1/1 2"]


def test_the_bytes_are_kept_by_hash_and_recorded(sync: Syncing, folder: Path):
    packed = zipped(RELEASE)
    write(folder, {"rvu26d.zip": packed})
    sync(folder)
    store = sync.home / "snapshots"
    assert recorded(store) == ["RVU26D"]
    (snapshot,) = read_snapshots(store, "RVU26D")
    assert (snapshot.name, snapshot.retrieved_on) == ("rvu26d.zip", TODAY)
    assert stored_path(store, snapshot.sha256).read_bytes() == packed
    assert {table.sha256 for table in sync.database.tables()} == {snapshot.sha256}


def test_zips_zips_in_zips_loose_files_and_gz_together(sync: Syncing, folder: Path):
    inner = zipped({"edits.txt": PTP})
    write(
        folder,
        {
            "deep/er/PPRRVU2026_Oct.csv.gz": gzip.compress(fee_csv(*ROWS)),
            "all.zip": zipped({"ccipra-v323r0-f3.zip": inner}),
            "MCR_MUE_PractitionerServices_Eff_10-01-2026.csv": MUE,
            "readme.txt": b"Read this first.",
            ".hidden.csv": b"\0",
        },
    )
    found = sync(folder)
    assert {name: file.status for name, file in found.items()} == {
        "PPRRVU2026_Oct.csv.gz": "new",
        "all.zip": "new",
        "MCR_MUE_PractitionerServices_Eff_10-01-2026.csv": "new",
        "readme.txt": "passed over",
    }
    assert [table.file for table in found["all.zip"].tables] == ["ccipra-v323r0-f3.zip/edits.txt"]
    assert sync.tables() == ["MUE-2026Q4 mue 1/1 1", "RVU26D pprrvu 1/1 2", "PTP-2026Q4 ptp 3/4 1"]


def test_one_form_is_taken_of_the_files_of_a_folder(sync: Syncing, folder: Path):
    write(folder, {"PPRRVU2026_Oct.txt": fee_txt(*ROWS), "rvu26d.zip": zipped({"fees.csv": fee_csv(*ROWS)})})
    found = sync(folder)
    assert [file.status for file in found.values()] == ["passed over", "new"]
    (passed,) = found["PPRRVU2026_Oct.txt"].tables
    assert (passed.status, passed.reason) == ("passed over", "another form of the table in fees.csv")
    assert sync.tables() == ["RVU26D pprrvu 1/1 2"]


def test_the_release_asked_for_names_what_nothing_else_does(sync: Syncing, folder: Path):
    write(folder, {"GPCI2026.csv": GPCI, "MCR_MUE_PractitionerServices_Eff_10-01-2026.csv": MUE})
    refused = sync(folder)["GPCI2026.csv"]
    assert refused.status == "refused" and "--release, such as RVU26D" in refused.tables[0].reason
    assert sync.tables() == ["MUE-2026Q4 mue 1/1 1"]
    found = sync(folder, release="RVU26C")
    assert found["GPCI2026.csv"].tables[0].status == "loaded"
    (other,) = found["MCR_MUE_PractitionerServices_Eff_10-01-2026.csv"].tables
    assert (other.status, other.reason) == ("passed over", "a table of another kind than RVU26C")
    assert sync.tables() == ["RVU26C gpci 1/1 1", "MUE-2026Q4 mue 1/1 1"]


def test_a_table_with_one_bad_row_is_refused_and_the_others_load(sync: Syncing, folder: Path):
    write(folder, {"rvu26d.zip": zipped({"a.csv": BAD, "GPCI2026.csv": GPCI})})
    (file,) = sync(folder).values()
    assert file.status == "new"
    assert by_status(file.tables) == {"a.csv": "refused", "GPCI2026.csv": "loaded"}
    (reason,) = [table.reason for table in file.tables if table.status == "refused"]
    assert "1 of 2 rows do not fit the layout, so none was loaded: line 5, WORK RVU" in reason
    assert sync.tables() == ["RVU26D gpci 1/1 1"] and sync.rows() == []


def test_a_file_whose_only_table_is_refused_is_refused(sync: Syncing, folder: Path):
    write(folder, {"PPRRVU2026_Oct.csv": BAD, "a.zip": zipped({"readme.txt": b"words"})})
    assert [file.status for file in sync(folder).values()] == ["refused", "passed over"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("rvu26d.zip", b"<!DOCTYPE html><title>Licence</title>", "is a web page"),
        ("rvu26d.zip", b"", "is empty"),
        ("rvu26d.zip", b"nothing of the kind", "no archive at all"),
        ("rvu26d.zip", zipped(RELEASE)[:-40], "cut short or damaged"),
        ("rvu26d.zip", zipped({"../../PPRRVU2026_Oct.csv": fee_csv(*ROWS)}), "could leave its folder"),
        ("rvu26d.zip", zipped({"/tmp/PPRRVU2026_Oct.csv": fee_csv(*ROWS)}), "could leave its folder"),
        (
            "rvu26d.zip",
            zipped({"a.csv": fee_csv(*ROWS), "in.zip": zipped({"../b.csv": GPCI})}),
            "could leave its folder",
        ),
        ("rvu26d.zip", zipped({"a.csv": fee_csv(*ROWS), "b.csv": bytes(40 * 2**20)}), "zip bomb"),
        ("PPRRVU2026_Oct.csv.gz", gzip.compress(bytes(40 * 2**20)), "zip bomb"),
    ],
    ids=["page", "empty", "none", "cut", "parent", "absolute", "inner", "bomb", "gz-bomb"],
)
def test_an_unsound_file_loads_nothing_and_the_others_load(
    sync: Syncing, folder: Path, tmp_path: Path, name: str, content: bytes, says: str
):
    write(folder, {name: content, "MCR_MUE_PractitionerServices_Eff_10-01-2026.csv": MUE})
    found = sync(folder)
    assert found[name].status == "refused" and says in found[name].reason
    assert "\n" not in found[name].reason
    assert sync.tables() == ["MUE-2026Q4 mue 1/1 1"]
    assert recorded(sync.home / "snapshots") == ["MUE-2026Q4"]
    assert [path.stat().st_size for path in (sync.home / "snapshots").iterdir() if path.is_file()] == [
        len(MUE)
    ]
    assert {path.name for path in tmp_path.iterdir()} == {"given", "home"}
    assert not list(tmp_path.rglob("PPRRVU2026_Oct.csv"))


def test_a_folder_that_is_none_or_holds_nothing_is_said_so(sync: Syncing, folder: Path):
    with pytest.raises(UsageError, match=r"given is no folder; give one"):
        sync(folder)
    write(folder, {".DS_Store": b"x"})
    with pytest.raises(UsageError, match=r"given holds no files; put the publisher's files"):
        sync(folder)
    assert not sync.home.exists()


def test_a_release_without_an_address_says_where_to_get_it(sync: Syncing):
    from pipeline.sync import sync_releases

    with pytest.raises(
        UsageError, match=r"no address of RVU24A; download it from https://www.cms.gov/\S+ and run"
    ):
        list(sync_releases(["RVU24A"], fetch_file=lambda *_: pytest.fail("fetched"), sync=sync.sync()))


def test_one_part_under_the_names_of_four_is_loaded_once(sync: Syncing, folder: Path):
    write(folder, {f"ccipra-v323r0-f{part}.txt": PTP for part in (1, 2, 3, 4)})
    found = [file.tables[0] for file in sync(folder).values()]
    assert [table.status for table in found] == ["loaded", "refused", "refused", "refused"]
    assert "the pair 20001 20002 is already in part 1 of PTP-2026Q4" in found[1].reason
    assert sync.tables() == ["PTP-2026Q4 ptp 1/4 1"]


def test_parts_cut_at_other_codes_replace_each_other_when_they_come_together(sync: Syncing, folder: Path):
    pairs = ["20001 20002 20180101 * 1", "20003 20002 20180101 * 1", "20005 20002 20180101 * 1"]
    write(folder, {"ccipra-v323r0-f1.txt": ptp_txt(pairs[0]), "ccipra-v323r0-f2.txt": ptp_txt(*pairs[1:])})
    sync(folder)
    again = write(
        folder.parent / "again",
        {"ccipra-v323r1-f1.txt": ptp_txt(*pairs[:2]), "ccipra-v323r1-f2.txt": ptp_txt(pairs[2])},
    )
    assert {file.status for file in sync(again).values()} == {"new"}
    assert sync.tables() == ["PTP-2026Q4 ptp 1/4 2", "PTP-2026Q4 ptp 2/4 1"]


def test_tables_that_say_nothing_are_refused_with_those_beside_them_of_another_edition(
    sync: Syncing, folder: Path
):
    members = {
        "ANES2026.csv": ANESTHESIA,
        "fees.csv": fee_csv(*ROWS),  # of October
        "GPCI2026.csv": GPCI,  # of 2026
        "OPPSCAP.csv": CAPS,
    }
    write(
        folder,
        {
            "download.zip": zipped(members),
            "more.zip": zipped({"OPPSCAP.csv": CAPS + b"79998,,A,01112,05,1.00,1.00\r\n"}),
        },
    )
    tables = {table.file: table for table in sync(folder, "RVU26C")["download.zip"].tables}
    assert {table.status for table in tables.values()} == {"refused"}
    assert tables["GPCI2026.csv"].reason == (
        "it does not say its quarter, and fees.csv beside it is of another than RVU26C; give the release they belong "
        "to with --release"
    )
    assert sync.tables() == ["RVU26C opps_caps 1/1 2"]  # of an archive of its own
