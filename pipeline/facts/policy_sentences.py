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


def compose_modifier(subject: str, rest: str, code: str, rows: Rows) -> FactSentence | None:
    """One row of the modifier table, from `modifiers.toml` and the code's own indicator."""
    entry = next((entry for entry in entries_by_key().get(rest, ()) if entry.holds(rows)), None)
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
