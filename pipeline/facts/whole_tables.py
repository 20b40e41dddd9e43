"""What whole tables say of a code on a date: the newest release of each layout answers, by having the code or not."""

from __future__ import annotations

from datetime import date

from pipeline.data import Fact
from pipeline.facts.database import FactDatabase, LoadedTable
from pipeline.facts.partners import Partners
from pipeline.facts.ptp_edits import FIELD as PTP_FIELD
from pipeline.facts.ptp_edits import edits_of
from pipeline.facts.readers.add_ons import CONTRACTOR
from pipeline.facts.tables import national_facts, newest_tables, rows_of_key, rows_of_partner

FEE_SCHEDULE, ADD_ONS, PTP, PTP_HOSPITAL = "pprrvu", "add_ons", "ptp", "ptp_hospital"
# Layouts whose rows are facts about a code.
CODE_LAYOUTS = (FEE_SCHEDULE, "opps_codes", "asc_surgical", "asc_ancillary", "mue", ADD_ONS, PTP)
_COUNTED = {ADD_ONS: ("addon_edit_type", "primary_count"), PTP: (PTP_FIELD, "ptp_partner_count")}


def fields_of(tables: tuple[LoadedTable, ...]) -> frozenset[str]:
    """The fields on which these tables have the last word, also where they have no row.

    None while parts of the release are missing.
    """
    if len(tables) < tables[0].parts:
        return frozenset()
    named = {column.field for table in tables for column in table.columns}
    return frozenset(named | set(_COUNTED.get(tables[0].layout, ())))


def newest_of_each(database: FactDatabase, as_of: date) -> list[tuple[LoadedTable, ...]]:
    """The newest tables of every layout about codes that had started on a date."""
    found = (newest_tables(database, layout, as_of) for layout in CODE_LAYOUTS)
    return [tables for tables in found if tables]


def facts_in(
    database: FactDatabase,
    tables: tuple[LoadedTable, ...],
    hcpcs_code: str,
    as_of: date,
    *,
    modifier: str = "",
) -> list[Fact]:
    """Facts about a code in the parts of one table, on a date: pairs in force that day, with their number."""
    layout = tables[0].layout
    if layout == PTP and modifier:
        return []
    if layout == PTP:
        edits = edits_of(database, hcpcs_code, as_of, tables, column="one")
        return [*(edit.fact() for edit in edits), *_partner_count(database, tables, hcpcs_code, as_of)]
    rows = [row for table in tables for row in rows_of_key(database, table, hcpcs_code, modifier=modifier)]
    facts = [fact for row in rows for fact in row.facts()]
    if layout == ADD_ONS:
        standing = [fact for fact in facts if _stands(fact, as_of)]
        return [*standing, *_add_on_counts(tables, hcpcs_code, standing)]
    return facts


def national_on(database: FactDatabase, as_of: date) -> dict[str, Fact]:
    """The newest value of each field that holds for a whole table, among tables that had started."""
    started = [table for table in database.tables() if table.valid_from <= as_of]
    return {fact.field: fact for table in started for fact in national_facts(database, table)}


def facts_naming(database: FactDatabase, hcpcs_code: str, as_of: date) -> list[Fact]:
    """Facts in force that name this code as their partner: edits with it in column two, add-on codes of it."""
    edits = edits_of(database, hcpcs_code, as_of, newest_tables(database, PTP, as_of), column="two")
    rows = [
        row
        for table in newest_tables(database, ADD_ONS, as_of)
        for row in rows_of_partner(database, table, hcpcs_code)
    ]
    add_ons = [fact for row in rows for fact in row.facts() if _stands(fact, as_of)]
    return [*(edit.fact() for edit in edits), *add_ons]


def _stands(fact: Fact, as_of: date) -> bool:
    return fact.valid_from <= as_of and (fact.valid_to is None or as_of <= fact.valid_to)


def _add_on_counts(tables: tuple[LoadedTable, ...], hcpcs_code: str, rows: list[Fact]) -> list[Fact]:
    kinds = {fact.value for fact in rows}
    if len(kinds) != 1:  # none, or rows of two types: nothing to say of the code as a whole
        return []
    where = f"{tables[0].file} rows of add-on code {hcpcs_code}"
    named = sum(fact.partner != CONTRACTOR for fact in rows)
    return [
        _table_fact(tables[0], hcpcs_code, "addon_edit_type", kinds.pop(), where),
        _table_fact(
            tables[0], hcpcs_code, "primary_count", str(named), f"{where}, primary codes counted", "codes"
        ),
    ]


def _partner_count(
    database: FactDatabase, tables: tuple[LoadedTable, ...], hcpcs_code: str, as_of: date
) -> list[Fact]:
    """How many codes the edits pair with this one; nothing while parts of the release are missing."""
    if len(tables) < tables[0].parts:
        return []
    others = Partners(database, tables, as_of).of(hcpcs_code)
    files = ", ".join(table.file for table in tables)
    where = f"{files} rows with {hcpcs_code} in column 1 or 2 in force on {as_of}, other codes counted"
    return [_table_fact(tables[0], hcpcs_code, "ptp_partner_count", str(len(others)), where, "codes")]


def _table_fact(
    table: LoadedTable, hcpcs_code: str, field: str, value: str, locator: str, unit: str = ""
) -> Fact:
    return Fact(
        hcpcs_code=hcpcs_code,
        field=field,
        value=value,
        unit=unit,
        release=table.release.name,
        valid_from=table.valid_from,
        valid_to=table.valid_to,
        locator=locator,
    )
