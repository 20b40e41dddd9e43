"""The county crosswalk: lost zeros and states, cut texts, repeated rows, and where its two forms differ."""

from pathlib import Path

import pytest

from pipeline.errors import SourceError
from pipeline.facts.readers.counties import LAYOUT, READERS
from tests.facts.readers.locality_tables import line_count, read, real_file, table_file, values, workbook

TITLE = "COUNTIES INCLUDED IN 2025 LOCALITIES. (ALPHABETICALLY)"
HEADING = "Medicare Adminstrative Contractor,Locality Number,State ,Fee Schedule Area ,Counties"
NOTE = "*  Payment locality is serviced by two carriers."
STATE, AREA, COUNTIES, CARRIERS = (
    LAYOUT.place(field) for field in ("state_name", "fee_schedule_area", "counties", "carrier_count")
)


def delimited(*rows: str, heading: str = HEADING, end: str = "\r\n") -> str:
    return "\r\n".join([f"{TITLE},,,,", ",,,,", heading, ",,,,", *rows, ",,,,", f"{NOTE},,,,"]) + end


def fixed(*rows: tuple[str, ...]) -> str:
    heading = f"{'Medicare Admi':<13}{'Locality':<17}{'State':<55}{'Fee Schedule Area':<83}Counties"
    lines = [
        f"    {row[0]:<12}{row[1]:<6}{row[2]:<23}{row[3]:<98}{row[4][:58]}".rstrip() if row else ""
        for row in rows
    ]
    return "\r\n".join([TITLE, "", heading, "", *lines, "", NOTE, ""])


def test_lost_zeros_are_restored():
    table, rows, refused = read(READERS, table_file(delimited("2102,1,ALASKA ,STATEWIDE ,ALL COUNTIES ")))
    assert not refused
    assert [(row.line, row.key, row.cells) for row in rows] == [
        (5, "0210201", ("ALASKA", "STATEWIDE", "ALL COUNTIES", ""))
    ]
    assert table.year == 2025


def test_a_state_is_carried_down_to_the_next_blank_line_and_no_further():
    content = delimited(
        "9102,3,FLORIDA ,A CITY,LEE",
        "9102,4,,B CITY,DADE",
        "9102,99, ,REST,OTHERS",
        " , , , , ",
        "1112,5,,C,KERN",
    )
    _, rows, _ = read(READERS, table_file(content))
    assert [row.cells[STATE] for row in rows] == ["FLORIDA", "FLORIDA", "FLORIDA", ""]


def test_the_fixed_width_form_carries_no_state_over_a_blank_line_either():
    content = fixed(
        ("03102", "00", "ARIZONA", "STATEWIDE", "ALL"), (), ("01112", "52", "", "A", "MARIN"),
        ("01112", "05", "", "B", "ALAMEDA"),
    )  # fmt: skip
    table, rows, refused = read(READERS, table_file(content, "table.txt"))
    assert not refused
    assert [row.cells[STATE] for row in rows] == ["ARIZONA", "", ""]
    assert table.year == 2025


def test_an_asterisk_means_what_its_footnote_says():
    _, rows, _ = read(
        READERS, table_file(delimited("5202,0,KANSAS ,STATEWIDE* ,ALL", "5102,0,IOWA ,STATEWIDE ,ALL"))
    )
    assert [row.cells[AREA] for row in rows] == ["STATEWIDE", "STATEWIDE"]
    assert [row.cells[CARRIERS] for row in rows] == ["2", ""]


def test_a_row_that_says_the_same_again_is_passed_over():
    file = table_file(delimited("5302,99,MISSOURI,REST* ,OTHERS ", "5302,99,,REST*,OTHERS"))
    table, rows, refused = read(READERS, file)
    assert (len(rows), len(refused)) == (1, 0)
    assert len(rows) + table.passed_over == line_count(file)


def test_a_row_that_says_something_else_of_the_same_locality_is_kept():
    file = table_file(delimited("5302,99,MISSOURI,REST,OTHERS", "5302,99,,REST,CLAY"))
    _, rows, _ = read(READERS, file)
    assert [row.cells[COUNTIES] for row in rows] == ["OTHERS", "CLAY"]


def test_a_quoted_list_stays_as_it_is_printed():
    _, rows, _ = read(READERS, table_file(delimited('6102,15,ILLINOIS ,A CITY,"KANE, LAKE AND WILL"')))
    assert rows[0].cells[COUNTIES] == "KANE, LAKE AND WILL"


@pytest.mark.parametrize(("length", "kept"), [(56, 1), (57, 0), (58, 0), (70, 0)])
def test_a_text_that_fills_the_fixed_width_column_is_refused_as_cut_off(length, kept):
    row = ("10212", "01", "GEORGIA", "A CITY", "X" * length)
    _, rows, refused = read(READERS, table_file(fixed(row), "table.txt"))
    assert len(rows) == kept
    assert [item.column for item in refused] == ["Counties"] * (1 - kept)
    assert all("cut off here" in item.expected for item in refused)


def test_the_workbook_form():
    file = workbook(
        (TITLE,), ("Medicare Administrative Contractor", "Locality Number", "State", "Fee Schedule Area", "Counties"),
        (2102, 1, "ALASKA", "STATEWIDE", "ALL"), ("",), (9102, 4, "FLORIDA", "A", "DADE"), (9102, 99, "", "B", "REST"),
    )  # fmt: skip
    _, rows, refused = read(READERS, file)
    assert not refused
    assert [(row.key, row.cells[STATE]) for row in rows] == [
        ("0210201", "ALASKA"),
        ("0910204", "FLORIDA"),
        ("0910299", "FLORIDA"),
    ]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("102,1,ALASKA,STATEWIDE,ALL", "Medicare Adminstrative Contractor"),
        ("02102x,1,ALASKA,STATEWIDE,ALL", "Medicare Adminstrative Contractor"),
        (",1,ALASKA,STATEWIDE,ALL", "Medicare Adminstrative Contractor"),
        ("2102,111,ALASKA,STATEWIDE,ALL", "Locality Number"),
        ("2102,1,4,STATEWIDE,ALL", "State"),
        ("2102,1,ALASKA,,ALL", "Fee Schedule Area"),
        ("2102,1,ALASKA,STATEWIDE,", "Counties"),
        ("2102,1,ALASKA", "Fee Schedule Area"),
        ("2102,1,ALASKA,STATEWIDE,KANE,LAKE", "column 6"),
    ],
)
def test_a_cell_that_does_not_fit_is_refused_with_its_column(row, column):
    _, rows, refused = read(READERS, table_file(delimited(row)))
    assert not rows
    assert [(item.line, item.column) for item in refused] == [(5, column)]


def test_a_last_row_without_a_line_end_may_be_cut_off():
    content = "\r\n".join([TITLE, HEADING, "2102,1,ALASKA,STATEWIDE,ALL COUN"])
    _, rows, refused = read(READERS, table_file(content))
    assert not rows
    assert "cut off" in refused[0].expected


@pytest.mark.parametrize(
    ("heading", "where"),
    [
        (HEADING.replace("State ", "County"), "column 3: expected 'State', found 'County'"),
        (HEADING + ",Zip", "column 6: expected no further column, found 'Zip'"),
    ],
)
def test_other_headings_are_refused(heading, where):
    with pytest.raises(SourceError) as raised:
        read(READERS, table_file(delimited(heading=heading)))
    assert str(raised.value).startswith(f"table.csv:3: {where}")


def test_narrower_columns_of_the_fixed_width_form_are_refused():
    content = fixed().replace("Fee Schedule Area    ", "Fee Schedule Area")
    with pytest.raises(SourceError, match=r"table\.txt:3: column 5: expected 'Counties' from character 169"):
        read(READERS, table_file(content, "table.txt"))


@pytest.mark.parametrize(
    ("first", "state"),
    [("9102,3,FLORIDA,A CITY,", "FLORIDA"), ("9102,3,FL0RIDA,A CITY,LEE", ""), ("9102", "")],
)
def test_a_refused_row_does_not_leave_the_state_before_it_standing(first, state):
    content = delimited("2102,1,ALASKA,STATEWIDE,ALL", first, "9102,4,,B CITY,DADE")
    _, rows, refused = read(READERS, table_file(content))
    assert len(refused) == 1
    assert [row.cells[STATE] for row in rows] == ["ALASKA", state]


@pytest.mark.realdata
class TestRealFiles:
    def test_the_crosswalk_of_2025(self, shared_data: Path):
        file = real_file(shared_data / "pfs" / "rvu25d_oct2025" / "25LOCCO.csv")
        table, rows, refused = read(READERS, file)
        found = {row.key: row.cells for row in rows}
        assert not refused
        assert len(found) == len(rows) == 109
        assert len(rows) + table.passed_over == line_count(file)
        assert found["0111205"][COUNTIES] == "SAN FRANCISCO/ALAMEDA/CONTRA COSTA/SAN MATEO"
        assert found["0210201"] == ("ALASKA", "STATEWIDE", "ALL COUNTIES", "")
        assert found["1328299"] == ("NEW YORK", "REST OF STATE", "ALL OTHER COUNTIES", "")
        assert {key for key, cells in found.items() if cells[CARRIERS] == "2"} == {
            "0111275", "0520200", "0530299",
        }  # fmt: skip

    def test_its_localities_are_those_of_the_indices(self, shared_data: Path):
        from pipeline.facts.readers import gpci

        folder = shared_data / "pfs" / "rvu25d_oct2025"
        _, rows, _ = read(READERS, real_file(folder / "25LOCCO.csv"))
        _, of_gpci, _ = read(gpci.READERS, real_file(folder / "GPCI2025.csv"))
        assert {row.key for row in rows} == {row.key for row in of_gpci}

    def test_where_the_publishers_two_forms_differ(self, shared_data: Path):
        """California has no state in the text form, three texts are spelt otherwise, nine are cut off."""
        folder = shared_data / "pfs" / "rvu25d_oct2025"
        file = real_file(folder / "25LOCCO.txt")
        table, rows, refused = read(READERS, file)
        _, of_csv, _ = read(READERS, real_file(folder / "25LOCCO.csv"))
        text, csv = values(rows), values(of_csv)
        assert len(rows) + len(refused) + table.passed_over == line_count(file)
        assert {key[0] for key in csv.keys() - text.keys()} == {
            "0910203", "0610212", "1021201", "1130200", "1220201", "1230201", "1240201", "1320202", "1320203",
        }  # fmt: skip
        assert {item.column for item in refused} == {"Counties"}
        assert len(refused) == 9
        differing = {
            (key[0], LAYOUT.columns[i].field)
            for key in text
            for i in range(len(LAYOUT.columns))
            if text[key][i] != csv[key][i]
        }
        states = {(key[0], "state_name") for key in csv if csv[key][STATE] == "CALIFORNIA"}
        assert differing - states == {
            ("0118218", "fee_schedule_area"),
            ("0118218", "counties"),
            ("0111205", "fee_schedule_area"),
        }
        assert len(states) == 29
        assert states <= differing
        assert not any(text[key][STATE] for key in csv if csv[key][STATE] == "CALIFORNIA")
