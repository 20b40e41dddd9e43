"""A small valid file of every form that a reader takes, all rows invented."""

from typing import NamedTuple

from tests.facts.readers.relative_values import IMAGING, delimited, fixed, fixed_line, record

Value = str | int | float


class Sample(NamedTuple):
    """Bytes of a text file, or rows of a workbook; `rows` is how many rows its layout finds in it."""

    layout: str
    form: str
    rows: int
    content: bytes | tuple[tuple[Value, ...], ...]

    @property
    def name(self) -> str:
        return f"{self.layout}.{self.form}"


def _text(layout: str, form: str, rows: int, *lines: str, encoding: str = "utf-8") -> Sample:
    return Sample(layout, form, rows, "".join(line + "\r\n" for line in lines).encode(encoding))


def _sheet(layout: str, rows: int, *lines: str) -> Sample:
    """A workbook of the cells between `|`, those of digits alone as numbers."""
    cells = (tuple(map(_value, line.split("|"))) for line in lines)
    return Sample(layout, "xlsx", rows, tuple(cells))


def _value(cell: str) -> Value:
    if cell.isdecimal():
        return int(cell)
    return float(cell) if cell.replace(".", "", 1).isdecimal() else cell


def _pprrvu() -> list[Sample]:
    rows = [record(DESCRIPTION="Invented, with a comma"), record(IMAGING, MOD="26"), record(IMAGING)]
    csv, wide = (delimited(*rows, year=year).open().read() for year in (2025, 2026))
    text = fixed(*map(fixed_line, rows)).open().read()
    cells = tuple(
        tuple(map(_value, line.split(","))) for line in wide.decode().replace('"', "").split("\r\n")
    )
    sheet = tuple(row for row in cells if len(row) == 32)  # without the row whose description has a comma
    return [
        Sample("pprrvu", "csv", 3, csv),
        Sample("pprrvu", "wide.csv", 3, wide),
        Sample("pprrvu", "txt", 3, text),
        Sample("pprrvu", "xlsx", 2, sheet),
    ]


_GPCI = "Medicare Administrative Contractor (MAC)|State|Locality Number|Locality Name|"
_GPCI_2025 = _GPCI + "2025 PW GPCI (with 1.0 Floor)|2025 PE GPCI|2025 MP GPCI"
_GPCI_2026 = (
    _GPCI + "2026 PW GPCI (without 1.0 Floor)|2026 PW GPCI (with 1.0 Floor)|2026 PE GPCI|2026 MP GPCI"
)
_CAPS = "HCPCS|MOD|PROCSTAT|CARRIER|LOCALITY|FACILITY PRICE|NON-FACILTY PRICE"
_COUNTIES = "Medicare Adminstrative Contractor|Locality Number|State |Fee Schedule Area |Counties"
_PTP = (
    "Column 1|Column 2|*=in existence|Effective|Deletion|Modifier|PTP Edit Rationale",
    "||prior to 1996|Date|Date|0=not allowed|",
    "||||*=no data|1=allowed|",
    "|||||9=not applicable|",
)
_PTP_ROWS = (
    "X9901|X9902||20180101|*|1|Misuse of Column Two code with Column One code",
    "X9901|X9903|*|19960101|20231231|0|Mutually exclusive procedures",
    "X9904|X9902||20220101|20220101|9|Mutually exclusive procedures",
    "X9904|X9905||20220101|*|0|Misuse of Column Two code with Column One code",
)
_ADD_ONS = (
    "AOC_Edit_Type|Add-On_Code|AOC_DelDT|Primary_Code|Primary_Code_DelDT|AOC_Edit_EffDT|AOC_Edit_DelDT|"
    "Special_Instruction_Notes"
)
_AMOUNTS = "Relative Weight|Payment Rate|National Unadjusted Copayment|Minimum Unadjusted Copayment"
_APCS = f"APC|Group Title|SI|{_AMOUNTS}|Note|"
_CODES = f"HCPCS Code|Short Descriptor|SI|APC|{_AMOUNTS}|IRA Coinsurance percentage|Note"
_ASC = "HCPCS Code|Short Descriptor|"
_DISCOUNT = "Subject to Multiple Procedure Discounting|"
_PAID = "April 2026 Payment Indicator|April 2026 Payment Weight|April 2026 Payment Rate"
_URL = "https://www.cms.gov/medicare-coverage-database/view/lcd.aspx?lcdid=99999&ver=45"


def _mue(layout: str, services: str) -> list[Sample]:
    heads = (f"{services} Services MUE Values", "MUE Adjudication Indicator", "MUE Rationale")
    notice = '"CPT codes are copyright 2025. \r\n\r\nCPT® is a trademark.\r\nWords, with a comma.",,,'
    rows = (
        "0001U|1|2 Date of Service Edit: Policy|CMS Policy",
        "20610|2|3 Date of Service Edit: Clinical|Clinical: Data",
        "J7190|22000|1 Line Edit|CMS Policy",
    )
    lines = [row.replace("|", ",").replace("22000", '"22,000"') for row in rows]
    head = ",".join(('"HCPCS/\r\nCPT Code"', *heads))
    return [
        _text(layout, "csv", 3, notice, head, *lines, encoding="cp1252"),
        _sheet(layout, 3, "CPT codes are copyright 2025", "|".join(("HCPCS/\nCPT Code", *heads)), *rows),
    ]


def _commas(*lines: str) -> list[str]:
    return [",".join(f'"{cell}"' if "," in cell else cell for cell in line.split("|")) for line in lines]


def _tabs(*lines: str) -> list[str]:
    return [line.replace("|", "\t") for line in lines]


def _record(code: str, kind: str, long: str, short: str = "", dates: str = "") -> str:
    return f"{f'{code:>5}00100{kind}{long:<80}{short:<28}':<268}{dates:<24}N".ljust(320)


def _gpci() -> list[Sample]:
    head = f"{'Medicare Admi':<14}State  {'Locality':<46}{'Locality Name':<51}"
    head += "2025 PW GPCI2025 PE GPCI2025 MP GPCI"
    rows = [
        f"{mac:<16}{state:<8}{number:<5}{name:<92}{'1.000':<12}{'1.000':<12}0.592"
        for mac, state, number, name in (
            ("02102", "AK", "01", "ALASKA*"),
            ("01112", "CA", "05", "A CITY (A/B CNTY)"),
        )
    ]
    note = "*Work GPCI reflects a 1.5 floor in Alaska."
    lines = ("02102|AK|01|ALASKA*|1.500|1.081|0.592", "01112|CA|05|A, CITY|1.088|1.419|0.445")
    two = ("02102|AK|01|ALASKA*|1.4|1.500|1.081|0.592", "01112|CA|05|A, CITY|1|1.088|1.419|0.445")
    return [
        _text("gpci", "csv", 2, *_commas("ADDENDUM E.||||||", "||||||", _GPCI_2025, *lines, f"{note}||||||")),
        _text(
            "gpci",
            "wide.csv",
            2,
            *_commas("ADDENDUM E.|||||||", "|||||||", _GPCI_2026, *two, note + "|||||||"),
        ),
        _text("gpci", "txt", 2, "ADDENDUM E.", "", head, *rows, "", note),
        _sheet("gpci", 2, "ADDENDUM E.", _GPCI_2025, *lines, note),
    ]


def _localities() -> list[Sample]:
    title, note = (
        "COUNTIES INCLUDED IN 2025 LOCALITIES. (ALPHABETICALLY)",
        "*  Payment locality is serviced by two carriers.",
    )
    counties = (
        "5202|0|KANSAS |STATEWIDE* |ALL COUNTIES",
        "||||",
        "1112|5|CALIFORNIA |A CITY |KERN, MARIN",
        "1112|52| |B |LEE",
    )
    head = f"{'Medicare Admi':<13}{'Locality':<17}{'State':<55}{'Fee Schedule Area':<83}Counties"
    fixed_counties = [
        f"    {mac:<12}{number:<6}{state:<23}{area:<98}{names}"
        for mac, number, state, area, names in (
            ("05202", "00", "KANSAS", "STATEWIDE*", "ALL COUNTIES"),
            ("01112", "05", "", "A CITY", "KERN AND MARIN"),
        )
    ]
    anesthesia = "Contractor|Locality|Locality Name|National Anes CF of 20.3178"
    two = (
        "Contractor|Locality|Locality Name|Qualifying APM National Anes CF of 20.599835|"
        "Non-Qualifying APM National Anes CF of 20.49754"
    )
    factors = ("02102 |01 |ALASKA*|27.80 ", "01112|05|A CITY|20.05")
    caps = ("7999X|TC|C|01112|05|150.69|1150.60", "79999||A|02102|01|9.00|8.00")
    return [
        _text("counties", "csv", 3, *_commas(f"{title}||||", _COUNTIES, *counties, "||||", f"{note}||||")),
        _text("counties", "txt", 2, title, "", head, "", *fixed_counties, "", note),
        _sheet("counties", 3, title, _COUNTIES, *counties, "", note),
        _text("anesthesia", "csv", 2, *_commas(anesthesia, *factors, "|||")),
        _text("anesthesia", "wide.csv", 1, *_commas(two, "10112 |00 |A STATE|19.63|19.53")),
        _text("anesthesia", "txt", 1, f"{'01112':<12}{'05':<6}{'A CITY (CUT OF':<55}2005", "\x1a"),
        _sheet("anesthesia", 2, anesthesia, "2102|1|ALASKA|27.8", "3502|9|B STATE|20"),
        _text("opps_caps", "csv", 2, *_commas(_CAPS, *caps, "||||||")),
        _sheet("opps_caps", 2, _CAPS, *caps),
    ]  # fmt: skip


def _ncci() -> list[Sample]:
    notice = "CPT only copyright 2025 of its owner.||||||"
    flat = "Column 1|Column 2|*=in existence prior to 1996|Effective Date|Deletion Date|Modifier|"
    flat += "PTP Edit Rationale"
    add_ons = (
        "1|X9902||X9901||2013091||",
        "2|0099T||CCCCC||2022001||A note",
        "3|X9904|2024366|X9901||2013091|2024001|",
    )
    widths = (1, 5, 7, 5, 7, 7, 7, 0)
    lines = ["".join(map(str.ljust, row.split("|"), widths)) for row in add_ons]
    return [
        _text("ptp", "txt", 4, *_tabs(notice, "Column1/Column2 Edits||||||", *_PTP, *_PTP_ROWS)),
        _text("ptp", "csv", 4, *_commas(notice, flat, *_PTP_ROWS)),
        _sheet("ptp", 4, notice, flat, *_PTP_ROWS),
        *_mue("mue", "Practitioner"),
        *_mue("mue_hospital", "Outpatient Hospital"),
        _text("add_ons", "txt", 3, *lines),
        _text("add_ons", "csv", 3, *_commas("CPT codes are copyright 2025", _ADD_ONS, *add_ons)),
        _sheet("add_ons", 3, "CPT codes are copyright 2025", _ADD_ONS, *add_ons),
    ]


def _addenda() -> list[Sample]:
    a = (
        "5999|Level 9|J1|144.2970|$7,143.730|.|$1,428.75|Capped.|",
        "799|A, Drug|G||$69.972|.|$14.00||",
        "2999|Device|H|||.|||",
    )
    b = (
        "9999X|Text|Q1|0799|1.4879|$3,307.24 |.|$27.21||",
        "J9999||K|0799||$69.972|.|$14.00|19.787%|",
        "9998X||C|||||||",
    )
    surgical, ancillary = f"{_ASC}{_DISCOUNT}{_PAID}", f"{_ASC}{_PAID}"
    aa = ("9999X|Text|Y|J8|175.6211|$9,891.33 ", "9998X||N|N1||")
    bb = ("J9999||K2||$69.972", "C9999|Text|N1|.|.")
    of_year = "Addendum for CY 2026"
    return [
        sample
        for layout, head, rows in (
            ("opps_apc", _APCS, a), ("opps_codes", _CODES, b),
            ("asc_surgical", surgical, aa), ("asc_ancillary", ancillary, bb),
        )
        for sample in (
            _text(layout, "csv", len(rows), *_commas(of_year, "An AMA notice", head, *rows, "A footnote")),
            _sheet(layout, len(rows), of_year, head, *map(_plain, rows)),
        )
    ]  # fmt: skip


def _plain(row: str) -> str:
    return row.replace("$", "").replace(",", "")


def _lists() -> list[Sample]:
    records = (
        _record("G9999", "3", "A procedure", "Proc", "2015010120240101"),
        _record("X8", "7", "First part", "One", "2015010120240101"),
        _record("X8", "8", "second part"),
        _record("50", "7", "A text of others", "Two", "201501012024010120251231"),
    )
    header = (
        "contractor_name_type,document_display_id,document_id,document_type,document_version,effective_date,"
        "note,retirement_date,title,updated_on,updated_on_sort,url"
    )
    document = (
        '"One, LLC\n(MAC - Part A)\n\nTwo\n(DME MAC)",L99999,99999,LCD,45,08/14/2025,,N/A,'
        f"Bone Things,08/06/2025,20250806133001,{_URL}"
    )
    retired = document.replace("N/A", "06/26/2025").replace(",45,", ",46,").replace("ver=45", "ver=46")
    modifiers = ("modifier,long_description,short_description", 'X9,"A, text",Short', "50,B,C")
    return [
        _text("hcpcs_modifiers", "txt", 2, *records),
        _text("hcpcs_modifier_list", "csv", 2, *modifiers),
        _text("coverage", "csv", 2, header, document, retired),
    ]


SAMPLES = {
    sample.name: sample
    for group in (_pprrvu, _gpci, _localities, _ncci, _addenda, _lists)
    for sample in group()
}
