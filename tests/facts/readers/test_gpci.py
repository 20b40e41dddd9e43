"""Geographic indices: three forms, two editions, footnotes, and what is refused."""

from pathlib import Path

import pytest

from pipeline.errors import SourceError
from pipeline.facts.readers.gpci import LAYOUT, READERS
from pipeline.facts.readers.text import head_of
from tests.facts.readers.locality_tables import (
    line_count,
    read,
    real_file,
    table_file,
    values,
    workbook,
)

TITLE = "ADDENDUM E. GEOGRAPHIC PRACTICE COST INDICES (GPCIs)"
NAMES = (
    "Medicare Administrative Contractor (MAC)",
    "State",
    "Locality Number",
    "Locality Name",
    "2025 PW GPCI (with 1.0 Floor)",
    "2025 PE GPCI",
    "2025 MP GPCI",
)
HEADING = ",".join(NAMES)
NOTES = (
    "*Work GPCI reflects a 1.5 floor in Alaska.,,,,,,",
    "**PE GPCI reflects a 1.0 floor for some states.,,,,,,",
    '"Note: nothing else, really.",,,,,,',
)


def delimited(*rows: str, heading: str = HEADING, notes: tuple[str, ...] = NOTES, end: str = "\r\n") -> str:
    return "\r\n".join([f"{TITLE},,,,,,", ",,,,,,", heading, *rows, *notes]) + end


def fixed(*rows: tuple[str, ...], year: str = "2025") -> str:
    heading = f"{'Medicare Admi':<14}State  {'Locality':<46}{'Locality Name':<51}"
    heading += f"{year} PW GPCI{year} PE GPCI{year} MP GPCI"
    lines = [
        f"{mac:<16}{state:<8}{number:<5}{name:<92}{work:<12}{pe:<12}{mp}"
        for mac, state, number, name, work, pe, mp in rows
    ]
    return "\r\n".join([TITLE, "", heading, *lines, "", "*Work GPCI reflects a 1.5 floor in Alaska.", ""])


def place(field: str) -> int:
    return LAYOUT.place(field)


def test_a_row_is_read_with_its_zeros_and_three_decimals():
    table, rows, refused = read(READERS, table_file(delimited("01112,CA,05,A CITY,1,0.9,1.25")))
    assert not refused
    assert [(row.line, row.key) for row in rows] == [(4, "0111205")]
    assert rows[0].cells == ("CA", "A CITY", "1.000", "", "0.900", "1.250", "", "")
    assert table.year == 2025


def test_every_line_is_a_row_a_refusal_or_passed_over():
    file = table_file(delimited("01112,CA,05,A CITY,1,1,1", "oops,CA,05,A CITY,1,1,1"))
    table, rows, refused = read(READERS, file)
    assert (len(rows), len(refused)) == (1, 1)
    assert len(rows) + len(refused) + table.passed_over == line_count(file)


def test_both_work_indices_of_january_2026():
    heading = HEADING.replace("2025", "2026").replace(
        "2026 PW GPCI (with", "2026 PW GPCI (without 1.0 Floor),2026 PW GPCI (with"
    )
    table, rows, _ = read(
        READERS, table_file(delimited("02402,WA,99,A STATE,0.98,1.0,1,0.5", heading=heading))
    )
    assert table.year == 2026
    assert rows[0].cells[place("gpci_work")] == "1.000"
    assert rows[0].cells[place("gpci_work_without_floor")] == "0.980"


def test_asterisks_on_a_column_name_are_a_footnote():
    heading = HEADING.replace("Floor)", "Floor)***")
    _, rows, _ = read(READERS, table_file(delimited("02402,WA,99,A STATE,1,1,1", heading=heading)))
    assert len(rows) == 1


def test_a_floor_is_what_its_footnote_says():
    file = table_file(
        delimited("02102,AK,01,ALASKA*,1.5,1,1", "03202,MT,01,MONTANA **,1,1,1", "03502,UT,09,UTAH,1,1,1")
    )
    _, rows, _ = read(READERS, file)
    floors = [row.cells[place("gpci_work_floor") :] for row in rows]
    assert floors == [("1.500", ""), ("", "1.000"), ("", "")]
    assert [row.cells[place("locality_name")] for row in rows] == ["ALASKA", "MONTANA", "UTAH"]


def test_a_mark_without_its_footnote_says_nothing():
    _, rows, _ = read(READERS, table_file(delimited("02102,AK,01,ALASKA*,1.5,1,1", notes=())))
    assert rows[0].cells[place("gpci_work_floor") :] == ("", "")
    assert rows[0].cells[place("locality_name")] == "ALASKA"


def test_a_quoted_name_with_a_comma():
    _, rows, _ = read(READERS, table_file(delimited('01212,HI,01,"HAWAII, GUAM",1,1,1')))
    assert rows[0].cells[place("locality_name")] == "HAWAII, GUAM"


def test_tabs_delimit_as_well():
    _, rows, refused = read(
        READERS, table_file(delimited("01112,CA,05,A CITY,1,1,1").replace(",", "\t"), "t.txt")
    )
    assert not refused
    assert [row.key for row in rows] == ["0111205"]


def test_the_fixed_width_form_gives_the_same_values():
    rows = (("02102", "AK", "01", "ALASKA*", "1.500", "1.081", "0.592"),)
    table, of_text, refused = read(READERS, table_file(fixed(*rows), "table.txt"))
    _, of_csv, _ = read(READERS, table_file(delimited("02102,AK,01,ALASKA*,1.5,1.081,0.592")))
    assert not refused
    assert table.year == 2025
    assert values(of_text) == values(of_csv)


def test_the_workbook_gives_back_lost_zeros():
    file = workbook(
        (TITLE,), NAMES, (2102, "AK", 1, "ALASKA*", 1.5, 1.081, 0.592), ("01112", "CA", "05", "B", 1, 1, 1),
        ("*Work GPCI reflects a 1.5 floor in Alaska.",),
    )  # fmt: skip
    table, rows, refused = read(READERS, file)
    assert not refused
    assert table.year == 2025
    assert [row.key for row in rows] == ["0210201", "0111205"]
    assert rows[0].cells == ("AK", "ALASKA", "1.500", "", "1.081", "0.592", "1.500", "")


def test_a_workbook_number_too_short_for_a_contractor_is_refused():
    _, rows, refused = read(READERS, workbook((TITLE,), NAMES, (112, "CA", 5, "A CITY", 1, 1, 1)))
    assert not rows
    assert refused[0].column == NAMES[0]
    assert refused[0].found == "00112"


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("1112,CA,05,A CITY,1,1,1", NAMES[0]),
        ("01112,C,05,A CITY,1,1,1", "State"),
        ("01112,CA,5,A CITY,1,1,1", "Locality Number"),
        ("01112,CA,05,,1,1,1", "Locality Name"),
        ("01112,CA,05,A CITY,0.98,1,1", "2025 PW GPCI (with 1.0 Floor)"),
        ("01112,CA,05,A CITY,1,NA,1", "2025 PE GPCI"),
        ("01112,CA,05,A CITY,1,1,0.6620000001", "2025 MP GPCI"),
        ("01112,CA,05,A CITY,1,1,\u0661", "2025 MP GPCI"),
        ("01112,CA,05,A CITY,1,1", "2025 MP GPCI"),
        ("01112,,,,,,", "State"),
        ("01112,CA,05,A CITY,1,1,1,1", "column 8"),
        ("x,CA,05,A CITY,1,1,1", NAMES[0]),
    ],
)
def test_a_cell_that_does_not_fit_is_refused_with_its_column(row, column):
    _, rows, refused = read(READERS, table_file(delimited(row)))
    assert not rows
    assert [(item.line, item.column) for item in refused] == [(4, column)]


def test_a_last_row_without_a_line_end_may_be_cut_off():
    content = delimited("01112,CA,05,A CITY,1,1,1", "01112,CA,52,B CITY,1,1,0.6", notes=(), end="")
    _, rows, refused = read(READERS, table_file(content))
    assert [row.key for row in rows] == ["0111205"]
    assert refused[0].line == 5
    assert "cut off" in refused[0].expected


def test_rows_behind_a_quotation_mark_too_many_are_not_lost():
    in_a_name = ('01112,CA,05,"A CITY,1,1,1', '01112,CA,52,B CITY",1,1,1')
    in_a_remark = ('"Note,,,,,,', "01112,CA,09,C CITY,1,1,1", '",,,,,,')
    _, rows, refused = read(READERS, table_file(delimited(*in_a_name, *in_a_remark)))
    assert not rows
    assert [item.line for item in refused] == [5, 8]


@pytest.mark.parametrize(
    "row",
    [
        ("01112", "CA", "05", "A CITY", "0.990", "1.000", "1.000"),
        ("01112", "CA", "05", "A CITY", "1.000", "1.000", "1.0"),
        ("0111A", "CA", "05", "A CITY", "1.000", "1.000", "1.000"),
    ],
)
def test_a_fixed_width_row_that_does_not_fit_is_refused(row):
    _, rows, refused = read(READERS, table_file(fixed(row), "table.txt"))
    assert (len(rows), len(refused)) == (0, 1)


@pytest.mark.parametrize(
    ("heading", "where"),
    [
        (HEADING.replace("2025 PE", "2026 PE"), "column 6: expected '2025 PE GPCI', found '2026 PE GPCI'"),
        (HEADING.replace("(with ", "(without "), "column 6: expected '2025 PW GPCI (with 1.0 Floor)'"),
        (HEADING.replace(" (with 1.0 Floor)", ""), "column 5: expected '2025 PW GPCI (with 1.0 Floor)'"),
        (HEADING.replace("1.0 Floor", "2.0 Floor"), "column 5"),
        (HEADING.replace("2025 PW", "PW"), "column 5: expected '20YY PW GPCI (with 1.0 Floor)'"),
        (HEADING + ",2025 GAF GPCI", "column 8: expected no further column, found '2025 GAF GPCI'"),
        (HEADING.replace("State,Locality Number", "Locality Number,State"), "column 2: expected 'State'"),
    ],
)
def test_another_edition_is_refused_at_its_column(heading, where):
    with pytest.raises(SourceError, match=r"^table\.csv:3: column") as raised:
        read(READERS, table_file(delimited("01112,CA,05,A CITY,1,1,1", heading=heading)))
    assert where in str(raised.value)


def test_other_offsets_of_the_fixed_width_form_are_refused():
    content = fixed().replace("State  Locality", "State     Locality")
    with pytest.raises(
        SourceError, match=r"table\.txt:3: column 3: expected 'Locality' from character 22, found '   L"
    ):
        read(READERS, table_file(content, "table.txt"))


def test_two_work_columns_cannot_be_told_apart_in_fixed_width():
    content = fixed().replace("2025 PW GPCI", "2025 PW GPCI2025 PW GPCI")
    with pytest.raises(SourceError, match=r"column 6: expected '2025 PE GPCI' from .* found '2025 PW GPCI'"):
        read(READERS, table_file(content, "table.txt"))


def test_another_table_is_not_taken_for_this_one():
    head = head_of(table_file("Medicare Administrative Contractor (MAC),State,Counties\n"))
    assert not any(reader.matches(head) for reader in READERS)


@pytest.mark.realdata
class TestRealFiles:
    def test_the_three_forms_of_2025_agree_on_every_value(self, shared_data: Path):
        folder = shared_data / "pfs" / "rvu25d_oct2025"
        tables = {}
        for form in ("csv", "txt", "xlsx"):
            table, rows, refused = read(READERS, real_file(folder / f"GPCI2025.{form}"))
            assert not refused
            assert table.year == 2025
            tables[form] = values(rows)
        assert len(tables["csv"]) == 109
        assert tables["csv"] == tables["txt"] == tables["xlsx"]

    @pytest.mark.parametrize(
        ("file", "alaska", "san_francisco"),
        [
            ("rvu25d_oct2025/GPCI2025.csv", ("1.500", "1.081", "0.592"), ("1.088", "1.419", "0.445")),
            ("rvu2026/GPCI2026.csv", ("1.500", "1.065", "0.551"), ("1.095", "1.410", "0.425")),
        ],
    )
    def test_known_localities(self, shared_data: Path, file, alaska, san_francisco):
        path = shared_data / "pfs" / file
        table, rows, refused = read(READERS, real_file(path))
        found = {row.key: row.cells for row in rows}
        assert not refused
        assert len(found) == len(rows) == 109
        assert len(rows) + table.passed_over == line_count(real_file(path))
        wanted = [place(field) for field in ("gpci_work", "gpci_pe", "gpci_mp")]
        assert tuple(found["0210201"][i] for i in wanted) == alaska
        assert tuple(found["0111205"][i] for i in wanted) == san_francisco
        assert found["0210201"][place("gpci_work_floor")] == "1.500"
        frontier = {cells[0] for cells in found.values() if cells[place("gpci_pe_floor")] == "1.000"}
        assert frontier == {"MT", "ND", "NV", "SD", "WY"}
        assert not any("*" in text for cells in found.values() for text in cells)

    def test_january_2026_has_both_work_indices(self, shared_data: Path):
        path = shared_data / "pfs" / "rvu2026" / "worth_GPCI2026_Q1_two-work-columns.rowsubset.csv"
        table, rows, refused = read(READERS, real_file(path))
        assert not refused
        assert table.year == 2026
        assert [(row.key, row.cells[2:6]) for row in rows] == [
            ("0118218", ("1.041", "1.041", "1.183", "0.664"))
        ]
