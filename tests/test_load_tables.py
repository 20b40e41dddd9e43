"""Tables found in the members of a file by what they hold, their release by names."""

import pytest

from pipeline.facts.readers.layout import TableFile
from pipeline.load_tables import Candidate, LoadedFile
from tests.facts.readers.locality_tables import table_file
from tests.syncing import look, tables
from tests.tables_sample import (
    add_ons_txt,
    book,
    fee,
    fee_csv,
    fee_txt,
    fee_xlsx,
    gpci_csv,
    mue_csv,
    ptp_txt,
)

ROWS = (fee("20001"), fee("20002", days="000"))
GPCI = gpci_csv("01112,CA,05,A CITY,1.000,1.400,0.500")
PTP = ptp_txt("20001 20002 20180101 * 1")
MUE = "20001,2,3 Date of Service Edit: Clinical,Clinical: Data"


def other(file: TableFile, archive: str = "", asked: str = "") -> LoadedFile:
    (item,) = look(file, archive=archive, asked=asked)
    assert isinstance(item, LoadedFile)
    return item


def told(candidate: Candidate) -> str:
    _, reader, origin = candidate
    return f"{origin.release} {reader.layout.name} {origin.part}/{origin.parts}"


@pytest.mark.parametrize(
    ("content", "layout"),
    [
        (fee_csv(*ROWS), "pprrvu"),
        (fee_txt(*ROWS), "pprrvu"),
        (fee_xlsx(*ROWS), "pprrvu"),
        (GPCI, "gpci"),
    ],
    ids=["csv", "txt", "xlsx", "gpci"],
)
@pytest.mark.parametrize("name", ["table.csv", "what.xlsx", "readme", "a folder/b.dat"])
def test_a_table_is_known_by_what_it_holds_whatever_its_name(content: bytes, layout: str, name: str):
    (candidate,) = tables(table_file(content, name), asked="RVU26D")
    assert told(candidate) == f"RVU26D {layout} 1/1"


@pytest.mark.parametrize(
    ("name", "archive", "asked", "release"),
    [
        ("PPRRVU2026_Oct.csv", "", "", "RVU26D"),
        ("folder/PPRRVU2026_Oct_nonQPP.csv", "rvu26a.zip", "", "RVU26D"),  # its own name says it best
        ("PPRRVU2026_Jan.csv", "rvu26a-updated-12-29-2025.zip", "", "RVU26A"),
        ("rvu26ar.zip/PPRRVU2026_Jan.csv", "all.zip", "", "RVU26AR"),  # the inner zip's
        ("fees.csv", "download.zip", "RVU26C", "RVU26C"),  # what the user says of names that tell nothing
        ("PPRRVU2026_Jan.csv", "", "RVU26AR", "RVU26AR"),
        ("ccipra-v323r0-f1.txt", "rvu26d.zip", "", "RVU26D"),  # a name of another family says nothing
    ],
)
def test_the_release_is_told_by_name_or_archive_or_user(name: str, archive: str, asked: str, release: str):
    (candidate,) = tables(table_file(fee_csv(*ROWS), name), archive=archive, asked=asked)
    assert candidate.origin.release == release


@pytest.mark.parametrize(
    ("content", "name", "archive", "asked", "says"),
    [
        (fee_csv(*ROWS), "PPRRVU2026_Oct.csv", "", "RVU26C", "PPRRVU2026_Oct.csv is of RVU26D by its name"),
        (
            fee_csv(*ROWS),
            "fees.csv",
            "rvu26d.zip",
            "RVU26C",
            "rvu26d.zip is of RVU26D by its name, not of RVU26C",
        ),
        (fee_csv(*ROWS), "PPRRVU2026_Jan.csv", "rvu26a.zip", "RVU26AR", "give --release RVU26A, or none"),
        (fee_csv(*ROWS), "rvu26b.zip/PPRRVU2026_Oct.csv", "", "RVU26D", "rvu26b.zip is of RVU26B"),
        (PTP, "ccioph-v323r0-f1.txt", "", "PTP-2026Q4", "is of PTPH-2026Q4 by its name, not of PTP-2026Q4"),
        (PTP, "ccipra-v323r0-f1.txt", "", "PTPH-2026Q4", "is of PTP-2026Q4 by its name, not of PTPH-2026Q4"),
        (PTP, "ccioph-f1.txt", "", "PTP-2026Q4", "is of the family PTPH by its name"),
        (PTP, "edits-f1.txt", "practitioner edits.zip", "PTPH-2026Q4", "is of the family PTP by its name"),
    ],
)
def test_a_name_that_tells_another_release_than_the_one_asked_for_refuses(
    content: bytes, name: str, archive: str, asked: str, says: str
):
    refused = other(table_file(content, name), archive=archive, asked=asked)
    assert (refused.status, refused.release) == ("refused", asked) and says in refused.reason


def test_what_lies_beside_a_name_of_another_release_is_refused_unless_its_own_name_tells():
    found = look(
        table_file(GPCI, "GPCI2026.csv"),
        table_file(fee_csv(*ROWS), "PPRRVU2026_Oct.csv"),
        table_file(GPCI, "rvu26c.zip/GPCI2026.csv"),
        archive="download.zip",
        asked="RVU26C",
    )
    assert [getattr(item, "status", "found") for item in found] == ["refused", "refused", "found"]
    assert isinstance(found[0], LoadedFile)
    assert "PPRRVU2026_Oct.csv beside it is of another than RVU26C" in found[0].reason


def test_a_table_that_nothing_names_is_refused_with_what_to_do():
    refused = other(table_file(fee_csv(*ROWS), "table.csv"), archive="download.zip")
    assert (refused.status, refused.layout) == ("refused", "pprrvu")
    assert "it is a table of the kind pprrvu" in refused.reason
    assert "--release, such as RVU26D" in refused.reason


@pytest.mark.parametrize(
    ("content", "example"),
    [(PTP, "PTP-2026Q4"), (mue_csv(MUE), "MUE-2026Q4"), (add_ons_txt("1 20004 20001"), "AOC-2026Q1")],
    ids=["ptp", "mue", "add-ons"],
)
def test_the_example_is_of_the_tables_own_family(content: bytes, example: str):
    assert f"such as {example}" in other(table_file(content, "table.txt")).reason


def test_a_table_of_another_family_than_asked_for_is_passed_over():
    passed = other(table_file(PTP, "ccipra-v323r0-f1.txt"), asked="RVU26D")
    assert (passed.status, passed.reason) == ("passed over", "a table of another kind than RVU26D")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("readme.txt", b"Read this first.\r\n"),
        ("notes.csv", b"a,b\n1,2\n"),
        ("other.xlsx", book(("a", "b"), (1, 2))),
        ("RVU26D.pdf", b"%PDF-1.7\n\0\1\2"),
        ("late.pdf", b"%PDF-1.7\n" + b"% words\n" * 20 + b"x" * 9000 + b"\0"),
        ("layout.docx", b"PK\x03\x04" + b"no workbook" * 10),
        ("picture", b"x" * 200_000),
    ],
)
def test_a_file_that_is_none_of_ours_is_passed_over(name: str, content: bytes):
    passed = other(table_file(content, name), archive="rvu26d.zip")
    assert (passed.status, passed.reason, passed.part) == ("passed over", "no table that is read here", 0)


@pytest.mark.parametrize("name", ["PPRRVU2026_Oct.csv", "PPRRVU2026_Oct.txt", "PPRRVU2026_Oct.xlsx"])
def test_a_file_with_a_tables_name_that_cannot_be_read_is_refused(name: str):
    refused = other(table_file(b"PK\x03\x04 damaged" if name.endswith("xlsx") else b"a\0b\n", name))
    assert refused.status == "refused" and name in refused.reason


@pytest.mark.parametrize("make", [fee_csv, fee_txt, fee_xlsx])
def test_the_file_for_qualifying_participants_is_told_by_its_rows(make):
    first, second = tables(
        table_file(make(fee("20001", qpp=True)), "PPRRVU2026_Oct_nonQPP.csv"),
        table_file(make(fee("20001")), "PPRRVU2026_Oct_QPP.csv"),
    )
    assert (first.origin.release, second.origin.release) == ("RVU26D-QPP", "RVU26D")


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_file_of_edits_is_one_of_four(number: int):
    (by_member,) = tables(table_file(PTP, f"ccipra-v323r0-f{number}.TXT"))
    (by_archive,) = tables(
        table_file(PTP, "edits.txt"),
        archive=f"medicare-ncci-2026q4-practitioner-ptp-edits-ccipra-v323r0-f{number}.zip",
    )
    assert told(by_member) == told(by_archive) == f"PTP-2026Q4 ptp {number}/4"


@pytest.mark.parametrize(
    ("name", "archive", "asked"),
    [
        ("edits.txt", "", "PTP-2026Q4"),
        ("ccipra-v323r0.txt", "medicare-ncci-2026q4-practitioner-ptp-edits-ccipra-v323r0.zip", ""),
        ("ccipra-v323r0-f5.txt", "", "PTP-2026Q4"),
        ("edits.txt", "", "PTPH-2026Q4"),
    ],
)
def test_a_file_of_edits_that_does_not_tell_its_part_is_refused(name: str, archive: str, asked: str):
    refused = other(table_file(PTP, name), archive=archive, asked=asked)
    assert (refused.status, refused.release) == ("refused", asked or "PTP-2026Q4")
    assert "which of the 4 files of its release it is" in refused.reason and "-f1 to -f4" in refused.reason


def test_hospital_editions_are_kept_apart():
    edits, units = tables(
        table_file(PTP, "ccioph-v323r0-f2.txt"),
        table_file(
            mue_csv(MUE, services="Outpatient Hospital"),
            "MCR_MUE_OutpatientHospitalServices_Eff_10-01-2026.csv",
        ),
    )
    assert told(edits) == "PTPH-2026Q4 ptp_hospital 2/4"
    assert told(units) == "MUEH-2026Q4 mue_hospital 1/1"
    (asked,) = tables(table_file(PTP, "edits-f1.txt"), asked="PTPH-2026Q4")
    assert told(asked) == "PTPH-2026Q4 ptp_hospital 1/4"
