"""The facility's part of one operation, by setting. It is never mixed with the surgeon's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from pipeline.data import Fact
from pipeline.facts.adjustments import BOTH_SIDES
from pipeline.facts.pricing import Pricing, not_paid, not_priced, paid, supported

_PACKAGED, _INPATIENT_ONLY = "N", "C"
CONDITIONALLY_PACKAGED = ("Q1", "Q2", "Q3", "Q4")
_PACKAGED_ASC = "N1"
_SYSTEMS = {"hopd": "opps", "asc": "asc"}
_NATIONAL = "the facility amount is the national rate, the wage index of the place is not applied"


def usual_inpatient(facts: Mapping[str, Fact]) -> Fact | None:
    """The OPPS row that makes the code inpatient-only (status indicator C), if it does."""
    indicator = facts.get("opps_status_indicator")
    return indicator if indicator is not None and indicator.value == _INPATIENT_ONLY else None


def facility_part(facts: Mapping[str, Fact], modifiers: Sequence[str], *, setting: str) -> Pricing:
    """What the facility is paid for one line in `office`, `hopd`, `asc` or `inpatient`, besides the surgeon."""
    if setting == "office":
        return not_paid("an office has no facility payment of its own")
    if setting == "inpatient":
        return not_priced("the hospital is paid by MS-DRG for the stay, which is out of scope here")
    for modifier in ("55", "56"):
        if modifier in modifiers:
            return not_priced(
                f"modifier {modifier}: the facility is paid for the operation, not for this care"
            )
    if BOTH_SIDES in modifiers:
        return not_priced("modifier 50: how the facility is paid for both sides is not computed here")
    if setting == "hopd":
        return _outpatient(facts)
    return _surgery_center(facts)


def _outpatient(facts: Mapping[str, Fact]) -> Pricing:
    indicator, rate, apc = (facts.get(field) for field in ("opps_status_indicator", "opps_rate", "opps_apc"))
    if indicator is None:
        return _unlisted(facts, "hopd") or not_priced(
            "no OPPS row is loaded for it, so the hospital's part is not known"
        )
    named = f"OPPS status indicator {indicator.value} ({indicator.release})"
    if indicator.value == _PACKAGED:
        reason = f"{named}: packaged into other services, no facility payment of its own"
        return not_paid(reason, "packaged", facts=(indicator,))
    if indicator.value == _INPATIENT_ONLY:
        reason = f"{named}: inpatient only, not paid under OPPS; the hospital is paid by MS-DRG"
        return not_priced(reason, "inpatient-only", facts=(indicator,))
    if rate is None or not rate.value:
        return not_priced(f"{named}: no OPPS rate is loaded for it", facts=(indicator,))
    basis = tuple(row for row in (rate, indicator, apc) if row is not None)
    grouped = f", APC {apc.value}" if apc is not None else ""
    priced = _rate(rate, f"{named}{grouped}", basis)
    if indicator.value in CONDITIONALLY_PACKAGED:
        warning = f"{named}: paid apart only where nothing else on the claim packages it"
        priced = supported(priced, "outpatient-conditional", reasons=(warning,))
    return priced


def _surgery_center(facts: Mapping[str, Fact]) -> Pricing:
    indicator, rate = facts.get("asc_payment_indicator"), facts.get("asc_rate")
    if indicator is not None and indicator.value == _PACKAGED_ASC:
        reason = f"ASC payment indicator N1 ({indicator.release}): packaged, no facility payment of its own"
        return not_paid(reason, facts=(indicator,))
    if rate is None or not rate.value:
        return _unlisted(facts, "asc") or not_priced(
            "no ASC rate is loaded for it, so whether a surgery center is paid for it is not known"
        )
    basis = tuple(row for row in (rate, indicator) if row is not None)
    named = (
        f"ASC payment indicator {indicator.value} ({rate.release})"
        if indicator
        else f"ASC rate ({rate.release})"
    )
    return _rate(rate, named, basis)


def unlisted_row(facts: Mapping[str, Fact], *, setting: str) -> Fact | None:
    """The fact that a table of priced codes alone has no row of the code in `hopd` or `asc`; it does not tell why."""
    system = _SYSTEMS[setting]
    known = facts.keys() & {f"{system}_rate", f"{system}_status_indicator", f"{system}_payment_indicator"}
    return None if known else facts.get(f"{system}_priced")


def _unlisted(facts: Mapping[str, Fact], setting: str) -> Pricing | None:
    row = unlisted_row(facts, setting=setting)
    return None if row is None else not_priced(f"{row.release} lists no rate for it", facts=(row,))


def _rate(rate: Fact, named: str, basis: tuple[Fact, ...]) -> Pricing:
    amount = Decimal(rate.value)
    return paid(amount, rate.value, "facility-rate", facts=basis, reasons=(named, _NATIONAL))
