"""Look-ups of facts by code and date of service."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from pipeline.data import Fact
from pipeline.errors import NoFactsError


class FactStore:
    """Facts of several releases side by side, answered as of a date. Holds its facts in memory."""

    def __init__(self, facts: Iterable[Fact]):
        by_code: dict[str, list[Fact]] = defaultdict(list)
        for fact in facts:
            by_code[fact.hcpcs_code].append(fact)
        # Within a code, oldest release first, so that a later one overrides it in facts_on.
        self._by_code = {
            code: sorted(rows, key=lambda fact: (fact.valid_from, fact.release))
            for code, rows in by_code.items()
        }

    def codes(self) -> list[str]:
        """Every code that has a fact, sorted."""
        return sorted(code for code in self._by_code if code)

    def facts_on(self, hcpcs_code: str, as_of: date) -> dict[str, Fact]:
        """Newest row of each field that had started on `as_of`; rows of the code's global service only.

        A row whose own validity ended earlier is still returned: the page shows it as carried over.
        An unknown code gives an empty dict; an empty code gives the values that belong to whole releases.
        """
        rows = self._by_code.get(hcpcs_code, ())
        return {fact.field: fact for fact in rows if fact.valid_from <= as_of and not fact.modifier}

    def require(self, hcpcs_code: str, as_of: date) -> dict[str, Fact]:
        """As `facts_on`. Raises NoFactsError when nothing is known of the code on that date."""
        found = self.facts_on(hcpcs_code, as_of)
        if found:
            return found
        rows = self._by_code.get(hcpcs_code)
        if rows:
            raise NoFactsError(
                f"no loaded table is in force for {hcpcs_code} on {as_of}: the earliest starts on "
                f"{rows[0].valid_from}; choose a later --as-of"
            )
        raise NoFactsError(
            f"no loaded table holds {hcpcs_code}; `briefwright facts list` names the codes that are loaded"
        )

    def of_release(self, hcpcs_code: str, release: str) -> dict[str, Fact]:
        """The fields of one code in one release; empty when the release does not hold the code."""
        rows = self._by_code.get(hcpcs_code, ())
        return {fact.field: fact for fact in rows if fact.release == release and not fact.modifier}

    def history(self, hcpcs_code: str) -> list[Fact]:
        """Every row of a code, oldest first."""
        return list(self._by_code.get(hcpcs_code, ()))

    def releases(self) -> list[str]:
        """Names of all loaded releases, sorted."""
        return sorted({fact.release for rows in self._by_code.values() for fact in rows})

    def naming(self, hcpcs_code: str, as_of: date) -> list[Fact]:
        """Rows of other codes that name this one as their partner, by code.

        PTP rows in which it stands in column two, add-on rows in which it is the primary code.
        """
        return [
            fact
            for code in self.codes()
            for fact in self.facts_on(code, as_of).values()
            if fact.partner == hcpcs_code
        ]
