"""ASC Addendum AA (covered surgical procedures) and BB (covered ancillary services), quarterly, CSV and XLSX.

Month and year stand inside the headings (`January 2026 Payment Rate`), which give the table's year and quarter. A
heading without a month (`Proposed CY 2026 Payment Rate`) belongs to a rule, not to a quarter, and is refused.

The two lists exclude each other, a code being a surgical procedure or not, so their fields share names: a code has
one payment indicator and one rate, whichever list it stands in. Only AA says whether multiple procedures are
discounted. Where nothing is paid separately (N1 packaged, D5 deleted, and the like) the files have a blank, `.` or
`$0.00`; all are read as no rate, so that no page prints or adds up a payment of zero, and the indicator says why.

Addendum BB was built from what others' readers of it expect; no official file of it was at hand.
"""

from __future__ import annotations

import re
from functools import partial

from pipeline.facts.readers.addenda import (
    CODE,
    RATE,
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
from pipeline.facts.readers.layout import Column, Head, Layout, Reader, Refused, Table, TableFile

_FIRST, _DESCRIPTOR, _DISCOUNT = "HCPCS Code", "Short Descriptor", "Subject to Multiple Procedure Discounting"
_INDICATOR, _WEIGHT, _RATE = "Payment Indicator", "Payment Weight", "Payment Rate"
_MONTHS = ("January", "April", "July", "October")
_DATED = re.compile(rf"({'|'.join(_MONTHS)}) (20[0-9]{{2}}) ({_INDICATOR}|{_WEIGHT}|{_RATE})", re.IGNORECASE)
_IGNORED = re.compile(
    r"Drug( and Device)? Pass-Through( Expiration during Calendar Year)?|\* ?Indicates a Change.*",
    re.IGNORECASE,
)
_UNPAID = frozenset(("B5", "D1", "D5", "K5", "L1", "N1"))
"""Indicators by which nothing is paid separately (Addendum DD1): a rate beside one means that columns moved."""

_CELLS: dict[str, Cell] = {
    _INDICATOR: matching(r"[A-Z][0-9]", "a payment indicator such as G2"),
    _WEIGHT: WEIGHT,
    _RATE: RATE,
    _DISCOUNT: matching(r"[YN]?", "Y, N or none"),
}
_COLUMNS = (
    Column("asc_payment_indicator", _INDICATOR),
    Column("asc_payment_weight", _WEIGHT),
    Column("asc_rate", _RATE, "USD"),
)
SURGICAL_LAYOUT = Layout(
    "asc_surgical", "ASC", "hcpcs", (*_COLUMNS, Column("asc_multiple_procedure_discount", _DISCOUNT))
)
ANCILLARY_LAYOUT = Layout("asc_ancillary", "ASC", "hcpcs", _COLUMNS, confirmed=False)


def _matches(head: Head, *, discounted: bool) -> bool:
    for cells in head.cells:
        row = [heading_of(cell).casefold() for cell in cells]
        if row and row[0] == _FIRST.casefold():
            text = "|".join(row)
            paid = _INDICATOR.casefold() in text and _RATE.casefold() in text
            return paid and ("discounting" in text) == discounted
    return False


def _columns(
    file: TableFile, opening: Opening, layout: Layout
) -> tuple[dict[str, int], tuple[int, int] | None]:
    """Index of each heading without its month, then year and quarter. Raises SourceError for another header."""
    found: dict[str, int] = {}
    edition: tuple[int, int] | None = None
    wanted = {column.heading.casefold(): column.heading for column in layout.columns}
    for index, heading in enumerate(opening.headings):
        name = heading
        if match := _DATED.fullmatch(heading):
            stated = (int(match[2]), _MONTHS.index(match[1].capitalize()) + 1)
            if edition not in (None, stated):
                month = f"{_MONTHS[edition[1] - 1]} {edition[0]}" if edition else ""
                raise misplaced(file, opening.line, index + 1, f"{month} as in the columns before", heading)
            edition, name = stated, match[3]
        elif heading.casefold().endswith(("indicator", "weight", "rate")):
            expected = "January, April, July or October, a year, and the name of a payment column"
            raise misplaced(file, opening.line, index + 1, expected, heading)
        name = wanted.get(name.casefold(), name)
        if name in found:
            raise misplaced(file, opening.line, index + 1, "each heading once", heading)
        if name in (_FIRST, _DESCRIPTOR) or name.casefold() in wanted:
            found[name] = index
        elif heading and not _IGNORED.fullmatch(heading):
            raise misplaced(file, opening.line, index + 1, "a known heading or none", heading)
    for name in (_FIRST, _DESCRIPTOR, *wanted.values()):
        if name not in found and not (layout is ANCILLARY_LAYOUT and name == _WEIGHT):
            raise misplaced(file, opening.line, len(opening.headings) + 1, f"a column {name!r}", "nothing")
    return found, edition


def _contradiction(cells: tuple[str, ...]) -> Refused | None:
    indicator, weight, rate = cells[:3]
    if rate and indicator in _UNPAID:
        return Refused(0, _RATE, f"no rate with payment indicator {indicator}", rate)
    # The rate is the weight times the conversion factor; without it the line was cut off.
    if weight and not rate and indicator not in _UNPAID:
        return Refused(0, _RATE, f"a rate beside the weight {weight}", "none")
    return None


def _read(file: TableFile, descriptors: bool, *, layout: Layout) -> Table:
    opening = open_addendum(file, _FIRST)
    found, edition = _columns(file, opening, layout)
    year, quarter = edition or (None, None)
    places = [
        Place(found.get(column.heading), column.heading, _CELLS[column.heading]) for column in layout.columns
    ]
    table = Table(
        layout, iter(()), year=year, quarter=quarter, notice=opening.notice, passed_over=opening.line
    )
    table.rows = read_rows(
        table,
        opening,
        key=CODE,
        places=places,
        described_at=found[_DESCRIPTOR] if descriptors else None,
        conflict=_contradiction,
    )
    return table


READERS = (
    Reader(SURGICAL_LAYOUT, partial(_matches, discounted=True), partial(_read, layout=SURGICAL_LAYOUT)),
    Reader(ANCILLARY_LAYOUT, partial(_matches, discounted=False), partial(_read, layout=ANCILLARY_LAYOUT)),
)
