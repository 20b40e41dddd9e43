"""What each kind of figure is tied to in its clause: the field by its labels, the setting, and how sure that is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from pipeline.data import Fact
from pipeline.facts.payment import NOT_APPLICABLE
from pipeline.facts.ptp_edits import find_edit
from pipeline.verify.amounts import UNTOLD, Tied, by_setting, conversion_factor, factor_itself, money
from pipeline.verify.context import ClaimContext
from pipeline.verify.labels import Tie, labels_near, nearest
from pipeline.verify.reading import Reading, codes_in
from pipeline.verify.values import SETTINGS, Value, look_up, to_decimal

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
_FLAGS = {"set#fac": "fac_na", "set#nonfac": "nonfac_na"}
_MEASURES = ("lab#work", "lab#pe", "lab#mp", "lab#total")
# Units of something else than a day of one patient, or no units at all.
_OTHER_COUNT = re.compile(
    r"\bper\b|\beach\b|\bpatients?\b"
    r"|(?:num|cnt)#\d+ (?:codes?|procedures?|claims?|surgeons?|providers?)\b"
)
_RVUS = re.compile(r"lab#(?:rvu|work|pe|mp)\b")
# Plural and no code named: a rule about a class of codes, not a statement about one.
_GENERAL = re.compile(r"\b(?:procedures|codes|surgeries|operations)\b|\bany (?:procedure|code)\b")
_LISTED = re.compile(r"\s*(?:,|\bor\b|\band\b|\bto\b)\s*(?:or |and )?(?:num|ind)#\w+(?!\S)")
_LISTED_BEFORE = re.compile(r"(?:ind|num)#\w+\s*(?:,|\bor\b|\band\b|\bto\b)\s*(?:or |and )?$")


def _number(
    match: re.Match[str],
    clause: str,
    reading: Reading,
    context: ClaimContext,
    code: str,
    facts: Mapping[str, Fact],
) -> Tied | None:
    if "cmp#" in clause or "pay#no" in clause:
        return _mue(match, clause, reading, context, code, facts) if "lab#mue" in clause else None
    labels = labels_near(clause, match)
    if factor := factor_itself(match, clause, labels):
        return conversion_factor(factor, match["value"], clause, context, set())
    if labels and labels[0].label == "lab#ptp_ind" and "." not in match["value"]:
        return _edit_indicator(clause, context)
    indicator = nearest(labels, {*_INDICATOR_FIELDS, "lab#mue"})
    if indicator and indicator.label != "lab#mue" and _one_of_many(clause, match):
        return None
    if indicator and indicator.label != "lab#mue" and "." not in match["value"] and indicator.cost <= 8:
        return _indicator_value(indicator, facts)
    if "lab#mue" in clause and "." not in match["value"]:
        return _mue(match, clause, reading, context, code, facts)
    measure = nearest(labels, set(_MEASURES))
    if measure is None or ("usd#" in clause and measure.cost > 6):
        return _unlabelled(match, clause, facts, context) if "lab#rvu" in clause else None
    used = {measure.label, "lab#rvu"}
    setting = nearest(labels, {"set#fac", "set#nonfac"})
    if setting:
        used.add(setting.label)
    if measure.label in ("lab#work", "lab#mp"):
        flag = facts.get(_FLAGS[setting.label]) if setting else None
        if setting and flag is not None and flag.value == NOT_APPLICABLE:
            problem = f"the {SETTINGS[flag.field]} setting is flagged NA"
            return Tied(None, False, frozenset(), problem)
        value = look_up("work" if measure.label == "lab#work" else "mp", facts)
        return Tied(value, measure.sure, frozenset(used)) if value else None
    name = "pe" if measure.label == "lab#pe" else "total"
    return by_setting(name, setting, match["value"], facts, context, used, "num", measure.sure)


def _unlabelled(match: re.Match[str], clause: str, facts: Mapping[str, Fact], context: ClaimContext) -> Tied:
    """ "76.07 RVUs" with no part named is read as the total; anything else is left open, never refuted."""
    setting = nearest(labels_near(clause, match), {"set#fac", "set#nonfac"})
    used = {"lab#rvu"} | ({setting.label} if setting else set())
    tied = by_setting("total", setting, match["value"], facts, context, used, "num")
    if tied is None:
        return Tied(None, False, frozenset(), "the kind of RVU is not named")
    if tied.value and tied.value.absent:
        return tied
    return tied._replace(sure=False)


def _global(
    match: re.Match[str],
    clause: str,
    reading: Reading,
    context: ClaimContext,
    code: str,
    facts: Mapping[str, Fact],
) -> Tied | None:
    several = len({token for token in reading.tokens if token.startswith("gd#")}) > 1
    general = _GENERAL.search(clause) is not None or several
    if (general and not codes_in(clause)) or "cmp#" in clause:
        return None
    value = look_up("global_days", facts)
    return Tied(value, not several and not general, frozenset()) if value else None


def _apc(
    match: re.Match[str],
    clause: str,
    reading: Reading,
    context: ClaimContext,
    code: str,
    facts: Mapping[str, Fact],
) -> Tied | None:
    value = look_up("opps_apc", facts)
    return Tied(value, True, frozenset({"lab#hopd"})) if value else None


def _indicator(
    match: re.Match[str],
    clause: str,
    reading: Reading,
    context: ClaimContext,
    code: str,
    facts: Mapping[str, Fact],
) -> Tied | None:
    labels = labels_near(clause, match)
    if labels and labels[0].label == "lab#ptp_ind":
        return _edit_indicator(clause, context)
    tie = nearest(labels, set(_INDICATOR_FIELDS))
    return _indicator_value(tie, facts) if tie and not _one_of_many(clause, match) else None


def _edit_indicator(clause: str, context: ClaimContext) -> Tied | None:
    """The modifier indicator of the edit between the clause's two codes, or of its one code and the page's."""
    named = list(dict.fromkeys(codes_in(clause)))
    if len(named) == 1 and context.hcpcs_code and named[0] != context.hcpcs_code:
        named.append(context.hcpcs_code)
    if len(named) != 2:
        return None
    fact = find_edit(named[0], named[1], context.facts)
    if fact is None:
        return None
    value = Value(f"modifier indicator of {fact.hcpcs_code}/{fact.partner}", fact.value, (fact,))
    used = {"lab#ptp_ind", *(f"code#{code.lower()}" for code in named)}
    return Tied(value, True, frozenset(used), pair=True)


def _one_of_many(clause: str, match: re.Match[str]) -> bool:
    """Indicators listed ("1, 2 or 3"), or those of a class of codes: not a statement of this code's indicator."""
    listed = _LISTED.match(clause, match.end()) or _LISTED_BEFORE.search(clause[: match.start()])
    return listed is not None or (_GENERAL.search(clause) is not None and not codes_in(clause))


def _indicator_value(tie: Tie, facts: Mapping[str, Fact]) -> Tied | None:
    value = look_up(_INDICATOR_FIELDS[tie.label], facts)
    return Tied(value, tie.sure, frozenset({tie.label, "lab#hopd", "lab#asc", "lab#mue"})) if value else None


def _count(
    match: re.Match[str],
    clause: str,
    reading: Reading,
    context: ClaimContext,
    code: str,
    facts: Mapping[str, Fact],
) -> Tied | None:
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
) -> Tied | None:
    if "cmp#min" in clause or "cmp#near" in clause or "pay#unclear" in clause or "pay#no" in clause:
        return None
    if _OTHER_COUNT.search(clause):
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
            return Tied(wrong, True, frozenset(), "")
        value = value._replace(facts=(*value.facts, adjudication), name=f"MUE per {basis}")
        used |= {"line#", "dos"}
    labels = [label for label in labels_near(clause, match) if label.label == "lab#mue"]
    sure = bool(labels) or "cmp#max" in words
    return Tied(value, sure, frozenset(used))


def _percent(
    match: re.Match[str],
    clause: str,
    reading: Reading,
    context: ClaimContext,
    code: str,
    facts: Mapping[str, Fact],
) -> Tied | None:
    tie = nearest(labels_near(clause, match), set(_SHARES))
    fact = facts.get(_SHARES[tie.label]) if tie else None
    share = to_decimal(fact.value) if fact else None
    if tie is None or fact is None or share is None:
        return None
    percent = f"{(share * 100).normalize():f}" if share <= 1 else fact.value
    value = Value(fact.field.replace("_", " "), percent, (fact,))
    return Tied(value, tie.sure, frozenset({tie.label}))


def _none(
    match: re.Match[str],
    clause: str,
    reading: Reading,
    context: ClaimContext,
    code: str,
    facts: Mapping[str, Fact],
) -> Tied | None:
    """ "Non-facility: NA": right where the fee schedule flags that setting, wrong where it values it.

    "Facility: NA" of a place may speak of the facility's own payment, so it is wrong only beside RVUs.
    """
    named = [label for label in _FLAGS if label in clause.split()]
    if len(named) != 1 or "set#fac_part" in clause:
        return None
    label = named[0]
    flag = facts.get(_FLAGS[label])
    if flag is None:
        return None
    absent = flag.value == NOT_APPLICABLE
    if label == "set#fac" and not absent and not _RVUS.search(clause):
        return Tied(None, False, frozenset(), UNTOLD)
    return Tied(
        Value(f"{SETTINGS[flag.field]} payment or value", "none" if absent else "valued", (flag,)),
        True,
        frozenset({label, "lab#pay", "lab#rvu", *_MEASURES}),
    )


TieFigure = Callable[[re.Match[str], str, Reading, ClaimContext, str, Mapping[str, Fact]], Tied | None]
TIES: dict[str, TieFigure] = {
    "usd": money,
    "num": _number,
    "gd": _global,
    "apc": _apc,
    "ind": _indicator,
    "cnt": _count,
    "pct": _percent,
    "na": _none,
}
