"""Indicators by their letters, units a day, shares of the global fee, add-ons with their primaries, told freely."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from pipeline.data import Fact
from pipeline.verify.context import ClaimContext
from pipeline.verify.reading import Reading, codes_in, vocabulary
from pipeline.verify.told.parts import Told, Wording, number
from pipeline.verify.values import Value, named_times, to_decimal

_W = Wording("fields")
_LETTERS, _OUTPATIENT, _MAI, _SHARE, _GLOBAL = map(
    _W.pattern, ("letters", "outpatient", "mai", "share", "global")
)
_UNITS, _UNIT_TALK, _UNIT_AFTER, _BY_DAY = map(_W.pattern, ("units", "unit_talk", "unit_after", "by_day"))
_ADD_ONS, _BASE = _W.patterns("add_ons"), _W.pattern("base")
_SHARES = {"before": "preoperative_share", "during": "intraoperative_share", "after": "postoperative_share"}


def read_fields(text: str, reading: Reading, context: ClaimContext) -> Iterator[Told]:
    """One for each indicator, unit limit, share or add-on that the rows of the sentence's code hold as told."""
    readers = (_letters, _units, _shares, _globals, _addons)
    for told in chain.from_iterable(reader(text, context) for reader in readers):
        if not any(Value("", fact.value, (fact,)).other_time(reading) for fact in told.facts):
            yield told._replace(used=told.used | named_times(reading, told.facts))


def _code_at(text: str, place: int, context: ClaimContext) -> str:
    """The last code named before a place, else the first named, else the page's."""
    named = codes_in(text[:place]) or codes_in(text)[:1]
    return named[-1] if named else context.hcpcs_code or ""


def _told(fact: Fact, kind: str, *tokens: str) -> Told:
    field = fact.field.replace("_", " ").replace(":", " ")
    reason = f"the {field} of {fact.hcpcs_code} is {fact.value} ({fact.release})"
    return Told(
        frozenset((*tokens, f"code#{fact.hcpcs_code.lower()}")), _W.stems(f"words_{kind}"), (fact,), reason
    )


def _letters(text: str, context: ClaimContext) -> Iterator[Told]:
    for match in _LETTERS.finditer(text):
        facts = context.facts(_code_at(text, match.start(), context))
        value = match["value"]
        if re.fullmatch(r"[jq]\d", value) and value != "j8":
            field, label = "opps_status_indicator", "lab#opps_ind"
        elif len(value) > 1:
            field, label = "asc_payment_indicator", "lab#asc_ind"
        elif _OUTPATIENT.search(text):
            field, label = "opps_status_indicator", "lab#opps_ind"
        else:
            field, label = "status_code", "lab#status"
        fact = facts.get(field)
        if fact and fact.value.lower() == value:
            yield _told(fact, "letters", f"ind#{value}", label)


def _units(text: str, context: ClaimContext) -> Iterator[Told]:
    if not _UNIT_TALK.search(text) or "cmp#min" in text or "cmp#near" in text:
        return
    for match in _MAI.finditer(text):
        fact = context.facts(_code_at(text, match.start(), context)).get("mue_adjudication_indicator")
        if fact and fact.value == match["value"]:
            yield _told(fact, "units", match["token"], "lab#mai")
    for match in _UNITS.finditer(text):
        rest = text[match.end() : match.end() + 40]
        if not (match["before"] or _UNIT_AFTER.match(rest)):
            continue
        facts = context.facts(_code_at(text, match.start(), context))
        fact, mai = facts.get("mue_value"), facts.get("mue_adjudication_indicator")
        if fact is None or mai is None or number(match["token"]) != to_decimal(fact.value):
            continue
        by_line = "line#" in text
        if by_line != (mai.value == "1") and (by_line or _BY_DAY.search(text)):
            continue
        token = match["token"] + (":unit" if rest.startswith(":unit") else "")
        told = _told(fact, "units", token, "lab#mue", "cmp#max", "dos", "line#")
        yield told._replace(words=told.words | {token})


def _shares(text: str, context: ClaimContext) -> Iterator[Told]:
    for match in _SHARE.finditer(text):
        fact = context.facts(_code_at(text, match.start(), context)).get(_SHARES[match["when"]])
        share = to_decimal(fact.value) if fact else None
        if fact and share is not None and share * 100 == to_decimal(match["value"]):
            yield _told(fact, "shares", match["token"])._replace(pieces=(match.group(),))


def _globals(text: str, context: ClaimContext) -> Iterator[Told]:
    for match in _GLOBAL.finditer(text):
        fact = context.facts(_code_at(text, match.start(), context)).get("global_days")
        if fact and to_decimal(fact.value) == to_decimal(match["value"]):
            yield _told(fact, "globals", match["token"])


def _addons(text: str, context: ClaimContext) -> Iterator[Told]:
    if vocabulary().negations.search(text):
        return
    for match in _BASE.finditer(text):
        code = codes_in(match["code"])[0]
        fact = context.facts(code).get("endoscopic_base")
        if fact and fact.value == match["base"].upper():
            yield _told(fact, "addons", f"code#{match['base']}")._replace(pieces=(match.group(),))
    for form in _ADD_ONS:
        for match in form.finditer(text):
            yield from _added(match, context)


def _added(match: re.Match[str], context: ClaimContext) -> Iterator[Told]:
    """What the add-on file says of the codes of one piece; nothing where it does not bear out all of it."""
    named = match.groupdict()
    facts = context.facts(codes_in(match["add"])[0])
    found = [facts.get(f"primary_code:{primary}") for primary in codes_in(named.get("primary") or "")]
    if count := named.get("count"):
        fact = facts.get("primary_count")
        found.append(fact if fact and number(count) == to_decimal(fact.value) else None)
    for fact in found:
        if fact is None or None in found:
            return
        tokens = (*(f"code#{code.lower()}" for code in codes_in(match.group())), "pay#yes", count or "")
        yield _told(fact, "addons", *tokens)._replace(pieces=(match.group(),))
