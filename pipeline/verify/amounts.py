"""What an amount, an RVU of a setting or a conversion factor is tied to: payee, place, setting and release."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from pipeline.data import Fact
from pipeline.verify.context import ClaimContext
from pipeline.verify.labels import Label, Tie, labels_near, nearest
from pipeline.verify.reading import Reading, vocabulary
from pipeline.verify.values import Value, equal_figures, look_up, look_up_total, near_figures

UNTOLD = "a facility's own part is not told apart from the facility rate"
_PAID = re.compile(r"pay#yes|lab#pay|\bnational\b")
_OTHER_PAYEE = re.compile(r"(?:,|\band\b) (?:the )?(?:set#fac|lab#\w+)(?: pay#yes| lab#pay)?\s*$")
# "… $39.75 at the 2026 conversion factor": the figure is a payment, the factor what it was computed with.
_COMPUTED_WITH = re.compile(r"(?:\b(?:at|using|with|under|by|from|times|x)|\()\s+(?:[^\s()]+ ){0,6}?lab#cf")
_PAID_NOW = re.compile(r"(?:pay#yes|lab#pay|lab#total)(?: (?:is|of|the|an?|cmp#\w+|in|set#\w+))*\s*$")
# What names the physician fee schedule's own amount, and no other schedule's.
_BY_SCHEDULE = re.compile(r"\b(?:national|pfs)\b")
_PAYEE = re.compile(r"\b(?:professional|surgeon|physician|clinician|provider|practitioner|doctor)s?\b")
# A place that gets the money, where the amount is the surgeon's.
_TO_PLACE = re.compile(
    r"(?:pay#yes|lab#pay|\bto|\bfor) (?:to |of |for )?(?:the |an? )?(?:set#fac|lab#hopd|lab#asc)\b(?! pay)"
)


class Tied(NamedTuple):
    """What is known of one figure: the value it should have (None: not tied) and how sure the tie is.

    `pair`: the value is one of two codes together, so that it does not matter which of them the clause is about.
    """

    value: Value | None
    sure: bool
    used: frozenset[str]
    undecided: str = ""
    pair: bool = False


def money(
    match: re.Match[str],
    clause: str,
    reading: Reading,
    context: ClaimContext,
    code: str,
    facts: Mapping[str, Fact],
) -> Tied | None:
    """What a dollar figure should be: a place's own payment, the surgeon's by setting, or a conversion factor."""
    if (
        vocabulary().adjusted.search(clause)
        or "pay#no" in clause
        or "pay#unclear" in clause
        or "cmp#" in clause
    ):
        return None
    labels = labels_near(clause, match)
    used = {"lab#pay", "pay#yes"}
    if factor := factor_itself(match, clause, labels):
        return conversion_factor(factor, match["value"], clause, context, used)
    if "lab#rvu" in clause:
        return None
    places = {"lab#hopd": "hopd", "lab#asc": "asc"}
    payee = _PAYEE.search(clause) is not None
    place = nearest(labels, {"lab#hopd", "lab#asc"})
    setting = nearest(labels, {"set#fac", "set#nonfac", "lab#hopd", "lab#asc"})
    if place and not payee and (setting is None or setting.label in places or setting.label == "set#fac"):
        value = look_up(places[place.label], facts)
        professional = look_up("payment_fac", facts, context.facts(""))
        if value is None:
            return None
        if (
            professional
            and equal_figures(match["value"], professional.text, "usd")
            and not equal_figures(match["value"], value.text, "usd")
        ):
            return Tied(
                None,
                False,
                frozenset(),
                "the amount is the professional payment, the place names a facility's",
            )
        used |= {place.label, "set#fac_part", "set#fac"}
        if "lab#total" in clause:
            return _in_all(match["value"], places[place.label], facts, context, used)
        return Tied(value, place.sure, frozenset(used))
    if not place and not payee and not setting and not _PAID.search(clause):
        return None
    if payee and _OTHER_PAYEE.search(clause[: match.start()]):
        return Tied(None, False, frozenset(), UNTOLD)
    if "set#fac_part" in clause:
        if "apc#" in clause and (value := look_up("hopd", facts)):
            return Tied(value, True, frozenset(used | {"set#fac_part", "lab#hopd"}))
        return _facility_amount(match["value"], facts, context)
    if "apc#" in clause and not payee:
        return Tied(None, False, frozenset(), UNTOLD)
    if payee and place and setting and setting.label == "set#fac":
        return Tied(None, False, frozenset(), "professional and facility parts stand in one clause")
    if _TO_PLACE.search(clause):
        return Tied(None, False, frozenset(), UNTOLD)
    if setting:
        used.add(setting.label)
    if "lab#cf" in clause or "q#" in clause:
        used |= {"lab#cf", "q#nonqpp"}
    tied = by_setting("payment", setting, match["value"], facts, context, used, "usd")
    if tied and tied.value and "lab#total" in clause and not payee and setting and setting.label == "set#fac":
        if not equal_figures(match["value"], tied.value.text, "usd"):
            return Tied(None, False, frozenset(), "a total may hold the facility's own payment")
        tied = tied._replace(used=tied.used | {"lab#total"})
    elif tied and setting and setting.label == "set#nonfac":
        tied = tied._replace(used=tied.used | {"lab#total"})
    if tied and tied.value and tied.value.elsewhere and not _BY_SCHEDULE.search(clause):
        return tied._replace(sure=False)
    return _other_factor(tied, match["value"], clause, facts, context)


def _in_all(
    found: str, place: str, facts: Mapping[str, Fact], context: ClaimContext, used: set[str]
) -> Tied | None:
    """A place's total holds the professional part; one that leaves it out is called total too, so it is left open."""
    value, own = look_up_total(place, facts, context.facts("")), look_up(place, facts)
    if value is None or own is None:
        return None
    if equal_figures(found, own.text, "usd"):
        return Tied(None, False, frozenset(), "a total may leave out the professional payment")
    return Tied(value, True, frozenset(used | {"lab#total"}))


def _facility_amount(found: str, facts: Mapping[str, Fact], context: ClaimContext) -> Tied | None:
    """ "The facility payment": the surgeon's facility rate, or the facility's own; wrong only where it is neither."""
    release = context.facts("")
    professional = look_up("payment_fac", facts, release)
    readings = [look_up("payment_fac_qpp", facts, release), look_up("hopd", facts), look_up("asc", facts)]
    if professional is None or professional.elsewhere or None in readings:
        return Tied(None, False, frozenset(), UNTOLD)
    if any(value and near_figures(found, value.text) for value in (professional, *readings)):
        return Tied(None, False, frozenset(), UNTOLD)
    return Tied(professional, True, frozenset())


def _other_factor(
    tied: Tied | None, found: str, clause: str, facts: Mapping[str, Fact], context: ClaimContext
) -> Tied | None:
    """An amount under the factor of qualifying APM participants is right only where the sentence names them."""
    if tied is None or tied.value is None or tied.value.absent:
        return tied
    named = "qpp" in _factor_kinds(clause)
    for name in ("payment_fac_qpp", "payment_nonfac_qpp"):
        value = look_up(name, facts, context.facts(""))
        if value is None or value.facts[0] != tied.value.facts[0]:
            continue
        if named:
            return tied._replace(value=value, used=tied.used | {"lab#cf", "q#qpp"} - {"q#nonqpp"})
        if equal_figures(found, value.text, "usd"):
            return Tied(None, False, frozenset(), "the amount under the qualifying APM factor, not named")
    return None if named else tied


def by_setting(
    measure: str,
    setting: Tie | None,
    found: str,
    facts: Mapping[str, Fact],
    context: ClaimContext,
    used: set[str],
    kind: str,
    sure: bool = True,
) -> Tied | None:
    """A value that has a facility and a non-facility form; in a setting flagged NA it does not exist.

    Where no setting is named, a value that exists in one setting only is that setting's.
    """
    release = context.facts("")
    facility, office = (look_up(f"{measure}_{place}", facts, release) for place in ("fac", "nonfac"))
    if setting is not None:
        value = office if setting.label == "set#nonfac" else facility
        if value is None:
            return None
        return Tied(value, setting.sure and (sure or value.absent), frozenset(used))
    if facility is None or (facility.absent and office is None):
        return None
    if office is None or office.absent or office.text == facility.text:
        return Tied(facility, sure, frozenset(used))
    if facility.absent:
        return Tied(office, sure, frozenset(used))
    if any(equal_figures(found, value.text, kind) for value in (facility, office)):
        return Tied(
            None, False, frozenset(), "the setting is not named, and facility and non-facility differ"
        )
    return Tied(facility, sure, frozenset(used))


def factor_itself(match: re.Match[str], clause: str, labels: list[Label]) -> Tie | None:
    """The tie to "conversion factor", where the figure is the factor and not an amount computed with it."""
    tie = nearest(labels, {"lab#cf"})
    computed = _COMPUTED_WITH.search(clause) or _PAID_NOW.search(clause[: match.start()])
    return tie if tie and tie.cost <= 6 and not computed else None


def _factor_kinds(clause: str) -> list[str]:
    return [name for name in ("nonqpp", "qpp") if re.search(rf"(?<![\w#])q#{name}\b", clause)]


def conversion_factor(
    tie: Tie, found: str, clause: str, context: ClaimContext, used: set[str]
) -> Tied | None:
    """The factor of the kind that the clause names; of non-qualifying clinicians where it names none."""
    kinds = _factor_kinds(clause)
    if len(kinds) > 1 or re.search(r"\banesth|\banaesth", clause):
        return None
    if kinds and len(re.findall(r"(?:num|usd)#\d+\.\d{3,}", clause)) > 1:
        return Tied(None, False, frozenset(), "two conversion factors stand in one clause")
    other = look_up("conversion_factor_qpp", context.facts(""))
    if not kinds and other and equal_figures(found, other.text, "num"):
        return Tied(None, False, frozenset(), "the kind of conversion factor is not named")
    kind = kinds[0] if kinds else "nonqpp"
    value = look_up(f"conversion_factor_{kind}", context.facts(""))
    if value is None:
        return None
    return Tied(value, tie.sure, frozenset(used | {"lab#cf", f"q#{kind}"}))
