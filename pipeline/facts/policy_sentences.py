"""Sentences about policy: indicators, the unit limit, modifiers."""

from __future__ import annotations

from pipeline.data import Fact
from pipeline.facts.indicators import (
    GLOBAL_DAYS,
    MUE_ADJUDICATION,
    NO_UNITS,
    STATUS_CODES,
    entries_by_key,
    entry_fields,
)
from pipeline.facts.rows import FactSentence, Rows
from pipeline.selector import in_range


def compose_indicator(subject: str, field: str, code: str, rows: Rows) -> FactSentence | None:
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
    if value.value == "0":
        return FactSentence(
            subject=subject,
            text=f"The MUE of {code} is 0 units of service: {NO_UNITS} ({value.release}).",
            cells=("Medically unlikely edit", "0 units", NO_UNITS[0].upper() + NO_UNITS[1:], value.release),
            facts=(value, adjudication),
        )
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


# Bilateral indicators of services that are done on one side at a time.
_UNILATERAL = ("0", "1", "3")
# Operations of the skeleton and its joints, the spine and the median nerve at the wrist that are of no finger or toe.
_NO_DIGITS = (
    ("20605", "20611"),
    ("20955", "20973"),
    ("21000", "25999"),
    ("26990", "27899"),
    ("28291", "28299"),
    ("29800", "29899"),
    ("62263", "63746"),
    ("64721", "64721"),
)


def _may_be_of_a_digit(code: str) -> bool:
    """Whether a procedure may be one of a finger or toe, reported with FA, F1-F9, TA or T1-T9 (NCCI manual, IV-14)."""
    return not any(in_range(code, first, last) for first, last in _NO_DIGITS)


def compose_modifier(subject: str, rest: str, code: str, rows: Rows) -> FactSentence | None:
    """One row of the modifier table, from `modifiers.toml` and the code's own indicator."""
    entry = next((entry for entry in entries_by_key().get(rest, ()) if entry.holds(rows)), None)
    if entry is None or any(field not in rows for field in entry_fields(entry)):
        return None
    facts = tuple(rows[field] for field in entry_fields(entry))
    when = entry.when.format(**{fact.field: fact.value for fact in facts})
    if entry.field == "bilateral_indicator" and facts[0].value in _UNILATERAL and _may_be_of_a_digit(code):
        when = f"{when.removesuffix('.')}; fingers and toes take modifiers of their own instead."
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
