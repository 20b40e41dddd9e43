"""Sentences that set a value of the fee schedule against that of the year before."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from pipeline.data import Fact
from pipeline.facts.payment import NOT_APPLICABLE, dollars, is_payable, professional_payment
from pipeline.facts.releases import parse_release
from pipeline.facts.rows import BEFORE, FactSentence, Rows

_TENTH = Decimal("0.1")
_RVUS = {
    "work": ("Work RVUs", "the work RVUs", "work_rvu", ""),
    "facility": ("Total RVUs, facility", "the total RVUs in a facility", "fac_total_rvu", "fac_na"),
    "nonfacility": (
        "Total RVUs, non-facility",
        "the total RVUs in a non-facility setting",
        "nonfac_total_rvu",
        "nonfac_na",
    ),
}


def compose_year(subject: str, what: str, code: str, rows: Rows) -> FactSentence | None:
    """`work`, `facility`, `nonfacility` (RVUs), `payment_facility` or `payment_nonfacility`, in two years.

    None where the code is not paid by RVUs, and where either year is not loaded or flags the setting NA: its numbers
    are not that setting's.
    """
    if not is_payable(rows):  # its values pay nothing
        return None
    if what.startswith("payment_"):
        return _payment(subject, what.removeprefix("payment_") == "facility", code, rows)
    heading, name, field, flag_field = _RVUS[what]
    now, was = rows.get(field), rows.get(BEFORE + field)
    if now is None or was is None or parse_release(now.release).year != parse_release(was.release).year + 1:
        return None
    flags, earlier_flags = _flags(flag_field, rows)
    if any(flag.value == NOT_APPLICABLE for flag in (*flags, *earlier_flags)):
        return None
    return _sentence(
        subject,
        (heading, f"{name} of {code}"),
        (was.value, now.value),
        releases=(was.release, now.release),
        facts=(now, *flags, rows["status_code"]),
        earlier=(was, *earlier_flags),
    )


def _flags(field: str, rows: Rows) -> tuple[tuple[Fact, ...], tuple[Fact, ...]]:
    """The NA flag of now, and that of the year before where it is another row."""
    flag, before = rows.get(field), rows.get(BEFORE + field)
    return (flag,) if flag else (), (before,) if before else ()


def _payment(subject: str, facility: bool, code: str, rows: Rows) -> FactSentence | None:
    before = {
        **rows,
        **{key.removeprefix(BEFORE): fact for key, fact in rows.items() if key.startswith(BEFORE)},
    }
    now, was = (professional_payment(each, each, facility=facility) for each in (rows, before))
    if now is None or was is None:
        return None
    years = [parse_release(money.facts[0].release).year for money in (was, now)]
    if years[1] != years[0] + 1:
        return None
    where = "in a facility" if facility else "in a non-facility setting"
    current = {fact.key for fact in rows.values() if rows.get(fact.field) is fact}
    return _sentence(
        subject,
        (
            f"National payment, {'facility' if facility else 'non-facility'}",
            f"the national professional payment for {code} {where}",
        ),
        (dollars(was.amount), dollars(now.amount)),
        releases=(was.facts[0].release, now.facts[0].release),
        facts=(*now.facts, *(fact for fact in was.facts if _shared(fact, current, was.facts[:2]))),
        earlier=tuple(fact for fact in was.facts if not _shared(fact, current, was.facts[:2])),
        derivation=f"{was.derivation}; {now.derivation}",
    )


def _shared(fact: Fact, current: set[str], amounts: tuple[Fact, ...]) -> bool:
    """Whether a row behind the earlier payment speaks for now as well: a flag or status that no newer row replaces."""
    return fact.key in current and fact not in amounts


def _sentence(
    subject: str,
    names: tuple[str, str],
    values: tuple[str, str],
    *,
    releases: tuple[str, str],
    facts: tuple[Fact, ...],
    earlier: tuple[Fact, ...],
    derivation: str = "",
) -> FactSentence:
    heading, name = names
    change = _change(*values)
    years = [parse_release(release).year for release in releases]
    was, now = values
    if was == now:
        text = f"{name}: {now} in {years[1]} ({releases[1]}), the same as in {years[0]} ({releases[0]})."
    else:
        stated = zip(values, years, releases, strict=True)
        earlier_value, later_value = (f"{value} in {year} ({release})" for value, year, release in stated)
        text = f"{name}: {earlier_value}, {later_value}, a change of {change}."
    return FactSentence(
        subject=subject,
        text=f"{text[0].upper()}{text[1:]}",
        cells=(heading, f"{now} ({years[1]})", f"{was} ({years[0]})", change),
        facts=tuple({fact.key: fact for fact in facts}.values()),
        earlier=tuple({fact.key: fact for fact in earlier}.values()),
        derivation=derivation,
    )


def _change(was: str, now: str) -> str:
    """`-9.82 (-11.4 %)`; the percentage of the earlier value, half up to a tenth, left out where that is 0."""
    if was == now:
        return "none"
    before, after = (Decimal(value.removeprefix("$").replace(",", "")) for value in (was, now))
    share = f" ({((after - before) * 100 / before).quantize(_TENTH, ROUND_HALF_UP):+} %)" if before else ""
    sign, unit = "-" if after < before else "+", "$" if was.startswith("$") else ""
    return f"{sign}{unit}{abs(after - before):,}{share}"
