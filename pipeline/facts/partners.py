"""Which of a code's NCCI partners stand closest to it: those whose own partners are most nearly the same.

NCCI pairs an operation with hundreds of codes, most of which (anesthesia, evaluation, injections, skin repair) it pairs
with almost every operation. What is done at the same site in a similar way shares its partners instead. So partners are
ordered by the Jaccard index of the two sets of partners, those of the code and those of its partner, from 1 (the same)
to 0; equal ones by code.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from sys import intern

from pipeline.facts.database import FactDatabase, LoadedTable
from pipeline.facts.ptp_edits import IN_FORCE, INDEX_OF, number_of

_KEPT = 1_000  # codes whose partners are kept: neighbours are asked again, page after page
_OPPOSITE = {"one": "two", "two": "one"}
_FROM = f"FROM ptp_edits {{index}} WHERE table_id = ?1 AND {{column}} = ?2 AND {IN_FORCE}"
_COUNT, _PARTNERS = f"SELECT count(*) {_FROM}", f"SELECT {{other}} {_FROM}"


class Partners:
    """Partners in the edits in force on a day, by code; what was counted once is kept for the run."""

    def __init__(self, database: FactDatabase, tables: Iterable[LoadedTable], on: date):
        self._database = database
        self._tables = tuple(table.id for table in tables)
        self._day = number_of(on)
        self._counts: dict[str, int] = {}
        self._kept = lru_cache(maxsize=_KEPT)(self._read)

    def of(self, hcpcs_code: str) -> frozenset[str]:
        """The codes that edits pair with a code, in either column."""
        return self._kept(hcpcs_code)

    def _read(self, hcpcs_code: str) -> frozenset[str]:
        return frozenset(intern(other) for (other,) in self._rows(_PARTNERS, hcpcs_code))

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
        """How many edits have the code: one with each of its partners."""
        if hcpcs_code not in self._counts:
            self._counts[hcpcs_code] = sum(number for (number,) in self._rows(_COUNT, hcpcs_code))
        return self._counts[hcpcs_code]

    def _rows(self, sql: str, hcpcs_code: str) -> list[tuple]:
        """The rows with the code in either column."""
        wanted = [
            sql.format(index=index, column=f"column_{side}", other=f"column_{_OPPOSITE[side]}")
            for side, index in INDEX_OF.items()
        ]
        return [
            row
            for id_ in self._tables
            for each in wanted
            for row in self._database.query(each, id_, hcpcs_code, self._day)
        ]

    @staticmethod
    def _bound(own: int, theirs: int) -> float:
        """The highest index that sets of these sizes can have; both hold a code that the other does not."""
        return min(own, theirs) / max(own, theirs, 1)
