import csv

import pytest

from pipeline.errors import SourceError
from pipeline.facts.readers import mue
from pipeline.facts.readers.layout import Row
from pipeline.facts.readers.text import head_of
from tests.facts.readers.locality_tables import line_count, read, real_file, table_file, workbook

NOTICE = (
    '"CPT codes only are copyright 2025 American Medical Association. \n\nCPT® is a trademark of the AMA.\n'
    '\nInvented words, with a comma.",,,\n'
)
HEADER = '"HCPCS/\nCPT Code",Practitioner Services MUE Values,MUE Adjudication Indicator,MUE Rationale\n'
HOSPITAL = HEADER.replace("Practitioner", "Outpatient Hospital")
POLICY = "0001U,1,2 Date of Service Edit: Policy,Code Descriptor / CPT Instruction"
CLINICAL = "20610,2,3 Date of Service Edit: Clinical,Clinical: Data"
LINE = 'J7190,"22,000",1 Line Edit,Clinical: CMS Workgroup'


def table_of(*lines: str, header: str = HEADER, end: str = "\n"):
    content = NOTICE + header + "".join(line + "\n" for line in lines)
    return table_file(content.replace("\n", end).encode("cp1252"), "MCR_MUE.csv")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_rows_under_a_notice_of_several_lines(end):
    table, rows, refusals = read(mue.READERS, table_of(POLICY, CLINICAL, LINE, end=end))
    assert refusals == []
    assert rows == [
        Row(8, "0001U", ("1", "2", "Code Descriptor / CPT Instruction")),
        Row(9, "20610", ("2", "3", "Clinical: Data")),
        Row(10, "J7190", ("22000", "1", "Clinical: CMS Workgroup")),
    ]
    assert table.passed_over == 2  # the notice and the header, one record each
    assert table.notice[1] == "CPT® is a trademark of the AMA."
    assert len(table.notice) == 3
    assert (table.year, table.quarter) == (None, None)  # the copyright's year is not the table's


@pytest.mark.parametrize(
    ("header", "name", "family", "heading"),
    [
        (HEADER, "mue", "MUE", "Practitioner Services MUE Values"),
        (HOSPITAL, "mue_hospital", "MUEH", "Outpatient Hospital Services MUE Values"),
        (HEADER.replace("HCPCS/\n", "HCPCS/"), "mue", "MUE", "Practitioner Services MUE Values"),
    ],
)
def test_the_heading_says_whose_table_it_is(header, name, family, heading):
    table, rows, _ = read(mue.READERS, table_of(CLINICAL, header=header))
    assert (table.layout.name, table.layout.family) == (name, family)
    assert (table.layout.columns[0].heading, table.layout.columns[0].unit) == (heading, "units")
    assert [row.key for row in rows] == ["20610"]


def test_the_table_for_dme_suppliers_is_refused():
    file = table_of(CLINICAL, header=HEADER.replace("Practitioner", "DME Supplier"))
    with pytest.raises(SourceError) as error:
        read(mue.READERS, file)
    assert str(error.value).startswith(
        "MCR_MUE.csv:7: column 2: expected 'Practitioner Services MUE Values' or"
    )
    assert "DME suppliers is not used" in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "Practitioner Services MUE Values",
            "MUE Values",
            "column 2: expected 'Practitioner Services MUE Values'",
        ),
        (
            ",MUE Adjudication Indicator",
            "",
            "column 3: expected 'MUE Adjudication Indicator', found 'MUE Rationale'",
        ),
        ("MUE Rationale", "MUE Rationale,State", "column 5: expected '', found 'State'"),
    ],
)
def test_another_header_is_an_error_at_its_line_and_column(old, new, message):
    with pytest.raises(SourceError) as error:
        read(mue.READERS, table_of(CLINICAL, header=HEADER.replace(old, new)))
    assert f"MCR_MUE.csv:7: {message}" in str(error.value)


@pytest.mark.parametrize(
    ("line", "column", "found"),
    [
        ("2061X0,2,3 Date of Service Edit: Clinical,Clinical: Data", "HCPCS/CPT Code", "2061X0"),
        ("20610,,3 Date of Service Edit: Clinical,Clinical: Data", "Practitioner Services MUE Values", ""),
        (
            "20610,2.5,3 Date of Service Edit: Clinical,Clinical: Data",
            "Practitioner Services MUE Values",
            "2.5",
        ),
        ('20610,"2,00",1 Line Edit,Clinical: Data', "Practitioner Services MUE Values", "2,00"),
        ("20610,2,3,Clinical: Data", "MUE Adjudication Indicator", "3"),
        (
            "20610,2,2 Date of Service Edit: Clinical,Clinical: Data",
            "MUE Adjudication Indicator",
            "2 Date of Service Edit: Clinical",
        ),
        ("20610,2,3 Date of Service Edit: Clinical,", "MUE Rationale", ""),
        ("20610,2,3 Date of Service Edit: Clinical,Clinical: Data,x", "column 5", "x"),
        ("A footnote of ours", "HCPCS/CPT Code", "A footnote of ours"),
    ],
)
def test_a_row_that_does_not_fit_is_refused_at_its_column(line, column, found):
    _, rows, refusals = read(mue.READERS, table_of(POLICY, line, LINE))
    assert len(rows) == 2
    (refusal,) = refusals
    assert (refusal.line, refusal.column, refusal.found) == (9, column, found)


@pytest.mark.parametrize("length", range(1, len(CLINICAL)))
def test_a_last_line_cut_anywhere_is_refused(length):
    file = table_of(POLICY, CLINICAL.replace("20610", "20600"), CLINICAL[:length])
    _, rows, refusals = read(mue.READERS, file)
    assert len(rows) == 2
    assert [refusal.line for refusal in refusals] == [10]


def test_blank_rows_and_a_notice_below_are_passed_over():
    table, rows, refusals = read(mue.READERS, table_of(CLINICAL, "", ",,,", "Copyright of the AMA,,,"))
    assert (len(rows), refusals, table.passed_over) == (1, [], 5)


def test_zero_units_are_a_value():
    _, rows, _ = read(mue.READERS, table_of(CLINICAL.replace(",2,", ",0,")))
    assert rows[0].cells[0] == "0"


def test_the_workbook_with_codes_and_values_as_numbers():
    sheet = workbook(
        ("CPT codes are copyright 2025",),
        (
            "HCPCS/\nCPT Code",
            "Practitioner Services MUE Values",
            "MUE Adjudication Indicator",
            "MUE Rationale",
        ),
        (100, 1, "2 Date of Service Edit: Policy", "CMS Policy"),
        (20610, 2, "3 Date of Service Edit: Clinical", "Clinical: Data"),
    )
    _, rows, refusals = read(mue.READERS, sheet)
    assert refusals == []
    assert rows == [Row(3, "00100", ("1", "2", "CMS Policy")), Row(4, "20610", ("2", "3", "Clinical: Data"))]


def test_text_with_tabs():
    content = (HEADER + CLINICAL).replace(",", "\t")
    _, rows, refusals = read(mue.READERS, table_file(content))
    assert (len(rows), refusals) == (1, [])


def test_other_tables_are_not_known():
    head = head_of(table_file("hcpcs_code,mue_units,mue_mai,mue_rationale\n20610,2,3,Clinical: Data\n"))
    assert not any(reader.matches(head) for reader in mue.READERS)


@pytest.mark.realdata
def test_first_lines_of_the_2026_table(shared_data):
    name = "MCR_MUE_PractitionerServices_Eff_07-01-2026.head.csv"
    file = real_file(shared_data / "ncci" / "layout_2026" / name)
    table, rows, refusals = read(mue.READERS, file)
    assert refusals == []
    assert table.layout.name == "mue"
    assert (len(rows), table.passed_over) == (12, 2)
    assert rows[-1].line == line_count(file)
    assert len(table.notice) == 4
    assert {row.key: row.cells for row in rows}["0009U"] == ("2", "3", "Nature of Analyte")


@pytest.mark.realdata
def test_every_value_of_a_whole_release_fits(shared_data):
    words = {
        "1": "1 Line Edit",
        "2": "2 Date of Service Edit: Policy",
        "3": "3 Date of Service Edit: Clinical",
    }
    with (shared_data / "ncci" / "2024q3" / "ncci_mue_prac.csv").open(newline="") as stream:
        parsed = list(csv.DictReader(stream))
    lines = [
        f'{row["hcpcs_code"]},{row["mue_units"]},{words[row["mue_mai"]]},"{row["mue_rationale"]}"'
        for row in parsed
    ]
    _, rows, refusals = read(mue.READERS, table_of(*lines))
    assert refusals == []
    assert [(row.key, *row.cells) for row in rows] == [
        (row["hcpcs_code"], row["mue_units"], row["mue_mai"], row["mue_rationale"]) for row in parsed
    ]
