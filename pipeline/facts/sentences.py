"""Sentences and table rows about facts, each a pure function of the rows it names.

Drafting calls `compose_sentence` with all rows of a code; verification calls it again with only the rows that
the claim cites, and compares. So a figure on a page cannot differ from its row, nor lean on a row not shown.

A subject names what is said: `rvu:work`, `setting:hopd`, `modifier:cosurgeon_indicator:62`, `ptp:29880`, …
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pipeline.data import Fact, Record
from pipeline.facts.indicators import (
    GLOBAL_DAYS,
    MUE_ADJUDICATION,
    PTP_INDICATOR,
    STATUS_CODES,
    entry_fields,
    load_modifier_entries,
)
from pipeline.facts.payment import Money, dollars, facility_payment, is_payable, professional_payment

# Rows by field; a row of another code, such as a PTP pair listed under it, as `CODE.field`.
Rows = Mapping[str, Fact]

NO_OFFICE = "NA"
# OPPS status indicators under which a service is paid apart only when nothing else on the claim packages it.
CONDITIONALLY_PACKAGED = ("Q1", "Q2", "Q3", "Q4")
ANY = "CCCCC"  # the add-on file's word for "the contractor decides which primary codes"


class FactSentence(Record):
    """A sentence with its table cells, the rows it rests on and the arithmetic behind its figures."""

    subject: str
    text: str
    cells: tuple[str, ...]
    facts: tuple[Fact, ...]
    derivation: str = ""


def rows_of(hcpcs_code: str, facts: list[Fact]) -> dict[str, Fact]:
    """Key facts as `Rows` for a page about `hcpcs_code`."""
    return {
        fact.field if fact.hcpcs_code in ("", hcpcs_code) else f"{fact.hcpcs_code}.{fact.field}": fact
        for fact in facts
    }


def compose_sentence(subject: str, hcpcs_code: str, rows: Rows) -> FactSentence | None:
    """The sentence on `subject`, or None when a row it needs is absent.

    Raises KeyError for a subject of no known kind.
    """
    kind, _, rest = subject.partition(":")
    return _COMPOSERS[kind](subject, rest, hcpcs_code, rows)


_RVU_PARTS = {
    "work": ("Work", "work RVUs", "work_rvu", "work_rvu"),
    "pe": ("Practice expense", "practice expense RVUs", "fac_pe_rvu", "nonfac_pe_rvu"),
    "mp": ("Malpractice", "malpractice RVUs", "mp_rvu", "mp_rvu"),
    "total": ("Total", "total RVUs", "fac_total_rvu", "nonfac_total_rvu"),
}


def _rvu(subject: str, part: str, code: str, rows: Rows) -> FactSentence | None:
    """One row of the RVU table. In the file an NA setting repeats the other setting's numbers: never shown."""
    heading, name, facility_field, office_field = _RVU_PARTS[part]
    facility, office, flag = rows.get(facility_field), rows.get(office_field), rows.get("nonfac_na")
    if facility is None or office is None or flag is None:
        return None
    no_office = flag.value == NO_OFFICE
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
        cells=(heading, facility.value, NO_OFFICE if no_office else office.value, release),
        facts=tuple({fact.key: fact for fact in facts}.values()),
        derivation=derivation,
    )


def _payment(subject: str, setting: str, code: str, rows: Rows) -> FactSentence | None:
    """`payment:facility` and `payment:nonfacility`: the national professional payment."""
    facility = setting == "facility"
    money = professional_payment(rows, rows, facility=facility)
    flag = rows.get("nonfac_na")
    if money is None:
        if facility or flag is None or flag.value != NO_OFFICE:
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


_SETTINGS = {
    "office": "Office (non-facility)",
    "hopd": "Hospital outpatient",
    "asc": "Ambulatory surgery center",
    "inpatient": "Hospital inpatient",
}


def _setting(subject: str, setting: str, code: str, rows: Rows) -> FactSentence | None:
    """One row of payment by setting: professional and facility part apart, and their sum."""
    name = _SETTINGS[setting]
    if setting == "office":
        return _office_setting(subject, name, code, rows)
    professional = professional_payment(rows, rows, facility=True)
    if professional is None:
        return None
    paid = dollars(professional.amount)
    if setting == "inpatient":
        return FactSentence(
            subject=subject,
            text=f"{name}: {code} pays the surgeon {paid}; the hospital is paid by MS-DRG, not stated on this page.",
            cells=(name, paid, "MS-DRG, not stated here", "not stated here", professional.facts[0].release),
            facts=professional.facts,
            derivation=professional.derivation,
        )
    facility = facility_payment(rows, setting=setting)
    if facility is None:
        return None
    basis_rows, basis = _facility_basis(setting, rows, facility)
    total = professional.amount + facility.amount
    return FactSentence(
        subject=subject,
        text=(
            f"{name}: {code} pays the surgeon {paid} and the facility {dollars(facility.amount)} ({basis}), "
            f"{dollars(total)} together."
        ),
        cells=(
            name,
            paid,
            dollars(facility.amount),
            dollars(total),
            f"{professional.facts[0].release}; {basis}",
        ),
        facts=(*professional.facts, *facility.facts, *basis_rows),
        derivation=f"{professional.derivation}; {professional.amount} + {facility.amount} = {total}",
    )


def _office_setting(subject: str, name: str, code: str, rows: Rows) -> FactSentence | None:
    flag = rows.get("nonfac_na")
    money = professional_payment(rows, rows, facility=False)
    if money is not None:
        paid = dollars(money.amount)
        return FactSentence(
            subject=subject,
            text=f"{name}: {code} pays the physician {paid}; there is no separate facility payment.",
            cells=(name, paid, "none", paid, money.facts[0].release),
            facts=money.facts,
            derivation=money.derivation,
        )
    if flag is None or flag.value != NO_OFFICE or not is_payable(rows):
        return None
    return FactSentence(
        subject=subject,
        text=f"{name}: {code} has no office payment; the setting is flagged NA, rarely or never done there.",
        cells=(name, NO_OFFICE, "none", NO_OFFICE, flag.release),
        facts=(flag, rows["status_code"]),
    )


def _facility_basis(setting: str, rows: Rows, facility: Money) -> tuple[tuple[Fact, ...], str]:
    release = facility.facts[0].release
    if setting == "hopd":
        apc, indicator = rows["opps_apc"], rows["opps_status_indicator"]
        packaged = ", conditionally packaged" if indicator.value in CONDITIONALLY_PACKAGED else ""
        return (apc, indicator), f"APC {apc.value}, status indicator {indicator.value}{packaged}, {release}"
    indicator = rows["asc_payment_indicator"]
    return (indicator,), f"payment indicator {indicator.value}, {release}"


def _indicator(subject: str, field: str, code: str, rows: Rows) -> FactSentence | None:
    """One row of the billing indicators: value and meaning."""
    fact = rows.get(field)
    if fact is None:
        return None
    if field == "global_days":
        meaning, name = GLOBAL_DAYS.get(fact.value), "Global period"
    elif field == "status_code":
        meaning, name = STATUS_CODES.get(fact.value), "Status code"
    elif field == "mue_value":
        return _mue(subject, code, rows, fact)
    else:
        raise KeyError(field)
    if meaning is None:
        return None
    return FactSentence(
        subject=subject,
        text=f"{name} of {code}: {fact.value}, {meaning} ({fact.release}).",
        cells=(name, fact.value, meaning[0].upper() + meaning[1:], fact.release),
        facts=(fact,),
    )


def _mue(subject: str, code: str, rows: Rows, value: Fact) -> FactSentence | None:
    adjudication = rows.get("mue_adjudication_indicator")
    if adjudication is None or adjudication.value not in MUE_ADJUDICATION:
        return None
    meaning = MUE_ADJUDICATION[adjudication.value]
    units = "unit" if value.value == "1" else "units"
    return FactSentence(
        subject=subject,
        text=(
            f"The MUE of {code} is {value.value} {units} of service, adjudication indicator "
            f"{adjudication.value}: {meaning} ({value.release})."
        ),
        cells=(
            "Medically unlikely edit",
            f"{value.value} {units}",
            f"Adjudication indicator {adjudication.value}: {meaning}",
            value.release,
        ),
        facts=(value, adjudication),
    )


def _add_on(subject: str, _rest: str, code: str, rows: Rows) -> FactSentence | None:
    """An add-on code and those of its primaries that are loaded."""
    named = sorted(
        (
            f
            for f in rows.values()
            if f.hcpcs_code == code and f.field.startswith("primary_code:") and f.partner != ANY
        ),
        key=lambda fact: fact.partner,
    )
    if not named:
        return None
    codes = ", ".join(fact.partner for fact in named)
    release = named[0].release
    return FactSentence(
        subject=subject,
        text=f"{code} is an add-on code, reported only with a primary code; among these pages: {codes} ({release}).",
        cells=("Add-on code", "yes", f"Primaries among these pages: {codes}", release),
        facts=tuple(named),
    )


def _add_on_pair(subject: str, other: str, code: str, rows: Rows) -> FactSentence | None:
    """Which of two codes is the other's add-on."""
    mine = rows.get(f"primary_code:{other}")
    fact = mine or rows.get(f"{other}.primary_code:{code}")
    if fact is None:
        return None
    add_on, primary = (code, other) if mine else (other, code)
    return FactSentence(
        subject=subject,
        text=f"{add_on} is an add-on code that may be reported with its primary code {primary} ({fact.release}).",
        cells=(f"{add_on} is an add-on to {primary}",),
        facts=(fact,),
    )


def _modifier(subject: str, rest: str, code: str, rows: Rows) -> FactSentence | None:
    """One row of the modifier table, from `modifiers.toml` and the code's own indicator."""
    entry = next(
        (
            entry
            for entry in load_modifier_entries()
            if entry.key == rest and entry.field in rows and rows[entry.field].value in entry.values
        ),
        None,
    )
    if entry is None or any(field not in rows for field in entry_fields(entry)):
        return None
    facts = tuple(rows[field] for field in entry_fields(entry))
    when = entry.when.format(**{fact.field: fact.value for fact in facts})
    names = ", ".join(entry.modifiers)
    basis = f"{entry.field.replace('_', ' ')} {facts[0].value}, {facts[0].release}"
    plural = "Modifiers" if len(entry.modifiers) > 1 else "Modifier"
    label = f"{plural} {names}" if names != "any" else "Any modifier"
    return FactSentence(
        subject=subject,
        text=f"{label} with {code}: {when[0].lower() if when[0] != 'E' else 'E'}{when[1:]}",
        cells=(names, when, basis),
        facts=facts,
        derivation=entry.source,
    )


def _ptp(subject: str, other: str, code: str, rows: Rows) -> FactSentence | None:
    """The NCCI edit between the page's code and another, whichever stands in column one."""
    first = rows.get(f"ptp_column_two:{other}")
    fact = first or rows.get(f"{other}.ptp_column_two:{code}")
    if fact is None or fact.value not in PTP_INDICATOR:
        return None
    one, two = (code, other) if first else (other, code)
    meaning = PTP_INDICATOR[fact.value]
    return FactSentence(
        subject=subject,
        text=(
            f"NCCI pairs {one} (column one) with {two} (column two), modifier indicator {fact.value}: "
            f"{meaning} ({fact.release})."
        ),
        cells=(f"{two} into {one}: indicator {fact.value}, {meaning}",),
        facts=(fact,),
    )


def _edit_modifiers(subject: str, _rest: str, code: str, rows: Rows) -> FactSentence | None:
    """The row of modifiers that may open an NCCI edit: with which codes one may, with which none does."""
    edits = sorted(
        (fact for fact in rows.values() if fact.field.startswith("ptp_column_two:")),
        key=lambda fact: _other(fact, code),
    )
    opened = [_other(fact, code) for fact in edits if fact.value == "1"]
    closed = [_other(fact, code) for fact in edits if fact.value == "0"]
    if not opened:
        return None
    when = (
        "Only for services that really are separate, when no more specific modifier fits, and only where the edit "
        f"allows it: among these pages with {', '.join(opened)}"
    )
    when += f"; no modifier opens the edit with {', '.join(closed)}." if closed else "."
    return FactSentence(
        subject=subject,
        text=f"Modifiers 59, XE, XS, XP, XU with {code}: {when[0].lower()}{when[1:]}",
        cells=("59, XE, XS, XP, XU", when, f"modifier indicators of the edits, {edits[0].release}"),
        facts=tuple(edits),
        derivation="NCCI Policy Manual ch. I section E, p. I-17",
    )


def _other(edit: Fact, code: str) -> str:
    return edit.partner if edit.hcpcs_code == code else edit.hcpcs_code


_COMPOSERS: dict[str, Callable[[str, str, str, Rows], FactSentence | None]] = {
    "rvu": _rvu,
    "payment": _payment,
    "setting": _setting,
    "indicator": _indicator,
    "add_on": _add_on,
    "add_on_pair": _add_on_pair,
    "modifier": _modifier,
    "ptp": _ptp,
    "edit_modifiers": _edit_modifiers,
}
SUBJECT_KINDS = frozenset(_COMPOSERS)
