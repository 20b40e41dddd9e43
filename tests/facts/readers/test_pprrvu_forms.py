"""The relative value file as fixed-width text and as a workbook, and that its forms agree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import SourceError
from pipeline.facts.readers.layout import National, Refused, Row
from pipeline.facts.readers.pprrvu import READERS
from pipeline.facts.readers.pprrvu_fixed import POSITIONS
from pipeline.facts.readers.pprrvu_rows import HEADINGS, LAYOUT
from tests.facts.readers.locality_tables import line_count, read, table_file, values, workbook
from tests.facts.readers.relative_values import (
    IMAGING,
    SURGERY,
    delimited,
    fixed,
    fixed_line,
    record,
    sheet,
    value,
)

LINE = fixed_line(record())


def test_the_invented_line_has_the_official_positions():
    assert len(LINE) == 171
    assert [LINE[first - 1 : last] for first, last in ((1, 5), (58, 58), (60, 65), (73, 74), (104, 106))] == [
        "9999X", "A", " 10.00", "NA", "090",
    ]  # fmt: skip
    assert (LINE[106:115], LINE[120], LINE[127:140], LINE[141:143]) == (
        ".10.69.21",
        "9",
        "2999X 33.1234",
        "09",
    )


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_fixed_width_row_reads_as_the_delimited_one(end):
    table, (row,), refused = read(READERS, fixed(LINE, end=end))
    _, (expected,), _ = read(READERS, delimited(record()))
    assert not refused
    assert row == expected._replace(line=3)
    assert (table.qpp, table.national) == (
        False,
        [National("conversion_factor_nonqpp", "33.1234", "USD/RVU", "CONV FACTOR", 3)],
    )
    # The notice names the year of the codes' edition, which is not the table's.
    assert (table.year, table.quarter, table.passed_over) == (None, None, 2)
    assert table.notice == ("CPT CODES ARE COPYRIGHT OF THEIR OWNER", "2026 ALL RIGHTS")


@pytest.mark.parametrize(
    ("name", "qpp", "field"),
    [
        ("PPRRVU2025_Oct.txt", None, "conversion_factor"),
        ("PPRRVU2026_Oct_QPP.txt", True, "conversion_factor_qpp"),
        ("PPRRVU2026_Oct_nonQPP.txt", False, "conversion_factor_nonqpp"),
    ],
)
def test_fixed_width_without_a_pricing_indicator(name, qpp, field):
    lines = [fixed_line(record(), pricing=False), fixed_line(IMAGING, pricing=False)]
    table, rows, refused = read(READERS, fixed(*lines, name=name))
    assert (len(rows), refused, table.qpp, table.national[0].field) == (2, [], qpp, field)
    assert value(rows[0], "pricing_indicator") == ""


def test_blanks_up_to_the_record_length_of_the_layout_are_no_misfit():
    _, rows, refused = read(READERS, fixed(LINE.ljust(200), LINE))
    assert (len(rows), refused) == (2, [])


def test_a_fixed_width_description_is_kept_only_where_asked_for():
    line = fixed_line(record(DESCRIPTION='Invented, "with" é'))
    _, (row,), _ = read(READERS, fixed(line))
    assert "Invented" not in str(row)
    (described,) = READERS[1].read(fixed(line), True).rows
    assert isinstance(described, Row)
    assert described == row._replace(description='Invented, "with" é')


@pytest.mark.parametrize(
    ("line", "column", "found"),
    [
        (LINE[:170], "positions 1-171", "170 characters"),
        (LINE + "0", "positions 1-171", "172 characters"),
        (" " + LINE, "positions 1-171", "172 characters"),
        (LINE[:-1] + " ", "MP USED FOR OPPS PAYMENT AMOUNT", "0.0"),
        (LINE[:58] + "x" + LINE[59:], "NOT USED FOR MEDICARE PAYMENT", "x"),
        (LINE[:65] + "0" + LINE[66:], "positions 66-66", "0"),
        (LINE[:122] + "9" + LINE[123:], "positions 122-127", " 9    "),
        (LINE[:140] + "1" + LINE[141:], "positions 141-141", "1"),
        (LINE[:147] + "A" + LINE[148:], "positions 148-151", "A   "),
        ("9999x" + LINE[5:], "HCPCS", "9999x"),
        (LINE[:103] + " 90" + LINE[106:], "GLOB DAYS", "90"),
        (LINE[:106] + "010" + LINE[109:], "PRE OP", "010"),
        (LINE[:90] + " 20.70" + LINE[96:], "NON-FACILITY TOTAL", "20.70"),
        (LINE[:120] + "1" + LINE[121:], "PRIC IND", "1"),
        (LINE[:120] + " " + LINE[121:], "PRIC IND", ""),
        (fixed_line(record(CONV_FACTOR="33.1235")), "CONV FACTOR", "33.1235"),
        ("TOTAL 1", "positions 1-171", "7 characters"),
    ],
)  # fmt: skip
def test_a_fixed_width_line_that_does_not_fit_is_refused_at_its_place(line, column, found):
    _, rows, (refused,) = read(READERS, fixed(LINE, line, fixed_line(IMAGING)))
    assert [row.line for row in rows] == [3, 5]
    assert (refused.line, refused.column, refused.found) == (4, column, found)


@pytest.mark.parametrize("length", range(1, len(LINE)))
def test_a_last_fixed_width_line_cut_anywhere_is_refused(length):
    file = fixed(LINE)
    cut = table_file(file.open().read() + fixed_line(IMAGING)[:length].encode(), "table.txt")
    table, rows, refused = read(READERS, cut)
    assert len(rows) == 1
    assert ([item.line for item in refused], table.passed_over) == ([4], 2)


def test_a_layout_with_columns_elsewhere_is_refused_with_its_positions():
    shifted = fixed_line(record(DESCRIPTION="x"))
    shifted = shifted[:59] + " " + shifted[59:-1]
    with pytest.raises(SourceError) as raised:
        read(READERS, fixed(shifted, shifted))
    assert str(raised.value).startswith("table.txt:3: positions 66-66: expected 'blanks', found '0'")
    assert "no record has the layout of a relative value file" in str(raised.value)


def test_one_bad_record_among_the_first_is_a_refused_row_and_no_other_layout():
    _, rows, refused = read(READERS, fixed(LINE[:70] + " " + LINE[70:], LINE))
    assert ([row.line for row in rows], [item.line for item in refused]) == ([4], [3])


def test_hdr_lines_without_records_are_refused():
    with pytest.raises(SourceError, match=r"^table\.txt: expected records after the HDR lines, found none"):
        READERS[1].read(fixed(), False)


@pytest.mark.parametrize("stacked", [True, False])
def test_a_workbook_gives_back_the_zeros_that_numbers_lose(stacked):
    rows = [record(), record(IMAGING, MOD="26"), record(IMAGING, HCPCS="00100", GLOB_DAYS="000")]
    table, found, refused = read(READERS, sheet(*rows, stacked=stacked))
    _, expected, _ = read(READERS, delimited(*rows, month="April"))
    assert not refused
    assert [row._replace(line=0) for row in found] == [row._replace(line=0) for row in expected]
    assert [row.key for row in found] == ["9999X", "7999X", "00100"]
    assert (table.year, table.quarter, table.qpp) == (2026, 2, False)
    assert len(found) + table.passed_over == found[-1].line
    assert table.national[0][:2] == ("conversion_factor_nonqpp", "33.1234")


def test_a_workbook_to_2025_has_31_columns():
    table, (row,), refused = read(READERS, sheet(record(), year=2025, pricing=False))
    assert (table.year, table.qpp, refused, value(row, "pricing_indicator")) == (2025, None, [], "")
    with pytest.raises(
        SourceError, match=r"^table\.xlsx:10: column 24: expected 'PRIC IND' in a file of 2026"
    ):
        read(READERS, sheet(record(), year=2026, pricing=False))


@pytest.mark.parametrize(
    ("place", "number", "kept"),
    [
        (5, 10.000000000000002, True),
        (5, 10, True),
        (5, 10.001, False),
        (5, 10.5, False),  # no longer the sum
        (25, 33.123399999999997, True),
        (25, 33.12345, False),
        (15, 0.1, True),
    ],
)
def test_a_workbooks_fractions_are_rounded_only_from_what_arithmetic_left(place, number, kept):
    top = [
        tuple(line)
        for line in ([["", "", "2026 National Physician Fee Schedule Relative Value File"], HEADINGS])
    ]
    cells = [*SURGERY.values()]
    _, rows, refused = read(READERS, workbook(*top, (*cells[:place], number, *cells[place + 1 :])))
    assert (len(rows), len(refused)) == ((1, 0) if kept else (0, 1))
    assert [(item.line, item.column) for item in refused] in (
        [],
        [(3, HEADINGS[place])],
        [(3, "NON-FACILITY TOTAL")],
    )


def test_a_workbook_row_that_does_not_fit_is_refused_at_its_sheet_row():
    _, rows, refused = read(READERS, sheet(record(), record(GLOB_DAYS="45"), record(IMAGING, HCPCS="12")))
    assert len(rows) == 1
    assert refused == [
        Refused(12, "GLOB DAYS", "000, 010, 090, MMM, XXX, YYY or ZZZ", "045"),
        Refused(13, "HCPCS", "a code of five characters", "12"),
    ]


def test_a_conversion_factor_of_any_file_is_no_field_of_its_rows():
    assert "conversion_factor" not in {column.field for column in LAYOUT.columns}
    assert len(LAYOUT.columns) == len(HEADINGS) - 4
    assert len(POSITIONS) == len(HEADINGS)


HUNDREDTHS = st.integers(0, 99999)


def amount(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}"


@st.composite
def records(draw):
    work, office, facility = (draw(st.integers(0, 24999)) for _ in range(3))
    malpractice = draw(st.integers(0, 9999))
    share = draw(st.integers(1, 99))  # a whole does not fit the three characters of the fixed-width form
    rvus = [work, office, facility, malpractice, work + office + malpractice, work + facility + malpractice]
    shares = draw(st.sampled_from([(0, 0, 0), (share, 100 - share, 0), (0, 100 - share, share)]))
    names = (
        "WORK RVU",
        "NON-FAC PE RVU",
        "FACILITY PE RVU",
        "MP RVU",
        "NON-FACILITY TOTAL",
        "FACILITY TOTAL",
    )
    return (
        SURGERY
        | dict(zip(names, map(amount, rvus), strict=True))
        | dict(zip(("PRE OP", "INTRA OP", "POST OP"), map(amount, shares), strict=True))
        | {
            "HCPCS": draw(st.from_regex(r"[0-9]{4}[0-9A-Z]|[A-Z][0-9]{4}", fullmatch=True).filter(is_code)),
            "MOD": draw(st.sampled_from(["", "26", "TC", "53"])),
            "STATUS CODE": draw(st.sampled_from("AJNR")),
            "NOT USED FOR MEDICARE PAYMENT": draw(st.sampled_from(["", "+"])),
            "NON-FAC NA INDICATOR": draw(st.sampled_from(["", "NA"])),
            "FACILITY NA INDICATOR": draw(st.sampled_from(["", "NA"])),
            "GLOB DAYS": draw(st.sampled_from(["000", "010", "090", "MMM", "XXX", "YYY", "ZZZ"])),
            "MULT PROC": draw(st.sampled_from("01234567")),
            "ENDO BASE": draw(st.sampled_from(["", "29870", "2999X"])),
            "CALCULATION FLAG": draw(st.sampled_from("012")),
            "NON-FACILITY PE USED FOR OPPS PAYMENT AMOUNT": amount(draw(HUNDREDTHS)),
        }
    )


def is_code(code: str) -> bool:
    """Codes of digits begin with a zero only where they are anesthesia's."""
    return not code.isdecimal() or code[0] != "0" or (code[:2] in ("00", "01") and "00100" <= code <= "01999")


@given(st.lists(records(), min_size=1, max_size=6, unique_by=lambda row: (row["HCPCS"], row["MOD"])))
def test_the_three_forms_agree_on_every_value(rows):
    text = delimited(*rows)
    forms = [read(READERS, file) for file in (text, fixed(*map(fixed_line, rows)), sheet(*rows))]
    for table, found, refused in forms:
        assert not refused
        assert values(found) == values(forms[0][1])
        assert table.national[0].value == "33.1234"
    assert len(rows) + forms[0][0].passed_over == line_count(text)
