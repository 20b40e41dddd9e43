"""What a step of the payment arithmetic hands to the next: an exact amount, how it came about, on what it rests.

Amounts stay unrounded until a line is finished; they are rounded half up to cents once, at its end.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from pipeline.data import Fact, Record
from pipeline.facts.payment_rules import Rule, rule

ZERO = Decimal(0)


class Outcome(StrEnum):
    """Whether Medicare pays: an amount; nothing; or something that the tables do not tell."""

    PAID = "paid"
    NOT_PAID = "not_paid"
    NOT_PRICED = "not_priced"


class Pricing(Record):
    """An amount on its way. `exact` is unrounded dollars: 0 where not paid, None where not priced.

    `expression` is the arithmetic without its result; `reasons` are sentences for the reader, in order.
    """

    outcome: Outcome
    exact: Decimal | None
    expression: str = ""
    reasons: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    facts: tuple[Fact, ...] = ()

    @property
    def paid(self) -> bool:
        """Whether there is an amount."""
        return self.outcome is Outcome.PAID


def paid(
    exact: Decimal, expression: str, *rules: str, facts: tuple[Fact, ...] = (), reasons: tuple[str, ...] = ()
) -> Pricing:
    """An amount, with the keys of its rules."""
    return Pricing(
        outcome=Outcome.PAID,
        exact=exact,
        expression=expression,
        reasons=reasons,
        rules=tuple(rule(key) for key in rules),
        facts=facts,
    )


def not_paid(reason: str, *rules: str, facts: tuple[Fact, ...] = ()) -> Pricing:
    """Nothing is paid, and why."""
    return Pricing(
        outcome=Outcome.NOT_PAID,
        exact=ZERO,
        reasons=(reason,),
        rules=tuple(rule(key) for key in rules),
        facts=facts,
    )


def not_priced(reason: str, *rules: str, facts: tuple[Fact, ...] = ()) -> Pricing:
    """The tables do not give an amount, and why."""
    return Pricing(
        outcome=Outcome.NOT_PRICED,
        exact=None,
        reasons=(reason,),
        rules=tuple(rule(key) for key in rules),
        facts=facts,
    )


def times(pricing: Pricing, factor: Decimal, written: str = "") -> Pricing:
    """The amount times a factor, written as given (by default the factor itself); unchanged where there is none.

    A factor of 1 leaves no trace in the expression unless it is `written`.
    """
    if pricing.exact is None or not pricing.paid or (factor == 1 and not written):
        return pricing
    return pricing.model_copy(
        update={
            "exact": pricing.exact * factor,
            "expression": f"{pricing.expression} × {written or factor}",
        }
    )


def supported(
    pricing: Pricing, *rules: str, facts: tuple[Fact, ...] = (), reasons: tuple[str, ...] = ()
) -> Pricing:
    """The same amount with more rules, rows and reasons behind it; none is named twice."""
    return pricing.model_copy(
        update={
            "rules": tuple(dict.fromkeys((*pricing.rules, *(rule(key) for key in rules)))),
            "facts": tuple({fact.key: fact for fact in (*pricing.facts, *facts)}.values()),
            "reasons": tuple(dict.fromkeys((*pricing.reasons, *reasons))),
        }
    )
