import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import SourceError
from pipeline.facts.readers import ptp
from pipeline.facts.readers.layout import Row
from pipeline.facts.readers.text import head_of
from tests.facts.readers.locality_tables import line_count, read, real_file, table_file, workbook

HEADER = (
    "CPT only copyright 2025 American Medical Association.  All rights reserved.\t\t\t\t\t\t",
    "Column1/Column2 Edits\t\t\t\t\t\t",
    "Column 1\tColumn 2\t*=in existence\tEffective\tDeletion\tModifier\tPTP Edit Rationale",
    "\t\tprior to 1996\tDate\tDate\t0=not allowed\t",
    "\t\t\t\t*=no data\t1=allowed\t",
    "\t\t\t\t\t9=not applicable\t",
)
STACKED = (
    "Effective Date",
    "Deletion Date\n*=no data",
    "Modifier\n0=not allowed\n1=allowed\n9=not applicable",
)
STANDING = "X9901\tX9902\t\t20180101\t*\t1\tMisuse of Column Two code with Column One code"
DELETED = "X9901\tX9903\t*\t19960101\t20231231\t0\tMutually exclusive procedures"
NEVER = "X9904\tX9902\t\t20220101\t20220101\t9\tMutually exclusive procedures"


def text(*lines: str, header: tuple[str, ...] = HEADER, end: str = "\n"):
    return table_file("".join(line + end for line in (*header, *lines)), "ccipra-v322r0-f1.txt")


def refused(line: str):
    """The one refusal of a file that holds this line among good ones."""
    _, rows, refusals = read(ptp.READERS, text(STANDING, line.replace("|", "\t"), DELETED))
    assert len(rows) == 2
    (refusal,) = refusals
    assert refusal.line == 8
    return refusal.column, refusal.found


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_rows_of_the_txt(end):
    table, rows, refusals = read(ptp.READERS, text(STANDING, DELETED, NEVER, end=end))
    assert refusals == []
    assert rows == [
        Row(7, "X9901", ("1", "", "2018-01-01", "", STANDING.split("\t")[-1]), "", "X9902"),
        Row(8, "X9901", ("0", "*", "1996-01-01", "2023-12-31", "Mutually exclusive procedures"), "", "X9903"),
        Row(9, "X9904", ("9", "", "2022-01-01", "2022-01-01", "Mutually exclusive procedures"), "", "X9902"),
    ]
    assert table.passed_over == 6
    assert table.notice == ("CPT only copyright 2025 American Medical Association. All rights reserved.",)
    assert (table.year, table.quarter) == (None, None)  # the copyright's year is not the table's


def test_lines_that_repeat_an_ending_keep_their_own_codes_and_numbers():
    lines = [STANDING.replace("X9902", f"X99{number}") for number in range(10, 30)]
    _, rows, _ = read(ptp.READERS, text(*lines))
    assert [(row.line, row.partner) for row in rows] == [
        (7 + index, f"X99{10 + index}") for index in range(20)
    ]
    assert len({row.cells for row in rows}) == 1


@pytest.mark.parametrize(
    ("line", "column", "found"),
    [
        ("9X|X9902||20180101|*|1|Mutually exclusive procedures", "Column 1", "9X"),
        ("X9901||||20180101|*|1|Mutually exclusive procedures", "Column 2", ""),
        ("X9901|x9902||20180101|*|1|Mutually exclusive procedures", "Column 2", "x9902"),
        # with the ending of a line before it, and with one of its own
        ("X9902|X9902||20180101|*|1|Misuse of Column Two code with Column One code", "Column 2", "X9902"),
        ("X9902|X9902||20180101|*|0|Mutually exclusive procedures", "Column 2", "X9902"),
        ("X9901|X9902|y|20180101|*|1|Mutually exclusive procedures", "*=in existence prior to 1996", "y"),
        ("X9901|X9902||20180230|*|1|Mutually exclusive procedures", "Effective Date", "20180230"),
        ("X9901|X9902||*|*|1|Mutually exclusive procedures", "Effective Date", "*"),
        ("X9901|X9902||01012018|*|1|Mutually exclusive procedures", "Effective Date", "01012018"),
        ("X9901|X9902||20180101||1|Mutually exclusive procedures", "Deletion Date", ""),
        ("X9901|X9902||20180101|20171231|1|Mutually exclusive procedures", "Deletion Date", "20171231"),
        ("X9901|X9902||20180101|20181301|1|Mutually exclusive procedures", "Deletion Date", "20181301"),
        ("X9901|X9902||20180101|*|2|Mutually exclusive procedures", "Modifier", "2"),
        ("X9901|X9902||20180101|*|9|Mutually exclusive procedures", "Modifier", "9"),
        ("X9901|X9902||20180101|20180101|1|Mutually exclusive procedures", "Modifier", "1"),
        ("X9901|X9902||20180101|*|1|", "PTP Edit Rationale", ""),
        ("X9901|X9902||20180101|*|1|Mutually exclusive procedures|more", "column 8", "more"),
        ("Source: an invented footnote", "Column 1", "Source: an invented footnote"),
    ],
)
def test_a_line_that_does_not_fit_is_refused_at_its_column(line, column, found):
    assert refused(line) == (column, found)


def test_indicator_9_may_outlast_its_effective_date():
    _, rows, refusals = read(ptp.READERS, text(NEVER.replace("20220101\t9", "20220331\t9")))
    assert refusals == []
    assert rows[0].cells[:4] == ("9", "", "2022-01-01", "2022-03-31")


@pytest.mark.parametrize("length", range(1, len(DELETED)))
def test_a_last_line_cut_anywhere_is_refused(length):
    _, rows, refusals = read(ptp.READERS, text(STANDING, NEVER, DELETED[:length]))
    assert len(rows) == 2
    assert [refusal.line for refusal in refusals] == [9]


def test_a_phrase_that_begins_another_is_refused_only_where_the_file_ends_with_it():
    shorter = STANDING.replace("X9902", "X9905").removesuffix(" code")
    _, rows, refusals = read(ptp.READERS, text(STANDING, shorter, DELETED))
    assert (len(rows), refusals) == (3, [])
    assert [row.line for row in rows] == [7, 8, 9]


def test_a_quoted_phrase_loses_its_outer_quotes_only():
    raw = '"CPT ""separate procedure"" definition"'
    lines = [f"X9901\tX990{digit}\t\t20180101\t*\t1\t{raw}" for digit in (2, 3)]
    _, rows, refusals = read(ptp.READERS, text(*lines))
    assert refusals == []
    assert [row.cells[-1] for row in rows] == ['CPT "separate procedure" definition'] * 2


def test_blank_lines_and_a_notice_below_are_passed_over():
    table, rows, refusals = read(ptp.READERS, text(STANDING, "", HEADER[0], "\t\t"))
    assert (len(rows), refusals, table.passed_over) == (1, [], 9)


def test_cp1252_in_the_notice():
    content = (
        "CPT® only copyright 2025\t\t\n".encode("cp1252") + text(STANDING, header=HEADER[1:]).open().read()
    )
    table, rows, _ = read(ptp.READERS, table_file(content))
    assert len(rows) == 1
    assert table.notice == ("CPT® only copyright 2025",)


def test_the_workbook_reads_as_the_txt_does():
    cells = [line.split("\t") for line in (STANDING, DELETED, NEVER)]
    header = ("Column 1", "Column 2", "*=in existence\nprior to 1996", *STACKED, "PTP Edit Rationale")
    sheet = workbook(
        (HEADER[0].strip(),),
        ("Column1/Column2 Edits",),
        header,
        *[
            (*row[:3], int(row[3]), int(row[4]) if row[4] != "*" else "*", int(row[5]), row[6])
            for row in cells
        ],
    )
    _, rows, refusals = read(ptp.READERS, sheet)
    _, expected, _ = read(ptp.READERS, text(STANDING, DELETED, NEVER))
    assert refusals == []
    assert [row._replace(line=0) for row in rows] == [row._replace(line=0) for row in expected]
    assert [row.line for row in rows] == [4, 5, 6]


def test_a_workbook_that_keeps_codes_as_numbers():
    header = ("Column 1", "Column 2", "*=in existence prior to 1996", *STACKED, "PTP Edit Rationale")
    _, rows, refusals = read(
        ptp.READERS, workbook(header, (100, 99213, "", 20180101, "*", 0, "Mutually exclusive procedures"))
    )
    assert refusals == []
    assert (rows[0].key, rows[0].partner) == ("00100", "99213")


def test_csv_with_the_header_in_one_row():
    header = ",".join(
        f'"{name}"' for name in ("Column 1", "Column 2", "*=in existence prior to 1996", *STACKED)
    )
    file = table_file(f"{header},PTP Edit Rationale\r\n{STANDING.replace(chr(9), ',')}\r\n\r\n")
    _, rows, refusals = read(ptp.READERS, file)
    assert (len(rows), refusals) == (1, [])
    assert rows[0].cells[2] == "2018-01-01"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "Effective\tDeletion",
            "Deletion\tEffective",
            "column 4: expected 'Effective Date', found 'Deletion Date'",
        ),
        ("\tPTP Edit Rationale", "\t", "column 7: expected 'PTP Edit Rationale', found ''"),
        ("PTP Edit Rationale", "PTP Edit Rationale\tState", "column 8: expected '', found 'State'"),
        ("1=allowed", "2=allowed", "column 6: expected 'Modifier', found 'Modifier 0=not allowed 2=allowed"),
    ],
)
def test_another_header_is_an_error_at_its_line_and_column(old, new, message):
    file = text(STANDING, header=tuple(line.replace(old, new) for line in HEADER))
    with pytest.raises(SourceError) as error:
        read(ptp.READERS, file)
    assert f"ccipra-v322r0-f1.txt:3: {message}" in str(error.value)


def test_a_list_of_changed_pairs_is_an_error():
    file = table_file('A notice\t\t\nColumn 1\tColumn 2\t"Modifier\nIndicator"\nX9901\tX9902\t1\n')
    with pytest.raises(SourceError, match=r"column 3: expected '\*=in existence prior to 1996'"):
        read(ptp.READERS, file)


def test_other_tables_are_not_known():
    assert not any(
        reader.matches(head_of(table_file("HCPCS,MOD,Column 1,Column 2\nX9901,,a,b\n")))
        for reader in ptp.READERS
    )


CELLS = st.sampled_from(
    (
        *(
            "X9901",
            "X9902",
            "9",
            "",
            "*",
            " ",
            "20180101",
            "20180102",
            "20171399",
            "0",
            "1",
            "2",
            '"',
            '""',
        ),
        *("Mutually exclusive procedures", "Sequential procedure", "copyright", "é"),
    )
)


@given(st.lists(st.lists(CELLS, min_size=1, max_size=8).map("\t".join) | st.just(STANDING), max_size=12))
def test_every_line_is_a_row_a_refusal_or_passed_over(lines):
    table, rows, refusals = read(ptp.READERS, text(STANDING, *lines))
    assert len(rows) + len(refusals) + table.passed_over == 7 + len(lines)


@given(st.data())
def test_remembered_endings_change_nothing(data):
    """A line reads the same whether its ending was met before or not; a last phrase cut off is apart."""
    good = st.tuples(
        st.sampled_from(["X9901", "X9902", "00100", "x"]),
        st.sampled_from(["X9903", "X9904"]),
        st.sampled_from(["", "*", " "]),
        st.sampled_from(["20180101", "20180401"]),
        st.sampled_from(["*", "20180101", "20180331"]),
        st.sampled_from("019"),
        st.sampled_from(["Sequential procedure", '"Laboratory ""panel"""', " Gender-specific procedures"]),
    ).map("\t".join)
    lines = data.draw(st.lists(good, min_size=1, max_size=30))
    _, rows, refusals = read(ptp.READERS, text(*lines))
    together = {item.line: item for item in (*rows, *refusals)}
    for place, line in enumerate(lines):
        _, rows, refusals = read(ptp.READERS, text(line))
        assert [item._replace(line=7 + place) for item in (*rows, *refusals)] == [together[7 + place]]


@pytest.mark.realdata
def test_first_lines_of_the_2026_table(shared_data):
    file = real_file(shared_data / "ncci" / "layout_2026" / "ccipra-v322r0-f1.head.txt")
    table, rows, refusals = read(ptp.READERS, file)
    assert refusals == []
    assert len(rows) + table.passed_over == line_count(file)
    assert (len(rows), table.passed_over) == (12, 6)
    by_pair = {(row.key, row.partner): row.cells for row in rows}
    assert by_pair["0001A", "90473"][:4] == ("9", "", "2022-01-01", "2022-01-01")
    assert by_pair["0001U", "81105"][:4] == ("1", "", "2018-01-01", "")
    assert by_pair["0001U", "0029U"][3] == "2026-06-30"
