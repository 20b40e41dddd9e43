"""NCCI medically unlikely edits, practitioner and outpatient hospital: CSV, XLSX, or text with tabs.

The heading of the values says which services a table is for. The notice above it names the year of the copyright,
which is not the table's. The table for DME suppliers is refused, as it answers no question about a procedure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain, islice

from pipeline.errors import SourceError
from pipeline.facts.readers.layout import Column, Head, Layout, Reader, Refused, Row, Table, TableFile
from pipeline.facts.readers.ncci import (
    A_CODE,
    CODE,
    check_headings,
    header_place,
    passes_over,
    plain,
    refuse_cut_off,
    whole_code,
    without_blank_end,
)
from pipeline.facts.readers.text import HEAD_LINES, cells_of

_CODE_HEADING = "HCPCS/CPT Code"
_PRACTITIONER = "Practitioner Services MUE Values"
_HOSPITAL = "Outpatient Hospital Services MUE Values"
_INDICATOR = "MUE Adjudication Indicator"
_RATIONALE = "MUE Rationale"


def _layout(name: str, family: str, values: str, *, confirmed: bool) -> Layout:
    columns = (
        Column("mue_value", values, "units"),
        Column("mue_adjudication_indicator", _INDICATOR),
        Column("mue_rationale", _RATIONALE),
    )
    return Layout(name, family, "hcpcs", columns, confirmed=confirmed)


PRACTITIONER = _layout("mue", "MUE", _PRACTITIONER, confirmed=True)
HOSPITAL = _layout("mue_hospital", "MUEH", _HOSPITAL, confirmed=False)
_VALUE = re.compile(r"[0-9]{1,7}|[0-9]{1,3}(,[0-9]{3})+")
# The digit is the indicator; its words are checked so that a renumbered list would not pass.
_INDICATORS = {
    "1 line edit": "1",
    "1 claim line edit": "1",
    "2 date of service edit: policy": "2",
    "3 date of service edit: clinical": "3",
}
_PHRASE = re.compile(r"[A-Za-z][^\x00-\x1f\x7f]{3,119}")


def _is_header(cells: Iterable[str]) -> bool:
    first = [plain(cell) for cell in islice(cells, 4)]
    return first[:1] == [plain(_CODE_HEADING)] and any("mue" in cell for cell in first)


def _matches(head: Head, *, layout: Layout) -> bool:
    header = next((cells for cells in head.cells if _is_header(cells)), None)
    if header is None:
        return False
    hospital = len(header) > 1 and plain(header[1]) == plain(_HOSPITAL)
    return hospital == (layout is HOSPITAL)


def _read(file: TableFile, descriptors: bool, *, layout: Layout) -> Table:
    table = Table(layout, iter(()))
    sheet = cells_of(file)
    top = list(islice(sheet, HEAD_LINES))
    start = header_place(file, top, _is_header, table)
    line, cells = top[start]
    header = without_blank_end(cells)
    if len(header) > 1 and plain(header[1]).startswith("dme"):
        raise SourceError(
            f"{file.name}:{line}: column 2: expected {_PRACTITIONER!r} or {_HOSPITAL!r}, found {header[1]!r}; "
            "the table for DME suppliers is not used: load the practitioner or the outpatient hospital one"
        )
    names = (_CODE_HEADING, *(column.heading for column in layout.columns))
    check_headings(file, line, header, tuple((name, re.compile(re.escape(plain(name)))) for name in names))
    table.passed_over += 1
    table.rows = refuse_cut_off(_rows(chain(top[start + 1 :], sheet), table), _RATIONALE)
    return table


def _rows(sheet: Iterable[tuple[int, list[str]]], table: Table) -> Iterator[Row | Refused]:
    values = table.layout.columns[0].heading
    for number, cells in sheet:
        if passes_over(cells, table):
            continue
        found = [*without_blank_end(cells), "", "", "", ""]
        code, value, phrase, rationale = whole_code(found[0]), *found[1:4]
        indicator = _INDICATORS.get(" ".join(phrase.split()).lower())
        if not CODE.fullmatch(code):
            yield Refused(number, _CODE_HEADING, A_CODE, code)
        elif not _VALUE.fullmatch(value):
            yield Refused(number, values, "a number of units", value)
        elif indicator is None:
            expected = "1, 2 or 3 with the words that belong to it"
            yield Refused(number, _INDICATOR, expected, phrase)
        elif not _PHRASE.fullmatch(rationale):
            yield Refused(number, _RATIONALE, "the rationale as a phrase", rationale)
        elif any(found[4:]):
            yield Refused(number, "column 5", "nothing", next(filter(None, found[4:])))
        else:
            yield Row(number, code, (value.replace(",", ""), indicator, rationale))


READERS = tuple(
    Reader(layout, partial(_matches, layout=layout), partial(_read, layout=layout))
    for layout in (PRACTITIONER, HOSPITAL)
)
