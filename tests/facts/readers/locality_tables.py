"""Invented files for the readers of tables by locality, and reading them."""

import gzip
import io
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

from pipeline.facts.readers.layout import Reader, Refused, Row, Table, TableFile
from pipeline.facts.readers.text import head_of

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def table_file(content: str | bytes, name: str = "table.csv") -> TableFile:
    """A file of that content. Text is written as it stands, line ends included."""
    data = content if isinstance(content, bytes) else content.encode()
    return TableFile(name, lambda: io.BytesIO(data), len(data))


def workbook(*rows: tuple[str | int | float, ...]) -> TableFile:
    """A workbook of one sheet, numbers kept as numbers."""
    sheet = "".join("<row>" + "".join(_cell(value) for value in row) + "</row>" for row in rows)
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="r1" Target="xl/workbook.xml" '
        f'Type="{_OFFICE}/officeDocument"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="Sheet1" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="r1" '
        f'Target="worksheets/sheet1.xml" Type="{_OFFICE}/worksheet"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_MAIN}"><sheetData>{sheet}</sheetData></worksheet>',
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{part}')
    return table_file(content.getvalue(), "table.xlsx")


def _cell(value: str | float) -> str:
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f"<c><v>{value}</v></c>"


def real_file(path: Path) -> TableFile:
    """A file as the publisher has it; one kept compressed is opened up."""
    content = path.read_bytes()
    if path.suffix == ".gz":
        return table_file(gzip.decompress(content), path.stem)
    return table_file(content, path.name)


def read(readers: tuple[Reader, ...], file: TableFile) -> tuple[Table, list[Row], list[Refused]]:
    """What the one reader that knows the file makes of it."""
    head = head_of(file)
    (reader,) = [reader for reader in readers if reader.matches(head)]
    table = reader.read(file, False)
    items = list(table.rows)
    rows = [item for item in items if isinstance(item, Row)]
    return table, rows, [item for item in items if isinstance(item, Refused)]


def line_count(file: TableFile) -> int:
    """Lines of a text file, the last one whether or not it has an end."""
    with file.open() as stream:
        return len(stream.read().splitlines())


def values(rows: list[Row]) -> dict[tuple[str, str, str], tuple[str, ...]]:
    """Cells by code, modifier and locality; fails where a key comes twice."""
    found = {(row.key, row.modifier, row.locality): row.cells for row in rows}
    assert len(found) == len(rows)
    return found
