"""Bytes to lines and cells: encodings, damage, workbooks, and which files are tables at all."""

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import SourceError
from pipeline.facts.readers import layouts, readers, recognise, text
from pipeline.facts.readers.layout import TableFile
from pipeline.facts.readers.text import LONGEST_LINE, cells_of, head_of, is_binary, is_workbook, lines_of
from tests.facts.readers.locality_tables import real_file, table_file, workbook
from tests.facts.readers.relative_values import delimited, record


def lines(content: str | bytes) -> list[tuple[int, str]]:
    return list(lines_of(table_file(content)))


def cells(content: str | bytes) -> list[tuple[int, list[str]]]:
    return list(cells_of(table_file(content)))


def zipped(**members: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(name.replace("__", "/"), member)
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("CPT® é".encode(), "CPT® é"),
        ("CPT® é".encode("cp1252"), "CPT® é"),
        ("“é”".encode("cp1252"), "“é”"),
        ("CPT®".encode() + " é".encode("cp1252"), "CPT® é"),  # both in one line
        (b"\xef\xbb\xbfHCPCS", "HCPCS"),
        (b"a\x81b", "a\N{REPLACEMENT CHARACTER}b"),  # no character of cp1252 either
        (b"caf\xc3", "cafÃ"),  # a UTF-8 character cut off is taken for cp1252
    ],
)
def test_text_is_utf_8_and_else_cp1252(content, expected):
    assert lines(content) == [(1, expected)]
    assert head_of(table_file(content)).lines == (expected,)


@given(st.lists(st.sampled_from(["a", "é".encode(), b"\xe9", b"\x93", "€".encode(), b"\n", b"x" * 4000])))
def test_encodings_mix_wherever_blocks_of_the_stream_end(parts):
    blocks = [part.encode() if isinstance(part, str) else part for part in parts]
    # A lone byte stands behind a line end, lest it and its neighbours make a UTF-8 character by chance.
    content = b"".join(b"\n" + block + b"\n" for block in blocks)
    expected = b"".join(
        block if len(block) != 1 or block < b"\x80" else block.decode("cp1252").encode() for block in blocks
    )
    assert "".join(line for _, line in lines(content)) == expected.decode().replace("\n", "")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_utf_16_is_refused_with_what_to_do(encoding):
    content = "HCPCS,MOD\n".encode(encoding)
    for read in (lines, cells, lambda content: recognise(table_file(content))):
        with pytest.raises(
            SourceError, match=r"^table\.csv: expected UTF-8 or cp1252 text, found UTF-16; save it"
        ):
            read(content)


def test_utf_16_without_a_mark_is_refused_for_its_nul_bytes():
    with pytest.raises(SourceError, match=r"^table\.csv:1: expected text, found a NUL byte"):
        lines("HCPCS,MOD\n".encode("utf-16-le"))


def test_a_nul_byte_is_refused_at_its_line():
    with pytest.raises(
        SourceError, match=r"^table\.csv:3: expected text, found a NUL byte; the file is binary"
    ):
        lines("one\ntwo\nthr\0ee\n")


def test_an_overlong_line_is_refused_at_its_number():
    assert len(lines("x" * (LONGEST_LINE - 1) + "\n")) == 1
    with pytest.raises(SourceError, match=r"^table\.csv:2: .* one of more than 100,000 characters"):
        lines("one\n" + "x" * (LONGEST_LINE + 1))


def test_a_cell_longer_than_csv_takes_is_refused_though_its_lines_are_short():
    long = '"' + ("x" * 1000 + "\n") * 200 + '"\n'
    with pytest.raises(SourceError, match=r"^table\.csv:\d+: expected delimited cells \(field larger than"):
        cells(long)
    with pytest.raises(SourceError, match=r"^table\.csv:\d+: expected delimited cells"):
        cells("A,B\n" + long)


@pytest.mark.parametrize("content", ["a,b\rc,d\r", "a,b\nc\rd,e\n", "a\r\nb\rc\r\n"])
def test_a_lone_carriage_return_is_refused_in_delimited_text(content):
    for read in (cells, lambda content: recognise(table_file(content))):
        with pytest.raises(SourceError, match=r"^table\.csv.*found a CR alone; save the file"):
            read(content)


def test_line_ends_of_all_kinds_are_taken_off_and_counted_alike():
    assert lines("a\r\nb\nc\r\r\n\n d \x85") == [(1, "a"), (2, "b"), (3, "c"), (4, ""), (5, " d \x85")]
    assert cells("a , b\r\n\r\n\"c\nd\",'e'") == [(1, ["a", "b"]), (2, []), (4, ["c\nd", "'e'"])]


@pytest.mark.parametrize(
    ("content", "line"), [('a,b\n"c,d\ne,f\n', 3), ('a,"b"c\n', 1), ('a,b\nc,"d" \n', 2), ('a,b\n"', 2)]
)
def test_quotation_marks_that_do_not_match_are_refused_at_their_line(content, line):
    with pytest.raises(SourceError, match=rf"^table\.csv:{line}: expected delimited cells"):
        cells(content)


def test_quotation_marks_within_a_cell_are_text():
    assert cells('a 5" b,c""d\n"e ""f"""\n') == [(1, ['a 5" b', 'c""d']), (2, ['e "f"'])]


def test_tabs_delimit_where_the_first_lines_have_one():
    assert cells("a,b\nc\td\n") == [(1, ["a,b"]), (2, ["c", "d"])]
    far = "a,b\n" * 60 + "c\td\n"
    assert cells(far)[60:] == [(61, ["c\td"])]
    assert [row for _, row in cells_of(table_file("a,b\tc\n"), delimiter=",")] == [["a", "b\tc"]]


def test_an_empty_file_has_no_lines_and_is_no_table():
    for content in (b"", b"\xef\xbb\xbf"):
        assert (lines(content), cells(content)) == ([], [])
        assert recognise(table_file(content)) is None


@pytest.mark.parametrize("reader", readers())
def test_a_reader_handed_an_empty_file_says_so_or_gives_no_rows(reader):
    try:
        assert list(reader.read(table_file(b""), False).rows) == []
    except SourceError as error:
        assert str(error).startswith("table.csv:")


def test_numbers_of_a_workbook_come_back_as_they_were_typed():
    file = workbook((20970, "00100", 44.58, 7.0, -1, 0.1, 1e15, " text "), ("a",))
    assert list(cells_of(file)) == [
        (1, ["20970", "00100", "44.58", "7", "-1", "0.1", "1000000000000000", "text"]),
        (2, ["a", "", "", "", "", "", "", ""]),
    ]


@given(st.lists(st.integers(-(10**9), 10**9) | st.decimals(0, 10**5, places=2).map(float), min_size=1))
def test_a_number_of_a_workbook_reads_back_as_the_same_number(numbers):
    ((_, found),) = cells_of(workbook(tuple(numbers)))
    assert [float(cell) for cell in found] == numbers
    assert all("." not in cell for cell, number in zip(found, numbers, strict=True) if number == int(number))


def test_rows_of_a_sheet_keep_their_numbers_below_blank_ones():
    assert [number for number, _ in cells_of(workbook((), (), ("a",), (), ("b",)))] == [3, 4, 5]


@pytest.mark.parametrize("place", [0.2, 0.5, 0.9])
def test_a_workbook_cut_off_or_damaged_is_refused(place):
    content = workbook(*[(number, "text") for number in range(50)]).open().read()
    at = int(len(content) * place)
    for damage in (content[:at], content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]):
        file = table_file(damage, "table.xlsx")
        with pytest.raises(
            SourceError, match=r"^table\.xlsx: (cannot be read as an XLSX|the workbook is damaged)"
        ):
            list(cells_of(file))
        with pytest.raises(SourceError, match=r"^table\.xlsx: "):
            recognise(file)


def test_a_digit_changed_in_a_workbook_is_found_by_its_checksum():
    content = workbook((20970, 85.89)).open().read().replace(b"85.89", b"95.89")
    with pytest.raises(
        SourceError, match=r"^table\.xlsx: the workbook is damaged \(checksum of xl/worksheets/"
    ):
        list(cells_of(table_file(content, "table.xlsx")))


@given(st.integers(0, 10**6), st.integers(1, 255))
def test_a_byte_changed_in_a_workbook_changes_no_cell_silently(place, change):
    whole = workbook(("9999X", 20970), ("text", 1.5))
    content = bytearray(whole.open().read())
    content[place % len(content)] ^= change
    try:
        found = list(cells_of(table_file(bytes(content), "table.xlsx")))
    except SourceError as error:
        assert "table.xlsx" in str(error)
    else:
        assert found == list(cells_of(whole)) or not content.startswith(b"PK\x03\x04")


def test_a_workbook_too_large_is_refused_before_it_is_read(monkeypatch):
    file = workbook(("text" * 500,))
    with pytest.raises(SourceError, match=r"^big\.xlsx: expected a workbook of at most 67,108,864 bytes"):
        list(cells_of(file._replace(name="big.xlsx", size=text.LARGEST_WORKBOOK + 1)))
    monkeypatch.setattr(text, "LARGEST_UNPACKED", 2000)
    with pytest.raises(SourceError, match=r"^table\.xlsx: the workbook unpacks to more than 2,000 bytes"):
        list(cells_of(file))


@pytest.mark.parametrize(
    "content",
    [b"PK\x03\x04", b"PK\x03\x04 and no more of a zip", zipped(a="b"), zipped(xl__workbook="<workbook/>")],
)
def test_a_zip_that_is_no_workbook_is_refused(content):
    file = table_file(content, "table.xlsx")
    assert is_workbook(file)
    with pytest.raises(SourceError, match=r"^table\.xlsx: cannot be read as an XLSX workbook"):
        recognise(file)


@pytest.mark.parametrize("name", ["RVU25D.pdf", "notice", "picture.png", "old.xls"])
def test_what_is_neither_text_nor_workbook_is_passed_over_unless_named_as_a_table(name):
    content = b"%PDF-1.7\n%\xe2\xe3\n\0binary"
    assert is_binary(table_file(content, name))
    assert recognise(table_file(content, name)) is None
    with pytest.raises(SourceError, match=r"^PPRRVU\.csv:3: expected text, found a NUL byte"):
        recognise(table_file(content, "PPRRVU.csv"))


@pytest.mark.parametrize(
    "start", [b"%PDF-1.7\n", b"<?xml version='1.0'?>", b"\xef\xbb\xbf<?xml version='1.0'?>", b"{\\rtf1"]
)
def test_documents_are_passed_over_even_where_they_begin_as_text(start):
    for content in (start, start + b"x" * 200_000, start + b"\nx" * 9000 + b"\0"):
        assert recognise(table_file(content, "RVU25D.doc")) is None


def test_a_file_that_cannot_be_opened_is_an_error_that_names_it():
    def fails():
        raise PermissionError(13, "Permission denied")

    with pytest.raises(SourceError, match=r"^table\.csv: cannot be read \(Permission denied\)"):
        recognise(TableFile("table.csv", fails, 1))


def test_a_table_is_known_by_its_contents_whatever_its_name():
    content = delimited(record()).open().read()
    for name in ("table.csv", "notes.pdf", "x"):
        reader = recognise(table_file(content, name))
        assert reader is not None and reader.layout.name == "pprrvu"
    assert recognise(table_file("HCPCS and other words\nof no table\n")) is None


def test_a_files_head_is_its_first_sixty_lines_split_leniently():
    head = head_of(table_file('"a notice\nthat ends far below\n' + "x,y\n" * 100))
    assert len(head.lines) == 60
    assert (head.lines[0], len(head.cells)) == ('"a notice', 1)
    assert head_of(workbook(("a", 1))).lines == ()


def test_layouts_have_one_name_each_and_the_hospitals_ptp_is_one_of_its_own():
    for reader in readers():
        assert layouts()[reader.layout.name] == reader.layout
    hospital = layouts()["ptp_hospital"]
    assert (hospital.family, hospital.confirmed) == ("PTPH", False)
    assert hospital.columns == layouts()["ptp"].columns


@pytest.mark.realdata
def test_documents_that_come_with_a_release_are_passed_over(shared_data: Path):
    for name in ("pfs/rvu25d_oct2025/RVU25D.pdf", "manuals/ncci_policy_manual_2026.pdf"):
        assert recognise(real_file(shared_data / name)) is None


@pytest.mark.parametrize("of", [head_of, lambda file: list(cells_of(file))])
def test_lines_that_end_in_a_carriage_return_alone_are_said_so(of):
    with pytest.raises(
        SourceError, match=r"^table.csv(:1)?: expected lines that end in LF or CR LF, found a CR"
    ) as said:
        of(table_file("HCPCS,MOD\r79999,\r", "table.csv"))
    assert "universal" not in str(said.value) and "\n" not in str(said.value)
