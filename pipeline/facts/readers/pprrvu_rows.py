"""The relative value file (PPRRVU): its columns, and the check that every row passes, whatever form it came in.

A row in the forms' common order has the 32 cells of the 2026 file; before 2026 there is no pricing indicator, and its
cell is empty. Sources of the rules: CMS's record layout in the release (`RVU25D.pdf`), whose code lists the patterns
follow, and the files themselves: in all of 2024 to 2026 the components add up to the totals on every row, of every
status, NA or not; the surgical shares add up to one or are all zero; a file has one conversion factor and one pricing
indicator (1 in the QPP file, 9 in the other).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pipeline.errors import SourceError
from pipeline.facts.readers.layout import Column, Layout, National, Refused, Row, Table, TableFile

_PROPOSED = re.compile(r"\bproposed\b", re.IGNORECASE)
HEADINGS = (
    "HCPCS",
    "MOD",
    "DESCRIPTION",
    "STATUS CODE",
    "NOT USED FOR MEDICARE PAYMENT",
    "WORK RVU",
    "NON-FAC PE RVU",
    "NON-FAC NA INDICATOR",
    "FACILITY PE RVU",
    "FACILITY NA INDICATOR",
    "MP RVU",
    "NON-FACILITY TOTAL",
    "FACILITY TOTAL",
    "PCTC IND",
    "GLOB DAYS",
    "PRE OP",
    "INTRA OP",
    "POST OP",
    "MULT PROC",
    "BILAT SURG",
    "ASST SURG",
    "CO- SURG",
    "TEAM SURG",
    "PRIC IND",
    "ENDO BASE",
    "CONV FACTOR",
    "PHYSICIAN SUPERVISION OF DIAGNOSTIC PROCEDURES",
    "CALCULATION FLAG",
    "DIAGNOSTIC IMAGING FAMILY INDICATOR",
    "NON-FACILITY PE USED FOR OPPS PAYMENT AMOUNT",
    "FACILITY PE USED FOR OPPS PAYMENT AMOUNT",
    "MP USED FOR OPPS PAYMENT AMOUNT",
)
CODE, MODIFIER, DESCRIPTION = 0, 1, 2
PRICING = HEADINGS.index("PRIC IND")
FACTOR = HEADINGS.index("CONV FACTOR")
GLOBAL_DAYS = HEADINGS.index("GLOB DAYS")
SUPERVISION = HEADINGS.index("PHYSICIAN SUPERVISION OF DIAGNOSTIC PROCEDURES")
IMAGING = HEADINGS.index("DIAGNOSTIC IMAGING FAMILY INDICATOR")
RVUS = (5, 6, 8, 10, 11, 12, 29, 30, 31)
SHARES = (15, 16, 17)

LAYOUT = Layout(
    name="pprrvu",
    family="RVU",
    key="hcpcs",
    columns=(
        Column("status_code", HEADINGS[3]),
        # A plus sign marks relative values that are shown but that Medicare does not pay by.
        Column("not_used_for_medicare", HEADINGS[4]),
        Column("work_rvu", HEADINGS[5], "RVU"),
        Column("nonfac_pe_rvu", HEADINGS[6], "RVU"),
        Column("nonfac_na", HEADINGS[7], blank="none"),
        Column("fac_pe_rvu", HEADINGS[8], "RVU"),
        Column("fac_na", HEADINGS[9], blank="none"),
        Column("mp_rvu", HEADINGS[10], "RVU"),
        Column("nonfac_total_rvu", HEADINGS[11], "RVU"),
        Column("fac_total_rvu", HEADINGS[12], "RVU"),
        Column("pctc_indicator", HEADINGS[13]),
        Column("global_days", HEADINGS[14]),
        Column("preoperative_share", HEADINGS[15], "fraction"),
        Column("intraoperative_share", HEADINGS[16], "fraction"),
        Column("postoperative_share", HEADINGS[17], "fraction"),
        Column("multiple_procedure_indicator", HEADINGS[18]),
        Column("bilateral_indicator", HEADINGS[19]),
        Column("assistant_indicator", HEADINGS[20]),
        Column("cosurgeon_indicator", HEADINGS[21]),
        Column("team_indicator", HEADINGS[22]),
        Column("pricing_indicator", HEADINGS[23]),
        Column("endoscopic_base", HEADINGS[24]),
        Column("physician_supervision", HEADINGS[26]),
        Column("calculation_flag", HEADINGS[27]),
        Column("imaging_family", HEADINGS[28]),
        Column("opps_nonfac_pe_amount", HEADINGS[29], "RVU"),
        Column("opps_fac_pe_amount", HEADINGS[30], "RVU"),
        Column("opps_mp_amount", HEADINGS[31], "RVU"),
    ),
)

_RVU = (r"\d{1,3}\.\d\d", "an amount such as 12.34")
_NA = (r"(?:NA)?", "NA or blank")
_SHARE = (r"[01]\.\d\d", "a fraction such as 0.10")
_PATTERNS = (
    (r"\d{5}|\d{4}[A-Z]|[A-Z]\d{4}", "a code of five characters"),
    (r"(?:26|TC|53)?", "26, TC, 53 or blank"),
    (r"", "blank"),  # descriptions are set aside before the check
    (r"[A-JMNPQRTX]", "a status code"),
    (r"\+?", "+ or blank"),
    _RVU,
    _RVU,
    _NA,
    _RVU,
    _NA,
    _RVU,
    _RVU,
    _RVU,
    (r"\d", "one digit"),
    (r"000|010|090|MMM|XXX|YYY|ZZZ", "000, 010, 090, MMM, XXX, YYY or ZZZ"),
    _SHARE,
    _SHARE,
    _SHARE,
    (r"[0-79]", "0 to 7 or 9"),
    (r"[0-39]", "0 to 3 or 9"),
    (r"[0-29]", "0, 1, 2 or 9"),
    (r"[0-29]", "0, 1, 2 or 9"),
    (r"[0-29]", "0, 1, 2 or 9"),
    (r"[19]?", "1, 9 or, before 2026, blank"),
    (r"(?:\d{5}|\d{4}[A-Z])?", "a code or blank"),
    (r"\d{2,3}\.\d{4}", "a factor such as 32.3465"),
    (r"\d[\dA]", "two characters such as 09"),
    (r"\d", "one digit"),
    (r"\d\d", "two digits"),
    _RVU,
    _RVU,
    _RVU,
)
_SEPARATOR = "\x1f"
# ASCII: else `\d` takes digits of other scripts, which int() would then read as numbers.
_ROW = re.compile(_SEPARATOR.join(f"(?:{pattern})" for pattern, _ in _PATTERNS), re.ASCII)
_CELLS = tuple(re.compile(pattern, re.ASCII) for pattern, _ in _PATTERNS)
_NAMED = re.compile(r"(non[-_ ]?)?qpp", re.IGNORECASE)
_FACTOR_FIELDS = {
    None: "conversion_factor",
    False: "conversion_factor_nonqpp",
    True: "conversion_factor_qpp",
}


class Line(NamedTuple):
    """A line of the file in the forms' common order: its number from 1 and its 32 cells, stripped."""

    number: int
    cells: list[str]


def refuse_proposed(lines: Iterable[str], file: TableFile) -> None:
    """Raise SourceError where a line above the rows says that the values are a proposed rule's."""
    for line in lines:
        if _PROPOSED.search(line):
            raise SourceError(
                f"{file.name}: expected a relative value file in force, found a proposed one ({line.strip():.80}); "
                "load the quarterly file"
            )


def rows_of(
    lines: Iterator[Line | Refused], table: Table, *, file_name: str, pricing: bool | None, descriptors: bool
) -> Iterator[Row | Refused]:
    """Check lines and make rows of them; the first one gives the table its conversion factor and `qpp`.

    `pricing`: whether the file has a column for the pricing indicator; None where that shows in the cells alone, as
    in fixed-width text. An indicator left blank in a file that has it is made good by the file's name.
    """
    first: Row | None = None
    factor = indicator = ""
    matches = _ROW.fullmatch
    for line in lines:
        if isinstance(line, Refused):
            yield line
            continue
        number, cells = line
        description, cells[DESCRIPTION] = cells[DESCRIPTION], ""
        problem = None
        if "\n" in description:
            # Between a quotation mark too many and the next one there may be whole rows.
            problem = Refused(number, HEADINGS[DESCRIPTION], "a description on one line", description[:80])
        elif not matches(_SEPARATOR.join(cells)):
            problem = misfit(number, cells)
        elif first and (cells[FACTOR] != factor or cells[PRICING] != indicator):
            place, value = (FACTOR, factor) if cells[FACTOR] != factor else (PRICING, indicator)
            expected = f"{value or 'blank'}, as in line {first.line}"
            problem = Refused(number, HEADINGS[place], expected, cells[place])
        else:
            problem = _wrong_sum(number, cells)
        if problem is None and first is None:
            problem = _declare(table, number, cells, file_name=file_name, pricing=pricing)
        if problem is not None:
            yield problem
            continue
        row = Row(
            number,
            cells[CODE],
            tuple(cells[3:FACTOR] + cells[FACTOR + 1 :]),
            cells[MODIFIER],
            "",
            "",
            description if descriptors else "",
        )
        if first is None:
            first, factor, indicator = row, cells[FACTOR], cells[PRICING]
        yield row


def misfit(number: int, cells: list[str]) -> Refused | None:
    """The first cell that is not as the record layout has it, None where all are."""
    for place, (cell, pattern) in enumerate(zip(cells, _CELLS, strict=True)):
        if place != DESCRIPTION and not pattern.fullmatch(cell):
            return Refused(number, HEADINGS[place], _PATTERNS[place][1], cell)
    return None


def _wrong_sum(number: int, cells: list[str]) -> Refused | None:
    work, malpractice = _hundredths(cells[5]), _hundredths(cells[10])
    for expense, total in ((6, 11), (8, 12)):
        found = work + _hundredths(cells[expense]) + malpractice
        if found != _hundredths(cells[total]):
            parts = f"{cells[5]} + {cells[expense]} + {cells[10]}"
            return Refused(
                number, HEADINGS[total], f"{parts} = {found // 100}.{found % 100:02d}", cells[total]
            )
    shares = sum(_hundredths(cells[place]) for place in SHARES)
    if shares not in (0, 100):
        found = " + ".join(cells[place] for place in SHARES)
        return Refused(
            number, ", ".join(HEADINGS[place] for place in SHARES), "shares of 1.00, or 0.00", found
        )
    return None


def _hundredths(amount: str) -> int:
    return int(amount.replace(".", ""))


def _declare(
    table: Table, number: int, cells: list[str], *, file_name: str, pricing: bool | None
) -> Refused | None:
    indicator = cells[PRICING]
    if indicator:
        table.qpp = indicator == "1"
    elif pricing is not False:
        named = _NAMED.search(file_name.replace("\\", "/").rsplit("/", 1)[-1])
        table.qpp = not named[1] if named else None
        if pricing and not named:
            return Refused(number, HEADINGS[PRICING], "1 or 9, or a file name that says QPP or nonQPP", "")
    field = _FACTOR_FIELDS[table.qpp]
    table.national.append(National(field, cells[FACTOR], "USD/RVU", HEADINGS[FACTOR], number))
    return None
