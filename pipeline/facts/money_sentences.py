"""Sentences about RVUs and payment, in each setting."""

from __future__ import annotations

from pipeline.facts.facility import CONDITIONALLY_PACKAGED, facility_part, usual_inpatient
from pipeline.facts.payment import (
    NOT_APPLICABLE,
    Money,
    dollars,
    is_payable,
    professional_payment,
    round_cents,
)
from pipeline.facts.pricing import Pricing
from pipeline.facts.rows import FactSentence, Rows

_RVU_PARTS = {
    "work": ("Work", "work RVUs", "work_rvu", "work_rvu"),
    "pe": ("Practice expense", "practice expense RVUs", "fac_pe_rvu", "nonfac_pe_rvu"),
    "mp": ("Malpractice", "malpractice RVUs", "mp_rvu", "mp_rvu"),
    "total": ("Total", "total RVUs", "fac_total_rvu", "nonfac_total_rvu"),
}
_SETTINGS = {
    "office": "Office (non-facility)",
    "hopd": "Hospital outpatient",
    "asc": "Ambulatory surgery center",
    "inpatient": "Hospital inpatient",
}


def compose_rvu(subject: str, part: str, code: str, rows: Rows) -> FactSentence | None:
    """One row of the RVU table. In the file an NA setting repeats the other setting's numbers: never shown."""
    heading, name, facility_field, office_field = _RVU_PARTS[part]
    facility, office, flag = rows.get(facility_field), rows.get(office_field), rows.get("nonfac_na")
    if facility is None or office is None or flag is None:
        return None
    no_office = flag.value == NOT_APPLICABLE
    says = f"{code} has {facility.value} {name}"
    if facility is office:
        where = ""
    elif no_office:
        where = " in a facility; non-facility does not apply (NA)"
    else:
        where = f" in a facility and {office.value} in a non-facility setting"
    release = facility.release
    if no_office and flag.release != release:
        release += f"; NA flag {flag.release}"
    facts, derivation = [facility, office, flag], ""
    if part == "total":
        addends = [rows[field] for field in ("work_rvu", "fac_pe_rvu", "mp_rvu") if field in rows]
        if len(addends) == 3:
            facts = [*addends, *facts]
            derivation = f"{' + '.join(fact.value for fact in addends)} = {facility.value}"
    return FactSentence(
        subject=subject,
        text=f"{says}{where} ({facility.release}).",
        cells=(heading, facility.value, NOT_APPLICABLE if no_office else office.value, release),
        facts=tuple({fact.key: fact for fact in facts}.values()),
        derivation=derivation,
    )


def compose_payment(subject: str, setting: str, code: str, rows: Rows) -> FactSentence | None:
    """`payment:facility` and `payment:nonfacility`: the national professional payment."""
    facility = setting == "facility"
    money = professional_payment(rows, rows, facility=facility)
    flag = rows.get("nonfac_na")
    if money is None:
        if facility or flag is None or flag.value != NOT_APPLICABLE:
            return None
        return FactSentence(
            subject=subject,
            text=f"{code} has no non-facility payment: that setting is flagged NA, rarely or never done there.",
            cells=("National payment, non-facility", "none (NA)", flag.release),
            facts=(flag,),
        )
    where = "in a facility" if facility else "in a non-facility setting"
    paid, release = dollars(money.amount), money.facts[0].release
    return FactSentence(
        subject=subject,
        text=f"The national professional payment for {code} {where} is {paid} ({release}).",
        cells=(f"National payment, {'facility' if facility else 'non-facility'}", paid, release),
        facts=money.facts,
        derivation=money.derivation,
    )


def compose_setting(subject: str, setting: str, code: str, rows: Rows) -> FactSentence | None:
    """One row of payment by setting: professional and facility part apart, and their sum."""
    name = _SETTINGS[setting]
    if setting == "office":
        return _office_setting(subject, name, code, rows)
    inpatient = usual_inpatient(rows)
    if setting == "hopd" and inpatient is not None:
        basis = f"status indicator {inpatient.value}, {inpatient.release}"
        return FactSentence(
            subject=subject,
            text=f"{name}: {code} is not paid to a hospital as an outpatient service; it is inpatient only ({basis}).",
            cells=(name, "see inpatient", "none: inpatient only", "none", basis),
            facts=(inpatient,),
        )
    professional = professional_payment(rows, rows, facility=True)
    if professional is None:
        return None
    paid = dollars(professional.amount)
    if setting == "inpatient":
        return FactSentence(
            subject=subject,
            text=f"{name}: {code} pays the surgeon {paid}; the hospital is paid by MS-DRG, not stated on this page.",
            cells=(name, paid, "MS-DRG, not stated here", "not stated here", _releases(professional)),
            facts=professional.facts,
            derivation=professional.derivation,
        )
    return _with_facility(subject, setting, code, rows, professional)


def _with_facility(
    subject: str, setting: str, code: str, rows: Rows, professional: Money
) -> FactSentence | None:
    """Hospital outpatient or surgery center: its own part priced or packaged; None where not known."""
    name, facility = _SETTINGS[setting], facility_part(rows, (), setting=setting)
    if facility.exact is None:
        return None
    paid, basis = dollars(professional.amount), _facility_basis(setting, rows, facility)
    if not facility.paid:
        return FactSentence(
            subject=subject,
            text=(
                f"{name}: {code} pays the surgeon {paid}; the facility's part is packaged into other services "
                f"({basis})."
            ),
            cells=(name, paid, "packaged", paid, f"{_releases(professional)}; {basis}"),
            facts=(*professional.facts, *facility.facts),
            derivation=professional.derivation,
        )
    amount = round_cents(facility.exact)
    total = professional.amount + amount
    return FactSentence(
        subject=subject,
        text=(
            f"{name}: {code} pays the surgeon {paid} and the facility {dollars(amount)} ({basis}), "
            f"{dollars(total)} together."
        ),
        cells=(name, paid, dollars(amount), dollars(total), f"{_releases(professional)}; {basis}"),
        facts=(*professional.facts, *facility.facts),
        derivation=f"{professional.derivation}; {professional.amount} + {amount} = {total}",
    )


def _office_setting(subject: str, name: str, code: str, rows: Rows) -> FactSentence | None:
    flag = rows.get("nonfac_na")
    money = professional_payment(rows, rows, facility=False)
    if money is not None:
        paid = dollars(money.amount)
        return FactSentence(
            subject=subject,
            text=f"{name}: {code} pays the physician {paid}; there is no separate facility payment.",
            cells=(name, paid, "none", paid, _releases(money)),
            facts=money.facts,
            derivation=money.derivation,
        )
    if flag is None or flag.value != NOT_APPLICABLE or not is_payable(rows):
        return None
    return FactSentence(
        subject=subject,
        text=f"{name}: {code} has no office payment; the setting is flagged NA, rarely or never done there.",
        cells=(name, NOT_APPLICABLE, "none", NOT_APPLICABLE, flag.release),
        facts=(flag, rows["status_code"]),
    )


def _facility_basis(setting: str, rows: Rows, facility: Pricing) -> str:
    release = facility.facts[0].release
    if setting == "asc":
        return f"payment indicator {rows['asc_payment_indicator'].value}, {release}"
    indicator = rows["opps_status_indicator"].value
    packaged = ", conditionally packaged" if indicator in CONDITIONALLY_PACKAGED else ""
    group = f"APC {rows['opps_apc'].value}, " if "opps_apc" in rows and facility.paid else ""
    return f"{group}status indicator {indicator}{packaged}, {release}"


def _releases(professional: Money) -> str:
    """The releases that a professional payment is reckoned from: of its RVUs, and of its factor where another."""
    total, factor = professional.facts[:2]
    return total.release if total.release == factor.release else f"{total.release}, factor {factor.release}"
