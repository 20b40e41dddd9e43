from decimal import Decimal

import pytest

from pipeline.errors import SourceError
from pipeline.facts.readers.layout import Row, Table, TableFile
from pipeline.facts.readers.opps_addenda import APC_LAYOUT, CODE_LAYOUT, READERS
from pipeline.facts.readers.text import head_of
from tests.facts.readers.locality_tables import read, real_file, table_file, workbook

BEHIND = (
    "IRA Coinsurance percentage,Adjusted Beneficiary Copayment,"
    "Drug and Device Pass-Through Expiration during Calendar Year,Note"
)
AMOUNTS = "Relative Weight,Payment Rate,National Unadjusted Copayment,Minimum Unadjusted Copayment"
TITLE_A = ",Addendum A.- OPPS APCs for CY 2025,,,,,,,,,,\r\n,A remark about rounding.,,,,,,,,,,\r\n"
HEADER_A = f"APC,Group Title,SI,{AMOUNTS},{BEHIND},\r\n"
TITLE_B = (
    "Addendum B.-Final OPPS Payment by HCPCS Code for CY 2026,,,,,,,,,,,,\r\n"
    "An invented copyright line of the AMA.,,,,,,,,,,,,\r\n,,,,,,,,,,,,\r\n"
)
HEADER_B = f"HCPCS Code,Short Descriptor,SI,APC,{AMOUNTS},{BEHIND},* Indicates a Change\r\n"


def addendum_a(*rows: str, header: str = HEADER_A, title: str = TITLE_A) -> TableFile:
    return table_file(title + header + "".join(f"{row}\r\n" for row in rows))


def addendum_b(*rows: str, header: str = HEADER_B, title: str = TITLE_B) -> TableFile:
    return table_file(title + header + "".join(f"{row}\r\n" for row in rows))


def cell(row: Row, table: Table, field: str) -> str:
    return row.cells[table.layout.place(field)]


def test_an_apc_keeps_its_title_indicator_weight_and_amounts():
    table, (row,), refused = read(
        READERS, addendum_a('5999,Level 9,J1,144.2970,"$7,143.730",.,"$1,428.75",,"$1,676.00",,Capped.,')
    )
    assert table.layout is APC_LAYOUT and table.year == 2025 and table.quarter is None and not refused
    assert row.key == "5999" and row.line == 4 and table.passed_over == 3
    assert dict(zip([c.field for c in table.layout.columns], row.cells, strict=True)) == {
        "apc_title": "Level 9",
        "apc_status_indicator": "J1",
        "apc_relative_weight": "144.2970",
        "apc_rate": "7143.73",
        "apc_national_unadjusted_copayment": "",
        "apc_minimum_unadjusted_copayment": "1428.75",
        "apc_ira_coinsurance": "",
        "apc_adjusted_beneficiary_copayment": "1676.00",
        "apc_note": "Capped.",
    }


def test_an_apc_without_a_rate_and_a_drug_with_its_percentage_are_rows():
    table, (device, drug), refused = read(
        READERS, addendum_a("2999,Device,H,,,.,,,,,,", "0799,Drug,G,,$69.972,.,$14.00,19.787%,$13.85,,,")
    )
    assert not refused and cell(device, table, "apc_rate") == ""
    assert cell(drug, table, "apc_rate") == "69.972"
    assert cell(drug, table, "apc_ira_coinsurance") == "19.787"


@pytest.mark.parametrize("status", ["C", "N", "E1", "A"])
def test_a_code_with_an_indicator_alone_is_a_row(status):
    table, (row,), refused = read(READERS, addendum_b(f"9999X,,{status},,,,,,,,,,"))
    assert table.layout is CODE_LAYOUT and not refused
    assert row.key == "9999X" and row.cells == (status, *[""] * 8)


def test_a_code_keeps_indicator_apc_and_amounts_and_the_notice_is_kept_apart():
    file = addendum_b('9999X,Text,Q1,0799,1.4879,"$3,307.24 ",.,$27.21,,,,,*')
    table, (row,), _ = read(READERS, file)
    assert row.cells[:6] == ("Q1", "0799", "1.4879", "3307.24", "", "27.21")
    assert row.description == "" and table.year == 2026
    assert table.notice == ("An invented copyright line of the AMA.",)
    (with_text,) = READERS[1].read(file, True).rows
    assert isinstance(with_text, Row) and with_text.description == "Text"


def test_the_header_of_other_years_is_read_and_what_it_lacks_is_empty():
    note = '"Note: Actual copayments would be lower due to an invented cap of $1,408.00"'
    header = f"HCPCS Code,Short Descriptor,SI,APC,{AMOUNTS},{note},* Indicates a Change\r\n"
    table, (row,), refused = read(READERS, addendum_b("9999X,,T,5999,7.1,$10.00,,$2.00,*,", header=header))
    assert not refused and row.cells == ("T", "5999", "7.1000", "10.00", "", "2.00", "", "", "")
    assert table.year == 2026


def test_a_zero_rate_is_no_rate_but_a_zero_copayment_is_one():
    table, (row,), _ = read(READERS, addendum_b("9999X,,S,5999,.,$0.00,.,$0.00,,,,,"))
    assert cell(row, table, "opps_rate") == ""
    assert cell(row, table, "minimum_unadjusted_copayment") == "0.00"


def test_a_stray_byte_behind_a_code_is_taken_off():
    content = (TITLE_B + HEADER_B + "G9999~,,T,5999,1.0,$10.00,.,$2.00,,,,,\r\n").encode()
    _, (row,), refused = read(READERS, table_file(content.replace(b"~", b"\xff")))
    assert row.key == "G9999" and not refused


def test_a_workbook_gives_the_values_of_the_csv():
    header_a = tuple(HEADER_A.strip().split(","))
    rows = (("", "Addendum A.- OPPS APCs for CY 2025"), header_a)
    _, from_csv, _ = read(
        READERS,
        addendum_a(
            '0799,Drug,G,8.5000,"$4,146.335",.,$829.27,19.787%,$829.27,,,', "5999,Level 9,T,8,$60.00,.,,,,,,"
        ),
    )
    _, from_sheet, refused = read(
        READERS,
        workbook(
            *rows,
            (799, "Drug", "G", 8.5, 4146.335, ".", 829.27, 0.19787, 829.27, "", "", ""),
            (5999, "Level 9", "T", 8, 60, ".", "", "", "", "", "", ""),
        ),
    )
    assert [(row.key, row.cells) for row in from_sheet] == [(row.key, row.cells) for row in from_csv]
    assert not refused


def test_a_workbook_that_lost_leading_zeros_of_a_code_gets_them_back_but_a_csv_is_refused():
    header = tuple(HEADER_B.strip().split(","))
    _, (row,), _ = read(READERS, workbook(header, (100, "", "N", "", "", "", "", "", "", "", "", "", "")))
    assert row.key == "00100"
    _, rows, (refused,) = read(READERS, addendum_b("100,,N,,,,,,,,,,"))
    assert not rows and refused.column == "HCPCS Code" and refused.found == "100"


@pytest.mark.parametrize(
    ("row", "column", "found"),
    [
        ("999,,J1,5999,1.0,$10.00,.,.,,,,,", "HCPCS Code", "999"),
        ("9999X,,JJ,5999,1.0,$10.00,.,.,,,,,", "SI", "JJ"),
        ("9999X,,,5999,1.0,$10.00,.,.,,,,,", "SI", ""),
        ("9999X,,J1,59,1.0,$10.00,.,.,,,,,", "APC", "59"),
        ("9999X,,J1,5999,12O.34,$10.00,.,.,,,,,", "Relative Weight", "12O.34"),
        ("9999X,,J1,5999,$1.00,$10.00,.,.,,,,,", "Relative Weight", "$1.00"),
        ("9999X,,J1,5999,1.0,$10.0,.,.,,,,,", "Payment Rate", "$10.0"),
        ("9999X,,J1,5999,1.0,-10.00,.,.,,,,,", "Payment Rate", "-10.00"),
        ('9999X,,J1,5999,1.0,"1,00.00",.,.,,,,,', "Payment Rate", "1,00.00"),
        ("9999X,,J1,5999,1.0,$10.00,NA,.,,,,,", "National Unadjusted Copayment", "NA"),
        ("9999X,,J1,5999,1.0,$10.00,.,.,20,,,,", "IRA Coinsurance percentage", "20"),
        ("9999X,,J1,5999,1.0,$10.00", "HCPCS Code", "6 cells"),
        ("9999X,,J1,5999,1.0,$10.00,.,.,,,,,,5", "HCPCS Code", "14 cells"),
    ],
)
def test_a_cell_that_does_not_fit_refuses_its_row_with_line_and_column(row, column, found):
    table, rows, (refused,) = read(READERS, addendum_b(row, "9998X,,N,,,,,,,,,,"))
    assert (refused.line, refused.column, refused.found) == (5, column, found)
    assert [r.key for r in rows] == ["9998X"] and table.passed_over == 4


def test_blank_lines_and_footnotes_are_counted():
    table, rows, refused = read(
        READERS, addendum_b("9999X,,N,,,,,,,,,,", ",,,,,,,,,,,,", "", "An invented footnote.,,,,,,,,,,,,")
    )
    assert (len(rows), len(refused), table.passed_over) == (1, 0, 4 + 3)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (HEADER_B.replace("SI,APC", "CI,SI,APC"), "column 3: expected 'SI', found 'CI'"),
        (
            HEADER_B.replace("Relative Weight,", ""),
            "column 5: expected 'Relative Weight', found 'Payment Rate'",
        ),
        (
            HEADER_B.replace("Note", "Device Offset"),
            "column 12: expected a known heading or none, found 'Device Offset'",
        ),
        (HEADER_B.replace("Note", "APC"), "column 12: expected each heading once, found 'APC'"),
    ],
)
def test_another_header_is_refused_at_its_line_and_column(header, message):
    with pytest.raises(SourceError, match=rf"table\.csv:4: {message}"):
        read(READERS, addendum_b("9999X,,N,,,,,,,,,,", header=header))


def test_a_proposed_addendum_is_refused():
    with pytest.raises(SourceError, match="expected an addendum in force, found a proposed one"):
        read(READERS, addendum_b(title=TITLE_B.replace("Final", "Proposed")))


@pytest.mark.parametrize(
    "header", ["HCPCS Code,Short Descriptor,CI,SI\r\n", "APC,Offset\r\n", "HCPCS,MOD,SI\r\n"]
)
def test_other_tables_are_not_taken_for_an_addendum(header):
    assert not [reader for reader in READERS if reader.matches(head_of(table_file(header)))]


def test_a_file_cut_off_anywhere_gives_only_true_rows():
    rows = ('9999X,A text,J1,5999,8.5000,"$4,146.335",.,$829.27,,$829.27,,,*', "9998X,,N,,,,,,,,,,")
    with addendum_b(*rows).open() as stream:
        whole = stream.read()
    true = {(row.key, row.cells) for row in read(READERS, table_file(whole))[1]}
    refusals = 0
    for end in range(len((TITLE_B + HEADER_B).encode()), len(whole)):
        try:
            _, found, refused = read(READERS, table_file(whole[:end]))
        except SourceError:
            refusals += 1
            continue
        refusals += len(refused)
        assert {(row.key, row.cells) for row in found} <= true
    assert refusals > 50


@pytest.mark.realdata
def test_the_official_excerpt_of_addendum_a(shared_data):
    file = real_file(shared_data / "opps_asc" / "OPPS_AddendumA_Jan2025.ortho_rows.csv")
    table, rows, refused = read(READERS, file)
    assert (table.layout, table.year, len(rows), refused, table.passed_over) == (APC_LAYOUT, 2025, 17, [], 3)
    found = {row.key: row for row in rows}
    assert cell(found["0701"], table, "apc_rate") == "4146.335"
    assert cell(found["5114"], table, "apc_rate") == "7143.73"
    assert cell(found["5191"], table, "apc_national_unadjusted_copayment") == "863.75"
    assert cell(found["2053"], table, "apc_rate") == ""
    # Coinsurance is a fifth of the rate, up to rounding, where no cap or inflation rule moved it.
    for row in rows:
        rate, least = (cell(row, table, f) for f in ("apc_rate", "apc_minimum_unadjusted_copayment"))
        assert not rate or abs(Decimal(rate) / 5 - Decimal(least)) < Decimal("0.02")


@pytest.mark.realdata
def test_every_value_of_the_third_party_parse_of_addendum_b_fits(shared_data):
    """No official Addendum B is at hand; its values, put into the documented layout, are all taken."""
    lines = (shared_data / "opps_asc" / "opps_2026jul_rates.csv").read_text().split()[1:]
    parsed = [line.split(",") for line in lines]
    table, rows, refused = read(
        READERS,
        addendum_b(
            *(
                f'{code},,{status},{apc},,"${Decimal(rate):,.2f}",.,.,,,,,'
                for code, status, apc, rate in parsed
            )
        ),
    )
    assert not refused and len(rows) == 7359
    assert [[row.key, *row.cells[:2], cell(row, table, "opps_rate")] for row in rows] == parsed
