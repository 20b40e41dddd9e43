"""Sentences about two codes: add-ons with their primaries, NCCI edits, and modifiers that may open an edit."""

from __future__ import annotations

from pipeline.facts.indicators import NEVER_PAID, PTP_INDICATOR, STATUS_CODES, is_evaluation
from pipeline.facts.ptp_edits import edit_row, is_edit
from pipeline.facts.readers.add_ons import CONTRACTOR, names_primary
from pipeline.facts.rows import FactSentence, Rows

_LISTED = 24  # codes that one row names
# The edit type of add-on codes that have further primaries (NCCI manual, ch. I section W, p. I-36).
_SOME_LISTED = "3"


def compose_add_on(subject: str, _rest: str, code: str, rows: Rows) -> FactSentence | None:
    """That a code is an add-on, with those of its primaries that are loaded, or that the contractor lists them."""
    named = sorted(
        (f for f in rows.values() if f.hcpcs_code == code and names_primary(f)),
        key=lambda fact: fact.partner,
    )
    listed, counted = [fact for fact in named if fact.partner != CONTRACTOR], rows.get("primary_count")
    if not named or (listed and counted is None):
        return None
    release, says = named[0].release, f"{code} is an add-on code, reported only with a primary code"
    if not listed or counted is None:
        when = "Which primary codes, each Medicare contractor decides"
        return FactSentence(
            subject=subject,
            text=f"{says}; {when[0].lower()}{when[1:]} ({release}).",
            cells=("Add-on code", "yes", when, release),
            facts=(named[0],),
        )
    shown = listed[:_LISTED]
    codes = ", ".join(fact.partner for fact in shown)
    of = f", of {counted.value} in the table" if int(counted.value) > len(shown) else ""
    kind = rows.get("addon_edit_type")
    if kind is not None and kind.value == _SOME_LISTED:
        of += "; Medicare contractors may accept others"
    return FactSentence(
        subject=subject,
        text=f"{says}: {codes}{of} ({release}).",
        cells=("Add-on code", "yes", f"Primary codes: {codes}{of}", release),
        facts=(*shown, counted, *((kind,) if kind else ())),
    )


def compose_add_ons(subject: str, _rest: str, code: str, rows: Rows) -> FactSentence | None:
    """The add-on codes that one release of the table lists with this code as a primary: each on its own row
    (`primary_code`), or on the row of this code (`add_on_code`) where the add-on code is no code of the set."""
    found = [
        f for f in rows.values() if f.field == f"primary_code:{code}" or f.field.startswith("add_on_code:")
    ]
    release = max((fact.release for fact in found), default="")
    listed = {fact.other(code): fact for fact in found if fact.release == release}
    named = sorted(listed)
    if not named:
        return None
    codes, facts = ", ".join(named), [listed[each] for each in named]
    edits = {each: edit for each in named if (edit := rows.get(f"ptp_column_two:{each}")) is not None}
    if edits:
        codes += f"; NCCI edits make {', '.join(edits)} column two to it all the same"
        facts += edits.values()
    return FactSentence(
        subject=subject,
        text=f"Add-on codes that may be reported with {code}: {len(named)} ({release}): {codes}.",
        cells=("Add-on codes to it", str(len(named)), codes, release),
        facts=tuple(facts),
    )


def compose_add_on_pair(subject: str, other: str, code: str, rows: Rows) -> FactSentence | None:
    """Which of two codes is the other's add-on."""
    mine = rows.get(f"primary_code:{other}")
    fact = mine or rows.get(f"{other}.primary_code:{code}")
    if fact is None:
        return None
    add_on, primary = (code, other) if mine else (other, code)
    status = rows.get("status_code" if mine else f"{other}.status_code")
    unpaid, facts = "", (fact,)
    if status is not None and status.value in NEVER_PAID:
        unpaid, facts = f", status {status.value}: {STATUS_CODES[status.value]}", (fact, status)
    return FactSentence(
        subject=subject,
        text=(
            f"{add_on} is an add-on code that may be reported with its primary code {primary} ({fact.release})"
            f"{unpaid}."
        ),
        cells=(f"{add_on} is an add-on to {primary}{unpaid}",),
        facts=facts,
    )


def compose_ptp(subject: str, other: str, code: str, rows: Rows) -> FactSentence | None:
    """The NCCI edit between the page's code and another, whichever stands in column one."""
    fact = edit_row(rows, code, other)
    if fact is None or fact.value not in PTP_INDICATOR:
        return None
    one, two = fact.hcpcs_code, fact.partner
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


def compose_edit(subject: str, other: str, code: str, rows: Rows) -> FactSentence | None:
    """The same edit as a row of the table of edits."""
    sentence = compose_ptp(subject, other, code, rows)
    if sentence is None:
        return None
    (fact,) = sentence.facts
    denied = "the other" if fact.hcpcs_code == code else "this"
    when = f"{fact.value}: {PTP_INDICATOR[fact.value]}"
    return sentence.model_copy(update={"cells": (other, f"{denied} code", when, fact.release)})


def compose_edit_count(subject: str, _rest: str, code: str, rows: Rows) -> FactSentence | None:
    """How many codes NCCI pairs with this one."""
    counted = rows.get("ptp_partner_count")
    if counted is None:
        return None
    codes = "code" if counted.value == "1" else "codes"
    return FactSentence(
        subject=subject,
        text=f"NCCI pairs {code} with {counted.value} other {codes} ({counted.release}).",
        cells=("NCCI edits", f"{counted.value} {codes}", "Paired with it, in either column", counted.release),
        facts=(counted,),
    )


def compose_edit_modifiers(subject: str, _rest: str, code: str, rows: Rows) -> FactSentence | None:
    """The row of modifiers that may open an NCCI edit: with which of the codes compared one may, with which none does.

    None of them is put on an E/M service (NCCI manual, ch. I, p. I-17), and none opens payment of a bundled code.
    """
    status = rows.get("status_code")
    if is_evaluation(code) or (status is not None and status.value in NEVER_PAID):
        return None
    found = (fact for fact in rows.values() if is_edit(fact))
    edits = sorted(
        (fact for fact in found if not is_evaluation(fact.other(code))),
        key=lambda fact: fact.other(code),
    )
    opened = [fact.other(code) for fact in edits if fact.value == "1"]
    closed = [fact.other(code) for fact in edits if fact.value == "0"]
    counted = rows.get("ptp_partner_count")
    total = int(counted.value) if counted is not None else 0
    if not edits and not total:
        return None
    when = ""
    if opened or total > len(edits):
        when = (
            "Only for services that really are separate, when no more specific modifier fits, and only where the "
            "edit allows it"
        )
        when += f": among the codes that this page names, with {', '.join(opened)}; " if opened else "; "
    if closed:
        when += f"no modifier opens the edit with {', '.join(closed)}; "
    if not edits:
        when += f"which of the {total} codes that NCCI pairs with it allow it is not listed here; "
    basis = (*edits, *((counted,) if counted is not None else ()))
    when = f"{when[0].upper()}{when[1:].removesuffix('; ')}."
    return FactSentence(
        subject=subject,
        text=f"Modifiers 59, XE, XS, XP, XU with {code}: {when[0].lower()}{when[1:]}",
        cells=("59, XE, XS, XP, XU", when, f"modifier indicators of the edits, {basis[0].release}"),
        facts=basis,
        derivation="NCCI Policy Manual ch. I section E, p. I-17",
    )


def compose_no_ptp(subject: str, other: str, code: str, rows: Rows) -> FactSentence | None:
    """That the loaded table lists no edit of the pair: dated by the row that counts the code's partners.

    None where there is such an edit. The absence of an edit is not permission (NCCI manual, Intro-6).
    """
    counted = rows.get("ptp_partner_count")
    if counted is None or compose_ptp(subject, other, code, rows) is not None:
        return None
    return FactSentence(
        subject=subject,
        text=f"{counted.release} lists no NCCI edit between {code} and {other}; that is not permission to report both.",
        cells=(f"no edit listed in {counted.release}, which is not permission",),
        facts=(counted,),
    )
