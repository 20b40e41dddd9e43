"""Values that a figure may be compared with: a row as it stands, or what follows from rows by arithmetic."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from pipeline.data import Fact
from pipeline.facts.payment import NOT_APPLICABLE, PAYABLE_STATUS, fee_schedule_amount, round_cents
from pipeline.facts.pricing import Outcome
from pipeline.verify.reading import Reading

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
# The RVUs of a setting, with the flag that says whether it has any of its own.
_FLAGS = {
    "pe_fac": "fac_na",
    "total_fac": "fac_na",
    "pe_nonfac": "nonfac_na",
    "total_nonfac": "nonfac_na",
}
SETTINGS = {"fac_na": "facility", "nonfac_na": "non-facility"}
_CONTRACTOR_PRICED = "C"


class _Payment(NamedTuple):
    title: str
    facility: bool
    qpp: bool = False


_PAYMENTS = {
    "payment_fac": _Payment("national professional payment in a facility", True),
    "payment_nonfac": _Payment("national professional payment in an office", False),
    "payment_fac_qpp": _Payment("national professional payment in a facility (qualifying APM)", True, True),
    "payment_nonfac_qpp": _Payment(
        "national professional payment in an office (qualifying APM)", False, True
    ),
}


class Value(NamedTuple):
    """A value with its rows. `absent`: the table says that there is none, so that any figure is wrong.

    `nothing`: what is absent is a payment that Medicare never makes, so that zero dollars are right. `elsewhere`: it is
    one that Medicare may make by another schedule, so that only a figure of the fee schedule is wrong. `basis`: the
    rows that let the figure stand, status and NA flag, beside those that it is computed from.
    """

    name: str
    text: str
    facts: tuple[Fact, ...]
    absent: bool = False
    nothing: bool = False
    elsewhere: bool = False
    basis: tuple[Fact, ...] = ()

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
    """The value called `name` for a code's rows; payments also need the release-wide rows.

    A setting that is flagged NA has no RVUs and no payment; RVUs of any status are those of the file.
    """
    if payment := _PAYMENTS.get(name):
        return _look_up_payment(payment, facts, release or {})
    title, field = _PLAIN.get(name, (name.replace("_", " "), name))
    fact = facts.get(field)
    if fact is None or name not in _FLAGS:
        return Value(title, fact.value, (fact,)) if fact else None
    flag = facts.get(_FLAGS[name])
    if flag is None:
        return None
    if flag.value == NOT_APPLICABLE:
        return _flagged(title, flag)
    return Value(title, fact.value, (fact,), basis=(flag,))


def _flagged(title: str, flag: Fact) -> Value:
    return Value(title, f"none: the {SETTINGS[flag.field]} setting is flagged NA", (flag,), absent=True)


def _look_up_payment(
    payment: _Payment, facts: Mapping[str, Fact], release: Mapping[str, Fact]
) -> Value | None:
    """The fee schedule's own amount, or why it has none; None where the rows do not tell, or hold nonsense."""
    status, title = facts.get("status_code"), payment.title
    try:
        fee = fee_schedule_amount(facts, release, facility=payment.facility, qpp=payment.qpp)
        amount = f"{round_cents(fee.exact)}" if fee.exact is not None and fee.paid else ""
    except (ArithmeticError, ValueError):
        return None
    total = facts.get("fac_total_rvu" if payment.facility else "nonfac_total_rvu")
    if status is None:
        return None
    if amount:
        return _paid(payment, amount, fee.facts, total) if to_decimal(amount) is not None else None
    if status.value not in PAYABLE_STATUS:
        return Value(
            title,
            f"none: {'; '.join(fee.reasons)}",
            fee.facts,
            absent=True,
            nothing=fee.outcome is Outcome.NOT_PAID,
            elsewhere=fee.outcome is Outcome.NOT_PRICED and status.value != _CONTRACTOR_PRICED,
        )
    flag = facts.get("fac_na" if payment.facility else "nonfac_na")
    if flag is not None and flag.value == NOT_APPLICABLE:
        return _flagged(title, flag)
    if total is not None and total in fee.facts and to_decimal(total.value) == 0:
        return Value(title, f"none: {'; '.join(fee.reasons)}", fee.facts, absent=True)
    return None


def _paid(payment: _Payment, amount: str, rows: tuple[Fact, ...], total: Fact | None) -> Value | None:
    """The amount, its total RVUs in front: the rows of the arithmetic, and apart those that permit it."""
    factors = {row.field for row in rows if row.field.startswith("conversion_factor")}
    if total is None or (payment.qpp and "conversion_factor_qpp" not in factors):
        return None
    permitting = {"status_code", *SETTINGS}
    used = tuple(dict.fromkeys((total, *(row for row in rows if row.field not in permitting))))
    return Value(payment.title, amount, used, basis=tuple(row for row in rows if row.field in permitting))


def look_up_total(place: str, facts: Mapping[str, Fact], release: Mapping[str, Fact]) -> Value | None:
    """What is paid in all at a place ("hopd", "asc"): the professional payment and the place's own."""
    parts = look_up("payment_fac", facts, release), look_up(place, facts)
    amounts = [to_decimal(part.text) for part in parts if part]
    if len(amounts) < len(parts) or None in amounts:
        return None
    total = sum((amount for amount in amounts if amount is not None), Decimal(0))
    rows = dict.fromkeys(fact for part in parts if part for fact in part.facts)
    return Value("professional and facility payment together", f"{round_cents(total)}", tuple(rows))


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
