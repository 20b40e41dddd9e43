"""Payment caps by code and locality for imaging that the OPPS rate limits: CSV and XLSX.

The release's documentation (RVU25D, "Data Set Name") names these two forms only. A price here is what is paid after
the cap; for a carrier priced code (status C) it is the cap itself, which the carrier's price may not exceed.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.facts.readers.layout import Column, Head, Layout, Reader, Refused, Row, Table, TableFile
from pipeline.facts.readers.localities import (
    Cell,
    cell,
    expect_headings,
    is_remark,
    mac,
    misfit,
    no_headings,
    number,
    padded,
    trimmed,
)
from pipeline.facts.readers.text import cells_of, is_workbook

LAYOUT = Layout(
    name="opps_caps",
    family="RVU",
    key="hcpcs",
    columns=(
        Column("cap_fac_price", "FACILITY PRICE", "USD"),
        Column("cap_nonfac_price", "NON-FACILTY PRICE", "USD"),
        Column("cap_status_code", "PROCSTAT"),
    ),
)
_PLACES = (
    cell("HCPCS", r"[0-9A-Z][0-9]{3}[0-9A-Z]", "a code of five characters"),
    cell("MOD", r"(?:[0-9A-Z]{2})?", "a modifier of two characters, or nothing"),
    cell("PROCSTAT", r"[A-Z]", "a status letter"),
    mac("CARRIER"),
    number("LOCALITY"),
)


def _columns(*, workbook: bool) -> tuple[Cell, ...]:
    # A workbook keeps 150.60 as 150.6; text that is short of a decimal is cut off.
    price = r"[0-9]{1,7}(?:\.[0-9]{1,2})?" if workbook else r"[0-9]{1,7}\.[0-9]{2}"
    dollars = "dollars and cents such as 150.69"
    return (
        *_PLACES,
        cell("FACILITY PRICE", price, dollars),
        cell(r"NON-FACILI?TY PRICE", price, dollars, shown="NON-FACILTY PRICE"),
    )


def _is_opps_caps(head: Head) -> bool:
    return any(row and row[0] == "HCPCS" and "PROCSTAT" in row for row in head.cells)


def _read(file: TableFile, descriptors: bool) -> Table:
    """Raises SourceError for other column names."""
    table = Table(LAYOUT, iter(()))
    rows = cells_of(file)
    workbook = is_workbook(file)
    columns = _columns(workbook=workbook)
    for line, found in rows:
        table.passed_over += 1
        if is_remark(found):
            continue
        expect_headings(file, line, found, columns)
        table.rows = _rows(table, rows, columns, workbook=workbook)
        return table
    raise no_headings(file, columns)


def _rows(
    table: Table, rows: Iterator[tuple[int, list[str]]], columns: tuple[Cell, ...], *, workbook: bool
) -> Iterator[Row | Refused]:
    for line, found in rows:
        if not any(found):
            table.passed_over += 1
            continue
        if workbook and len(found) > 4:
            found = [*found[:3], padded(found[3], 5), padded(found[4], 2), *found[5:]]
        found = trimmed(found, len(columns))
        if refused := misfit(line, found, columns):
            yield refused
            continue
        code, modifier, status, contractor, locality, fac, nonfac = found
        cells = (_two_decimals(fac), _two_decimals(nonfac), status)
        yield Row(line, code, cells, modifier=modifier, locality=contractor + locality)


def _two_decimals(text: str) -> str:
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals:0<2}"


READERS = (Reader(LAYOUT, _is_opps_caps, _read),)
