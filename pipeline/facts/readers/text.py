"""Lines and cells of a table file: delimited text, fixed-width text, workbooks. Streams; nothing is kept.

Encodings differ between files of one release, and a file may hold both: text is UTF-8 where it can be, and single
bytes that are not are taken as cp1252.
"""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from typing import BinaryIO, TypeVar

from pipeline.errors import SourceError
from pipeline.facts.readers.layout import Head, TableFile

_T = TypeVar("_T")
LONGEST_LINE = 100_000  # characters; official tables stay under 5,000, notices included
HEAD_LINES = 60
LARGEST_WORKBOOK = 64 * 2**20  # bytes; a workbook is read whole, official ones have some 3 MiB
LARGEST_UNPACKED = 512 * 2**20
_START = 8192
_ZIP = b"PK\x03\x04"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_FALLBACK = "briefwright-cp1252"


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error(_FALLBACK, _as_cp1252)


def is_workbook(file: TableFile) -> bool:
    """Whether the file is a zip, as XLSX workbooks are."""
    with file.open() as stream:
        return stream.read(4) == _ZIP


def is_binary(file: TableFile) -> bool:
    """Whether the file is neither text nor a workbook, such as a PDF."""
    with file.open() as stream:
        start = stream.read(_START)
    return b"\0" in start and not start.startswith((_ZIP, *_UTF16))


def lines_of(file: TableFile) -> Iterator[tuple[int, str]]:
    """Numbered lines from 1, without their ends. Raises SourceError for text that is none."""
    for number, line in enumerate(_raw_lines(file), 1):
        yield number, line.rstrip("\r\n")


def cells_of(file: TableFile, *, delimiter: str | None = None) -> Iterator[tuple[int, list[str]]]:
    """Numbered rows of stripped cells: of the first sheet of a workbook, or of delimited text.

    `delimiter` None: tab where the first lines hold one, else comma. The number is the line on which a row ends.
    Raises SourceError naming file and line for what cannot be read so.
    """
    if is_workbook(file):
        yield from _sheet_rows(file)
        return
    lines = _raw_lines(file)
    reader = csv.reader(lines, delimiter=delimiter or _delimiter(file), strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _no_cells(f"{file.name}:{reader.line_num}", error) from error
        yield reader.line_num, [cell.strip() for cell in cells]


def head_of(file: TableFile) -> Head:
    """The first lines of a file, as readers are asked about it. Raises SourceError for bytes that are no text."""
    if is_workbook(file):
        return Head(file.name, (), tuple(tuple(cells) for _, cells in _first(_sheet_rows(file))))
    lines = tuple(line for _, line in _first(lines_of(file)))
    delimiter = "\t" if any("\t" in line for line in lines) else ","
    # A quoted notice may not end within the head: cells are only good for knowing the file, so not strict.
    try:
        cells = tuple(tuple(cell.strip() for cell in row) for row in csv.reader(lines, delimiter=delimiter))
    except csv.Error as error:
        raise _no_cells(file.name, error) from error
    return Head(file.name, lines, cells)


def _no_cells(where: str, error: csv.Error) -> SourceError:
    if "new-line character" in str(error):  # Python's words go on to speak of how it was opened
        return SourceError(
            f"{where}: expected lines that end in LF or CR LF, found a CR alone; save the file with Windows or Unix "
            "line ends"
        )
    return SourceError(f"{where}: expected delimited cells ({error}); the file may be cut off")


def _first(rows: Iterator[_T]) -> Iterator[_T]:
    for _ in range(HEAD_LINES):
        try:
            yield next(rows)
        except StopIteration:
            return


def _delimiter(file: TableFile) -> str:
    return "\t" if any("\t" in line for _, line in _first(lines_of(file))) else ","


def _raw_lines(file: TableFile) -> Iterator[str]:
    with file.open() as stream:
        text = io.TextIOWrapper(_checked(stream, file), encoding="utf-8-sig", errors=_FALLBACK, newline="\n")
        number = 0
        while line := text.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise SourceError(
                    f"{file.name}:{number}: expected the lines of a table, found one of more than "
                    f"{LONGEST_LINE:,} characters"
                )
            if "\0" in line:
                raise SourceError(
                    f"{file.name}:{number}: expected text, found a NUL byte; the file is binary"
                )
            yield line


def _checked(stream: BinaryIO, file: TableFile) -> BinaryIO:
    buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(stream)  # type: ignore[arg-type]
    if buffered.peek(2)[:2] in _UTF16:
        raise SourceError(f"{file.name}: expected UTF-8 or cp1252 text, found UTF-16; save it as UTF-8")
    return buffered


def _sheet_rows(file: TableFile) -> Iterator[tuple[int, list[str]]]:
    from python_calamine import CalamineError, CalamineWorkbook

    content = _sound_workbook(file)
    try:
        with CalamineWorkbook.from_filelike(content) as book:
            sheet = book.get_sheet_by_index(0)
            # Rows above the first used cell are not given, but counted, so that numbers are those of the sheet.
            first = sheet.start[0] if sheet.start else 0
            rows = sheet.to_python(skip_empty_area=True)
    except (CalamineError, OSError, ValueError, IndexError) as error:
        raise SourceError(f"{file.name}: cannot be read as an XLSX workbook ({error})") from error
    for number, row in enumerate(rows, first + 1):
        yield number, [_cell_text(value) for value in row]


def _sound_workbook(file: TableFile) -> io.BytesIO:
    """The workbook's bytes, if its parts are whole: calamine itself looks neither at checksums nor at sizes."""
    if file.size > LARGEST_WORKBOOK:
        raise SourceError(
            f"{file.name}: expected a workbook of at most {LARGEST_WORKBOOK:,} bytes, found {file.size:,}"
        )
    with closing(file.open()) as stream:
        content = io.BytesIO(stream.read(LARGEST_WORKBOOK + 1))
    try:
        with zipfile.ZipFile(content) as book:
            if sum(part.file_size for part in book.infolist()) > LARGEST_UNPACKED:
                raise SourceError(
                    f"{file.name}: the workbook unpacks to more than {LARGEST_UNPACKED:,} bytes"
                )
            damaged = book.testzip()
    except (
        zipfile.BadZipFile,
        zlib.error,
        OSError,
        EOFError,
        ValueError,
        NotImplementedError,
        RuntimeError,
    ) as error:
        raise SourceError(f"{file.name}: cannot be read as an XLSX workbook ({error})") from error
    if damaged:
        raise SourceError(f"{file.name}: the workbook is damaged (checksum of {damaged}); download it again")
    content.seek(0)
    return content


def _cell_text(value: object) -> str:
    """A workbook keeps `20970` as a number and gives it back as 20970.0: text without the fraction."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value).strip()
