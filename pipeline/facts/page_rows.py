"""The rows that the page of a code draws from: its own, those of whole releases, other codes' rows that name it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import NamedTuple

from pipeline.data import Fact
from pipeline.facts.indicators import NEVER_PAID
from pipeline.facts.lookup import FactStore
from pipeline.facts.ptp_edits import is_edit
from pipeline.facts.rows import Rows, rows_of

SHOWN_PARTNERS = 12


class PageRows(NamedTuple):
    """`rows` as the composers take them; `partners` are the codes whose NCCI edits the page lists, closest first."""

    rows: Rows
    partners: tuple[str, ...]


def page_rows(store: FactStore, hcpcs_code: str, as_of: date, *, near: Collection[str]) -> PageRows:
    """Everything loaded that speaks of the code on the date, and the fee schedule of the year before.

    Of NCCI's edits, which may be hundreds, those with the closest partners, with a code of `near` (the codes that the
    page compares it with) and with its add-ons and primaries.
    """
    own = [*store.facts_on(hcpcs_code, as_of).values()]
    naming = store.naming(hcpcs_code, as_of)
    paired = {fact.other(hcpcs_code) for fact in (*own, *naming) if is_edit(fact)}
    partners = store.closest_partners(hcpcs_code, as_of, paired, limit=SHOWN_PARTNERS)
    linked = {fact.other(hcpcs_code) for fact in (*own, *naming) if fact.partner and not is_edit(fact)}
    shown = {*partners, *near, *linked}
    kept = [fact for fact in (*own, *naming) if not is_edit(fact) or fact.other(hcpcs_code) in shown]
    current = [*store.facts_on("", as_of).values(), *kept, *_never_paid(store, near, as_of)]
    return PageRows(
        rows_of(hcpcs_code, current, earlier=_new(store.year_before(hcpcs_code, as_of), current)),
        tuple(partners),
    )


def _never_paid(store: FactStore, codes: Iterable[str], as_of: date) -> list[Fact]:
    """The status of those of the codes that Medicare never pays separately."""
    statuses = (store.facts_on(code, as_of).get("status_code") for code in sorted(codes))
    return [status for status in statuses if status is not None and status.value in NEVER_PAID]


def _new(earlier: Iterable[Fact], current: Iterable[Fact]) -> list[Fact]:
    """Rows of the year before that are not, for want of a newer one, current rows as well."""
    known = {fact.key for fact in current}
    return [fact for fact in earlier if fact.key not in known]
