"""Small invented files in the forms of the official tables."""

import io
import zipfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from pipeline.facts.readers.pprrvu_fixed import POSITIONS
from pipeline.facts.readers.pprrvu_rows import HEADINGS, PRICING, SHARES
from tests.facts.readers.locality_tables import workbook

NOTICE = (
    "CPT codes and descriptions only are copyright {year} American Medical Association. All Rights Reserved."
)
QPP_FACTOR = "33.5675"

Cells = tuple[str, ...]


def fee(
    code: str,
    modifier: str = "",
    *,
    work: str = "10.00",
    office: str = "8.00",
    facility: str = "6.00",
    malpractice: str = "2.00",
    office_na: str = "",
    status: str = "A",
    days: str = "090",
    multiple: str = "2",
    qpp: bool = False,
) -> Cells:
    """A row of a 2026 fee schedule that adds up, in the forms' common order."""
    shares = ("0.10", "0.70", "0.20") if days == "090" else ("0.00", "0.00", "0.00")
    totals = [str(Decimal(work) + Decimal(expense) + Decimal(malpractice)) for expense in (office, facility)]
    return (
        code, modifier, "", status, "", work, office, office_na, facility, "", malpractice, *totals, "0", days,
        *shares, multiple, "1", "2", "1", "0", "1" if qpp else "9", "", QPP_FACTOR if qpp else "33.4009",
        "09", "0", "99", "0.00", "0.00", "0.00",
    )  # fmt: skip


def fee_csv(*rows: Cells, month: str = "October", copyright_year: int = 2025, pricing: bool = True) -> bytes:
    """The relative value file as comma-separated text; without the pricing indicator in the layout of 2025."""
    return "".join(
        ",".join(cells) + "\r\n" for cells in _sheet(rows, month, copyright_year, pricing)
    ).encode()


def fee_xlsx(*rows: Cells, month: str = "October") -> bytes:
    """The same as a workbook."""
    return book(*_sheet(rows, month, 2025, pricing=True))


def fee_txt(*rows: Cells) -> bytes:
    """The same as fixed-width text."""
    lines = ["HDR CPT CODES AND DESCRIPTIONS ONLY ARE COPYRIGHT", "HDR 2025 AMERICAN MEDICAL ASSOCIATION."]
    for cells in rows:
        line = [" "] * 171
        for place, (cell, (first, last)) in enumerate(zip(cells, POSITIONS, strict=True)):
            text = cell[1:] if place in SHARES else cell
            line[first - 1 : last] = (
                text.rjust(last - first + 1) if "." in text else f"{text:<{last - first + 1}}"
            )
        lines.append("".join(line))
    return ("\r\n".join(lines) + "\r\n").encode()


def _sheet(rows: Sequence[Cells], month: str, copyright_year: int, pricing: bool) -> list[Cells]:
    end = PRICING if pricing else PRICING + 1
    year = 2026 if pricing else 2025
    above = (
        f"{year} National Physician Fee Schedule Relative Value File {month} Release",
        NOTICE.format(year=copyright_year),
    )
    head = [("", "", text) for text in above]
    return [*head, *(cells[:PRICING] + cells[end:] for cells in (HEADINGS, *rows))]


def gpci_csv(*rows: str, year: int = 2026) -> bytes:
    """Rows such as `01112,CA,05,A CITY,1.000,1.400,0.500`."""
    head = (
        f"Medicare Administrative Contractor (MAC),State,Locality Number,Locality Name,"
        f"{year} PW GPCI (with 1.0 Floor),{year} PE GPCI,{year} MP GPCI"
    )
    return "\r\n".join(["ADDENDUM E. GEOGRAPHIC PRACTICE COST INDICES,,,,,,", head, *rows, ""]).encode()


def mue_csv(*rows: str, services: str = "Practitioner") -> bytes:
    """Rows such as `20001,2,3 Date of Service Edit: Clinical,Clinical: Data`."""
    head = f'"HCPCS/\nCPT Code",{services} Services MUE Values,MUE Adjudication Indicator,MUE Rationale'
    notice = f'"{NOTICE.format(year=2025)}\n\nInvented words.",,,'
    return "\n".join([notice, head, *rows, ""]).encode()


def ptp_txt(*rows: str) -> bytes:
    """Rows such as `20001 20002 20180101 * 1`: the codes, the two dates, the indicator."""
    head = [
        f"{NOTICE.format(year=2025)}\t\t\t\t\t\t",
        "Column 1\tColumn 2\t*=in existence\tEffective\tDeletion\tModifier\tPTP Edit Rationale",
        "\t\tprior to 1996\tDate\tDate\t0=not allowed\t",
        "\t\t\t\t*=no data\t1=allowed\t",
        "\t\t\t\t\t9=not applicable\t",
    ]
    lines = ["{}\t{}\t\t{}\t{}\t{}\tMutually exclusive procedures".format(*row.split()) for row in rows]
    return "\n".join([*head, *lines, ""]).encode()


def add_ons_txt(*rows: str) -> bytes:
    """Rows such as `1 20004 20001`: type, add-on code, primary code."""
    lines = [
        "{}{}{:7}{}{:7}2013091".format(kind, code, "", primary, "")
        for kind, code, primary in map(str.split, rows)
    ]
    return "\r\n".join([*lines, ""]).encode()


def asc_csv(*rows: str, month: str = "October") -> bytes:
    """Rows of Addendum AA such as `20001,,,Y,G2,10.0,"$1,000.00"`."""
    name = f"{month} 2026 Payment"
    columns = ",".join(f"{name} {column}" for column in ("Indicator", "Weight", "Rate"))
    head = f"HCPCS Code,,Short Descriptor,Subject to Multiple Procedure Discounting,{columns}"
    title = "Addendum AA -- ASC Covered Surgical Procedures for CY 2026,,,,,,"
    return "\r\n".join([title, ",,,,,,", head, *rows, ""]).encode()


def opps_csv(*rows: str) -> bytes:
    """Rows of Addendum B such as `20001,,J1,5114,80.0,"$2,000.00",,,,,,,`."""
    amounts = "Relative Weight,Payment Rate,National Unadjusted Copayment,Minimum Unadjusted Copayment"
    behind = (
        "IRA Coinsurance percentage,Adjusted Beneficiary Copayment,"
        "Drug and Device Pass-Through Expiration during Calendar Year,Note"
    )
    head = f"HCPCS Code,Short Descriptor,SI,APC,{amounts},{behind},* Indicates a Change"
    title = "Addendum B.-Final OPPS Payment by HCPCS Code for CY 2026,,,,,,,,,,,,"
    return "\r\n".join([title, ",,,,,,,,,,,,", head, *rows, ""]).encode()


def book(*rows: tuple[str | int | float, ...]) -> bytes:
    """A workbook of one sheet."""
    with workbook(*rows).open() as stream:
        return stream.read()


def zipped(members: dict[str, bytes]) -> bytes:
    """A zip of these files."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return held.getvalue()


def write(folder: Path, files: dict[str, bytes]) -> Path:
    """Put files into a folder, which is made."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder
