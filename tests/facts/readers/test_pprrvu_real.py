"""The relative value files of CMS: the whole release of October 2025, and excerpts of 2026."""

from collections import Counter
from pathlib import Path

import pytest

from pipeline.facts.readers import recognise
from pipeline.facts.readers.layout import National
from pipeline.facts.readers.pprrvu import READERS
from pipeline.facts.readers.pprrvu_rows import LAYOUT
from tests.facts.readers.locality_tables import line_count, read, real_file, values
from tests.facts.readers.relative_values import value

pytestmark = pytest.mark.realdata


def hundredths(text: str) -> int:
    return int(text.replace(".", ""))


def adds_up(row) -> bool:
    work, malpractice = hundredths(value(row, "work_rvu")), hundredths(value(row, "mp_rvu"))
    return all(
        work + hundredths(value(row, f"{setting}_pe_rvu")) + malpractice
        == hundredths(value(row, f"{setting}_total_rvu"))
        for setting in ("nonfac", "fac")
    )


@pytest.fixture(scope="module")
def october(shared_data: Path):
    folder = shared_data / "pfs" / "rvu25d_oct2025"
    files = {form: real_file(folder / f"PPRRVU2025_Oct.{form}") for form in ("csv", "txt")}
    return {form: (file, *read(READERS, file)) for form, file in files.items()}


def test_csv_and_txt_of_october_2025_agree_on_every_field_of_every_row(october):
    for _, _, rows, refused in october.values():
        assert not refused
        assert len(rows) == 19_090
    assert values(october["csv"][2]) == values(october["txt"][2])
    assert [(row.key, row.modifier) for row in october["csv"][2]] == [
        (row.key, row.modifier) for row in october["txt"][2]
    ]


def test_every_line_of_october_2025_is_a_row_or_passed_over(october):
    for form, above in (("csv", 10), ("txt", 7)):
        file, table, rows, _ = october[form]
        assert table.passed_over == above
        assert len(rows) + above == line_count(file) == rows[-1].line
        assert table.national == [
            National("conversion_factor", "32.3465", "USD/RVU", "CONV FACTOR", above + 1)
        ]
        assert table.qpp is None
    assert [(october[form][1].year, october[form][1].quarter) for form in ("csv", "txt")] == [
        (2025, 4),
        (None, None),
    ]


def test_work_expense_and_malpractice_are_the_total_on_all_rows(october):
    assert all(adds_up(row) for row in october["csv"][2])


def test_modifiers_and_flags_of_october_2025(october):
    rows = october["csv"][2]
    assert Counter(row.modifier for row in rows) == {"": 16_851, "26": 1_127, "TC": 1_108, "53": 4}
    flagged = [row for row in rows if value(row, "nonfac_na") == "NA"]
    # A row without an office price repeats the facility's figures.
    assert {value(row, "nonfac_na") for row in rows} == {"", "NA"}
    assert all(value(row, "nonfac_total_rvu") == value(row, "fac_total_rvu") for row in flagged)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("20970", ("44.58", "32.19", "9.12", "85.89", "85.89", "NA", "090")),
        ("20610", ("0.79", "0.44", "0.13", "1.96", "1.36", "", "000")),
        ("27447", ("19.60", "15.30", "3.98", "38.88", "38.88", "NA", "090")),
    ],
)
def test_known_codes_of_october_2025(october, code, expected):
    for form in ("csv", "txt"):
        (row,) = [row for row in october[form][2] if row.key == code]
        fields = ("work_rvu", "fac_pe_rvu", "mp_rvu", "nonfac_total_rvu", "fac_total_rvu", "nonfac_na")
        assert tuple(value(row, field) for field in (*fields, "global_days")) == expected
        assert (row.modifier, value(row, "fac_na"), value(row, "pricing_indicator")) == ("", "", "")


@pytest.mark.parametrize(
    ("name", "quarter", "qpp", "factor", "rows"),
    [
        ("worth_PPRRVU2026_Jan_nonQPP.rowsubset.csv", 1, False, "33.4009", 22),
        ("worth_PPRRVU2026_Oct_QPP.rowsubset.csv", 4, True, "33.5675", 21),
        ("biller_PPRRVU2026_Jul_nonQPP.head.csv", 3, False, "33.4009", 2),
    ],
)
def test_excerpts_of_2026_are_read_whole(shared_data: Path, name, quarter, qpp, factor, rows):
    file = real_file(shared_data / "pfs" / "rvu2026" / name)
    table, found, refused = read(READERS, file)
    assert not refused
    assert (table.year, table.quarter, table.qpp, len(found)) == (2026, quarter, qpp, rows)
    field = "conversion_factor_qpp" if qpp else "conversion_factor_nonqpp"
    assert table.national == [National(field, factor, "USD/RVU", "CONV FACTOR", 11)]
    assert len(found) + table.passed_over == line_count(file)
    assert {value(row, "pricing_indicator") for row in found} == {"1" if qpp else "9"}
    assert all(adds_up(row) and row.description == "" for row in found)
    assert len(table.notice) == 2


def test_january_and_october_2026_differ_only_in_what_a_file_is_for(shared_data: Path):
    folder = shared_data / "pfs" / "rvu2026"
    names = ("worth_PPRRVU2026_Jan_nonQPP.rowsubset.csv", "worth_PPRRVU2026_Oct_QPP.rowsubset.csv")
    january, october = (values(read(READERS, real_file(folder / name))[1]) for name in names)
    assert january.keys() - october.keys() == {("00100", "", "")}
    fields = [column.field for column in LAYOUT.columns]
    changed = {
        field
        for key, cells in october.items()
        for field, before, after in zip(fields, january[key], cells, strict=True)
        if before != after
    }
    assert changed == {"pricing_indicator", "opps_nonfac_pe_amount", "opps_fac_pe_amount"}
    assert october["29881", "", ""][fields.index("endoscopic_base")] == "29870"
    assert october["27447", "", ""][fields.index("work_rvu")] == "19.11"


def test_what_others_parsed_from_these_files_is_not_taken_for_one(shared_data: Path):
    for name in ("rvu2026/rvu2026_values.csv", "rvu2024/pprrvu_rvu24a_jan.csv.gz"):
        assert recognise(real_file(shared_data / "pfs" / name)) is None
