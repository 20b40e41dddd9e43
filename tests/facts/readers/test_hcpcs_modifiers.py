import pytest

from pipeline.errors import SourceError
from pipeline.facts.readers.hcpcs_modifiers import LIST_LAYOUT, READERS, RECORD_LAYOUT
from pipeline.facts.readers.layout import Row, TableFile
from pipeline.facts.readers.text import head_of
from tests.facts.readers.locality_tables import read, real_file, table_file

LIST = "modifier,long_description,short_description\n"


def record(code: str, kind: str, long: str, short: str = "", dates: str = "", sequence: str = "00100") -> str:
    """A line of the contractor record file."""
    first = f"{code:>5}{sequence}{kind}{long:<80}{short:<28}".ljust(268)
    return f"{first}{dates:<24}N".ljust(320)


def records(*lines: str, end: str = "\r\n") -> TableFile:
    return table_file("".join(line + end for line in lines))


ADDED = "2015010120240101"


def test_a_modifier_keeps_its_texts_and_dates():
    file = records(record("X9", "7", "An invented  text", "Short", ADDED + "20251231"))
    table, (row,), refused = read(READERS, file)
    assert table.layout is RECORD_LAYOUT and not RECORD_LAYOUT.confirmed and not refused
    assert row == Row(1, "X9", ("An invented text", "Short", "2015-01-01", "2024-01-01", "2025-12-31"))


def test_further_lines_continue_the_text_and_procedures_are_passed_over():
    table, rows, refused = read(
        READERS,
        records(
            record("G9999", "3", "A procedure", "Proc", ADDED),
            record("G9999", "4", "and its further line", sequence="00200"),
            record("X8", "7", "First part", "One", ADDED),
            record("X8", "8", "second part", sequence="00200"),
            record("X8", "8", "third part", sequence="00300"),
            record("X9", "7", "Alone", "Two", ADDED),
            "",
        ),
    )
    assert [(row.line, row.key, row.cells[0]) for row in rows] == [
        (3, "X8", "First part second part third part"),
        (6, "X9", "Alone"),
    ]
    assert table.passed_over == 2 + 2 + 1 and not refused and rows[1].cells[4] == ""


@pytest.mark.parametrize("modifier", ["50", "P1", "P6", "1P", "8P"])
def test_texts_of_modifiers_that_are_of_cpt_are_no_fields(modifier):
    file = records(record(modifier, "7", "A text", "Short", ADDED))
    _, (row,), _ = read(READERS, file)
    assert row.cells[:2] == ("", "") and row.description == "" and row.cells[2] == "2015-01-01"
    (licensed,) = READERS[0].read(file, True).rows
    assert isinstance(licensed, Row) and licensed.description == "A text"
    _, (listed,), _ = read(READERS, table_file(f"{LIST}{modifier},A text,Short\n"))
    assert listed.cells == ("", "") and listed.description == ""


def test_a_modifier_of_level_two_has_no_descriptor():
    for descriptors in (False, True):
        (row,) = READERS[1].read(table_file(f"{LIST}PA,A text,Short\n"), descriptors).rows
        assert isinstance(row, Row) and row.cells == ("A text", "Short") and row.description == ""


@pytest.mark.parametrize(
    ("line", "column"),
    [
        (record("X9", "7", "Text", "Short", "20150101202413 1"), "positions 277-284"),
        (record("X9", "7", "Text", "Short", "2015013120240231"), "positions 277-284"),
        (record("X9", "7", "Text", "Short", "15-01-0120240101"), "positions 269-276"),
        (record("X9", "7", "", "Short", ADDED), "positions 12-91"),
        (record("AX9", "7", "Text", "Short", ADDED), "positions 1-5"),
        (record("x9", "7", "Text", "Short", ADDED), "positions 1-320"),
        (record("X9", "5", "Text", "Short", ADDED), "positions 1-320"),
        (record("X9", "7", "Text", "Short", ADDED)[:-1], "positions 1-320"),
        (record("X9", "7", "Text", "Short", ADDED) + " ", "positions 1-320"),
        (record("X9", "8", "More of nothing"), "positions 4-5"),
        ("A footnote", "positions 1-320"),
    ],
)
def test_a_line_that_does_not_fit_is_refused_and_the_others_are_not(line, column):
    good = record("X8", "7", "Text", "Short", ADDED)
    table, rows, (refused,) = read(READERS, records(good, line, record("Z9", "7", "Text", "Short", ADDED)))
    assert (refused.line, refused.column) == (2, column)
    assert [row.key for row in rows] == ["X8", "Z9"] and table.passed_over == 0


def test_more_of_a_refused_modifier_does_not_join_the_one_before():
    _, rows, refused = read(
        READERS,
        records(
            record("X8", "7", "Text", "Short", ADDED),
            record("X9", "7", "Other", "Short", "no date"),
            record("X9", "8", "and more"),
        ),
    )
    assert [row.cells[0] for row in rows] == ["Text"] and len(refused) == 1


def test_lines_that_lost_their_trailing_blanks_are_read_up_to_the_action_code():
    lines = [
        record("X8", "7", "Text", "Short", ADDED).rstrip(),
        record("X8", "8", "more").rstrip(),
        record("X9", "7", "Text", "Short", ADDED)[:292],
    ]
    table, rows, (refused,) = read(READERS, records(*lines))
    assert [row.cells[0] for row in rows] == ["Text more"]
    assert refused.line == 3 and table.passed_over == 1


def test_a_file_cut_off_anywhere_gives_only_true_rows():
    lines = [
        record("X8", "7", "Text", "Short", ADDED),
        record("X9", "7", "Text", "Short", ADDED + "20251231"),
    ]
    whole = "\n".join(lines)
    true = {(row.key, row.cells) for row in read(READERS, table_file(whole))[1]}
    for end in range(len(lines[0]) + 2, len(whole)):
        _, rows, refused = read(READERS, table_file(whole[:end]))
        assert {(row.key, row.cells) for row in rows} <= true and (len(rows), len(refused)) == (1, 1)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("modifier,long_description\n", "column 3: expected 'short_description', found 'nothing'"),
        ("modifier,short_description,long_description\n", "column 2: expected 'long_description'"),
        ("modifier,long_description,short_description,status\n", "column 4: expected no more columns"),
    ],
)
def test_another_header_of_the_list_is_refused(header, message):
    with pytest.raises(SourceError, match=rf"table\.csv:1: {message}"):
        read(READERS, table_file(header + "X9,Text,Short\n"))


@pytest.mark.parametrize(
    ("line", "column"),
    [("X9Z,Text,Short", "modifier"), ("X9,Text", "modifier"), ("X9,,Short", "long_description")],
)
def test_a_line_of_the_list_that_does_not_fit_is_refused(line, column):
    table, rows, (refused,) = read(READERS, table_file(f"{LIST}\n{line}\nX8,Text,\n"))
    assert (refused.line, refused.column) == (3, column)
    assert [row.cells for row in rows] == [("Text", "")] and table.passed_over == 2


@pytest.mark.parametrize("content", ["HDR1\nHDR2\n", "20970 Text\n", "modifier,meaning\n", ""])
def test_other_files_are_not_taken_for_modifiers(content):
    assert not [reader for reader in READERS if reader.matches(head_of(table_file(content)))]


@pytest.mark.realdata
def test_the_list_of_2019(shared_data):
    table, rows, refused = read(
        READERS, real_file(shared_data / "modifiers" / "hcpcs_level2_modifiers_2019.csv")
    )
    assert (table.layout, len(rows), refused, table.passed_over) == (LIST_LAYOUT, 360, [], 1)
    found = {row.key: row.cells for row in rows}
    assert len(found) == 360 and {"LT", "RT", "AS", "XE", "XS", "XP", "XU"} <= set(found)
    assert sorted(key for key, cells in found.items() if not cells[0]) == ["P1", "P2", "P3", "P4", "P5", "P6"]
    assert not any(row.description for row in rows)
