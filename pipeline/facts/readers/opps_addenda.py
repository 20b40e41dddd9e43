"""OPPS Addendum A (payment of each APC) and Addendum B (APC and payment of each code), quarterly, CSV and XLSX.

Columns are found by heading: the first seven or eight have stood in one order since 2020, those behind them change
with the year (coinsurance of drugs and capped copayments from 2023), so each is known by name and any other heading
is refused. A code without APC and rate is kept: that it is inpatient-only (C) or packaged (N) is a fact of its own.

Addendum B was built from its documented headings of 2020, 2023 and 2026; no official file of it was at hand.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from functools import partial

from pipeline.facts.readers.addenda import (
    AMOUNT,
    APC,
    CODE,
    RATE,
    TEXT,
    WEIGHT,
    Cell,
    Opening,
    Place,
    heading_of,
    matching,
    misplaced,
    open_addendum,
    read_rows,
)
from pipeline.facts.readers.layout import Column, Head, Layout, Reader, Table, TableFile

_TITLE, _DESCRIPTOR = "Group Title", "Short Descriptor"
_STATUS = matching(r"[A-Z][0-9]?", "a status indicator such as J1")
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]+)?)%")
_FRACTION = re.compile(r"0(?:\.[0-9]+)?|1")
_IGNORED = re.compile(
    r"Drug and Device Pass-Through Expiration during Calendar Year"
    r"|Note: Actual copayments would be lower.*"
    r"|\* ?Indicates a Change.*",
    re.IGNORECASE,
)


def _percent(text: str) -> str | None:
    """`19.787%`, or 0.19787 from a workbook, as percent with three decimals."""
    if text in ("", "."):
        return ""
    if match := _PERCENT.fullmatch(text):
        value = Decimal(match[1])
    elif _FRACTION.fullmatch(text):
        value = Decimal(text) * 100
    else:
        return None
    return str(value.quantize(Decimal("0.001"), ROUND_HALF_UP))


_CELLS: dict[str, Cell] = {
    _TITLE: TEXT,
    "SI": _STATUS,
    "APC": APC,
    "Relative Weight": WEIGHT,
    "Payment Rate": RATE,
    "National Unadjusted Copayment": AMOUNT,
    "Minimum Unadjusted Copayment": AMOUNT,
    "IRA Coinsurance percentage": Cell("a percentage or none", _percent),
    "Adjusted Beneficiary Copayment": AMOUNT,
    "Note": TEXT,
}

APC_LAYOUT = Layout(
    "opps_apc",
    "OPPS",
    "apc",
    (
        Column("apc_title", _TITLE),
        Column("apc_status_indicator", "SI"),
        Column("apc_relative_weight", "Relative Weight"),
        Column("apc_rate", "Payment Rate", "USD"),
        Column("apc_national_unadjusted_copayment", "National Unadjusted Copayment", "USD"),
        Column("apc_minimum_unadjusted_copayment", "Minimum Unadjusted Copayment", "USD"),
        Column("apc_ira_coinsurance", "IRA Coinsurance percentage", "percent"),
        Column("apc_adjusted_beneficiary_copayment", "Adjusted Beneficiary Copayment", "USD"),
        Column("apc_note", "Note"),
    ),
)
CODE_LAYOUT = Layout(
    "opps_codes",
    "OPPS",
    "hcpcs",
    (
        Column("opps_status_indicator", "SI"),
        Column("opps_apc", "APC"),
        Column("opps_relative_weight", "Relative Weight"),
        Column("opps_rate", "Payment Rate", "USD"),
        Column("national_unadjusted_copayment", "National Unadjusted Copayment", "USD"),
        Column("minimum_unadjusted_copayment", "Minimum Unadjusted Copayment", "USD"),
        Column("ira_coinsurance", "IRA Coinsurance percentage", "percent"),
        Column("adjusted_beneficiary_copayment", "Adjusted Beneficiary Copayment", "USD"),
        Column("opps_note", "Note"),
    ),
    confirmed=False,
)
_FIXED = (
    "Relative Weight",
    "Payment Rate",
    "National Unadjusted Copayment",
    "Minimum Unadjusted Copayment",
)
_APC_HEADER = ("APC", _TITLE, "SI", *_FIXED)
_CODE_HEADER = ("HCPCS Code", _DESCRIPTOR, "SI", "APC", *_FIXED)


def _matches(head: Head, *, first: str) -> bool:
    # By its first heading and three more: a header that is nearly this one is refused by column when it is read.
    wanted = {"si", "apc", "payment rate"}
    rows = [[heading_of(cell).casefold() for cell in cells] for cells in head.cells]
    return any(row[0] == first.casefold() and wanted <= set(row) for row in rows if row)


def _places(file: TableFile, opening: Opening, layout: Layout, header: tuple[str, ...]) -> list[Place]:
    found = [heading.casefold() for heading in opening.headings]
    for index, expected in enumerate(header):
        if index >= len(found) or found[index] != expected.casefold():
            given = opening.headings[index] if index < len(found) else "nothing"
            raise misplaced(file, opening.line, index + 1, repr(expected), given)
    known = {column.heading.casefold() for column in layout.columns}
    for index, heading in enumerate(opening.headings[len(header) :], len(header)):
        if heading and heading.casefold() not in known and not _IGNORED.fullmatch(heading):
            raise misplaced(file, opening.line, index + 1, "a known heading or none", heading)
        if heading and found.index(heading.casefold()) != index:
            raise misplaced(file, opening.line, index + 1, "each heading once", heading)
    return [
        Place(
            found.index(column.heading.casefold()) if column.heading.casefold() in found else None,
            column.heading,
            _CELLS[column.heading],
        )
        for column in layout.columns
    ]


def _read(file: TableFile, descriptors: bool, *, layout: Layout, header: tuple[str, ...], key: Cell) -> Table:
    opening = open_addendum(file, header[0])
    places = _places(file, opening, layout, header)
    table = Table(layout, iter(()), year=opening.year, notice=opening.notice, passed_over=opening.line)
    described_at = header.index(_DESCRIPTOR) if descriptors and _DESCRIPTOR in header else None
    table.rows = read_rows(table, opening, key=key, places=places, described_at=described_at)
    return table


READERS = (
    Reader(
        APC_LAYOUT,
        partial(_matches, first=_APC_HEADER[0]),
        partial(_read, layout=APC_LAYOUT, header=_APC_HEADER, key=APC),
    ),
    Reader(
        CODE_LAYOUT,
        partial(_matches, first=_CODE_HEADER[0]),
        partial(_read, layout=CODE_LAYOUT, header=_CODE_HEADER, key=CODE),
    ),
)
