"""Payment arithmetic in Decimal.

National professional payment = total RVUs × conversion factor, all GPCIs 1. Our rounding: RVU totals to two
decimals, dollars half up to cents. Professional and facility parts are kept apart and only added per setting.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from pipeline.data import Fact, Record
from pipeline.facts.releases import parse_release

CENT = Decimal("0.01")
NOT_APPLICABLE = "NA"
PAYABLE_STATUS = ("A", "R", "T")  # the record layout: only RVUs of these status codes are used for payment


class Money(Record):
    """An amount with the rows it was computed from and the arithmetic, written out."""

    amount: Decimal
    facts: tuple[Fact, ...]
    derivation: str = ""


def dollars(amount: Decimal) -> str:
    """`$2,540.81`."""
    return f"${amount:,.2f}"


def round_cents(amount: Decimal) -> Decimal:
    """Half up to cents."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def is_payable(facts: Mapping[str, Fact]) -> bool:
    """Whether the code's status lets the fee schedule pay its RVUs (A, R or T)."""
    status = facts.get("status_code")
    return status is not None and status.value in PAYABLE_STATUS


def conversion_factor(total: Fact, national: Mapping[str, Fact]) -> Fact | None:
    """The conversion factor for a total of some release: that of the same year, else None.

    2026 has two; pages state the one for clinicians who are not qualifying APM participants.
    """
    year = parse_release(total.release).year
    for field in ("conversion_factor_nonqpp", "conversion_factor"):
        factor = national.get(field)
        if factor and parse_release(factor.release).year == year:
            return factor
    return None


def professional_payment(
    facts: Mapping[str, Fact], national: Mapping[str, Fact], *, facility: bool
) -> Money | None:
    """National payment in a facility or not; None where none exists.

    None for a code that is not paid by RVUs, where the setting's flag is NA (the file repeats the other setting's
    numbers there), and where no conversion factor of the same year is loaded.
    """
    prefix = "fac" if facility else "nonfac"
    total, flag = facts.get(f"{prefix}_total_rvu"), facts.get(f"{prefix}_na")
    if total is None or flag is None or flag.value == NOT_APPLICABLE or not is_payable(facts):
        return None
    if Decimal(total.value) == 0:
        return None
    factor = conversion_factor(total, national)
    if factor is None:
        return None
    amount = round_cents(Decimal(total.value) * Decimal(factor.value))
    return Money(
        amount=amount,
        facts=(total, factor, flag, facts["status_code"]),
        derivation=f"{total.value} × {factor.value} = {amount}",
    )


def facility_payment(facts: Mapping[str, Fact], *, setting: str) -> Money | None:
    """National facility part: `hopd` the OPPS rate, `asc` the ASC rate; None where the code has no priced row."""
    rate = facts.get({"hopd": "opps_rate", "asc": "asc_rate"}[setting])
    return Money(amount=round_cents(Decimal(rate.value)), facts=(rate,)) if rate else None
