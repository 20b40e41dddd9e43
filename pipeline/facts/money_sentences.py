"""Sentences about RVUs and payment, in each setting."""

from __future__ import annotations

from decimal import Decimal

from pipeline.data import Fact
from pipeline.facts.facility import CONDITIONALLY_PACKAGED, facility_part, unlisted_row, usual_inpatient
from pipeline.facts.indicators import STATUS_CODES
from pipeline.facts.payment import (
    NOT_APPLICABLE,
    PAYABLE_STATUS,
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
SETTINGS = {
    "office": "Office (non-facility)",
    "hopd": "Hospital outpatient",
    "asc": "Ambulatory surgery center",
    "inpatient": "Hospital inpatient",
}


def compose_rvu(subject: str, part: str, code: str, rows: Rows) -> FactSentence | None:
    """One row of the RVU table. In the file an NA setting repeats the other setting's numbers: never shown.

    RVUs of a status that is not paid by them say so; where they are 0 there is nothing to say.
    """
    heading, name, facility_field, office_field = _RVU_PARTS[part]
    facility, office = rows.get(facility_field), rows.get(office_field)
    flags = [rows.get(field) for field in ("fac_na", "nonfac_na")]
    status = rows.get("status_code")
    if facility is None or office is None or flags[1] is None:
        return None
    unused = status is not None and status.value not in PAYABLE_STATUS
    if unused and Decimal(facility.value) == Decimal(office.value) == 0:
        return None
    shown = [
        NOT_APPLICABLE if flag is not None and flag.value == NOT_APPLICABLE else value.value
        for flag, value in zip(flags, (facility, office), strict=True)
    ]
    says = _rvu_text(code, name, shown, same=facility is office)
    if not says:
        return None
    release = facility.release
    flagged = next((f for f in flags if f is not None and f.value == NOT_APPLICABLE), None)
    if flagged is not None and flagged.release != release:
        release += f"; NA flag {flagged.release}"
    facts, derivation = [facility, office, *(flag for flag in flags if flag is not None)], ""
    if unused and status is not None:
        says, release = (
            f"{says}; not used for payment",
            f"{release}; not used for payment, status {status.value}",
        )
    if part == "total" and shown[0] != NOT_APPLICABLE:
        addends = [rows[field] for field in ("work_rvu", "fac_pe_rvu", "mp_rvu") if field in rows]
        if len(addends) == 3:
            facts = [*addends, *facts]
            derivation = f"{' + '.join(fact.value for fact in addends)} = {facility.value}"
    if status is not None:
        facts.append(status)
    stated = f"{facility.release}, status {status.value}" if unused and status else facility.release
    return FactSentence(
        subject=subject,
        text=f"{says} ({stated}).",
        cells=(heading, *shown, release),
        facts=tuple({fact.key: fact for fact in facts}.values()),
        derivation=derivation,
    )


def _rvu_text(code: str, name: str, shown: list[str], *, same: bool) -> str:
    """The value in each setting; `same`: one value for both, such as work. Empty where neither setting applies."""
    facility, office = shown
    if facility == office == NOT_APPLICABLE:
        return ""
    if facility == NOT_APPLICABLE:
        where = "" if same else " in a non-facility setting; a facility does not apply (NA)"
        return f"{code} has {office} {name}{where}"
    if same:
        return f"{code} has {facility} {name}"
    if office == NOT_APPLICABLE:
        return f"{code} has {facility} {name} in a facility; non-facility does not apply (NA)"
    return f"{code} has {facility} {name} in a facility and {office} in a non-facility setting"


def compose_payment(subject: str, setting: str, code: str, rows: Rows) -> FactSentence | None:
    """`payment:facility` and `payment:nonfacility`: the national professional payment, or why there is none."""
    facility = setting == "facility"
    money = professional_payment(rows, rows, facility=facility)
    label = f"National payment, {'facility' if facility else 'non-facility'}"
    if money is None:
        return _no_payment(subject, code, rows, facility=facility, label=label)
    where = "in a facility" if facility else "in a non-facility setting"
    paid, release = dollars(money.amount), money.facts[0].release
    condition = _on_condition(money)
    return FactSentence(
        subject=subject,
        text=f"The national professional payment for {code} {where} is {paid} ({release}){condition}.",
        cells=(label, paid, f"{release}{condition}"),
        facts=money.facts,
        derivation=money.derivation,
    )


def _no_payment(subject: str, code: str, rows: Rows, *, facility: bool, label: str) -> FactSentence | None:
    status, flag = rows.get("status_code"), rows.get("fac_na" if facility else "nonfac_na")
    if status is not None and status.value not in PAYABLE_STATUS:
        meaning = STATUS_CODES.get(status.value)
        if not facility or meaning is None:  # said once
            return None
        return FactSentence(
            subject=subject,
            text=(
                f"The fee schedule has no national payment for {code}: status {status.value}, {meaning} "
                f"({status.release})."
            ),
            cells=("National payment", "none", f"Status {status.value}: {meaning}; {status.release}"),
            facts=(status,),
        )
    if status is None or flag is None or flag.value != NOT_APPLICABLE:
        return None
    none = (
        "no payment in a facility, as that setting" if facility else "no non-facility payment: that setting"
    )
    return FactSentence(
        subject=subject,
        text=f"{code} has {none} is flagged NA, rarely or never done there.",
        cells=(label, "none (NA)", flag.release),
        facts=(flag, status),
    )


def compose_setting(subject: str, setting: str, code: str, rows: Rows) -> FactSentence | None:
    """One row of payment by setting: professional and facility part apart, and their sum."""
    name = SETTINGS[setting]
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
    if setting in ("hopd", "asc") and (row := unlisted_row(rows, setting=setting)) is not None:
        return _without_rate(subject, name, code, rows, row, professional)
    if professional is None:
        return None
    paid = dollars(professional.amount)
    if setting == "inpatient":
        return FactSentence(
            subject=subject,
            text=(
                f"{name}: {code} pays the surgeon {paid}; the hospital is paid by MS-DRG, not stated on this page"
                f"{_on_condition(professional)}."
            ),
            cells=(name, paid, "MS-DRG, not stated here", "not stated here", _basis(professional)),
            facts=professional.facts,
            derivation=professional.derivation,
        )
    return _with_facility(subject, setting, code, rows, professional)


def _with_facility(
    subject: str, setting: str, code: str, rows: Rows, professional: Money
) -> FactSentence | None:
    """Hospital outpatient or surgery center: its own part priced or packaged; None where not known."""
    name, facility = SETTINGS[setting], facility_part(rows, (), setting=setting)
    if facility.exact is None:
        return None
    paid, basis = dollars(professional.amount), _facility_basis(setting, rows, facility)
    if not facility.paid:
        return FactSentence(
            subject=subject,
            text=(
                f"{name}: {code} pays the surgeon {paid}; the facility's part is packaged into other services "
                f"({basis}){_on_condition(professional)}."
            ),
            cells=(name, paid, "packaged", paid, f"{_basis(professional)}; {basis}"),
            facts=(*professional.facts, *facility.facts),
            derivation=professional.derivation,
        )
    amount = round_cents(facility.exact)
    total = professional.amount + amount
    return FactSentence(
        subject=subject,
        text=(
            f"{name}: {code} pays the surgeon {paid} and the facility {dollars(amount)} ({basis}), "
            f"{dollars(total)} together{_on_condition(professional)}."
        ),
        cells=(name, paid, dollars(amount), dollars(total), f"{_basis(professional)}; {basis}"),
        facts=(*professional.facts, *facility.facts),
        derivation=f"{professional.derivation}; {professional.amount} + {amount} = {total}",
    )


def _without_rate(
    subject: str, name: str, code: str, rows: Rows, row: Fact, professional: Money | None
) -> FactSentence | None:
    """Hospital outpatient or surgery center for which the facility's table lists no rate of the code."""
    status = rows.get("status_code")
    none = "no separate rate listed"
    if professional is not None:
        paid = dollars(professional.amount)
        return FactSentence(
            subject=subject,
            text=(
                f"{name}: {code} pays the surgeon {paid}; {row.release} lists no facility rate for it"
                f"{_on_condition(professional)}."
            ),
            cells=(name, paid, none, "not stated here", f"{_basis(professional)}; {row.release}"),
            facts=(*professional.facts, row),
            derivation=professional.derivation,
        )
    if status is None or status.value in PAYABLE_STATUS or status.value not in STATUS_CODES:
        return None
    meaning = f"status {status.value}, {STATUS_CODES[status.value]}"
    return FactSentence(
        subject=subject,
        text=(
            f"{name}: the fee schedule has no payment for {code} ({meaning}, {status.release}), and {row.release} "
            "lists no facility rate for it."
        ),
        cells=(name, "none", none, "not stated here", f"{meaning}, {status.release}; {row.release}"),
        facts=(status, row),
    )


def _office_setting(subject: str, name: str, code: str, rows: Rows) -> FactSentence | None:
    flag = rows.get("nonfac_na")
    money = professional_payment(rows, rows, facility=False)
    if money is not None:
        paid = dollars(money.amount)
        return FactSentence(
            subject=subject,
            text=(
                f"{name}: {code} pays the physician {paid}; there is no separate facility payment"
                f"{_on_condition(money)}."
            ),
            cells=(name, paid, "none", paid, _basis(money)),
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


def _basis(professional: Money) -> str:
    """The releases that a professional payment is reckoned from, of its RVUs and of its factor; what it depends on."""
    total, factor = professional.facts[:2]
    releases = (
        total.release if total.release == factor.release else f"{total.release}, factor {factor.release}"
    )
    return f"{releases}{_on_condition(professional)}"


def _on_condition(money: Money) -> str:
    return f"; {money.condition}" if money.condition else ""
