"""What each kind of figure is tied to in its clause: the field by its labels, the setting, and how sure that is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from pipeline.data import Fact
from pipeline.verify.context import ClaimContext
from pipeline.verify.labels import Label, Tie, labels_near, nearest
from pipeline.verify.reading import Reading, codes_in, vocabulary
from pipeline.verify.values import Value, equal_figures, look_up, near_figures, to_decimal

_UNTOLD = "a facility's own part is not told apart from the facility rate"
_INDICATOR_FIELDS = {
    "lab#asst_ind": "assistant_indicator",
    "lab#cosurg_ind": "cosurgeon_indicator",
    "lab#team_ind": "team_indicator",
    "lab#bilat_ind": "bilateral_indicator",
    "lab#mult_ind": "multiple_procedure_indicator",
    "lab#pctc_ind": "pctc_indicator",
    "lab#opps_ind": "opps_status_indicator",
    "lab#asc_ind": "asc_payment_indicator",
    "lab#status": "status_code",
    "lab#mai": "mue_adjudication_indicator",
}
_SHARES = {
    "lab#pre": "preoperative_share",
    "lab#intra": "intraoperative_share",
    "lab#post": "postoperative_share",
}
# Plural and no code named: a rule about a class of codes, not a statement about one.
_GENERAL = re.compile(r"\b(?:procedures|codes|surgeries|operations)\b|\bany (?:procedure|code)\b")
_LISTED = re.compile(r"\s*(?:,|\bor\b|\band\b|\bto\b)\s*(?:or |and )?(?:num|ind)#\w+(?!\S)")
_LISTED_BEFORE = re.compile(r"(?:ind|num)#\w+\s*(?:,|\bor\b|\band\b|\bto\b)\s*(?:or |and )?$")
_PAID = re.compile(r"pay#yes|lab#pay|\bnational\b")
_OTHER_PAYEE = re.compile(r"(?:,|\band\b) (?:the )?(?:set#fac|lab#\w+)(?: pay#yes| lab#pay)?\s*$")
# "… $39.75 at the 2026 conversion factor": the figure is a payment, the factor what it was computed with.
_COMPUTED_WITH = re.compile(r"(?:\b(?:at|using|with|under|by|from|times|x)|\()\s+(?:[^\s()]+ ){0,6}?lab#cf")
_PAID_NOW = re.compile(r"(?:pay#yes|lab#pay|lab#total)(?: (?:is|of|the|an?|cmp#\w+|in|set#\w+))*\s*$")
_PAYEE = re.compile(r"\b(?:professional|surgeon|physician)\b")


class Judged(NamedTuple):
    """What is known of one figure: the value it should have (None: not tied) and how sure the tie is.

    `pair`: the value is one of two codes together, so that it does not matter which of them the clause is about.
    """

    value: Value | None
    sure: bool
    used: frozenset[str]
    undecided: str = ""
    pair: bool = False


def _money(
    match: re.Match[str],
    clause: str,
    reading: Reading,
    context: ClaimContext,
    code: str,
    facts: Mapping[str, Fact],
) -> Judged | None:
    if (
        vocabulary().adjusted.search(clause)
        or "pay#no" in clause
        or "pay#unclear" in clause
        or "cmp#" in clause
    ):
        return None
    labels = labels_near(clause, match)
    used = {"lab#pay", "pay#yes"}
    if factor := _factor_itself(match, clause, labels):
        return _conversion_factor(factor, match["value"], clause, context, used)
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
            return Judged(
                None,
                False,
                frozenset(),
                "the amount is the professional payment, the place names a facility's",
            )
        used |= {place.label, "set#fac_part", "set#fac"}
        return Judged(value, place.sure, frozenset(used))
    if not place and not payee and not setting and not _PAID.search(clause):
        return None
    if payee and _OTHER_PAYEE.search(clause[: match.start()]):
        return Judged(None, False, frozenset(), _UNTOLD)
    if "set#fac_part" in clause:
        if "apc#" in clause and (value := look_up("hopd", facts)):
            return Judged(value, True, frozenset(used | {"set#fac_part", "lab#hopd"}))
        return _facility_amount(match["value"], facts, context)
    if "apc#" in clause and not payee:
        return Judged(None, False, frozenset(), _UNTOLD)
    if payee and place and setting and setting.label == "set#fac":
        return Judged(None, False, frozenset(), "professional and facility parts stand in one clause")
    if setting:
        used.add(setting.label)
    if "lab#cf" in clause or "q#" in clause:
        used |= {"lab#cf", "q#nonqpp"}
    judged = _by_setting("payment", setting, match["value"], facts, context, used, "usd")
    return _other_factor(judged, match["value"], clause, facts, context)


def _facility_amount(found: str, facts: Mapping[str, Fact], context: ClaimContext) -> Judged | None:
    """ "The facility payment": the surgeon's facility rate, or the facility's own; wrong only where it is neither."""
    release = context.facts("")
    professional = look_up("payment_fac", facts, release)
    readings = [look_up("payment_fac_qpp", facts, release), look_up("hopd", facts), look_up("asc", facts)]
    if professional is None or None in readings:
        return Judged(None, False, frozenset(), _UNTOLD)
    if any(value and near_figures(found, value.text) for value in (professional, *readings)):
        return Judged(None, False, frozenset(), _UNTOLD)
    return Judged(professional, True, frozenset())


def _other_factor(
    judged: Judged | None, found: str, clause: str, facts: Mapping[str, Fact], context: ClaimContext
) -> Judged | None:
    """An amount under the factor of qualifying APM participants is right only where the sentence names them."""
    if judged is None or judged.value is None or judged.value.absent:
        return judged
    named = "qpp" in _factor_kinds(clause)
    for name in ("payment_fac_qpp", "payment_nonfac_qpp"):
        value = look_up(name, facts, context.facts(""))
        if value is None or value.facts[0] != judged.value.facts[0]:
            continue
        if named:
            return judged._replace(value=value, used=judged.used | {"lab#cf", "q#qpp"} - {"q#nonqpp"})
        if equal_figures(found, value.text, "usd"):
            return Judged(None, False, frozenset(), "the amount under the qualifying APM factor, not named")
    return None if named else judged


def _by_setting(
    measure: str,
    setting: Tie | None,
    found: str,
    facts: Mapping[str, Fact],
    context: ClaimContext,
    used: set[str],
    kind: str,
    sure: bool = True,
) -> Judged | None:
    """A value that has a facility and a non-facility form; NA means that the office form does not exist."""
    release = context.facts("")
    flag = facts.get("nonfac_na")
    facility = look_up(f"{measure}_fac", facts, release)
    if facility is None:
        return None
    no_office = flag is not None and flag.value == "NA"
    if setting is not None and setting.label == "set#nonfac":
        if flag is None:
            return None
        if no_office:
            missing = Value(
                "office payment or value",
                "none: the non-facility setting is flagged NA",
                (flag,),
                absent=True,
            )
            return Judged(missing, setting.sure, frozenset(used))
        office = look_up(f"{measure}_nonfac", facts, release)
        return Judged(office, sure and setting.sure, frozenset(used)) if office else None
    if setting is not None:
        return Judged(facility, sure and setting.sure, frozenset(used))
    office = look_up(f"{measure}_nonfac", facts, release)
    if no_office or office is None or office.text == facility.text:
        return Judged(facility, sure, frozenset(used))
    if any(equal_figures(found, value.text, kind) for value in (facility, office)):
        return Judged(
            None, False, frozenset(), "the setting is not named, and facility and non-facility differ"
        )
    return Judged(facility, sure, frozenset(used))


def _factor_itself(match: re.Match[str], clause: str, labels: list[Label]) -> Tie | None:
    """The tie to "conversion factor", where the figure is the factor and not an amount computed with it."""
    tie = nearest(labels, {"lab#cf"})
    computed = _COMPUTED_WITH.search(clause) or _PAID_NOW.search(clause[: match.start()])
    return tie if tie and tie.cost <= 6 and not computed else None


def _factor_kinds(clause: str) -> list[str]:
    return [name for name in ("nonqpp", "qpp") if re.search(rf"(?<![\w#])q#{name}\b", clause)]


def _conversion_factor(
    tie: Tie, found: str, clause: str, context: ClaimContext, used: set[str]
) -> Judged | None:
    kinds = _factor_kinds(clause)
    if len(kinds) > 1 or re.search(r"\banesth|\banaesth", clause):
        return None
    if kinds and len(re.findall(r"(?:num|usd)#\d+\.\d{3,}", clause)) > 1:
        return Judged(None, False, frozenset(), "two conversion factors stand in one clause")
    other = look_up("conversion_factor_qpp", context.facts(""))
    if not kinds and other and equal_figures(found, other.text, "num"):
        return Judged(None, False, frozenset(), "the kind of conversion factor is not named")
    kind = kinds[0] if kinds else "nonqpp"
    value = look_up(f"conversion_factor_{kind}", context.facts(""))
    if value is None:
        return None
    return Judged(value, tie.sure, frozenset(used | {"lab#cf", f"q#{kind}"}))


def _number(
    match: re.Match[str],
    clause: str,
    reading: Reading,
    context: ClaimContext,
    code: str,
    facts: Mapping[str, Fact],
) -> Judged | None:
    if "cmp#" in clause or "pay#no" in clause:
        return _mue(match, clause, reading, context, code, facts) if "lab#mue" in clause else None
    labels = labels_near(clause, match)
    if factor := _factor_itself(match, clause, labels):
        return _conversion_factor(factor, match["value"], clause, context, set())
    if labels and labels[0].label == "lab#ptp_ind" and "." not in match["value"]:
        return _edit_indicator(clause, context)
    indicator = nearest(labels, {*_INDICATOR_FIELDS, "lab#mue"})
    if indicator and indicator.label != "lab#mue" and _one_of_many(clause, match):
        return None
    if indicator and indicator.label != "lab#mue" and "." not in match["value"] and indicator.cost <= 8:
        return _indicator_value(indicator, facts)
    if "lab#mue" in clause and "." not in match["value"]:
        return _mue(match, clause, reading, context, code, facts)
    measure = nearest(labels, {"lab#work", "lab#pe", "lab#mp", "lab#total"})
    if measure is None or ("usd#" in clause and measure.cost > 6):
        return _unlabelled(match, clause, facts, context) if "lab#rvu" in clause else None
    used = {measure.label, "lab#rvu"}
    if measure.label in ("lab#work", "lab#mp"):
        value = look_up("work" if measure.label == "lab#work" else "mp", facts)
        return Judged(value, measure.sure, frozenset(used)) if value else None
    setting = nearest(labels, {"set#fac", "set#nonfac"})
    if setting:
        used.add(setting.label)
    name = "pe" if measure.label == "lab#pe" else "total"
    return _by_setting(name, setting, match["value"], facts, context, used, "num", measure.sure)


def _unlabelled(
    match: re.Match[str], clause: str, facts: Mapping[str, Fact], context: ClaimContext
) -> Judged:
    """ "76.07 RVUs" with no part named is read as the total; anything else is left open, never refuted."""
    setting = nearest(labels_near(clause, match), {"set#fac", "set#nonfac"})
    used = {"lab#rvu"} | ({setting.label} if setting else set())
    judged = _by_setting("total", setting, match["value"], facts, context, used, "num")
    if judged is None:
        return Judged(None, False, frozenset(), "the kind of RVU is not named")
    if judged.value and judged.value.absent:
        return judged
    return judged._replace(sure=False)


def _global(
    match: re.Match[str],
    clause: str,
    reading: Reading,
    context: ClaimContext,
    code: str,
    facts: Mapping[str, Fact],
) -> Judged | None:
    several = len({token for token in reading.tokens if token.startswith("gd#")}) > 1
    general = _GENERAL.search(clause) is not None or several
    if (general and not codes_in(clause)) or "cmp#" in clause:
        return None
    value = look_up("global_days", facts)
    return Judged(value, not several and not general, frozenset()) if value else None


def _apc(
    match: re.Match[str],
    clause: str,
    reading: Reading,
    context: ClaimContext,
    code: str,
    facts: Mapping[str, Fact],
) -> Judged | None:
    value = look_up("opps_apc", facts)
    return Judged(value, True, frozenset({"lab#hopd"})) if value else None


def _indicator(
    match: re.Match[str],
    clause: str,
    reading: Reading,
    context: ClaimContext,
    code: str,
    facts: Mapping[str, Fact],
) -> Judged | None:
    labels = labels_near(clause, match)
    if labels and labels[0].label == "lab#ptp_ind":
        return _edit_indicator(clause, context)
    tie = nearest(labels, set(_INDICATOR_FIELDS))
    return _indicator_value(tie, facts) if tie and not _one_of_many(clause, match) else None


def _edit_indicator(clause: str, context: ClaimContext) -> Judged | None:
    """The modifier indicator of the edit between the clause's two codes, or of its one code and the page's."""
    named = list(dict.fromkeys(codes_in(clause)))
    if len(named) == 1 and context.hcpcs_code and named[0] != context.hcpcs_code:
        named.append(context.hcpcs_code)
    if len(named) != 2:
        return None
    for one, two in (named, named[::-1]):
        fact = context.facts(one).get(f"ptp_column_two:{two}")
        if fact is not None:
            value = Value(f"modifier indicator of {one}/{two}", fact.value, (fact,))
            used = {"lab#ptp_ind", *(f"code#{code.lower()}" for code in named)}
            return Judged(value, True, frozenset(used), pair=True)
    return None


def _one_of_many(clause: str, match: re.Match[str]) -> bool:
    """Indicators listed ("1, 2 or 3"), or those of a class of codes: not a statement of this code's indicator."""
    listed = _LISTED.match(clause, match.end()) or _LISTED_BEFORE.search(clause[: match.start()])
    return listed is not None or (_GENERAL.search(clause) is not None and not codes_in(clause))


def _indicator_value(tie: Tie, facts: Mapping[str, Fact]) -> Judged | None:
    value = look_up(_INDICATOR_FIELDS[tie.label], facts)
    return (
        Judged(value, tie.sure, frozenset({tie.label, "lab#hopd", "lab#asc", "lab#mue"})) if value else None
    )


def _count(
    match: re.Match[str],
    clause: str,
    reading: Reading,
    context: ClaimContext,
    code: str,
    facts: Mapping[str, Fact],
) -> Judged | None:
    if not match["value"].endswith(":unit") or not ("lab#mue" in clause or "cmp#max" in clause):
        return None
    return _mue(match, clause, reading, context, code, facts)


def _mue(
    match: re.Match[str],
    clause: str,
    reading: Reading,
    context: ClaimContext,
    code: str,
    facts: Mapping[str, Fact],
) -> Judged | None:
    if "cmp#min" in clause or "cmp#near" in clause or "pay#unclear" in clause or "pay#no" in clause:
        return None
    value = look_up("mue_value", facts)
    adjudication = facts.get("mue_adjudication_indicator")
    if value is None:
        return None
    words = clause.split()
    used = {"lab#mue", "cmp#max", "pay#yes"}
    if "dos" in words or "line#" in words:
        basis = "date of service" if "dos" in words else "claim line"
        if adjudication is None:
            return None
        if (adjudication.value == "1") != ("line#" in words):
            wrong = Value("MUE adjudication", f"indicator {adjudication.value}", (adjudication,), absent=True)
            return Judged(wrong, True, frozenset(), "")
        value = value._replace(facts=(*value.facts, adjudication), name=f"MUE per {basis}")
        used |= {"line#", "dos"}
    labels = [label for label in labels_near(clause, match) if label.label == "lab#mue"]
    sure = bool(labels) or "cmp#max" in words
    return Judged(value, sure, frozenset(used))


def _percent(
    match: re.Match[str],
    clause: str,
    reading: Reading,
    context: ClaimContext,
    code: str,
    facts: Mapping[str, Fact],
) -> Judged | None:
    tie = nearest(labels_near(clause, match), set(_SHARES))
    fact = facts.get(_SHARES[tie.label]) if tie else None
    share = to_decimal(fact.value) if fact else None
    if tie is None or fact is None or share is None:
        return None
    percent = f"{(share * 100).normalize():f}" if share <= 1 else fact.value
    value = Value(fact.field.replace("_", " "), percent, (fact,))
    return Judged(value, tie.sure, frozenset({tie.label}))


Judge = Callable[[re.Match[str], str, Reading, ClaimContext, str, Mapping[str, Fact]], Judged | None]
JUDGES: dict[str, Judge] = {
    "usd": _money,
    "num": _number,
    "gd": _global,
    "apc": _apc,
    "ind": _indicator,
    "cnt": _count,
    "pct": _percent,
}
