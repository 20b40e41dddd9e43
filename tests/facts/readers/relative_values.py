"""Invented relative value files (PPRRVU): as CSV, as fixed-width text and as a workbook."""

from pipeline.facts.readers.layout import Row, TableFile
from pipeline.facts.readers.pprrvu_fixed import POSITIONS
from pipeline.facts.readers.pprrvu_rows import HEADINGS, LAYOUT, PRICING
from tests.facts.readers.locality_tables import table_file, workbook

Record = dict[str, str]
# One entry a column of 2026, read downward; a heading ends in the line that begins with HCPCS.
STACK = (
    *("HCPCS", "MOD", "DESCRIPTION", "STATUS|CODE", "NOT USED|FOR|MEDICARE |PAYMENT", "WORK|RVU"),
    *("NON-FAC|PE RVU", "NON-FAC|NA|INDICATOR", "FACILITY|PE RVU", "FACILITY |NA|INDICATOR", "MP|RVU"),
    *("NON-FACILITY|TOTAL", "FACILITY|TOTAL", "PCTC|IND", "GLOB|DAYS", "PRE|OP", "INTRA|OP", "POST|OP"),
    *("MULT|PROC", "BILAT|SURG", "ASST|SURG", "CO-|SURG", "TEAM|SURG", "PRIC|IND", "ENDO|BASE"),
    *("CONV|FACTOR", "PHYSICIAN|SUPERVISION OF|DIAGNOSTIC|PROCEDURES", "CALCULATION|FLAG"),
    *("DIAGNOSTIC|IMAGING|FAMILY|INDICATOR", "NON-FACILITY|PE USED|FOR OPPS|PAYMENT|AMOUNT"),
    *("FACILITY|PE USED|FOR OPPS|PAYMENT|AMOUNT", "MP USED|FOR OPPS|PAYMENT|AMOUNT"),
)
_DEPTH = 5
_SHARES = ("PRE OP", "INTRA OP", "POST OP")
SURGERY: Record = dict(zip(HEADINGS, (
    "9999X", "", "", "A", "", "10.00", "8.25", "NA", "8.25", "", "2.50", "20.75", "20.75", "0", "090",
    "0.10", "0.69", "0.21", "2", "1", "2", "1", "0", "9", "2999X", "33.1234", "09", "0", "99",
    "0.00", "0.00", "0.00",
), strict=True))  # fmt: skip
IMAGING = SURGERY | {"HCPCS": "7999X", "ENDO BASE": "", "MP USED FOR OPPS PAYMENT AMOUNT": "1.50"}
IMAGING |= dict(zip(HEADINGS[5:19], (
    "0.20", "0.70", "", "0.70", "NA", "0.05", "0.95", "0.95", "1", "XXX", "0.00", "0.00", "0.00", "0",
), strict=True))  # fmt: skip
NOTICE = "CPT codes and descriptions only are copyright 2024 of their owner."


def record(base: Record = SURGERY, **changes: str) -> Record:
    """A row with cells changed; an underscore in a name stands for a blank, two for a hyphen."""
    named = {name.replace("__", "-").replace("_", " "): value for name, value in changes.items()}
    assert named.keys() <= base.keys()
    return base | named


def headings(*, pricing: bool) -> list[list[str]]:
    """The five lines of headings."""
    columns = [column.split("|") for place, column in enumerate(STACK) if pricing or place != PRICING]
    stacked = [[""] * (_DEPTH - len(column)) + column for column in columns]
    return [[column[depth] for column in stacked] for depth in range(_DEPTH)]


def cells_of_year(row: Record, *, pricing: bool) -> list[str]:
    """The cells as a file of 2026 (`pricing`) or earlier has them."""
    return [cell for name, cell in row.items() if pricing or name != HEADINGS[PRICING]]


def above(year: int | None, month: str) -> list[list[str]]:
    """The five lines above the headings; without a year, without a title."""
    title = f"{year} National Physician Fee Schedule Relative Value File {month} Release" if year else ""
    return [
        ["", "", text] for text in (title, NOTICE, "Dental codes are copyright of theirs.", " ", "RELEASED")
    ]


def delimited(
    *rows: Record, year: int | None = 2026, month: str = "January", pricing: bool | None = None,
    end: str = "\r\n", name: str = "table.csv", last: str = "",
) -> TableFile:  # fmt: skip
    """A CSV file; `last` is text behind the last row's line end."""
    wide = pricing if pricing is not None else year is None or year >= 2026
    top = [line + [""] * (31 + wide - 3) for line in above(year, month)] + headings(pricing=wide)
    lines = [*top, *(cells_of_year(row, pricing=wide) for row in rows)]
    return table_file("".join(",".join(map(_quoted, line)) + end for line in lines) + last, name)


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if {",", '"', "\n"} & set(cell) else cell


def fixed_line(row: Record, *, pricing: bool = True) -> str:
    """The 171 characters of a row: shares without the zero before their point, amounts right-aligned."""
    line = [" "] * POSITIONS[-1][1]
    for (name, cell), (first, last) in zip(row.items(), POSITIONS, strict=True):
        if name == HEADINGS[PRICING] and not pricing:
            continue
        text = cell.removeprefix("0") if name in _SHARES else cell
        width = last - first + 1
        line[first - 1 : last] = (text.rjust(width) if "." in text else text.ljust(width))[:width]
    return "".join(line)


def fixed(*lines: str, end: str = "\r\n", name: str = "table.txt") -> TableFile:
    """A fixed-width file of these lines, with two lines of the notice above them."""
    top = [f"{'HDR CPT CODES ARE COPYRIGHT OF THEIR OWNER':<50}", f"{'HDR 2026 ALL RIGHTS':<50}"]
    return table_file("".join(line + end for line in (*top, *lines)), name)


def sheet(*rows: Record, year: int = 2026, pricing: bool = True, stacked: bool = True) -> TableFile:
    """A workbook that keeps all it can as numbers, headings over five rows or in one."""
    names = [name for name in HEADINGS if pricing or name != HEADINGS[PRICING]]
    top = headings(pricing=pricing) if stacked else [names]
    return workbook(
        *[tuple(line) for line in [*above(year, "April"), *top]],
        *[tuple(map(_number, cells_of_year(row, pricing=pricing))) for row in rows],
    )


def _number(cell: str) -> str | int | float:
    if cell.isdecimal():
        return int(cell)
    return float(cell) if cell.replace(".", "", 1).isdecimal() else cell


def value(row: Row, field: str) -> str:
    """The cell of a field."""
    return row.cells[LAYOUT.place(field)]
