"""Anesthesia factors: the national one in a heading, implied decimals, Ctrl-Z, and the two factors of 2026."""

from pathlib import Path

import pytest

from pipeline.errors import SourceError
from pipeline.facts.readers.anesthesia import READERS
from pipeline.facts.readers.text import head_of
from tests.facts.readers.locality_tables import line_count, read, real_file, table_file, values, workbook

HEADING = "Contractor,Locality,Locality Name,National Anes CF of 20.3178"
TWO = (
    "Contractor,Locality,Locality Name,Qualifying APM National Anes CF (with 2.5% statutory increase) of 20.599835,"
    "Non-Qualifying APM National Anes CF (with 2.5% Statutory increase)  of 20.49754"
)


def fixed(mac: str, number: str, name: str, factor: str) -> str:
    return f"{mac:<12}{number:<6}{name:<55}{factor}\r\n"


def test_the_national_factor_stands_in_the_heading():
    file = table_file(f"{HEADING}\r\n02102 ,01 ,ALASKA*,27.80 \r\n,,,\r\n")
    table, rows, refused = read(READERS, file)
    assert not refused
    assert [(value.field, value.value, value.unit, value.line) for value in table.national] == [
        ("anesthesia_conversion_factor_national", "20.3178", "USD/unit", 1)
    ]
    assert [(row.line, row.key, row.cells) for row in rows] == [(2, "0210201", ("27.80", "", ""))]
    assert len(rows) + table.passed_over == line_count(file)


def test_two_factors_are_told_apart_by_their_headings():
    table, rows, refused = read(READERS, table_file(f"{TWO}\n10112 ,00 ,A STATE,19.63,19.53\n"))
    assert not refused
    assert rows[0].cells == ("", "19.63", "19.53")
    assert {value.field: value.value for value in table.national} == {
        "anesthesia_conversion_factor_national_qpp": "20.599835",
        "anesthesia_conversion_factor_national_nonqpp": "20.49754",
    }


def test_the_fixed_width_form_has_two_implied_decimals_and_ends_in_ctrl_z():
    file = table_file(fixed("01112", "05", "A CITY (CUT OF", "2005") + "\x1a", "table.txt")
    table, rows, refused = read(READERS, file)
    assert not refused
    assert [(row.line, row.key, row.cells) for row in rows] == [(1, "0111205", ("20.05", "", ""))]
    assert table.passed_over == 1
    assert table.national == []


def test_the_workbook_gives_back_zeros_on_both_sides():
    _, rows, refused = read(
        READERS, workbook(tuple(HEADING.split(",")), (2102, 1, "A STATE", 27.8), (3502, 9, "B", 20))
    )
    assert not refused
    assert [(row.key, row.cells[0]) for row in rows] == [("0210201", "27.80"), ("0350209", "20.00")]


def test_two_factors_without_headings_are_not_guessed_at():
    line = f"{'10112':<12}{'00':<6}{'A STATE':<49}1963  1953\r\n"
    with pytest.raises(SourceError, match=r"table\.txt:1: column 4: expected one factor.*CSV form"):
        read(READERS, table_file(line, "table.txt"))


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("2102,01,A STATE,19.31", "Contractor"),
        ("02102,1,A STATE,19.31", "Locality"),
        ("02102,01,,19.31", "Locality Name"),
        ("02102,01,A STATE,1931", "National Anes CF of ..."),
        ("02102,01,A STATE,19.3", "National Anes CF of ..."),
        ("02102,01,A STATE,", "National Anes CF of ..."),
        ("02102,01,A STATE", "National Anes CF of ..."),
        ("02102,01,A STATE,19.31,19.31", "column 5"),
    ],
)
def test_a_cell_that_does_not_fit_is_refused_with_its_column(row, column):
    _, rows, refused = read(READERS, table_file(f"{HEADING}\n{row}\n"))
    assert not rows
    assert [(item.line, item.column) for item in refused] == [(2, column)]


@pytest.mark.parametrize(
    "line",
    [
        fixed("01112", "05", "A CITY", "200"),
        fixed("01112", "05", "A CITY", "20050"),
        fixed("0111", "05", "A CITY", "2005"),
        fixed("01112", "", "A CITY", "2005"),
        fixed("01112", "05", "", "2005"),
        "01112       05    A CI",
        "\x1a\x1a\r\n",
    ],
)
def test_a_fixed_width_row_that_does_not_fit_is_refused(line):
    content = fixed("10112", "00", "A STATE", "1931") + line
    _, rows, refused = read(READERS, table_file(content, "table.txt"))
    assert [row.line for row in rows] == [1]
    assert [item.line for item in refused] == [2]


@pytest.mark.parametrize(
    ("heading", "where"),
    [
        (HEADING.replace("20.3178", "?"), "table.csv:1: column 4: expected 'National Anes CF of ...'"),
        (HEADING + ",Work GPCI", "table.csv:1: column 5: expected no further column, found 'Work GPCI'"),
        (
            TWO.replace("2.5%", "5%"),
            "table.csv:1: column 4: expected 'Qualifying APM National Anes CF of ...'",
        ),
        (
            TWO.rpartition(",")[0],
            "table.csv:1: column 5: expected 'Non-Qualifying APM National Anes CF of ...'",
        ),
    ],
)
def test_another_edition_is_refused_at_its_column(heading, where):
    with pytest.raises(SourceError) as raised:
        read(READERS, table_file(f"{heading}\n10112,00,A STATE,19.31\n"))
    assert str(raised.value).startswith(where)


def test_fixed_width_lines_of_another_table_are_not_taken_for_this_one():
    head = head_of(table_file("10112           AL      00   ALABAMA      1.000       0.869       0.575\n"))
    assert not any(reader.matches(head) for reader in READERS)


@pytest.mark.realdata
def test_the_real_forms_agree_on_every_value(shared_data: Path):
    folder = shared_data / "pfs" / "rvu25d_oct2025"
    csv, of_csv, refused = read(READERS, real_file(folder / "ANES2025.csv"))
    text, of_text, refused_text = read(READERS, real_file(folder / "ANES2025.txt"))
    assert not refused + refused_text
    assert len(of_csv) == 109
    assert values(of_csv) == values(of_text)
    assert values(of_csv)["1011200", "", ""][0] == "19.31"
    assert values(of_csv)["0111205", "", ""][0] == "22.37"
    assert [(value.value, value.heading) for value in csv.national] == [
        ("20.3178", "National Anes CF of 20.3178")
    ]
    assert (csv.passed_over, text.passed_over) == (2, 1)
