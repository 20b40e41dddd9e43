"""Invented codes with the rows a claim needs."""

from collections.abc import Mapping

from pipeline.data import Fact
from pipeline.facts.claims import ClaimLine, Rows
from tests.facts.rows import fact, surgical


def operation(code: str, total: str, **changes: str) -> dict[str, Fact]:
    """A facility-only operation of `total` RVUs, all of it work unless changed; no OPPS or ASC rows unless given."""
    values = {"work_rvu": total, "fac_pe_rvu": "0", "nonfac_pe_rvu": "0", "mp_rvu": "0"}
    rows = surgical(code, **{**values, "fac_total_rvu": total, "nonfac_total_rvu": total, **changes})
    del rows["conversion_factor_nonqpp"]
    for field in ("opps_rate", "opps_apc", "opps_status_indicator", "asc_rate", "asc_payment_indicator"):
        if field not in changes:
            del rows[field]
    if base := changes.get("endoscopic_base"):
        rows["endoscopic_base"] = fact("endoscopic_base", base, "RVU25D", code)
    return rows


def endoscopy(code: str, total: str, base: str = "29870", **changes: str) -> dict[str, Fact]:
    """An endoscopy (indicator 3) of the family of `base`."""
    return operation(code, total, multiple_procedure_indicator="3", endoscopic_base=base, **changes)


NATIONAL = {
    "conversion_factor_nonqpp": fact("conversion_factor_nonqpp", "33.4009", "RVU26A", ""),
    "conversion_factor_qpp": fact("conversion_factor_qpp", "33.5675", "RVU26A", ""),
}


def book(
    *codes: dict[str, Fact], components: Mapping[tuple[str, str], dict[str, Fact]] | None = None
) -> Rows:
    """A look-up over these codes; `components` are rows of 26, TC or 53."""
    known = {("", ""): NATIONAL}
    for facts in codes:
        known[facts["status_code"].hcpcs_code, ""] = facts
    known |= components or {}
    return lambda code, modifier: known.get((code, modifier), {})


def line(code: str, *modifiers: str) -> ClaimLine:
    """One line as billed."""
    return ClaimLine(hcpcs_code=code, modifiers=modifiers)
