"""Which of a code's NCCI partners stand closest to it: those whose own partners are most nearly the same.

NCCI pairs an operation with hundreds of codes, most of which (anesthesia, evaluation, injections, skin repair) it pairs
with almost every operation. What is done at the same site in a similar way shares its partners instead. So partners are
ordered by the Jaccard index of the two sets of partners, those of the code and those of its partner, from 1 (the same)
to 0; equal ones by code.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from pipeline.facts.database import FactDatabase, LoadedTable

_IN_FORCE = "indicator <> 9 AND effective <= ?3 AND (deletion IS NULL OR deletion >= ?3)"
_COUNT = f"SELECT count(*) FROM ptp_edits WHERE table_id = ?1 AND {{}} = ?2 AND {_IN_FORCE}"  # noqa: S608
_PARTNERS = f"SELECT {{}} FROM ptp_edits WHERE table_id = ?1 AND {{}} = ?2 AND {_IN_FORCE}"  # noqa: S608
_COLUMNS = ("column_one", "column_two")


class Partners:
    """Partners in the edits in force on a day, by code; what was counted once is kept for the run."""

    def __init__(self, database: FactDatabase, tables: Iterable[LoadedTable], on: date):
        self._database = database
        self._tables = tuple(table.id for table in tables)
        self._day = on.year * 10_000 + on.month * 100 + on.day
        self._counts: dict[str, int] = {}

    def of(self, hcpcs_code: str) -> frozenset[str]:
        """The codes that edits pair with a code, in either column."""
        return frozenset(
            other
            for column, opposite in zip(_COLUMNS, reversed(_COLUMNS), strict=True)
            for (other,) in self._rows(_PARTNERS.format(opposite, column), hcpcs_code)
        )

    def closest(self, hcpcs_code: str, *, limit: int, among: Iterable[str] | None = None) -> Sequence[str]:
        """The closest partners of a code, closest first; of `among` alone where given."""
        own = self.of(hcpcs_code)
        wanted = own if among is None else own.intersection(among)
        bounds = sorted((-self._bound(len(own), self._count(other)), other) for other in wanted)
        found: list[tuple[float, str]] = []
        for bound, other in bounds:
            if len(found) >= limit and bound > found[limit - 1][0]:
                break  # no later one can stand closer
            theirs = self.of(other)
            found.append((-len(own & theirs) / len(own | theirs), other))
            found.sort()
        return [other for _, other in found[:limit]]

    def _count(self, hcpcs_code: str) -> int:
        """How many edits have the code; no fewer than it has partners."""
        if hcpcs_code not in self._counts:
            counted = (self._rows(_COUNT.format(column), hcpcs_code) for column in _COLUMNS)
            self._counts[hcpcs_code] = sum(number for rows in counted for (number,) in rows)
        return self._counts[hcpcs_code]

    def _rows(self, sql: str, hcpcs_code: str) -> list[tuple]:
        return [row for id_ in self._tables for row in self._database.query(sql, id_, hcpcs_code, self._day)]

    @staticmethod
    def _bound(own: int, theirs: int) -> float:
        """The highest index that sets of these sizes can have; both hold a code that the other does not."""
        return min(own, theirs) / max(own, theirs, 1)
