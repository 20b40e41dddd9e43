import csv
from datetime import date

import pytest

from pipeline.errors import SourceError
from pipeline.facts.readers import add_ons
from pipeline.facts.readers.layout import Row
from pipeline.facts.readers.text import head_of
from tests.facts.readers.locality_tables import read, table_file, workbook

NAMES = (
    "AOC_Edit_Type",
    "Add-On_Code",
    "AOC_DelDT",
    "Primary_Code",
    "Primary_Code_DelDT",
    "AOC_Edit_EffDT",
    "AOC_Edit_DelDT",
    "Special_Instruction_Notes",
)
LISTED = ("1", "X9902", "", "X9901", "", "2013091", "", "")
CONTRACTOR = ("2", "0099T", "", "CCCCC", "", "2022001", "", "An invented note")
ENDED = ("3", "X9904", "2024366", "X9901", "2023365", "2013091", "2024001", "")
ROWS = (LISTED, CONTRACTOR, ENDED)


def fixed(cells: tuple[str, ...]) -> str:
    widths = (1, 5, 7, 5, 7, 7, 7)
    return "".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=False)) + cells[7]


def text(*rows: tuple[str, ...], above: str = "", end: str = "\r\n"):
    return table_file(above + "".join(fixed(row) + end for row in rows), "AOC_V2026Q2-MCR.txt")


def sheet(*rows: tuple[str, ...], names: tuple[str, ...] = NAMES):
    def typed(row: tuple[str, ...]):
        return tuple(int(cell) if cell.isdigit() else cell for cell in row)

    return workbook(("CPT codes are copyright 2025 of the AMA",), names, *map(typed, rows))


def changed(place: int, cell: str, row: tuple[str, ...] = LISTED) -> tuple[str, ...]:
    return (*row[:place], cell, *row[place + 1 :])


def test_rows_by_position():
    table, rows, refusals = read(add_ons.READERS, text(*ROWS))
    assert refusals == []
    assert rows == [
        Row(1, "X9902", ("1", "2013-04-01", ""), "", "X9901"),
        Row(2, "0099T", ("2", "2022-01-01", ""), "", "CCCCC"),
        Row(3, "X9904", ("3", "2013-04-01", "2023-12-31"), "", "X9901"),
    ]
    assert table.passed_over == 0
    assert not table.layout.confirmed
    assert "note" not in str(rows)


def test_the_workbook_reads_as_the_txt_does():
    _, expected, _ = read(add_ons.READERS, text(*ROWS))
    table, rows, refusals = read(add_ons.READERS, sheet(*ROWS))
    assert refusals == []
    assert [row._replace(line=row.line - 2) for row in rows] == expected
    assert (table.passed_over, table.notice) == (2, ("CPT codes are copyright 2025 of the AMA",))


def test_a_workbook_that_keeps_codes_as_numbers():
    _, rows, refusals = read(add_ons.READERS, sheet(("1", "1953", "", "1952", "", "2013091", "", "")))
    assert refusals == []
    assert (rows[0].key, rows[0].partner) == ("01953", "01952")


@pytest.mark.parametrize("suffix", [" (Julian)", "_Julian", ""])
def test_the_spellings_of_other_editions(suffix):
    names = tuple(name.replace("DT", f"_Dt{suffix}") for name in NAMES)
    _, rows, refusals = read(add_ons.READERS, sheet(LISTED, names=names))
    assert (len(rows), refusals) == (1, [])


@pytest.mark.parametrize(("kind", "primary"), [("2", ""), ("3", "CCCCC"), ("3", "")])
def test_no_primary_means_the_contractor_decides(kind, primary):
    _, rows, refusals = read(add_ons.READERS, text(changed(0, kind, changed(3, primary))))
    assert refusals == []
    assert rows[0].partner == "CCCCC"


@pytest.mark.parametrize("form", [text, sheet])
@pytest.mark.parametrize(
    ("row", "column", "found"),
    [
        (changed(0, "4"), "AOC_Edit_Type", "4"),
        (changed(1, "x9902"), "Add-On_Code", "x9902"),
        (changed(2, "2013366"), "AOC_DelDT", "2013366"),
        (changed(3, "9X"), "Primary_Code", "9X"),
        (changed(3, "CCCCC"), "Primary_Code", "CCCCC"),
        (changed(3, ""), "Primary_Code", ""),
        (changed(4, "2013000"), "Primary_Code_DelDT", "2013000"),
        (changed(5, ""), "AOC_Edit_EffDT", ""),
        (changed(5, "1013091"), "AOC_Edit_EffDT", "1013091"),
        (changed(6, "202401"), "AOC_Edit_DelDT", "202401"),
        (changed(6, "2024367"), "AOC_Edit_DelDT", "2024367"),
    ],
)
def test_a_row_that_does_not_fit_is_refused_at_its_column(form, row, column, found):
    _, rows, refusals = read(add_ons.READERS, form(LISTED, row, CONTRACTOR))
    assert len(rows) == 2
    (refusal,) = refusals
    assert refusal.line == (2 if form is text else 4)
    assert (refusal.column, refusal.found) == (column, found)


@pytest.mark.parametrize("length", range(1, 32))
def test_a_last_line_cut_within_its_codes_or_dates_is_refused(length):
    file = table_file(fixed(CONTRACTOR) + "\n" + fixed(LISTED)[:length])
    _, rows, refusals = read(add_ons.READERS, file)
    assert (len(rows), len(refusals)) == (1, 1)


def test_lines_above_are_passed_over_and_lines_between_are_not():
    above = "Add-on codes, invented\n\nCPT codes are copyright 2025 of the AMA\n"
    file = table_file(above + fixed(LISTED) + "\n\nan odd line\n" + fixed(CONTRACTOR) + "\nCopyright AMA\n")
    table, rows, refusals = read(add_ons.READERS, file)
    assert [row.line for row in rows] == [4, 7]
    assert [refusal.line for refusal in refusals] == [6]
    assert table.passed_over == 5
    assert len(table.notice) == 2


def test_a_row_whose_note_speaks_of_the_ama_is_a_row():
    _, rows, _ = read(add_ons.READERS, text(LISTED, changed(7, "see the AMA")))
    assert len(rows) == 2


def test_a_first_row_that_is_wrong_is_no_preamble():
    _, rows, refusals = read(add_ons.READERS, text(changed(5, "2013999"), LISTED))
    assert [refusal.line for refusal in refusals] == [1]
    assert len(rows) == 1


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((*NAMES[:2], *NAMES[3:]), "column 3: expected 'AOC_DelDT', found 'Primary_Code'"),
        ((NAMES[1], NAMES[0], *NAMES[2:]), "column 1: expected 'AOC_Edit_Type', found 'Add-On_Code'"),
        ((*NAMES, "State"), "column 9: expected '', found 'State'"),
    ],
)
def test_another_header_is_an_error_at_its_line_and_column(names, message):
    with pytest.raises(SourceError) as error:
        read(add_ons.READERS, sheet(LISTED, names=names))
    assert f"table.xlsx:2: {message}" in str(error.value)


@pytest.mark.parametrize(
    "content",
    [
        "X9902 X9901 2013091\n",
        "HDR RVU\n10021  Description  A 0001.03 2013091\n",
        "Column 1\tColumn 2\tAdd-on\nX9901\tX9902\t1\n",
    ],
)
def test_other_tables_are_not_known(content):
    head = head_of(table_file(content))
    assert not any(reader.matches(head) for reader in add_ons.READERS)


@pytest.mark.parametrize("day", [date(2024, 12, 31), date(2023, 12, 31), date(1996, 1, 1), date(2024, 2, 29)])
def test_days_of_the_year(day):
    _, rows, _ = read(add_ons.READERS, text(changed(5, f"{day:%Y%j}")))
    assert rows[0].cells[1] == day.isoformat()


@pytest.mark.realdata
def test_every_pair_of_a_whole_release_fits(shared_data):
    with (shared_data / "ncci" / "2024q3" / "ncci_aoc.csv").open(newline="") as stream:
        parsed = [
            (row["aoc_edit_type"], row["add_on_code"], row["primary_code"]) for row in csv.DictReader(stream)
        ]
    lines = [(kind, add_on, "", primary, "", "2024001", "", "") for kind, add_on, primary in parsed]
    _, rows, refusals = read(add_ons.READERS, text(*lines))
    assert refusals == []
    assert [(row.cells[0], row.key, row.partner) for row in rows] == parsed
