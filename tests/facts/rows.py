"""Invented rows in the shape of the real tables."""

from datetime import date

from pipeline.data import Fact

STARTS = {
    "RVU26B": date(2026, 4, 1),
    "RVU25D": date(2025, 10, 1),
    "OPPS-2026-07": date(2026, 7, 1),
    "ASC-2026-07": date(2026, 7, 1),
    "MUE-2024Q3": date(2024, 7, 1),
    "PTP-2024Q3": date(2024, 7, 1),
    "AOC-2024Q3": date(2024, 7, 1),
    "AOC-2023Q3": date(2023, 7, 1),
    "RVU26A": date(2026, 1, 1),
}


def fact(field: str, value: str, release: str = "RVU26B", code: str = "20970") -> Fact:
    """One invented row."""
    return Fact(
        hcpcs_code=code,
        field=field,
        value=value,
        release=release,
        valid_from=STARTS[release],
        locator="row 1",
    )


def surgical(code: str = "20970", **changes: str) -> dict[str, Fact]:
    """A facility-only operation, by field; `changes` replace values."""
    values = {
        "work_rvu": ("43.47", "RVU26B"),
        "fac_pe_rvu": ("23.32", "RVU26B"),
        "nonfac_pe_rvu": ("23.32", "RVU26B"),
        "mp_rvu": ("9.28", "RVU26B"),
        "fac_total_rvu": ("76.07", "RVU26B"),
        "nonfac_total_rvu": ("76.07", "RVU26B"),
        "status_code": ("A", "RVU25D"),
        "nonfac_na": ("NA", "RVU25D"),
        "fac_na": ("none", "RVU25D"),
        "global_days": ("090", "RVU25D"),
        "preoperative_share": ("0.10", "RVU25D"),
        "intraoperative_share": ("0.69", "RVU25D"),
        "postoperative_share": ("0.21", "RVU25D"),
        "multiple_procedure_indicator": ("2", "RVU25D"),
        "bilateral_indicator": ("0", "RVU25D"),
        "assistant_indicator": ("2", "RVU25D"),
        "cosurgeon_indicator": ("1", "RVU25D"),
        "team_indicator": ("0", "RVU25D"),
        "opps_rate": ("7413.38", "OPPS-2026-07"),
        "opps_apc": ("5114", "OPPS-2026-07"),
        "opps_status_indicator": ("J1", "OPPS-2026-07"),
        "asc_rate": ("4682.29", "ASC-2026-07"),
        "asc_payment_indicator": ("J8", "ASC-2026-07"),
        "mue_value": ("1", "MUE-2024Q3"),
        "mue_adjudication_indicator": ("3", "MUE-2024Q3"),
    }
    rows = {
        field: fact(field, changes.get(field, value), release, code)
        for field, (value, release) in values.items()
    }
    rows["conversion_factor_nonqpp"] = fact("conversion_factor_nonqpp", "33.4009", "RVU26A", "")
    return rows
