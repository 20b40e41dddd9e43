"""OPPS caps: three-part keys, dollars, and what is refused."""

from pathlib import Path

import pytest

from pipeline.errors import SourceError
from pipeline.facts.readers.opps_caps import LAYOUT, READERS
from pipeline.facts.readers.text import head_of
from tests.facts.readers.locality_tables import line_count, read, real_file, table_file, values, workbook

HEADING = "HCPCS,MOD,PROCSTAT,CARRIER,LOCALITY,FACILITY PRICE,NON-FACILTY PRICE"


def test_a_row_is_a_code_with_modifier_and_locality():
    file = table_file(
        f"{HEADING}\r\n9999X,TC,C,01112,05,150.69,1150.60\r\n79999,,A,02102,01,9.00,8.00\r\n,,,,,,\r\n"
    )
    table, rows, refused = read(READERS, file)
    assert not refused
    assert [(row.line, row.key, row.modifier, row.locality, row.cells) for row in rows] == [
        (2, "9999X", "TC", "0111205", ("150.69", "1150.60", "C")),
        (3, "79999", "", "0210201", ("9.00", "8.00", "A")),
    ]
    assert len(rows) + table.passed_over == line_count(file)


def test_prices_are_dollars():
    assert [(column.field, column.unit) for column in LAYOUT.columns] == [
        ("cap_fac_price", "USD"),
        ("cap_nonfac_price", "USD"),
        ("cap_status_code", ""),
    ]


def test_the_workbook_gives_back_zeros_on_both_sides():
    _, rows, refused = read(
        READERS, workbook(tuple(HEADING.split(",")), (79999, "", "A", 1112, 5, 150.6, 93))
    )
    assert not refused
    assert (rows[0].key, rows[0].locality, rows[0].cells) == ("79999", "0111205", ("150.60", "93.00", "A"))


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("7999,,A,01112,05,1.00,1.00", "HCPCS"),
        ("7999x,,A,01112,05,1.00,1.00", "HCPCS"),
        ("79999,T,A,01112,05,1.00,1.00", "MOD"),
        ("79999,,,01112,05,1.00,1.00", "PROCSTAT"),
        ("79999,,A,1112,05,1.00,1.00", "CARRIER"),
        ("79999,,A,01112,5,1.00,1.00", "LOCALITY"),
        ("79999,,A,01112,05,$1.00,1.00", "FACILITY PRICE"),
        ("79999,,A,01112,05,,1.00", "FACILITY PRICE"),
        ("79999,,A,01112,05,1.00,97.0", "NON-FACILTY PRICE"),
        ("79999,,A,01112,05,1.00", "NON-FACILTY PRICE"),
        ("79999,,A,01112,05,1.00,1.00,1.00", "column 8"),
        ("G9999,,,,,,", "PROCSTAT"),
    ],
)
def test_a_cell_that_does_not_fit_is_refused_with_its_column(row, column):
    _, rows, refused = read(READERS, table_file(f"{HEADING}\n{row}\n"))
    assert not rows
    assert [(item.line, item.column) for item in refused] == [(2, column)]


def test_a_row_in_which_the_file_breaks_off_is_refused():
    _, rows, refused = read(READERS, table_file(f"{HEADING}\n79999,,A,01112,05,1.00,1.00\n79999,,A,011"))
    assert [row.line for row in rows] == [2]
    assert [(item.line, item.column) for item in refused] == [(3, "LOCALITY")]


@pytest.mark.parametrize(
    ("heading", "where"),
    [
        (HEADING.replace("MOD", "MODIFIER"), "table.csv:1: column 2: expected 'MOD', found 'MODIFIER'"),
        (
            HEADING.replace(",NON-FACILTY PRICE", ""),
            "table.csv:1: column 7: expected 'NON-FACILTY PRICE', found ''",
        ),
        (HEADING + ",NOTE", "table.csv:1: column 8: expected no further column, found 'NOTE'"),
    ],
)
def test_other_column_names_are_refused(heading, where):
    with pytest.raises(SourceError) as raised:
        read(READERS, table_file(f"{heading}\n79999,,A,01112,05,1.00,1.00\n"))
    assert str(raised.value).startswith(where)


def test_the_heading_spelt_right_is_known_as_well():
    _, rows, _ = read(
        READERS, table_file(HEADING.replace("FACILTY", "FACILITY") + "\n79999,,A,01112,05,1.00,1.00\n")
    )
    assert len(rows) == 1


def test_another_table_by_code_is_not_taken_for_this_one():
    head = head_of(table_file("HCPCS,MOD,DESCRIPTION,CODE\n"))
    assert not any(reader.matches(head) for reader in READERS)


@pytest.mark.realdata
def test_the_real_file(shared_data: Path):
    folder = shared_data / "pfs" / "rvu25d_oct2025"
    table, rows, refused = read(READERS, real_file(folder / "OPPSCAP_Oct.csv.gz"))
    found = values(rows)
    assert not refused
    assert len(found) == 16_100
    assert table.passed_over == 2
    assert found["0633T", "TC", "0111205"] == ("150.69", "150.69", "C")
    assert found["93990", "TC", "1520200"] == ("97.07", "97.07", "A")
    assert {cells[2] for cells in found.values()} == {"A", "C"}
    assert {modifier for _, modifier, _ in found} == {"", "TC"}
