"""Payment arithmetic in Decimal: the fee schedule amount of one row, nationally or in a locality.

National professional payment = total RVUs × conversion factor, all GPCIs 1. In a locality each component has its own
index. Our rounding: RVU totals to two decimals, dollars half up to cents. Professional and facility parts are kept
apart and only added per setting.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from pydantic import Field

from pipeline.data import Fact, Record
from pipeline.facts.pricing import Pricing, not_paid, not_priced, paid, supported
from pipeline.facts.releases import parse_release

CENT = Decimal("0.01")
NOT_APPLICABLE = "NA"
PAYABLE_STATUS = ("A", "R", "T")  # the record layout: only RVUs of these status codes are used for payment

_ONE_FACTOR_UNTIL = 2025  # two conversion factors from 2026
_NOT_PAID = {
    "B": "its status is B: always bundled into other services, its RVUs are not used for payment",
    "I": "its status is I: not valid for Medicare, which uses another code",
    "M": "its status is M: a measurement code, for reporting only",
    "N": "its status is N: not covered by Medicare",
}
_PAID_WITH_CARE = {
    "R": "its status is R: restricted coverage, special instructions apply; where covered, the contractor prices it",
    "T": "its status is T: paid only if no other fee-schedule service is payable that day to the same provider",
}
_CONDITIONS = {
    "R": "status R: coverage is restricted; where covered, the contractor prices it",
    "T": "status T: only if no other fee-schedule service is payable that day to the same provider",
}
_ELSEWHERE = {
    "C": "its status is C: the contractor prices it, from the documentation",
    "E": "its status is E: excluded from the fee schedule and paid, where covered, in another way",
    "J": "its status is J: anesthesia, which has no RVUs",
    "P": "its status is P: bundled, or excluded and paid, where covered, in another way",
    "X": "its status is X: not a physician service by statute, no payment under the fee schedule",
}


class Locality(Record):
    """One row of the GPCI file. `key` is the MAC and locality number, seven characters; work includes the floor."""

    key: str = Field(pattern=r"^[0-9A-Z]{5}[0-9]{2}$")
    name: str
    work: Decimal = Field(gt=0)
    pe: Decimal = Field(gt=0)
    mp: Decimal = Field(gt=0)
    release: str
    locator: str


class Cap(Record):
    """One row of the OPPS cap file: the highest amount of a row in one locality and setting, in dollars."""

    amount: Decimal = Field(ge=0)
    locality: str
    release: str
    locator: str


class Money(Record):
    """An amount with the rows it was computed from (the total and its factor first) and the arithmetic, written out.

    `condition` is what payment depends on, by the code's status; empty where nothing is said.
    """

    amount: Decimal
    facts: tuple[Fact, ...]
    derivation: str = ""
    condition: str = ""


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


def conversion_factor(total: Fact, national: Mapping[str, Fact], *, qpp: bool = False) -> Fact | None:
    """The conversion factor for a total of some release: that of the same year, else None.

    2026 has two; `qpp` asks for the one of qualifying APM participants. Pages state the other.
    """
    year = parse_release(total.release).year
    single = ("conversion_factor",) if not qpp or year <= _ONE_FACTOR_UNTIL else ()
    for field in ("conversion_factor_qpp" if qpp else "conversion_factor_nonqpp", *single):
        factor = national.get(field)
        if factor and parse_release(factor.release).year == year:
            return factor
    return None


def fee_schedule_amount(
    facts: Mapping[str, Fact],
    national: Mapping[str, Fact],
    *,
    facility: bool,
    locality: Locality | None = None,
    qpp: bool = False,
    cap: Cap | None = None,
) -> Pricing:
    """The fee schedule amount of one row of the file in a facility or not, before any modifier.

    `facts` are the row's values by field, `national` those of the whole release. Without a locality every GPCI is 1
    and the file's total is used. `cap` is the row's own, for the same locality and setting.
    """
    prefix, where = ("fac", "facility") if facility else ("nonfac", "non-facility")
    status = facts.get("status_code")
    if status is None:
        return not_priced("no status code is loaded for it")
    if status.value not in PAYABLE_STATUS:
        return _unpayable(status)
    total, flag = facts.get(f"{prefix}_total_rvu"), facts.get(f"{prefix}_na")
    if total is None or flag is None:
        return not_priced(f"no {where} RVUs are loaded for it", facts=(status,))
    if flag.value == NOT_APPLICABLE:
        return not_priced(
            f"it has no {where} rate: the file flags that setting NA, rarely or never performed there",
            "setting-na",
            facts=(flag, status),
        )
    if Decimal(total.value) == 0:
        return not_priced("its RVUs are 0, so the contractor prices it where covered", facts=(total, status))
    factor = conversion_factor(total, national, qpp=qpp)
    if factor is None:
        kind = "QPP " if qpp else ""
        return not_priced(
            f"no {kind}conversion factor of the year of its RVUs ({total.release}) is loaded", facts=(total,)
        )
    fee = _fee(facts, prefix, locality, total, factor, (total, factor, flag, status))
    if care := _PAID_WITH_CARE.get(status.value):
        fee = supported(fee, *(("status-t",) if status.value == "T" else ()), reasons=(care,))
    if fee.exact is None or cap is None:
        return fee
    return _capped(fee, fee.exact, cap, locality, total)


def _unpayable(status: Fact) -> Pricing:
    if reason := _NOT_PAID.get(status.value):
        return not_paid(reason, "status", facts=(status,))
    reason = _ELSEWHERE.get(status.value, f"its status is {status.value}: not paid by RVUs")
    return not_priced(reason, "status", facts=(status,))


def _fee(
    facts: Mapping[str, Fact],
    prefix: str,
    locality: Locality | None,
    total: Fact,
    factor: Fact,
    basis: tuple[Fact, ...],
) -> Pricing:
    """The fee, or the OPPS amount of the row where that is lower."""
    work, pe, mp = (facts.get(field) for field in ("work_rvu", f"{prefix}_pe_rvu", "mp_rvu"))
    opps_pe, opps_mp = facts.get(f"opps_{prefix}_pe_amount"), facts.get("opps_mp_amount")
    limited = opps_pe is not None and opps_mp is not None and Decimal(opps_pe.value) > 0
    if locality is None and not limited:
        exact = Decimal(total.value) * Decimal(factor.value)
        return paid(exact, f"{total.value} × {factor.value}", "formula", "status", facts=basis)
    if locality is not None and parse_release(locality.release).year != parse_release(total.release).year:
        return not_priced(
            f"the GPCIs ({locality.release}) are not of the year of its RVUs ({total.release})", facts=basis
        )
    if work is None or pe is None or mp is None:
        return not_priced("a component of its RVUs is not loaded", facts=basis)
    if {work.release, pe.release, mp.release} != {total.release}:
        return not_priced("its RVU components are of different releases", facts=basis)
    if sum(Decimal(part.value) for part in (work, pe, mp)) != Decimal(total.value):
        return not_priced(
            "its RVU components do not add up to the file's total", facts=(*basis, work, pe, mp)
        )
    exact, written = _sum_of((work, pe, mp), locality, factor)
    fee = paid(exact, written, "formula", "status", facts=(*basis, work, pe, mp))
    if not limited or opps_pe is None or opps_mp is None:
        return fee
    fee = supported(fee, facts=(opps_pe, opps_mp))
    if {opps_pe.release, opps_mp.release} != {total.release}:
        return not_priced("the values of its OPPS cap are of another release than its RVUs", "opps-cap")
    limit, limit_written = _sum_of((work, opps_pe, opps_mp), locality, factor)
    if exact <= limit:
        return fee
    return paid(
        limit,
        f"min({written}, {limit_written})",
        "formula",
        "status",
        "opps-cap",
        facts=fee.facts,
        reasons=(f"the OPPS cap applies ({opps_pe.release})",),
    )


def _sum_of(parts: tuple[Fact, Fact, Fact], locality: Locality | None, factor: Fact) -> tuple[Decimal, str]:
    """Work, practice expense and malpractice in a locality (nationally without indexes), and how it is written."""
    if locality is None:
        summed, written = sum(Decimal(part.value) for part in parts), " + ".join(part.value for part in parts)
    else:
        products = list(zip(parts, (locality.work, locality.pe, locality.mp), strict=True))
        summed = sum(Decimal(part.value) * index for part, index in products)
        written = " + ".join(f"{part.value} × {index}" for part, index in products)
    return Decimal(summed) * Decimal(factor.value), f"({written}) × {factor.value}"


def _capped(fee: Pricing, exact: Decimal, cap: Cap, locality: Locality | None, total: Fact) -> Pricing:
    if locality is None or cap.locality != locality.key:
        return not_priced(f"the OPPS cap given is for locality {cap.locality}", "opps-cap", facts=fee.facts)
    if parse_release(cap.release).year != parse_release(total.release).year:
        return not_priced(
            f"the OPPS cap ({cap.release}) is not of the year of its RVUs ({total.release})",
            "opps-cap",
            facts=fee.facts,
        )
    if round_cents(exact) <= cap.amount:
        return fee
    capped = fee.model_copy(
        update={"exact": cap.amount, "expression": f"min({fee.expression}, {cap.amount})"}
    )
    return supported(
        capped,
        "opps-cap",
        reasons=(f"the OPPS cap applies ({cap.release}, {cap.locator})",),
    )


def professional_payment(
    facts: Mapping[str, Fact], national: Mapping[str, Fact], *, facility: bool
) -> Money | None:
    """National payment in a facility or not; None where none exists.

    None for a code that is not paid by RVUs, where the setting's flag is NA (the file repeats the other setting's
    numbers there), and where no conversion factor of the same year is loaded.
    """
    fee = fee_schedule_amount(facts, national, facility=facility)
    if fee.exact is None or not fee.paid:
        return None
    amount = round_cents(fee.exact)
    return Money(
        amount=amount,
        facts=fee.facts,
        derivation=f"{fee.expression} = {amount}",
        condition=_CONDITIONS.get(facts["status_code"].value, ""),
    )
