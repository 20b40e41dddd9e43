"""Invented tables in the shape that the readers give, and loading them."""

import hashlib
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from itertools import count
from pathlib import Path

from pipeline.facts.database import FactDatabase, LoadedTable
from pipeline.facts.loading import Origin, load_table
from pipeline.facts.readers import add_ons, gpci, mue, pprrvu_rows, ptp, recognise
from pipeline.facts.readers.layout import Layout, National, Refused, Row, Table, TableFile

RATIONALE = "An invented rationale"
_FEE = {
    "status_code": "A",
    "work_rvu": "10.00",
    "nonfac_pe_rvu": "8.00",
    "fac_pe_rvu": "6.00",
    "mp_rvu": "2.00",
    "pctc_indicator": "0",
    "global_days": "090",
    "preoperative_share": "0.10",
    "intraoperative_share": "0.70",
    "postoperative_share": "0.20",
    "multiple_procedure_indicator": "2",
    "bilateral_indicator": "1",
    "assistant_indicator": "2",
    "cosurgeon_indicator": "1",
    "team_indicator": "0",
    "physician_supervision": "09",
    "calculation_flag": "0",
    "imaging_family": "99",
    "opps_nonfac_pe_amount": "0.00",
    "opps_fac_pe_amount": "0.00",
    "opps_mp_amount": "0.00",
}


def fee(code: str, modifier: str = "", **changes: str) -> Row:
    """A fee schedule row that adds up: 20.00 RVUs outside a facility, 18.00 inside, unless changed."""
    values = _FEE | changes
    for place in ("nonfac", "fac"):
        parts = (values["work_rvu"], values[f"{place}_pe_rvu"], values["mp_rvu"])
        values.setdefault(f"{place}_total_rvu", str(sum(map(Decimal, parts))))
    return Row(0, code, _cells(pprrvu_rows.LAYOUT, values), modifier)


def edit(one: str, two: str, indicator: str = "1", *, start: str = "2018-01-01", end: str = "") -> Row:
    """A PTP edit with its first and last day."""
    return Row(0, one, (indicator, "", start, end, RATIONALE), "", two)


def limit(code: str, value: str, indicator: str = "3") -> Row:
    """A unit limit."""
    return Row(0, code, (value, indicator, RATIONALE))


def add_on(code: str, primary: str, kind: str = "1", *, start: str = "2013-04-01", end: str = "") -> Row:
    """An add-on code with one of its primaries."""
    return Row(0, code, (kind, start, end), "", primary)


def place(key: str, name: str, work: str = "1.000", pe: str = "0.900", mp: str = "0.500") -> Row:
    """A payment locality."""
    values = {"state": "ZZ", "locality_name": name, "gpci_work": work, "gpci_pe": pe, "gpci_mp": mp}
    return Row(0, key, _cells(gpci.LAYOUT, values))


def fee_schedule(*rows: Row | Refused, factor: str = "32.0000", qpp: bool | None = None) -> Table:
    """A relative value file, of 2026 where `qpp` says which."""
    table = table_of(pprrvu_rows.LAYOUT, rows)
    field = "conversion_factor" if qpp is None else f"conversion_factor_{'' if qpp else 'non'}qpp"
    table.national.append(National(field, factor, "USD/RVU", "CONV FACTOR", 11))
    table.qpp = qpp
    return table


def edits(*rows: Row | Refused) -> Table:
    """A part of a PTP release."""
    return table_of(ptp.LAYOUT, rows)


def limits(*rows: Row) -> Table:
    """The unit limits of practitioners."""
    return table_of(mue.PRACTITIONER, rows)


def add_on_codes(*rows: Row) -> Table:
    """The add-on code edits."""
    return table_of(add_ons.LAYOUT, rows)


def localities(*rows: Row) -> Table:
    """A GPCI file."""
    return table_of(gpci.LAYOUT, rows)


def table_of(layout: Layout, rows: Iterable[Row | Refused]) -> Table:
    """Rows numbered from line 11, below ten lines that are none."""
    numbered = (row._replace(line=line) for row, line in zip(rows, count(11), strict=False))
    return Table(layout, numbered, passed_over=10)


def load(
    database: FactDatabase,
    release: str,
    table: Table,
    *,
    part: int = 1,
    parts: int = 1,
    starts: date | None = None,
    sha256: str = "0" * 64,
) -> LoadedTable:
    """Load a table under a file name of its layout."""
    file = f"{table.layout.name}-{release}-f{part}.txt"
    return load_table(database, table, Origin(release, file, sha256, part, parts, starts))


def load_official(
    database: FactDatabase,
    release: str,
    path: Path,
    *,
    part: int = 1,
    parts: int = 1,
    starts: date | None = None,
) -> LoadedTable:
    """Load a file in an official layout, which its reader knows."""
    file = TableFile(path.name, lambda: path.open("rb"), path.stat().st_size)
    reader = recognise(file)
    assert reader, path
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return load_table(
        database, reader.read(file, False), Origin(release, path.name, digest, part, parts, starts)
    )


def _cells(layout: Layout, values: dict[str, str]) -> tuple[str, ...]:
    assert values.keys() <= {column.field for column in layout.columns}
    return tuple(values.get(column.field, "") for column in layout.columns)
