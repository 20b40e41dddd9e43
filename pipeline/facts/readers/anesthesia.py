"""Anesthesia conversion factors by payment locality: CSV and XLSX, and fixed-width text without headings.

To 2025 there is one factor; 2026 has one for qualifying APM participants and one for all others, told apart by their
column names only. The fixed-width form has no names, so there only the single factor of the editions to 2025 is read.
It gives the factor with two implied decimals, cuts locality names off, and ends in a Ctrl-Z of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.errors import SourceError
from pipeline.facts.readers.layout import (
    Column,
    Head,
    Layout,
    National,
    Reader,
    Refused,
    Row,
    Table,
    TableFile,
)
from pipeline.facts.readers.localities import (
    CAPITALISED,
    Cell,
    cell,
    expect_headings,
    is_remark,
    mac,
    misfit,
    no_headings,
    number,
    padded,
    sliced,
    trimmed,
)
from pipeline.facts.readers.text import cells_of, is_workbook, lines_of

_UNIT = "USD/unit"
_FIELD = "anesthesia_conversion_factor"
LAYOUT = Layout(
    name="anesthesia",
    family="RVU",
    key="locality",
    columns=(
        Column(_FIELD, "National Anes CF", _UNIT),
        Column(f"{_FIELD}_qpp", "Qualifying APM National Anes CF", _UNIT),
        Column(f"{_FIELD}_nonqpp", "Non-Qualifying APM National Anes CF", _UNIT),
    ),
)
_NATIONAL = re.compile(r".* of ([0-9]{2}\.[0-9]{1,6})")
_PLACES = (
    mac("Contractor"),
    number("Locality"),
    cell("Locality Name", CAPITALISED, "a name in capitals"),
)
_FIXED_LINE = re.compile(r"[0-9]{5} {7}[0-9]{2} {4}\S.* [0-9]{4}\s*")
# Offsets as in ANES2025.txt; the record layout that comes with the release does not give them.
_FIXED = (
    mac("characters 1-12").between(0, 12),
    number("characters 13-18").between(12, 18),
    cell("characters 19-58", CAPITALISED, "a name in capitals").between(18, 58),
    cell("characters 59-73", r"", "blanks").between(58, 73),
    cell("characters 74-77", r"[0-9]{4}", "four digits, two of them decimals").between(73),
)
_CTRL_Z = "\x1a"


def _factor(name: str, wording: str, *, digits: str) -> Cell:
    number_ = r" of [0-9]{2}\.[0-9]{1,6}"
    heading = rf"(?i){re.escape(name)}{wording}{number_}"
    return cell(heading, rf"[0-9]{{2}}{digits}", "a factor such as 20.04", shown=f"{name} of ...")


def _columns(*, two: bool, workbook: bool) -> tuple[Cell, ...]:
    # A workbook keeps 20.00 as 20; text that is short of a decimal is cut off.
    digits = r"(?:\.[0-9]{1,2})?" if workbook else r"\.[0-9]{2}"
    if not two:
        return (*_PLACES, _factor("National Anes CF", "", digits=digits))
    increase = r"(?: \(with 2\.5% statutory increase\))?"
    return (
        *_PLACES,
        _factor("Qualifying APM National Anes CF", increase, digits=digits),
        _factor("Non-Qualifying APM National Anes CF", increase, digits=digits),
    )


def _is_delimited(head: Head) -> bool:
    return any(
        row and row[0] == "Contractor" and any("Anes CF" in text for text in row[1:]) for row in head.cells
    )


def _is_fixed(head: Head) -> bool:
    return any(_FIXED_LINE.fullmatch(line) for line in head.lines)


def _read_delimited(file: TableFile, descriptors: bool) -> Table:
    """Raises SourceError for column names of another edition."""
    table = Table(LAYOUT, iter(()))
    rows = cells_of(file)
    workbook = is_workbook(file)
    for line, found in rows:
        table.passed_over += 1
        if is_remark(found):
            continue
        columns = _columns(two=any("Qualifying" in text for text in found), workbook=workbook)
        expect_headings(file, line, found, columns)
        fields = _fields(columns)
        for field, heading in zip(fields, found[len(_PLACES) :], strict=False):
            if match := _NATIONAL.fullmatch(heading):
                name = field.replace(_FIELD, f"{_FIELD}_national")
                table.national.append(National(name, match[1], _UNIT, heading, line))
        table.rows = _delimited_rows(table, rows, columns, workbook=workbook)
        return table
    raise no_headings(file, _PLACES)


def _fields(columns: Sequence[Cell]) -> list[str]:
    names = [column.field for column in LAYOUT.columns]
    return names[:1] if len(columns) == len(_PLACES) + 1 else names[1:]


def _delimited_rows(
    table: Table, rows: Iterator[tuple[int, list[str]]], columns: tuple[Cell, ...], *, workbook: bool
) -> Iterator[Row | Refused]:
    for line, found in rows:
        if is_remark(found):
            table.passed_over += 1
            continue
        if workbook and len(found) > 1:
            found = [padded(found[0], 5), padded(found[1], 2), *found[2:]]
        found = trimmed(found, len(columns))
        yield misfit(line, found, columns) or _row(line, found)


def _row(line: int, found: list[str]) -> Row:
    contractor, locality, _, *factors = found
    values = [_two_decimals(text) for text in factors]
    return Row(line, contractor + locality, (*values, "", "") if len(values) == 1 else ("", *values))


def _two_decimals(text: str) -> str:
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals:0<2}"


def _read_fixed(file: TableFile, descriptors: bool) -> Table:
    """Raises SourceError, while rows are read, at a line with a second factor: the form of another edition."""
    table = Table(LAYOUT, iter(()))
    table.rows = _fixed_rows(table, file)
    return table


def _fixed_rows(table: Table, file: TableFile) -> Iterator[Row | Refused]:
    for line, text in lines_of(file):
        if not text.strip() or text == _CTRL_Z:
            table.passed_over += 1
            continue
        found = sliced(text, _FIXED)
        if re.search(r"[0-9]{4}$", text[18:73].rstrip()) and _FIXED[4].pattern.fullmatch(found[4]):
            raise SourceError(
                f"{file.name}:{line}: column 4: expected one factor, at characters 74-77, found another before it; "
                "two factors can only be told apart by the column names of the CSV form, so load that"
            )
        if refused := misfit(line, found, _FIXED):
            yield refused
            continue
        cents = found[4]
        yield Row(line, found[0] + found[1], (f"{cents[:2]}.{cents[2:]}", "", ""))


READERS = (Reader(LAYOUT, _is_delimited, _read_delimited), Reader(LAYOUT, _is_fixed, _read_fixed))
