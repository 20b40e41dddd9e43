"""One form of each table is loaded, whole or not at all."""

from datetime import date
from pathlib import Path

import pytest

from pipeline.facts.database import FactDatabase
from pipeline.load_tables import (
    Candidate,
    LoadedFile,
    Naming,
    choose_forms,
    find_tables,
    load_candidate,
    notices,
)
from tests.facts.readers.locality_tables import table_file
from tests.syncing import of_name, tables
from tests.tables_sample import fee, fee_csv, fee_txt, fee_xlsx, gpci_csv, ptp_txt

ROWS = (fee("20001"), fee("20002", days="000"))
GPCI = gpci_csv("01112,CA,05,A CITY,1.000,1.400,0.500")
PTP = ptp_txt("20001 20002 20180101 * 1")


def forms(*endings: str) -> list[Candidate]:
    makers = {"csv": fee_csv, "txt": fee_txt, "xlsx": fee_xlsx}
    return tables(*(table_file(makers[end](*ROWS), f"PPRRVU2026_Oct.{end}") for end in endings))


@pytest.mark.parametrize(
    ("endings", "chosen"),
    [
        (("csv", "txt", "xlsx"), "csv"),
        (("xlsx", "txt", "csv"), "csv"),
        (("xlsx", "txt"), "txt"),
        (("xlsx",), "xlsx"),
    ],
)
def test_of_several_forms_of_a_table_one_is_chosen(endings: tuple[str, ...], chosen: str):
    best, passed = choose_forms(forms(*endings))
    assert [candidate.file.name for candidate in best] == [f"PPRRVU2026_Oct.{chosen}"]
    assert sorted(report.file for _, report in passed) == sorted(
        f"PPRRVU2026_Oct.{end}" for end in endings if end != chosen
    )
    assert all(candidate.file.name == report.file for candidate, report in passed)


def test_a_form_passed_over_names_the_one_that_is_taken():
    _, passed = choose_forms(forms("txt", "xlsx", "csv"))
    assert [report.file for _, report in passed] == ["PPRRVU2026_Oct.txt", "PPRRVU2026_Oct.xlsx"]
    for _, report in passed:
        assert (report.status, report.release, report.layout) == ("passed over", "RVU26D", "pprrvu")
        assert report.reason == "another form of the table in PPRRVU2026_Oct.csv"


def test_a_second_file_of_the_same_form_is_passed_over_and_may_be_an_issue_of_its_own():
    _, ((_, report),) = choose_forms([*forms("csv"), *forms("csv")])
    assert report.status == "passed over" and "sync it from a folder of its own" in report.reason
    standing = report.model_copy(update={"status": "unchanged"})
    best, ((_, report),) = choose_forms(forms("csv"), [standing])
    assert not best and "sync it from a folder of its own" in report.reason


def test_a_form_that_is_loaded_stands_until_a_better_one_comes():
    standing = LoadedFile(
        file="PPRRVU2026_Oct.txt", status="unchanged", release="RVU26D", layout="pprrvu", part=1, rows=2
    )
    best, passed = choose_forms(forms("xlsx"), [standing])
    assert not best and passed[0][1].reason == "another form of the table in PPRRVU2026_Oct.txt"
    best, passed = choose_forms(forms("csv"), [standing])
    assert [candidate.file.name for candidate in best] == ["PPRRVU2026_Oct.csv"] and not passed


def test_tables_of_other_releases_parts_or_kinds_do_not_stand_in_for_each_other():
    files = [
        table_file(fee_csv(*ROWS), "PPRRVU2026_Oct_nonQPP.csv"),
        table_file(fee_csv(fee("20001", qpp=True)), "PPRRVU2026_Oct_QPP.csv"),
        table_file(fee_csv(*ROWS, month="July"), "PPRRVU2026_Jul.csv"),
        *(table_file(PTP, f"{kind}-v323r0-f{part}.txt") for kind in ("ccipra", "ccioph") for part in (1, 2)),
    ]
    best, passed = choose_forms(tables(*files))
    assert len(best) == len(files) and not passed


def load(database: FactDatabase, candidate: Candidate) -> LoadedFile:
    return load_candidate(database, candidate, progress=lambda text: None)


def test_rows_kept_and_lines_passed_over_are_reported(tmp_path: Path):
    (candidate,) = forms("csv")
    done = load(FactDatabase(tmp_path / "facts.sqlite"), candidate)
    assert (done.status, done.release, done.layout, done.part) == ("loaded", "RVU26D", "pprrvu", 1)
    assert (done.rows, done.passed_over) == (2, 3)


def test_the_same_file_is_not_loaded_twice(tmp_path: Path):
    database = FactDatabase(tmp_path / "facts.sqlite")
    (candidate,) = forms("csv")
    load(database, candidate)
    reader = candidate.reader._replace(read=lambda *_: pytest.fail("read again"))
    assert load(database, candidate._replace(reader=reader)).status == "unchanged"


def test_one_bad_row_refuses_the_table_and_leaves_the_earlier_one(tmp_path: Path):
    database = FactDatabase(tmp_path / "facts.sqlite")
    load(database, forms("csv")[0])
    bad = fee_csv(*ROWS, (*fee("20003")[:5], "1O.00", *fee("20003")[6:]))
    (candidate,) = tables(table_file(bad, "PPRRVU2026_Oct.csv"))
    refused = load(database, candidate._replace(origin=candidate.origin._replace(sha256="1" * 64)))
    assert refused.status == "refused"
    assert "1 of 3 rows do not fit the layout, so none was loaded: line 6, WORK RVU" in refused.reason
    assert "'1O.00'" in refused.reason
    assert [(table.sha256[0], table.kept) for table in database.tables()] == [("0", 2)]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (fee_csv(*ROWS, month="July"), "expected quarter 4 for RVU26D, the file says 3"),
        (fee_csv(*ROWS, pricing=False), "expected year 2026 for RVU26D, the file says 2025"),
        (fee_csv(), "expected rows below the header"),
        (fee_csv(fee("20001"), fee("20001")), "20001 stands already on line 4"),
    ],
)
def test_a_table_that_contradicts_its_release_or_itself_is_refused(tmp_path: Path, content: bytes, says: str):
    (candidate,) = tables(table_file(content, "table.csv"), asked="RVU26D")
    refused = load(FactDatabase(tmp_path / "facts.sqlite"), candidate)
    assert refused.status == "refused" and says in refused.reason


def test_a_release_starts_when_the_registry_says_so(tmp_path: Path):
    naming = Naming(asked="", of_name=of_name, starts={"RVU26D": date(2026, 10, 9)}.get)
    database = FactDatabase(tmp_path / "facts.sqlite")
    for qpp in (False, True):
        file = table_file(fee_csv(fee("20001", qpp=qpp)), "PPRRVU2026_Oct.csv")
        (item,) = find_tables([file], archive="", sha256="0" * 64, naming=naming)
        assert isinstance(item, Candidate)
        load(database, item)
    assert {table.valid_from for table in database.tables()} == {date(2026, 10, 9)}


def test_copyright_lines_are_gathered_once_and_a_broken_table_does_not_stop_that():
    (broken,) = tables(table_file(GPCI.replace(b"State", b"Country"), "gpci.csv"), archive="rvu26d.zip")
    found = notices([*forms("csv", "xlsx"), broken, *tables(table_file(GPCI), archive="rvu26d.zip")])
    (line,) = found
    assert line.startswith("CPT codes and descriptions only are copyright 2025")
