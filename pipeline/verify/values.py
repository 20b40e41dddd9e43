"""Values that a figure may be compared with: a row as it stands, or what follows from rows by arithmetic."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from pipeline.data import Fact
from pipeline.verify.reading import Reading

_CENT = Decimal("0.01")
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,12}(?:\.[0-9]{0,12})?|\.[0-9]{1,12})")
_PLAIN = {
    "work": ("work RVU", "work_rvu"),
    "mp": ("malpractice RVU", "mp_rvu"),
    "pe_fac": ("facility practice expense RVU", "fac_pe_rvu"),
    "pe_nonfac": ("non-facility practice expense RVU", "nonfac_pe_rvu"),
    "total_fac": ("facility total RVU", "fac_total_rvu"),
    "total_nonfac": ("non-facility total RVU", "nonfac_total_rvu"),
    "hopd": ("OPPS payment", "opps_rate"),
    "asc": ("ASC payment", "asc_rate"),
    "global_days": ("global days", "global_days"),
    "mue_value": ("MUE", "mue_value"),
}
_PAYMENTS = {
    "payment_fac": ("national professional payment in a facility", "fac_total_rvu"),
    "payment_nonfac": ("national professional payment in an office", "nonfac_total_rvu"),
    "payment_fac_qpp": ("national professional payment in a facility (qualifying APM)", "fac_total_rvu"),
    "payment_nonfac_qpp": ("national professional payment in an office (qualifying APM)", "nonfac_total_rvu"),
}


class Value(NamedTuple):
    """A value with its rows. `absent`: the table says that there is none, so that any figure is wrong."""

    name: str
    text: str
    facts: tuple[Fact, ...]
    absent: bool = False

    def other_time(self, reading: Reading) -> str:
        """Why the rows do not speak for the year or release that the sentence names; empty when they do."""
        named = [token for token in reading.tokens if token.startswith(("rel#", "yr#", "date#"))]
        if reading.pairs and all(token.startswith("rel#") for token in named):
            # A table row names the releases of all its cells.
            named = named if not any(speaks_for(f, token) for f in self.facts for token in named) else []
        for token in named:
            enough = all if token.startswith("yr#") else any
            if not enough(speaks_for(fact, token) for fact in self.facts):
                releases = ", ".join(sorted({fact.release for fact in self.facts}))
                return f"the sentence speaks of {token.partition('#')[2]}, the loaded rows are of {releases}"
        return ""


def speaks_for(fact: Fact, token: str) -> bool:
    """Whether a row is of the release, or valid in the year or on the date, that a token names."""
    kind, _, value = token.partition("#")
    if kind == "rel":
        return value in re.sub(r"[^a-z0-9]", "", fact.release.lower())
    last = fact.valid_to.isoformat() if fact.valid_to else f"{fact.valid_from.year}-12-31"
    return fact.valid_from.isoformat()[: len(value)] <= value <= last[: len(value)]


def named_times(reading: Reading, facts: tuple[Fact, ...]) -> frozenset[str]:
    """The sentence's time tokens that some of the rows are of."""
    return frozenset(
        token
        for token in reading.tokens
        if token.startswith(("rel#", "yr#", "date#")) and any(speaks_for(fact, token) for fact in facts)
    )


def look_up(name: str, facts: Mapping[str, Fact], release: Mapping[str, Fact] | None = None) -> Value | None:
    """The value called `name` for a code's rows; payments also need the release-wide rows."""
    if name in _PAYMENTS:
        title, field = _PAYMENTS[name]
        total = facts.get(field)
        factor = _factor_for(total, release or {}, "qpp" if name.endswith("_qpp") else "nonqpp")
        if total is None or factor is None:
            return None
        rvus, dollars = to_decimal(total.value), to_decimal(factor.value)
        if rvus is None or dollars is None:
            return None
        return Value(title, f"{(rvus * dollars).quantize(_CENT, ROUND_HALF_UP)}", (total, factor))
    title, field = _PLAIN.get(name, (name.replace("_", " "), name))
    fact = facts.get(field)
    return Value(title, fact.value, (fact,)) if fact else None


def look_up_total(place: str, facts: Mapping[str, Fact], release: Mapping[str, Fact]) -> Value | None:
    """What is paid in all at a place ("hopd", "asc"): the professional payment and the place's own."""
    parts = look_up("payment_fac", facts, release), look_up(place, facts)
    amounts = [to_decimal(part.text) for part in parts if part]
    if len(amounts) < len(parts) or None in amounts:
        return None
    total = sum((amount for amount in amounts if amount is not None), Decimal(0)).quantize(_CENT)
    rows = dict.fromkeys(fact for part in parts if part for fact in part.facts)
    return Value("professional and facility payment together", f"{total}", tuple(rows))


def _factor_for(total: Fact | None, release: Mapping[str, Fact], kind: str) -> Fact | None:
    """The factor of the RVUs' own year: one until 2025, two kinds since; never one year's RVUs by another's factor.

    Zero RVUs pay nothing by any factor.
    """
    if total is None:
        return None
    fields = (f"conversion_factor_{kind}", *(("conversion_factor",) if kind == "nonqpp" else ()))
    factors = [release[field] for field in fields if field in release]
    zero = to_decimal(total.value) == 0
    return next((f for f in factors if zero or f.valid_from.year == total.valid_from.year), None)


def near_figures(found: str, expected: str, kind: str = "usd") -> bool:
    """Within half a percent of each other, dollars within one: what "about" and rounding leave open."""
    left, right = to_decimal(found), to_decimal(expected)
    if left is None or right is None:
        return False
    return abs(left - right) <= max(Decimal(kind == "usd"), right / 200)


def equal_figures(found: str, expected: str, kind: str) -> bool:
    """Whether a figure as written is the value: numbers by amount, others letter by letter."""
    if kind in ("usd", "num", "pct", "cnt"):
        left, right = to_decimal(found.partition(":")[0]), to_decimal(expected)
        return left is not None and left == right
    return found.lower() == expected.lower()


def to_decimal(text: str) -> Decimal | None:
    """The number, or None where the text is no plain one ("NaN" and exponents are none)."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None
