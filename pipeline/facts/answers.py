"""Answers about edits: a pair of codes on a date of service; the unit limit, add-on relations and edits of a code."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pipeline.data import Fact, Record
from pipeline.facts.database import LoadedTable
from pipeline.facts.indicators import MUE_ADJUDICATION, NO_UNITS, PTP_INDICATOR
from pipeline.facts.lookup import FactStore
from pipeline.facts.ptp_edits import NOT_APPLICABLE, PtpEdit, edits_between, edits_of, find_edit
from pipeline.facts.readers.add_ons import CONTRACTOR, names_primary
from pipeline.facts.releases import name_on
from pipeline.facts.tables import newest_tables, rows_of_key
from pipeline.facts.whole_tables import PTP, PTP_HOSPITAL

_NOT_PERMISSION = "the absence of an edit is not permission to report both (NCCI manual, Introduction)"
# NCCI manual, ch. I section W, pp. I-35 and I-36.
ADD_ON_TYPES = {
    "1": "its primary codes are all listed, and contractors should accept no others",
    "2": "no primary codes are defined for it: each contractor keeps a list of its own",
    "3": "some of its primary codes are listed; contractors may accept others of a list of their own",
}


class PairAnswer(Record):
    """What NCCI says of two codes reported for one patient by one practitioner (or hospital) on a day.

    `edit` is the one in force that day, `fact` its row (also where only a row of the starter set says so). `others`
    are edits of the pair that were in force at another time, or never. `settled` is False where the loaded tables
    cannot tell: then no edit found means nothing.
    """

    one: str
    two: str
    on: date
    answer: str
    settled: bool
    fact: Fact | None = None
    edit: PtpEdit | None = None
    others: tuple[PtpEdit, ...] = ()
    release: str = ""

    @property
    def named_release(self) -> str:
        """The release that answers, and whether it is carried over; empty where none does."""
        return name_on(self.release, self.on) if self.release else ""


def answer_pair(store: FactStore, one: str, two: str, on: date, *, hospital: bool = False) -> PairAnswer:
    """The NCCI edit of two codes on a date of service, in either order, from the newest loaded release.

    A release lists past edits with their dates, so that the newest one answers for every date it reaches back to.
    """
    tables = _newest(store, PTP_HOSPITAL if hospital else PTP)
    if not tables:
        return _from_given(store, one, two, on, hospital=hospital)
    found = edits_between(store.database, one, two, tables)
    edit = next((edit for edit in found if edit.in_force(on)), None)
    name = tables[0].release.name
    complete = len(tables) == tables[0].parts
    if edit is not None:
        answer = _explain(edit.column_one, edit.column_two, edit.modifier_indicator)
    elif not complete:
        held = f"{len(tables)} of the {tables[0].parts} files of {name} are loaded"
        answer = f"{held} and hold no edit of the pair in force; the others may"
    else:
        answer = f"{name} lists no edit of {one} and {two} for services on {on}; {_NOT_PERMISSION}"
    return PairAnswer(
        one=one, two=two, on=on, answer=answer, settled=complete or edit is not None, edit=edit,
        fact=edit.fact() if edit else None,
        others=tuple(other for other in found if other is not edit), release=name,
    )  # fmt: skip


class CodeEdits(Record):
    """The edits of a code in force on a day; `parts` of `of_parts` files of the release are loaded, 0 of 0: none is."""

    edits: tuple[PtpEdit, ...]
    release: str = ""
    parts: int = 0
    of_parts: int = 0

    @property
    def settled(self) -> bool:
        """Whether the list is whole."""
        return self.parts == self.of_parts > 0


def edits_on(store: FactStore, hcpcs_code: str, on: date, *, hospital: bool = False) -> CodeEdits:
    """Every edit of a code in force on a date, in the newest loaded release, sorted by both codes."""
    tables = _newest(store, PTP_HOSPITAL if hospital else PTP)
    if not tables:
        return CodeEdits(edits=())
    return CodeEdits(
        edits=tuple(edits_of(store.database, hcpcs_code, on, tables)),
        release=tables[0].release.name,
        parts=len(tables),
        of_parts=tables[0].parts,
    )


def explain_mue(store: FactStore, hcpcs_code: str, on: date, *, hospital: bool = False) -> str:
    """The unit limit of a code in one sentence, for practitioners or hospitals; empty where no row is loaded."""
    facts = _hospital_limit(store, hcpcs_code, on) if hospital else store.facts_on(hcpcs_code, on)
    value, indicator = facts.get("mue_value"), facts.get("mue_adjudication_indicator")
    if value is None or indicator is None or indicator.value not in MUE_ADJUDICATION:
        return ""
    named = name_on(value.release, on)
    if value.value == "0":
        return f"0 units of service: {NO_UNITS} ({named})"
    units = "unit" if value.value == "1" else "units"
    return (
        f"at most {value.value} {units} of service, adjudication indicator {indicator.value}: "
        f"{MUE_ADJUDICATION[indicator.value]} ({named})"
    )


def _hospital_limit(store: FactStore, hcpcs_code: str, on: date) -> dict[str, Fact]:
    tables = newest_tables(store.database, "mue_hospital", on)
    rows = (row for table in tables for row in rows_of_key(store.database, table, hcpcs_code))
    return {fact.field: fact for row in rows for fact in row.facts()}


def explain_add_on(hcpcs_code: str, facts: Mapping[str, Fact], on: date) -> str:
    """That a code is an add-on, of which type, with which primaries; empty where no row is loaded."""
    kind = facts.get("addon_edit_type")
    if kind is None:
        return ""
    primaries = sorted(f.partner for f in facts.values() if names_primary(f) and f.partner != CONTRACTOR)
    named = f": {', '.join(primaries)}" if primaries else ""
    return (
        f"{hcpcs_code} is an add-on code of type {kind.value}, {ADD_ON_TYPES[kind.value]} "
        f"({name_on(kind.release, on)}){named}"
    )


def _newest(store: FactStore, layout: str) -> tuple[LoadedTable, ...]:
    tables = store.database.tables(layout)
    return tuple(table for table in tables if table.release == tables[-1].release)


def _from_given(store: FactStore, one: str, two: str, on: date, *, hospital: bool) -> PairAnswer:
    """Without whole tables, the rows of the starter set: they hold edits between starter codes alone."""
    fact = None if hospital else find_edit(one, two, lambda code: store.facts_on(code, on))
    if fact is None or fact.value == NOT_APPLICABLE:
        answer = "no PTP table is loaded that could tell; `briefwright sources sync` loads them"
        return PairAnswer(one=one, two=two, on=on, answer=answer, settled=False)
    answer = f"{_explain(fact.hcpcs_code, fact.partner, fact.value)} ({fact.release}, {fact.locator})"
    return PairAnswer(
        one=one, two=two, on=on, answer=answer, settled=True, fact=fact, release=fact.release
    )  # fmt: skip


def _explain(one: str, two: str, indicator: str) -> str:
    return (
        f"an edit pairs {one} (column one) with {two} (column two): {two} is denied when both are reported for the "
        f"same patient, provider and date; modifier indicator {indicator}: {PTP_INDICATOR[indicator]}"
    )
