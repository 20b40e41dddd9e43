from decimal import Decimal

import pytest

from pipeline.errors import SourceError
from pipeline.facts.readers.asc_addenda import ANCILLARY_LAYOUT, READERS, SURGICAL_LAYOUT
from pipeline.facts.readers.layout import Row, TableFile
from pipeline.facts.readers.text import head_of
from tests.facts.readers.locality_tables import read, real_file, table_file, workbook

TITLE = (
    '"Addendum AA -- ASC Covered Surgical Procedures for CY 2026",,,,,,\r\n'
    '"An AMA copyright line",,,,,,\r\n,,,,,,\r\n'
)
DISCOUNT = "Subject to Multiple Procedure Discounting"
HEADER = (
    f"HCPCS Code,,Short Descriptor,{DISCOUNT},April 2026 Payment Indicator,"
    "April 2026  Payment Weight  ,April 2026 Payment Rate \r\n"
)
HEADER_BB = (
    "HCPCS Code,Short Descriptor,July 2026 Payment Indicator,"
    "July 2026 Payment Weight,July 2026 Payment Rate\r\n"
)


def addendum(*rows: str, header: str = HEADER, title: str = TITLE) -> TableFile:
    return table_file(title + header + "".join(f"{row}\r\n" for row in rows))


def test_a_surgical_procedure_keeps_indicator_weight_rate_and_discount():
    file = addendum('9999X,,Text,Y,J8,175.6211,"$9,891.33 "')
    table, (row,), refused = read(READERS, file)
    assert table.layout is SURGICAL_LAYOUT and (table.year, table.quarter) == (2026, 2) and not refused
    assert row == Row(5, "9999X", ("J8", "175.6211", "9891.33", "Y"))
    assert table.passed_over == 4 and table.notice == ("An AMA copyright line",)
    assert [row.description for row in READERS[0].read(file, True).rows if isinstance(row, Row)] == ["Text"]


@pytest.mark.parametrize(("month", "quarter"), [("January", 1), ("April", 2), ("July", 3), ("October", 4)])
def test_month_and_year_come_from_the_headings(month, quarter):
    table, _, _ = read(READERS, addendum(header=HEADER.replace("April 2026", f"{month} 2025")))
    assert (table.year, table.quarter) == (2025, quarter)


@pytest.mark.parametrize("rest", ["N,N1,,", "N,D5,.,$0.00", "N,D5,.,.", "N,D5,,$0.00", ",L1,.,."])
def test_where_nothing_is_paid_separately_there_is_no_rate(rest):
    _, (row,), refused = read(READERS, addendum(f"9999X,,,{rest}"))
    assert not refused and row.cells[1:3] == ("", "")
    assert row.cells[0] in ("N1", "D5", "L1")


def test_a_rate_beside_an_indicator_that_pays_nothing_is_refused():
    _, rows, (refused,) = read(READERS, addendum("9999X,,,N,N1,1.5000,$10.00"))
    assert not rows and refused.line == 5 and refused.column == "Payment Rate"
    assert refused.expected == "no rate with payment indicator N1" and refused.found == "10.00"


def test_an_ancillary_service_has_no_discount():
    table, (row,), refused = read(
        READERS, addendum("J9999,,K2,,$69.972", title=TITLE.replace("AA", "BB"), header=HEADER_BB)
    )
    assert table.layout is ANCILLARY_LAYOUT and not ANCILLARY_LAYOUT.confirmed and not refused
    assert (table.year, table.quarter, row.cells) == (2026, 3, ("K2", "", "69.972"))


@pytest.mark.parametrize(
    "header",
    [
        HEADER_BB.replace("July 2026 Payment Weight,", ""),
        HEADER_BB.replace("Descriptor,", "Descriptor,Drug Pass-Through,").replace(
            "July 2026 Payment Weight,", ""
        ),
    ],
)
def test_an_ancillary_list_may_lack_weights(header):
    commas = header.count(",")
    row = ["J9999", *[""] * (commas - 2), "K2", "$10.00"]
    _, (found,), refused = read(READERS, addendum(",".join(row), header=header))
    assert found.cells == ("K2", "", "10.00") and not refused


def test_no_field_of_the_two_lists_differs_in_meaning():
    assert set(ANCILLARY_LAYOUT.columns) < set(SURGICAL_LAYOUT.columns)


def test_a_workbook_gives_the_values_of_the_csv():
    header = tuple(HEADER.rstrip("\r\n").split(","))
    _, from_csv, _ = read(READERS, addendum('0999X,,,Y,G2,29.2040,"$1,644.80"', "29999,,,N,N1,,"))
    _, from_sheet, refused = read(
        READERS,
        workbook(
            ("Addendum AA for CY 2026",),
            header,
            ("0999X", "", "", "Y", "G2", 29.204, 1644.8),
            (29999, "", "", "N", "N1", "", ""),
        ),
    )
    assert [(r.key, r.cells) for r in from_sheet] == [(r.key, r.cells) for r in from_csv]
    assert len(from_csv) == 2 and not refused


def test_trailing_empty_columns_are_no_columns():
    _, rows, refused = read(
        READERS, addendum("9999X,,,N,N1,,,,", header=HEADER.replace("Rate \r\n", "Rate ,,\r\n"))
    )
    assert len(rows) == 1 and not refused


@pytest.mark.parametrize(
    ("row", "column", "found"),
    [
        ("99999X,,,Y,G2,1.5,$10.00", "HCPCS Code", "99999X"),
        ("9999X,,,Y,2G,1.5,$10.00", "Payment Indicator", "2G"),
        ("9999X,,,Y,,1.5,$10.00", "Payment Indicator", ""),
        ("9999X,,,Y,G2,x,$10.00", "Payment Weight", "x"),
        ("9999X,,,Y,G2,1.5,", "Payment Rate", "none"),
        ("9999X,,,Y,G2,1.5,$10", "Payment Rate", "$10"),
        ("9999X,,,Y,G2,1.5,$10.5", "Payment Rate", "$10.5"),
        ("9999X,,,X,G2,1.5,$10.00", DISCOUNT, "X"),
        ("9999X,,,Y,G2,1.5", "HCPCS Code", "6 cells"),
        ("9999X", "HCPCS Code", "1 cells"),
    ],
)
def test_a_cell_that_does_not_fit_refuses_its_row(row, column, found):
    _, rows, (refused,) = read(READERS, addendum("9998X,,,N,N1,,", row))
    assert (refused.line, refused.column, refused.found) == (6, column, found)
    assert [r.key for r in rows] == ["9998X"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "April 2026 Payment Rate",
            "July 2026 Payment Rate",
            "column 7: expected April 2026 as in the columns before",
        ),
        ("April 2026", "March 2026", "column 5: expected January, April, July or October"),
        ("April 2026", "Proposed CY 2026", "column 5: expected January, April, July or October"),
        ("Short Descriptor", "Group", "column 3: expected a known heading or none, found 'Group'"),
        ("Short Descriptor", "", "column 8: expected a column 'Short Descriptor', found 'nothing'"),
        ("April 2026  Payment Weight  ", "", "column 8: expected a column 'Payment Weight'"),
        (DISCOUNT, f"{DISCOUNT} and more", "column 4: expected a known heading or none"),
        ("Short Descriptor", "April 2026 Payment Rate", "column 7: expected each heading once"),
    ],
)
def test_another_header_is_refused_at_its_line_and_column(old, new, message):
    with pytest.raises(SourceError, match=rf"table\.csv:4: {message}"):
        read(READERS, addendum("9999X,,,N,N1,,", header=HEADER.replace(old, new)))


def test_a_proposed_list_and_other_tables_are_not_read():
    with pytest.raises(SourceError, match="found a proposed one"):
        read(READERS, addendum(title=TITLE.replace("ASC", "Proposed ASC")))
    other = table_file("HCPCS Code,Short Descriptor,Indicator,APC,OPPS Rate,Device Offset Amount\r\n")
    assert not [reader for reader in READERS if reader.matches(head_of(other))]


def test_a_file_cut_off_anywhere_gives_only_true_rows():
    file = addendum('9999X,,A text,Y,G2,29.2047,"$1,644.87"', "9998X,,,Y,R2,2.4065,$135.54")
    with file.open() as stream:
        whole = stream.read()
    true = {(row.key, row.cells) for row in read(READERS, file)[1]}
    refusals = 0
    for end in range(len((TITLE + HEADER).encode()), len(whole)):
        try:
            _, found, refused = read(READERS, table_file(whole[:end]))
        except SourceError:
            refusals += 1
            continue
        refusals += len(refused)
        assert {(row.key, row.cells) for row in found} <= true
    assert refusals > 50


@pytest.mark.realdata
def test_the_official_excerpt_of_addendum_aa(shared_data):
    folder = shared_data / "opps_asc"
    table, rows, refused = read(READERS, real_file(folder / "ASC_AddendumAA_CY2026_layout_sample_corvid.csv"))
    assert (table.layout, table.year, table.quarter) == (SURGICAL_LAYOUT, 2026, 1)
    assert [(row.key, *row.cells) for row in rows] == [
        ("0095T", "N1", "", "", "N"),
        ("0101T", "R2", "2.4065", "135.54", "Y"),
        ("0102T", "G2", "29.2047", "1644.87", "Y"),
        ("0200T", "J8", "83.7955", "4719.53", "Y"),
        ("9999X", "D5", "", "", "N"),
    ]
    assert not refused and table.passed_over == 4 and not any(row.description for row in rows)
    # The third-party parse of July has the same amounts for the codes that are in both.
    july = dict(line.split(",")[::2] for line in (folder / "asc_2026jul_rates.csv").read_text().split()[1:])
    assert {row.key: row.cells[2] for row in rows if row.cells[2]}.items() <= july.items()


@pytest.mark.realdata
def test_every_value_of_the_third_party_parse_fits(shared_data):
    lines = (shared_data / "opps_asc" / "asc_2026jul_rates.csv").read_text().split()[1:]
    parsed = [line.split(",") for line in lines]
    file = addendum(*(f'{code},,,Y,{paid},,"${Decimal(rate):,.2f} "' for code, paid, rate in parsed))
    _, rows, refused = read(READERS, file)
    assert not refused and [[row.key, row.cells[0], row.cells[2]] for row in rows] == parsed
    assert len({row.key for row in rows}) == 5724, "a code stands in one of the two lists"
