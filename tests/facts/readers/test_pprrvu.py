"""The relative value file as comma-separated text: both widths, years, indicators, and what is refused."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.facts.readers.layout import National, Refused, Row
from pipeline.facts.readers.pprrvu import READERS
from pipeline.facts.readers.pprrvu_rows import HEADINGS, LAYOUT
from pipeline.facts.readers.text import head_of
from tests.facts.readers.locality_tables import line_count, read, table_file
from tests.facts.readers.relative_values import IMAGING, NOTICE, SURGERY, delimited, record, value


@pytest.mark.parametrize(("year", "indicator"), [(2026, "9"), (2025, "")])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_row_of_each_width_keeps_every_cell_as_text(year, indicator, end):
    file = delimited(record(), year=year, end=end)
    table, (row,), refused = read(READERS, file)
    assert not refused
    assert dict(zip([column.heading for column in LAYOUT.columns], row.cells, strict=True)) == {
        name: cell
        for name, cell in record(PRIC_IND=indicator).items()
        if name not in ("HCPCS", "MOD", "DESCRIPTION", "CONV FACTOR")
    }
    assert (row.line, row.key, row.modifier, row.description) == (11, "9999X", "", "")
    assert (value(row, "nonfac_na"), value(row, "fac_na"), value(row, "global_days")) == ("NA", "", "090")
    assert (value(row, "physician_supervision"), value(row, "endoscopic_base")) == ("09", "2999X")
    assert (table.year, table.quarter, table.passed_over) == (year, 1, 10)
    assert table.notice == (NOTICE, "Dental codes are copyright of theirs.")


def test_the_parts_of_a_code_are_rows_of_their_own():
    rows = [record(IMAGING, MOD=modifier) for modifier in ("", "26", "TC", "53")]
    _, found, refused = read(READERS, delimited(*rows))
    assert not refused
    assert [(row.line, row.key, row.modifier) for row in found] == [
        (11, "7999X", ""), (12, "7999X", "26"), (13, "7999X", "TC"), (14, "7999X", "53"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("indicator", "year", "name", "qpp", "field"),
    [
        ("9", 2026, "table.csv", False, "conversion_factor_nonqpp"),
        ("1", 2026, "table.csv", True, "conversion_factor_qpp"),
        ("1", 2026, "PPRRVU2026_nonQPP.csv", True, "conversion_factor_qpp"),  # the rows outweigh the name
        ("", 2026, "RVU/PPRRVU2026_Oct_nonQPP.csv", False, "conversion_factor_nonqpp"),
        ("", 2026, "nonQPP/PPRRVU2026_Oct_QPP.csv", True, "conversion_factor_qpp"),
        ("", 2025, "table_QPP.csv", None, "conversion_factor"),
    ],
)
def test_the_factor_is_national_and_of_the_qpp_file_or_the_other(indicator, year, name, qpp, field):
    rows = [record(PRIC_IND=indicator), record(IMAGING, PRIC_IND=indicator)]
    table, found, refused = read(READERS, delimited(*rows, year=year, name=name))
    assert (len(found), refused, table.qpp) == (2, [], qpp)
    assert table.national == [National(field, "33.1234", "USD/RVU", "CONV FACTOR", 11)]


def test_no_indicator_in_the_cells_and_none_in_the_name_is_refused():
    _, rows, refused = read(READERS, delimited(record(PRIC_IND="")))
    assert not rows
    assert refused == [Refused(11, "PRIC IND", "1 or 9, or a file name that says QPP or nonQPP", "")]


@pytest.mark.parametrize(("month", "quarter"), [("January", 1), ("April", 2), ("July", 3), ("OCTOBER", 4)])
def test_year_and_quarter_come_from_the_title(month, quarter):
    table, _, _ = read(READERS, delimited(record(), year=2024, month=month))
    assert (table.year, table.quarter) == (2024, quarter)
    table, _, _ = read(READERS, delimited(record(), year=2024, month="Special"))
    assert (table.year, table.quarter) == (2024, None)


def test_without_a_title_the_headings_tell_the_width():
    for pricing in (True, False):
        table, rows, refused = read(READERS, delimited(record(), year=None, pricing=pricing))
        assert (table.year, table.quarter, len(rows), refused) == (None, None, 1, [])
        assert value(rows[0], "pricing_indicator") == ("9" if pricing else "")


@pytest.mark.parametrize("text", ["", "Invented", "Invented, with a comma", 'An "invented" one'])
def test_descriptions_are_kept_only_where_asked_for(text):
    file = delimited(record(DESCRIPTION=text))
    _, (row,), refused = read(READERS, file)
    assert not refused
    assert row.description == ""
    assert not text or text not in str(row)
    (described,) = READERS[0].read(file, True).rows
    assert isinstance(described, Row)
    assert described == row._replace(description=text)


def test_a_tab_in_a_description_divides_nothing():
    file = delimited(record(DESCRIPTION="In\tvented"), record(IMAGING))
    _, rows, refused = read(READERS[:1], file)
    assert (len(rows), refused) == (2, [])


def test_a_description_that_runs_over_line_ends_may_hide_rows_and_is_refused():
    content = delimited(record(), record(HCPCS="9998X"), record(HCPCS="9997X"), record(HCPCS="9996X"))
    lines = content.open().read().decode().splitlines(keepends=True)
    lines[11] = lines[11].replace("9998X,,", '9998X,,"')
    lines[12] = lines[12].replace("9997X,,", '9997X,,"')
    _, rows, refused = read(READERS, table_file("".join(lines)))
    assert [row.key for row in rows] == ["9999X", "9996X"]
    assert [(item.line, item.column) for item in refused] == [(13, "DESCRIPTION")]


def test_a_key_that_comes_twice_is_given_twice_for_the_store_to_refuse():
    _, rows, refused = read(READERS, delimited(record(), record()))
    assert [(row.line, row.key, row.modifier) for row in rows] == [(11, "9999X", ""), (12, "9999X", "")]
    assert not refused


def test_blank_lines_are_passed_over():
    table, rows, refused = read(READERS, delimited(record(), last="," * 31 + "\r\n\r\n,,\r\n"))
    assert (len(rows), refused, table.passed_over) == (1, [], 13)


def test_other_tables_are_not_known():
    for content in ("HCPCS,MOD,PROCSTAT,CARRIER\n", "hcpcs_code,modifier,work_rvu\n", "", "HCPCS,MOD\n"):
        assert not any(reader.matches(head_of(table_file(content))) for reader in READERS)


CELLS = st.sampled_from(("", "9999X", "A", "0.00", "NA", "090", "9", "x", "26", "33.1234", "Two words"))
ROWS = st.lists(CELLS, min_size=1, max_size=34) | st.tuples(st.sampled_from(HEADINGS), CELLS).map(
    lambda changed: [*(SURGERY | {changed[0]: changed[1]}).values()]
)


@given(st.lists(ROWS, max_size=12))
def test_every_line_is_a_row_a_refusal_or_passed_over(lines):
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    file = delimited(record(), last=text.getvalue())
    table, rows, refused = read(READERS, file)
    assert len(rows) + len(refused) + table.passed_over == line_count(file) == 11 + len(lines)
    assert all(len(row.cells) == len(LAYOUT.columns) for row in rows)


AMOUNTS = st.decimals(0, 300, places=2).map(lambda amount: f"{amount:.2f}")


@given(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS, st.integers(-3, 3))
def test_a_row_is_kept_exactly_where_its_totals_are_the_sums(work, office, facility, malpractice, off):
    def total(expense, difference=0):
        hundredths = sum(int(amount.replace(".", "")) for amount in (work, expense, malpractice)) + difference
        return f"{hundredths // 100}.{hundredths % 100:02d}"

    row = SURGERY.copy()
    row |= dict(zip(HEADINGS[5:13], (
        work, office, "NA", facility, "", malpractice, total(office), total(facility, off),
    ), strict=True))  # fmt: skip
    _, rows, refused = read(READERS, delimited(row))
    assert (len(rows), len(refused)) == ((0, 1) if off else (1, 0))
