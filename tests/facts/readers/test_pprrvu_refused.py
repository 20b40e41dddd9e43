"""What a relative value file is refused for: cells, sums, other layouts, cut ends; with line and column."""

import pytest

from pipeline.errors import SourceError
from pipeline.facts.readers.layout import Refused
from pipeline.facts.readers.pprrvu import READERS
from tests.facts.readers.locality_tables import read, table_file
from tests.facts.readers.relative_values import IMAGING, SURGERY, delimited, record
from tests.tables_sample import fee, fee_txt

LINE = ",".join(SURGERY.values())


def rewritten(file, change):
    """The file with its lines, as lists of cells, changed in place."""
    lines = [line.split(",") for line in file.open().read().decode().splitlines()]
    change(lines)
    return table_file("".join(",".join(line) + "\r\n" for line in lines))


@pytest.mark.parametrize(
    ("column", "found"),
    [
        *[("HCPCS", cell) for cell in ("", "999", "9999x", "99999X", "A999X", "９999X")],
        *[("MOD", cell) for cell in ("TX", "5", "26 TC", "tc")],
        *[("STATUS CODE", cell) for cell in ("", "a", "S", "AA")],
        ("NOT USED FOR MEDICARE PAYMENT", "-"),
        *[("WORK RVU", cell) for cell in ("", "10", "10.0", "10.000", "-10.00", "1,000.00", "1000.00")],
        ("WORK RVU", "١٠.٠٠"),
        *[("NON-FAC PE RVU", cell) for cell in ("NA", "8", ".25")],
        *[("NON-FAC NA INDICATOR", cell) for cell in ("N", "na", "0", "NAN")],
        ("FACILITY PE RVU", "8.255"),
        ("FACILITY NA INDICATOR", "N/A"),
        ("MP RVU", "two"),
        *[("NON-FACILITY TOTAL", cell) for cell in ("", "20.7")],
        ("FACILITY TOTAL", "NA"),
        ("PCTC IND", "10"),
        *[("GLOB DAYS", cell) for cell in ("", "90", "0", "10", "100", "xxx")],
        *[("PRE OP", cell) for cell in (".10", "10", "0.1")],
        ("INTRA OP", "2.00"),
        ("POST OP", ""),
        *[("MULT PROC", cell) for cell in ("", "8")],
        ("BILAT SURG", "4"),
        ("ASST SURG", "3"),
        ("CO- SURG", "3"),
        ("TEAM SURG", "A"),
        *[("PRIC IND", cell) for cell in ("0", "19")],
        *[("ENDO BASE", cell) for cell in ("299", "A2999")],
        *[("CONV FACTOR", cell) for cell in ("", "33.12", "3.1234")],
        *[("PHYSICIAN SUPERVISION OF DIAGNOSTIC PROCEDURES", cell) for cell in ("9", "B1")],
        ("CALCULATION FLAG", ""),
        ("DIAGNOSTIC IMAGING FAMILY INDICATOR", "4"),
        ("NON-FACILITY PE USED FOR OPPS PAYMENT AMOUNT", ""),
        ("FACILITY PE USED FOR OPPS PAYMENT AMOUNT", "0"),
        ("MP USED FOR OPPS PAYMENT AMOUNT", "0.0"),
    ],
)  # fmt: skip
def test_a_cell_that_does_not_fit_is_refused_at_its_column(column, found):
    _, rows, (refused,) = read(READERS, delimited(record(), SURGERY | {column: found}, record(IMAGING)))
    assert [row.line for row in rows] == [11, 13]
    assert (refused.line, refused.column, refused.found) == (12, column, found)


@pytest.mark.parametrize(
    ("changes", "column", "expected", "found"),
    [
        ({"NON-FACILITY TOTAL": "20.74"}, "NON-FACILITY TOTAL", "10.00 + 8.25 + 2.50 = 20.75", "20.74"),
        ({"FACILITY TOTAL": "20.76"}, "FACILITY TOTAL", "10.00 + 8.25 + 2.50 = 20.75", "20.76"),
        ({"FACILITY PE RVU": "8.20"}, "FACILITY TOTAL", "10.00 + 8.20 + 2.50 = 20.70", "20.75"),
        ({"POST OP": "0.20"}, "PRE OP, INTRA OP, POST OP", "shares of 1.00, or 0.00", "0.10 + 0.69 + 0.20"),
    ],
)
def test_what_does_not_add_up_is_refused(changes, column, expected, found):
    _, rows, refused = read(READERS, delimited(record(IMAGING), SURGERY | changes))
    assert len(rows) == 1
    assert refused == [Refused(12, column, expected, found)]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"CONV FACTOR": "33.5678"}, "33.1234, as in line 11"),
        ({"PRIC IND": "1"}, "9, as in line 11"),
        ({"PRIC IND": ""}, "9, as in line 11"),
    ],
)
def test_a_second_factor_or_indicator_in_one_file_is_refused(changes, expected):
    _, rows, (refused,) = read(READERS, delimited(record(), IMAGING | changes))
    (column, found), *_ = changes.items()
    assert (len(rows), refused) == (1, Refused(12, column, expected, found))


def drop(place):
    def change(lines):
        for line in lines:
            del line[place]

    return change


def swap(first, second):
    def change(lines):
        for line in lines:
            line[first], line[second] = line[second], line[first]

    return change


@pytest.mark.parametrize(
    ("year", "pricing", "change", "where"),
    [
        (2026, False, None, "column 24: expected 'PRIC IND' in a file of 2026, found 'ENDO BASE'"),
        (2025, True, None, "column 24: expected 'ENDO BASE' in a file of 2025, found 'PRIC IND'"),
        (2027, False, None, "column 24: expected 'PRIC IND' in a file of 2027"),
        (
            2026,
            True,
            swap(6, 8),
            "column 7: expected 'NON-FAC PE RVU' in a file of 2026, found 'FACILITY PE RVU'",
        ),
        (None, True, swap(11, 12), "column 12: expected 'NON-FACILITY TOTAL', found 'FACILITY TOTAL'"),
        (2026, True, swap(1, 2), "column 2: expected 'MOD' in a file of 2026, found 'DESCRIPTION'"),
        (2026, True, swap(0, 1), "column 1: expected 'HCPCS', found 'MOD'"),
        (2026, True, drop(31), "column 32: expected 'MP USED FOR OPPS PAYMENT AMOUNT' in a file of 2026"),
        (2026, True, drop(0), "column 1: expected 'HCPCS' in one of the first 60 lines, found none"),
    ],
)
def test_another_years_columns_or_shuffled_ones_are_refused_at_their_place(year, pricing, change, where):
    file = delimited(record(), year=year, pricing=pricing)
    with pytest.raises(SourceError, match=r"^table\.csv:1[01]: column") as raised:
        read(READERS, rewritten(file, change) if change else file)
    assert where in str(raised.value)


def test_a_further_column_is_refused():
    def change(lines):
        for number, line in enumerate(lines):
            line.append("NEW" if number == 9 else "")

    with pytest.raises(SourceError, match=r":10: column 33: expected '' in a file of 2026, found 'NEW'"):
        read(READERS, rewritten(delimited(record()), change))


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (LINE + ",,", None),
        (LINE + ",x", "33 cells"),
        ("9999X,,", "3 cells"),
    ],
)
def test_a_row_of_another_width_is_refused_unless_what_is_too_much_is_blank(line, found):
    _, rows, refused = read(READERS, delimited(record(IMAGING), last=line + "\r\n"))
    assert len(rows) == (1 if found else 2)
    assert refused == ([Refused(12, "columns 1-32", "32 cells", found)] if found else [])


@pytest.mark.parametrize("length", range(1, len(LINE)))
def test_a_last_line_cut_anywhere_is_refused(length):
    _, rows, refused = read(READERS, delimited(record(IMAGING), last=LINE[:length]))
    assert len(rows) == 1
    assert [item.line for item in refused] == [12]


def test_a_file_that_ends_within_a_quotation_is_an_error():
    with pytest.raises(SourceError, match=r"^table\.csv:13: .*cut off"):
        read(READERS, delimited(record(), record(IMAGING), last='9999X,,"Inv'))


def test_the_file_of_a_proposed_rule_is_refused():
    fixed = fee_txt(fee("20001")).replace(b"HDR 2025", b"HDR PROPOSED RULE, 2025")
    for file in (delimited(SURGERY, month="Proposed Rule"), table_file(fixed, "table.txt")):
        with pytest.raises(SourceError, match=r"found a proposed one \(.*; load the quarterly file"):
            read(READERS, file)
