"""A release as tidy rows, in the columns of our own fact table, streamed."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.data import Fact
from pipeline.errors import NoFactsError
from pipeline.facts.database import FactDatabase, LoadedTable
from pipeline.facts.ptp_edits import all_edits
from pipeline.facts.readers import layouts
from pipeline.facts.tables import all_rows, national_facts
from pipeline.facts.whole_tables import PTP, PTP_HOSPITAL
from pipeline.selector import in_range


def export_facts(database: FactDatabase, release: str, *, first: str, last: str) -> Iterator[Fact]:
    """Every fact about a code in the range (inclusive) and about the whole release; rows of a table in its key's order.

    Tables keyed by something else than a code (localities, APCs, modifiers, documents) have no such facts. Raises
    NoFactsError where the release is not loaded.
    """
    tables = database.tables(release=release)
    if not tables:
        raise NoFactsError(
            f"{release} is not loaded as whole tables; `briefwright sources sync --release {release}` loads it"
        )
    for table in tables:
        yield from national_facts(database, table)
    for table in tables:
        if layouts()[table.layout].key == "hcpcs":
            yield from _rows(database, table, first, last)


def _rows(database: FactDatabase, table: LoadedTable, first: str, last: str) -> Iterator[Fact]:
    if table.layout in (PTP, PTP_HOSPITAL):
        found = all_edits(database, table, first, last)
        yield from (edit.fact() for edit in found if in_range(edit.column_one, first, last))
        return
    for row in all_rows(database, table, first=first, last=last):
        if not row.locality and in_range(row.key, first, last):
            yield from row.facts()
