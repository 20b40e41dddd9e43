"""Look-ups of facts by code and date of service."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from functools import cached_property
from itertools import groupby

from pipeline.data import Fact
from pipeline.errors import NoFactsError
from pipeline.facts.database import FactDatabase
from pipeline.facts.partners import Partners
from pipeline.facts.payment import PAYABLE_STATUS
from pipeline.facts.releases import Release, parse_release
from pipeline.facts.tables import national_facts, newest_tables, rows_of_key
from pipeline.facts.whole_tables import (
    ADD_ONS,
    CODE_LAYOUTS,
    FEE_SCHEDULE,
    PTP,
    facts_in,
    facts_naming,
    fields_of,
    national_on,
    newest_of_each,
)


class FactStore:
    """Facts of several releases side by side, answered as of a date.

    The `facts` given (the starter set: some rows of some releases) are held in memory; the database, where one is
    given, holds whole tables. A whole table overrides what the same and older releases of its family say of a code,
    also by not having the code; a given fact stands only where its release is newer than the newest whole table.
    """

    def __init__(self, facts: Iterable[Fact], database: FactDatabase | None = None):
        by_code: dict[str, list[Fact]] = defaultdict(list)
        for fact in facts:
            by_code[fact.hcpcs_code].append(fact)
        self._naming: dict[str, list[Fact]] = defaultdict(list)
        for fact in (fact for rows in by_code.values() for fact in rows if fact.partner):
            self._naming[fact.partner].append(fact)
        # Within a code, oldest release first, so that a later one overrides it in facts_on.
        self._by_code = {
            code: sorted(rows, key=lambda fact: (fact.valid_from, fact.release))
            for code, rows in by_code.items()
        }
        self.database = database or FactDatabase(None)
        self._answers: dict[tuple[str, date, str], dict[str, Fact]] = {}
        self._partners: dict[date, Partners] = {}

    def codes(self) -> list[str]:
        """Every code that has a given fact, or a row in the newest fee schedule, sorted."""
        return sorted({code for code in self._by_code if code} | self.scheduled.keys())

    def payable(self) -> list[str]:
        """The codes that the newest loaded fee schedule pays by RVUs, sorted; empty where none is loaded."""
        return sorted(code for code, status in self.scheduled.items() if status in PAYABLE_STATUS)

    def stands(self, hcpcs_code: str, as_of: date) -> bool:
        """Whether the tables in force on the date know the code; where not, it was deleted, or its table taken out."""
        if hcpcs_code in self.scheduled:
            return True
        try:
            return bool(self.require(hcpcs_code, as_of))
        except NoFactsError:
            return False

    def facts_on(self, hcpcs_code: str, as_of: date, *, modifier: str = "") -> dict[str, Fact]:
        """Newest row of each field that had started on `as_of`, in the code's row of that modifier (26, TC, 53).

        No modifier is the code's global service. A row whose own validity ended earlier is still returned: the page
        shows it as carried over. An unknown code gives an empty dict; an empty code gives the values that belong to
        whole releases.
        """
        key = (hcpcs_code, as_of, modifier)
        if key not in self._answers:
            given = self._by_code.get(hcpcs_code, ())
            found = {
                fact.field: fact for fact in given if fact.valid_from <= as_of and fact.modifier == modifier
            }
            if hcpcs_code:
                self._answers[key] = self._with_tables(found, hcpcs_code, as_of, modifier)
            else:
                self._answers[key] = self._with_national(found, as_of)
        return self._answers[key]

    def require(self, hcpcs_code: str, as_of: date) -> dict[str, Fact]:
        """As `facts_on`. Raises NoFactsError when nothing is known of the code on that date, or it left the schedule.

        Other tables name a code for years after it was deleted; it cannot be billed for that.
        """
        found = self.facts_on(hcpcs_code, as_of)
        scheduled = newest_tables(self.database, FEE_SCHEDULE, as_of)
        if found and ("status_code" in found or not scheduled):
            return found
        history = self.history(hcpcs_code)
        if found and not any(fact.field == "status_code" for fact in history if fact.valid_from <= as_of):
            return found
        if found:
            history = [fact for fact in history if fact.field == "status_code" and fact.valid_from <= as_of]
        if not history:
            raise NoFactsError(
                f"no loaded table holds {hcpcs_code}; `briefwright facts list` names the codes that are loaded"
            )
        if history[0].valid_from > as_of:
            raise NoFactsError(
                f"no loaded table is in force for {hcpcs_code} on {as_of}: the earliest starts on "
                f"{history[0].valid_from}; choose a later --as-of"
            )
        raise NoFactsError(
            f"{hcpcs_code} is not in the tables in force on {as_of}; it stands last in {history[-1].release}, for "
            f"services to {history[-1].valid_to}: choose an earlier --as-of"
        )

    def of_release(
        self, hcpcs_code: str, release: str, *, modifier: str = "", on: date | None = None
    ) -> dict[str, Fact]:
        """The fields of one code in one release; empty when the release does not hold the code.

        An empty code gives the values that belong to the whole release. `on`: the day on which pairs of codes are to
        be in force, None for the first of the release.
        """
        given = self._by_code.get(hcpcs_code, ())
        found = {fact.field: fact for fact in given if fact.release == release and fact.modifier == modifier}
        for _, group in groupby(self.database.tables(release=release), key=lambda table: table.layout):
            tables = tuple(group)
            if not hcpcs_code:
                found |= {f.field: f for table in tables for f in national_facts(self.database, table)}
            elif tables[0].layout in CODE_LAYOUTS:
                day = on or tables[0].valid_from
                facts = facts_in(self.database, tables, hcpcs_code, day, modifier=modifier)
                found |= {fact.field: fact for fact in facts}
        return found

    def would_hold(self, fact: Fact) -> bool:
        """Whether a row of this release, code and field were loaded if the published table had it.

        So it is for whole tables, all parts loaded. Of the given facts, which are some rows of a table, it is so for a
        code that the release is given for, a field that it is given with, and a partner that is a given code.
        """
        name = fact.field.partition(":")[0]
        for _, group in groupby(self.database.tables(release=fact.release), key=lambda table: table.layout):
            if name in fields_of(tuple(group)):
                return True
        own = (one for one in self._by_code.get(fact.hcpcs_code, ()) if one.release == fact.release)
        if next(own, None) is None or (fact.partner and fact.partner not in self._by_code):
            return False
        return name in self._given_fields.get(fact.release, ())

    @cached_property
    def _given_fields(self) -> dict[str, set[str]]:
        """By release, the fields of the given facts, without partners."""
        fields: dict[str, set[str]] = defaultdict(set)
        for fact in (fact for rows in self._by_code.values() for fact in rows):
            fields[fact.release].add(fact.field.partition(":")[0])
        return fields

    def history(self, hcpcs_code: str) -> list[Fact]:
        """Every row of a code, all releases and modifiers, oldest first; of whole tables without pairs of codes."""
        rows = {fact.key: fact for fact in self._by_code.get(hcpcs_code, ())}
        for table in self.database.tables():
            if table.layout in CODE_LAYOUTS and table.layout not in (ADD_ONS, PTP):
                for row in rows_of_key(self.database, table, hcpcs_code):
                    rows |= {fact.key: fact for fact in row.facts()}
        return sorted(rows.values(), key=lambda fact: (fact.valid_from, fact.release, fact.modifier))

    def releases(self) -> list[str]:
        """Names of all releases with a fact, sorted."""
        return sorted({*self.given_releases(), *(table.release.name for table in self.database.tables())})

    def given_releases(self) -> list[str]:
        """Names of the releases that the given facts come from, sorted."""
        return sorted({fact.release for rows in self._by_code.values() for fact in rows})

    def releases_of(self, hcpcs_code: str) -> set[str]:
        """Names of the releases that say what is known of a code: whole tables, given ones with a row of it."""
        given = {fact.release for fact in self._by_code.get(hcpcs_code, ())}
        return given | self._whole_releases

    @cached_property
    def _whole_releases(self) -> frozenset[str]:
        # Of a fee schedule release, its tables of localities and factors say nothing of a code.
        return frozenset(
            table.release.name
            for table in self.database.tables()
            if table.layout == FEE_SCHEDULE or table.release.family != "RVU"
        )

    def naming(self, hcpcs_code: str, as_of: date) -> list[Fact]:
        """Rows of other codes that name this one as their partner, by code.

        PTP rows in which it stands in column two, add-on rows in which it is the primary code.
        """
        found = {fact.key: fact for fact in facts_naming(self.database, hcpcs_code, as_of)}
        for fact in self._naming.get(hcpcs_code, ()):
            if self.facts_on(fact.hcpcs_code, as_of).get(fact.field) == fact:
                found[fact.key] = fact
        return sorted(found.values(), key=lambda fact: (fact.hcpcs_code, fact.field))

    def closest_partners(
        self, hcpcs_code: str, as_of: date, paired: Collection[str], *, limit: int
    ) -> Sequence[str]:
        """Of the codes that NCCI pairs with this one, the closest (see `partners`).

        Without a whole table there is nothing to order them by: all of `paired`, by code.
        """
        tables = newest_tables(self.database, PTP, as_of)
        if not tables:
            return sorted(paired)
        if as_of not in self._partners:
            self._partners[as_of] = Partners(self.database, tables, as_of)
        return self._partners[as_of].closest(hcpcs_code, limit=limit, among=paired)

    def year_before(self, hcpcs_code: str, as_of: date) -> list[Fact]:
        """Fee schedule rows of a code, and its conversion factor, at the end of the year before its newest ones.

        Empty where that year is not loaded, or did not hold the code.
        """
        total = self.facts_on(hcpcs_code, as_of).get("fac_total_rvu")
        if total is None:
            return []
        year = parse_release(total.release).year - 1
        last_day = date(year, 12, 31)
        rows = [*self.facts_on("", last_day).values(), *self.facts_on(hcpcs_code, last_day).values()]
        return [
            fact
            for fact in rows
            if (release := parse_release(fact.release)).family == "RVU" and release.year == year
        ]

    @cached_property
    def scheduled(self) -> dict[str, str]:
        """Status by code in the newest loaded fee schedule, whatever its date; empty where none is loaded."""
        tables = self.database.tables(FEE_SCHEDULE)
        if not tables:
            return {}
        place = [column.field for column in tables[-1].columns].index("status_code")
        rows = self.database.query(
            "SELECT key, json_extract(cells, ?) FROM rows WHERE table_id = ? AND modifier = ''",
            f"$[{place}]",
            tables[-1].id,
        )
        return {str(code): str(status) for code, status in rows}

    def _with_tables(
        self, found: dict[str, Fact], hcpcs_code: str, as_of: date, modifier: str
    ) -> dict[str, Fact]:
        for tables in newest_of_each(self.database, as_of):
            covered = fields_of(tables)
            facts = facts_in(self.database, tables, hcpcs_code, as_of, modifier=modifier)
            rows = {fact.field: fact for fact in facts}
            kept = {
                name: fact
                for name, fact in found.items()
                if (name not in rows and name.partition(":")[0] not in covered)
                or _is_newer(fact, tables[0].release)
            }
            found = rows | kept
        # Every five characters have no edits in a complete PTP table; that alone does not make them a known code.
        counted = found.get("ptp_partner_count")
        return {} if len(found) == 1 and counted and counted.value == "0" else found

    def _with_national(self, found: dict[str, Fact], as_of: date) -> dict[str, Fact]:
        whole = national_on(self.database, as_of)
        kept = {
            name: fact
            for name, fact in found.items()
            if name not in whole or _is_newer(fact, parse_release(whole[name].release))
        }
        return whole | kept


def _is_newer(fact: Fact, release: Release) -> bool:
    """Whether a given fact is of a later release of the family, or of another family altogether."""
    given = parse_release(fact.release)
    return given.family != release.family or given.order > release.order
