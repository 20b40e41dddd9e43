"""Medicare localities: their GPCIs and OPPS caps in the tables of a date."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from pipeline.data import Record
from pipeline.errors import NoFactsError
from pipeline.facts.database import FactDatabase
from pipeline.facts.payment import Cap, Locality
from pipeline.facts.tables import TableRow, all_rows, newest_tables, rows_of_key

_CAP_FIELDS = {True: "cap_fac_price", False: "cap_nonfac_price"}


class ListedLocality(Record):
    """A locality as the GPCI file lists it, with the counties that the crosswalk gives it."""

    locality: Locality
    state: str
    counties: tuple[str, ...] = ()


def list_localities(database: FactDatabase, as_of: date) -> list[ListedLocality]:
    """Every locality of the newest GPCI file that had started, by key. Raises NoFactsError where none is loaded."""
    tables = newest_tables(database, "gpci", as_of)
    if not tables:
        raise NoFactsError(
            f"no GPCI file is loaded for {as_of}; `briefwright sources sync` loads it with the fee schedule release"
        )
    counties: dict[str, list[str]] = {}
    for table in newest_tables(database, "counties", as_of):
        for row in all_rows(database, table):
            counties.setdefault(row.key, []).append(row.values.get("counties", ""))
    return [
        ListedLocality(
            locality=_locality(row),
            state=row.values.get("state", ""),
            counties=tuple(counties.get(row.key, ())),
        )
        for table in tables
        for row in all_rows(database, table)
    ]


def find_locality(database: FactDatabase, key: str, as_of: date) -> Locality:
    """A locality by MAC and locality number (seven characters). Raises NoFactsError."""
    for table in newest_tables(database, "gpci", as_of):
        for row in rows_of_key(database, table, key):
            return _locality(row)
    list_localities(database, as_of)  # says that no file is loaded, where that is the reason
    raise NoFactsError(
        f"no locality {key!r} in the GPCI file in force on {as_of}; expected a MAC and a locality number such as "
        "0111205, as `briefwright facts localities` lists them"
    )


def find_caps(
    database: FactDatabase, codes: Iterable[str], locality: Locality, as_of: date, *, facility: bool
) -> dict[tuple[str, str], Cap]:
    """OPPS caps of codes in a locality, by code and row modifier; most codes have none."""
    return {
        (row.key, row.modifier): Cap(
            amount=Decimal(row.values[field]),
            locality=row.locality,
            release=table.release.name,
            locator=row.locate(field),
        )
        for field in (_CAP_FIELDS[facility],)
        for table in newest_tables(database, "opps_caps", as_of)
        for code in sorted(set(codes))
        for row in rows_of_key(database, table, code)
        if row.locality == locality.key and field in row.values
    }


def _locality(row: TableRow) -> Locality:
    return Locality(
        key=row.key,
        name=row.values["locality_name"],
        work=Decimal(row.values["gpci_work"]),
        pe=Decimal(row.values["gpci_pe"]),
        mp=Decimal(row.values["gpci_mp"]),
        release=row.table.release.name,
        locator=row.locate("gpci_work"),
    )
