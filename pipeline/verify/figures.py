"""Figures in a sentence against table rows.

A figure is tied to a fact field by the label nearest to it in its clause, and compared with the row: equal passes,
different refutes, and whatever cannot be tied safely (no label, two labels equally near, no setting named where the
settings differ, an adjusted or negated amount, another year) is left undecided or unaccounted for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from pipeline.data import Check, Fact, Outcome
from pipeline.verify.context import ClaimContext, Finding, in_release
from pipeline.verify.labels import Tie, labels_near, nearest
from pipeline.verify.reading import Reading, codes_in, stem, vocabulary
from pipeline.verify.values import Value, look_up, named_times

CHECK = "figures"
_FIGURE = re.compile(r"(?<!\S)\(?(?P<kind>usd|num|gd|apc|ind|cnt|pct)#(?P<value>[^\s,;()]*[^\s,;().])")
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
_GENERAL = re.compile(
    r"\b(?:procedures|codes|surgeries|services|operations) (?:with|having|that have|of)\b|\bany (?:procedure|code)\b"
)
# Words that name a figure of this kind and assert nothing beside it.
_WORDS = {
    kind: frozenset(stem(word) for word in words.split())
    for kind, words in {
        "gd": "global period days package surgical",
        "pct": "share portion part percentage",
    }.items()
}
_PAID = re.compile(r"pay#yes|lab#pay|\bnational\b")
_OTHER_PAYEE = re.compile(r"(?:,|\band\b) (?:the )?(?:set#fac|lab#\w+)(?: pay#yes| lab#pay)?\s*$")
_PAYEE = re.compile(r"\b(?:professional|surgeon|physician)\b")


class _Judged(NamedTuple):
    """What is known of one figure: the value it should have (None: not tied) and how sure the tie is."""

    value: Value | None
    sure: bool
    used: frozenset[str]
    undecided: str = ""


def check_figures(reading: Reading, *, context: ClaimContext) -> list[Finding]:
    """One finding for every figure that could be tied to a row, in the order of the sentence."""
    if not reading.asserted or reading.other_payers:
        return []
    releases = {token[4:].upper() for token in reading.tokens if token.startswith("rel#rvu")}
    if len(releases) == 1:
        context = in_release(context, releases.pop())
    findings: list[Finding] = []
    loose: set[str] = set()
    for clause in reading.clauses:
        for match in _FIGURE.finditer(clause):
            token = f"{match['kind']}#{match['value']}"
            finding = _check_figure(token, match, clause, reading, context)
            if finding is None:
                loose.add(token)
            else:
                findings.append(finding)
    if not loose:
        return findings
    return [_without(finding, loose) for finding in findings]


def _without(finding: Finding, loose: set[str]) -> Finding:
    """A figure tied in one place and not in another is accounted for in neither."""
    return Finding(finding.check, finding.refutes, finding.used - loose, finding.words, finding.evidence)


def _check_figure(
    token: str, match: re.Match[str], clause: str, reading: Reading, context: ClaimContext
) -> Finding | None:
    code = _code_of(clause, match.start(), reading, context)
    if code is None or vocabulary().negations.search(clause):
        return None
    facts = context.facts(code.name)
    judged = _JUDGES[match["kind"]](match, clause, reading, context, code.name, facts)
    if judged is None:
        return None
    if judged.value is None:
        return _undecided(token, judged.undecided) if judged.undecided else None
    if problem := judged.value.other_time(reading):
        return _undecided(token, problem)
    named = named_times(reading, judged.value.facts)
    return _compare(
        token, match["kind"], match["value"], judged._replace(used=judged.used | named), code, context
    )


def _compare(
    token: str, kind: str, found: str, judged: _Judged, code: _Code, context: ClaimContext
) -> Finding:
    value = judged.value
    assert value is not None  # noqa: S101 - narrowed by the caller
    evidence = tuple(context.currency(fact) for fact in value.facts)
    rows = ", ".join(sorted({fact.release for fact in value.facts}))
    ids = tuple(row.id for row in evidence)
    if not value.absent and _equal(found, value.text, kind):
        used = judged.used | {token, f"code#{code.name.lower()}"}
        reason = f"{value.name} is {value.text} ({rows})"
        check = Check(
            check=CHECK,
            outcome=Outcome.PASS,
            reason=reason,
            expected=value.text,
            found=found,
            evidence_ids=ids,
        )
        words = _WORDS.get(kind, frozenset())
        return Finding(check, used=frozenset(used), words=words, evidence=evidence)
    if not value.absent and _rounded(found, value.text):
        return _undecided(token, f"{found} is a rounded form of {value.text} ({rows})")
    if not judged.sure or not code.sure:
        return _undecided(token, f"{found} could not be tied safely; {value.name} is {value.text} ({rows})")
    reason = (
        f"{value.name}: {value.text} ({rows}), the sentence says {found}"
        if value.absent
        else f"{value.name} is {value.text} ({rows}), not {found}"
    )
    check = Check(
        check=CHECK, outcome=Outcome.FAIL, reason=reason, expected=value.text, found=found, evidence_ids=ids
    )
    return Finding(check, refutes=True, evidence=evidence)


def _undecided(token: str, reason: str) -> Finding:
    return Finding(Check(check=CHECK, outcome=Outcome.FAIL, reason=reason, found=token.partition("#")[2]))


class _Code(NamedTuple):
    name: str
    sure: bool


def _code_of(clause: str, position: int, reading: Reading, context: ClaimContext) -> _Code | None:
    """The code a figure belongs to: the clause's own, else the sentence's, else the page's.

    Of several in one clause the nearest before the figure, and then not surely.
    """
    named = list(dict.fromkeys(codes_in(clause)))
    if len(named) == 1:
        return _Code(named[0], True)
    if named:
        before = codes_in(clause[:position])
        return _Code(before[-1] if before else named[0], False)
    if len(reading.codes) == 1:
        return _Code(reading.codes[0], True)
    if reading.codes:
        return None
    return _Code(context.hcpcs_code, True) if context.hcpcs_code else None


def _equal(found: str, expected: str, kind: str) -> bool:
    if kind in ("usd", "num", "pct", "cnt"):
        left, right = _decimal(found.partition(":")[0]), _decimal(expected)
        return left is not None and left == right
    return found.lower() == expected.lower()


def _rounded(found: str, expected: str) -> bool:
    left, right = _decimal(found), _decimal(expected)
    if left is None or right is None or not right:
        return False
    exponent = left.as_tuple().exponent
    places = -exponent if isinstance(exponent, int) else 0
    return left == round(right, places) and left != right


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _money(
    match: re.Match[str],
    clause: str,
    reading: Reading,
    context: ClaimContext,
    code: str,
    facts: Mapping[str, Fact],
) -> _Judged | None:
    if (
        vocabulary().adjusted.search(clause)
        or "pay#no" in clause
        or "pay#unclear" in clause
        or "cmp#" in clause
    ):
        return None
    labels = labels_near(clause, match)
    used = {"lab#pay", "pay#yes"}
    if (factor := nearest(labels, {"lab#cf"})) and factor.cost <= 6:
        return _conversion_factor(factor, clause, context, used)
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
            and _equal(match["value"], professional.text, "usd")
            and not _equal(match["value"], value.text, "usd")
        ):
            return _Judged(
                None,
                False,
                frozenset(),
                "the amount is the professional payment, the place names a facility's",
            )
        used |= {place.label, "set#fac_part", "set#fac"}
        return _Judged(value, place.sure, frozenset(used))
    if not place and not payee and not setting and not _PAID.search(clause):
        return None
    if "set#fac_part" in clause or (payee and _OTHER_PAYEE.search(clause[: match.start()])):
        return _Judged(
            None, False, frozenset(), "a facility's own part is not told apart from the facility rate"
        )
    if payee and place and setting and setting.label == "set#fac":
        return _Judged(None, False, frozenset(), "professional and facility parts stand in one clause")
    if setting:
        used.add(setting.label)
    return _by_setting("payment", setting, match["value"], facts, context, used, "usd")


def _by_setting(
    measure: str,
    setting: Tie | None,
    found: str,
    facts: Mapping[str, Fact],
    context: ClaimContext,
    used: set[str],
    kind: str,
    sure: bool = True,
) -> _Judged | None:
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
            return _Judged(missing, setting.sure, frozenset(used))
        office = look_up(f"{measure}_nonfac", facts, release)
        return _Judged(office, sure and setting.sure, frozenset(used)) if office else None
    if setting is not None:
        return _Judged(facility, sure and setting.sure, frozenset(used))
    office = look_up(f"{measure}_nonfac", facts, release)
    if no_office or office is None or office.text == facility.text:
        return _Judged(facility, sure, frozenset(used))
    if any(_equal(found, value.text, kind) for value in (facility, office)):
        return _Judged(
            None, False, frozenset(), "the setting is not named, and facility and non-facility differ"
        )
    return _Judged(facility, sure, frozenset(used))


def _conversion_factor(tie: Tie, clause: str, context: ClaimContext, used: set[str]) -> _Judged | None:
    kinds = [name for name in ("nonqpp", "qpp") if f"q#{name}" in clause.split()]
    if len(kinds) > 1:
        return None
    kind = kinds[0] if kinds else "nonqpp"
    value = look_up(f"conversion_factor_{kind}", context.facts(""))
    if value is None:
        return None
    return _Judged(value, tie.sure and bool(kinds), frozenset(used | {"lab#cf", f"q#{kind}"}))


def _number(
    match: re.Match[str],
    clause: str,
    reading: Reading,
    context: ClaimContext,
    code: str,
    facts: Mapping[str, Fact],
) -> _Judged | None:
    if "cmp#" in clause or "pay#no" in clause:
        return _mue(match, clause, reading, context, code, facts) if "lab#mue" in clause else None
    labels = labels_near(clause, match)
    if (factor := nearest(labels, {"lab#cf"})) and factor.cost <= 6:
        return _conversion_factor(factor, clause, context, set())
    indicator = nearest(labels, set(_INDICATOR_FIELDS))
    if indicator and "." not in match["value"] and indicator.cost <= 8:
        return _indicator_value(indicator, facts)
    if "lab#mue" in clause and "." not in match["value"]:
        return _mue(match, clause, reading, context, code, facts)
    measure = nearest(labels, {"lab#work", "lab#pe", "lab#mp", "lab#total"})
    if measure is None or ("usd#" in clause and measure.cost > 6):
        return _unlabelled(match, clause, facts, context) if "lab#rvu" in clause else None
    used = {measure.label, "lab#rvu"}
    if measure.label in ("lab#work", "lab#mp"):
        value = look_up("work" if measure.label == "lab#work" else "mp", facts)
        return _Judged(value, measure.sure, frozenset(used)) if value else None
    setting = nearest(labels, {"set#fac", "set#nonfac"})
    if setting:
        used.add(setting.label)
    name = "pe" if measure.label == "lab#pe" else "total"
    return _by_setting(name, setting, match["value"], facts, context, used, "num", measure.sure)


def _unlabelled(
    match: re.Match[str], clause: str, facts: Mapping[str, Fact], context: ClaimContext
) -> _Judged:
    """ "76.07 RVUs" with no part named is read as the total; anything else is left open, never refuted."""
    setting = nearest(labels_near(clause, match), {"set#fac", "set#nonfac"})
    used = {"lab#rvu"} | ({setting.label} if setting else set())
    judged = _by_setting("total", setting, match["value"], facts, context, used, "num")
    if judged is None:
        return _Judged(None, False, frozenset(), "the kind of RVU is not named")
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
) -> _Judged | None:
    several = len({token for token in reading.tokens if token.startswith("gd#")}) > 1
    general = _GENERAL.search(clause) is not None or several
    if (general and not codes_in(clause)) or "cmp#" in clause:
        return None
    value = look_up("global_days", facts)
    return _Judged(value, not several and not general, frozenset()) if value else None


def _apc(
    match: re.Match[str],
    clause: str,
    reading: Reading,
    context: ClaimContext,
    code: str,
    facts: Mapping[str, Fact],
) -> _Judged | None:
    value = look_up("opps_apc", facts)
    return _Judged(value, True, frozenset({"lab#hopd"})) if value else None


def _indicator(
    match: re.Match[str],
    clause: str,
    reading: Reading,
    context: ClaimContext,
    code: str,
    facts: Mapping[str, Fact],
) -> _Judged | None:
    tie = nearest(labels_near(clause, match), set(_INDICATOR_FIELDS))
    return _indicator_value(tie, facts) if tie else None


def _indicator_value(tie: Tie, facts: Mapping[str, Fact]) -> _Judged | None:
    value = look_up(_INDICATOR_FIELDS[tie.label], facts)
    return (
        _Judged(value, tie.sure, frozenset({tie.label, "lab#hopd", "lab#asc", "lab#mue"})) if value else None
    )


def _count(
    match: re.Match[str],
    clause: str,
    reading: Reading,
    context: ClaimContext,
    code: str,
    facts: Mapping[str, Fact],
) -> _Judged | None:
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
) -> _Judged | None:
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
            return _Judged(wrong, True, frozenset(), "")
        value = value._replace(facts=(*value.facts, adjudication), name=f"MUE per {basis}")
        used |= {"line#", "dos"}
    labels = [label for label in labels_near(clause, match) if label.label == "lab#mue"]
    sure = bool(labels) or "cmp#max" in words
    return _Judged(value, sure, frozenset(used))


def _percent(
    match: re.Match[str],
    clause: str,
    reading: Reading,
    context: ClaimContext,
    code: str,
    facts: Mapping[str, Fact],
) -> _Judged | None:
    tie = nearest(labels_near(clause, match), set(_SHARES))
    fact = facts.get(_SHARES[tie.label]) if tie else None
    share = _decimal(fact.value) if fact else None
    if tie is None or fact is None or share is None:
        return None
    percent = f"{(share * 100).normalize():f}" if share <= 1 else fact.value
    value = Value(fact.field.replace("_", " "), percent, (fact,))
    return _Judged(value, tie.sure, frozenset({tie.label}))


_JUDGES = {
    "usd": _money,
    "num": _number,
    "gd": _global,
    "apc": _apc,
    "ind": _indicator,
    "cnt": _count,
    "pct": _percent,
}
