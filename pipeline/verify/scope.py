"""Whom, where and when a source speaks for: a claim rests on no source that speaks for another payer, area, setting or
time, on none that does not count where the claim says how often, and on no table that could not hold what it says.

A quote out of scope is no evidence; it refutes nothing. Where nothing else carries the claim, the finding says why.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from pipeline.data import (
    Authority,
    BlockKind,
    Check,
    Claim,
    Evidence,
    Fact,
    Outcome,
    QuoteEvidence,
    RowEvidence,
    SourceDocument,
)
from pipeline.facts.readers import pprrvu_rows
from pipeline.facts.releases import parse_release
from pipeline.verify.context import ClaimContext, Finding
from pipeline.verify.reading import Reading, read_sentence, vocabulary
from pipeline.verify.support import quote_in_context

FREQUENCY, PAYER, AREA, SETTING, DATE, SOURCE = (
    "frequency",
    "scope:payer",
    "scope:area",
    "scope:setting",
    "scope:date",
    "scope:source",
)
_COUNTS = re.compile(r"\bpct#|\bper cent|(?:usd|num|cnt)#\S+ (?:of|in) (?:\S+ ){0,2}(?:claims|denials)")
_OFFICE = frozenset({"set#nonfac"})
_SETTING = re.compile(r"set#(?:nonfac|fac(?:_part)?)|lab#(?:hopd|asc)(?![\w_])")
_YEAR = re.compile(r"^(?:yr|date)#(?P<year>\d{4})(?:-(?P<rest>\d\d(?:-\d\d)?))?$")
_LOCAL = re.compile(r"\blocal\b|\blcds?\b|\bjurisdiction\b|\bmac\b|\bcontractor", re.IGNORECASE)
_HEADINGS = 6  # levels of headings above a quote
_WORD = re.compile(r"\w+")
_PLAIN_SCOPE = frozenset("medicare ffs the of and for inc llc jurisdiction plan plans health".split())

# What each family of tables holds, by the beginning of its fields; the fee schedule holds what no other does.
_FIELDS = {
    "ASC": ("asc_",),
    "OPPS": ("opps_",),
    "MUE": ("mue_",),
    "MUEH": ("mue_",),
    "PTP": ("ptp_",),
    "PTPH": ("ptp_",),
    "AOC": ("add_on_code", "addon_", "primary_"),
}
_FEE_SCHEDULE = frozenset(column.field for column in pprrvu_rows.LAYOUT.columns)
# "according to the PTP table": the sources that sentences name, and the families that hold what they are credited with.
_CREDITED = re.compile(
    r"\b(?:according to|per|from|in|by|under|source:?) (?:the |cms's |cms |medicare |medicare's )*(?:"
    r"(?P<PTP>(?:ncci |ptp |procedure-to-procedure )+edits?(?: tables?| files?)?|ptp tables?)"
    r"|(?P<MUE>lab#mue (?:tables?|files?|edits?))"
    r"|(?P<NCCI>ncci policy manual|ncci manual)"
    r"|(?P<AOC>addon (?:files?|tables?|edits?))"
    r"|(?P<ICD>icd-10(?:-cm)?)(?: \w+)?)"
)
_HELD_BY = {
    "RVU": re.compile(r"lab#(?:work|pe|mp|rvu|cf)(?![\w_])|\bna#|usd#"),
    "OPPS": re.compile(r"apc#|lab#opps_ind|usd#"),
    "ASC": re.compile(r"lab#asc_ind|usd#"),
    "MUE": re.compile(r"lab#(?:mue|mai)(?![\w_])"),
    "PTP": re.compile(r"lab#ptp_ind|col#"),
}
_FIGURE = re.compile(r"(?:usd|num|cnt|pct|apc|ind)#")


class Scoped(NamedTuple):
    """The quotes that speak for what the claim is about, and a finding on each of the others."""

    inside: list[QuoteEvidence]
    outside: list[Finding]


def within_scope(
    claim: Claim, reading: Reading, quotes: Sequence[QuoteEvidence], *, context: ClaimContext
) -> Scoped:
    """Set apart the quotes that speak for another payer, contractor's area, setting or time than the claim does."""
    scoped = Scoped([], [])
    for quote in quotes:
        document = context.documents[quote.document_id]
        said = read_sentence(quote_in_context(quote, document))
        check = (
            _other_payer(claim, reading, said, document)
            or _other_area(claim, reading, document)
            or _other_setting(reading, quote, document)
            or _other_time(reading, said, document, context)
        )
        if check is None:
            scoped.inside.append(quote)
        else:
            scoped.outside.append(
                Finding(check.model_copy(update={"evidence_ids": (quote.id,)}), evidence=(quote,))
            )
    return scoped


def check_frequency(reading: Reading, quotes: Sequence[QuoteEvidence]) -> list[Finding]:
    """Words that say how often need a source that counts, whatever else says them."""
    words = reading.frequency_words
    if not words:
        return []
    counted = any(_COUNTS.search(read_sentence(quote.quote).canonical) for quote in quotes)
    outcome = Outcome.PASS if counted else Outcome.FAIL
    reason = "the source counts" if counted else "frequency words need a source that counts"
    return [Finding(Check(check=FREQUENCY, outcome=outcome, reason=reason, found=", ".join(words)))]


def check_source(reading: Reading, evidence: Sequence[Evidence]) -> list[Finding]:
    """Whether a row, or the source that the sentence itself names, could hold what it is credited with."""
    findings = [
        Finding(
            Check(
                check=SOURCE,
                outcome=Outcome.FAIL,
                reason=f"{item.fact.release} is a table that does not hold {item.fact.field}",
                found=item.fact.key,
                evidence_ids=(item.id,),
            ),
            evidence=(item,),
        )
        for item in evidence
        if isinstance(item, RowEvidence) and item.level == "table" and not could_hold(item.fact)
    ]
    credited = _CREDITED.search(reading.canonical)
    name = credited.lastgroup if credited else None
    if credited and name and _FIGURE.search(reading.canonical):
        holders = {family for family, said in _HELD_BY.items() if said.search(reading.canonical)}
        if holders and name not in holders:
            check = Check(
                check=SOURCE,
                outcome=Outcome.FAIL,
                reason="the sentence credits its figure to a source that could not hold it",
                expected=", ".join(sorted(holders)),
                found=name,
            )
            findings.append(Finding(check))
    return findings


def could_hold(fact: Fact) -> bool:
    """Whether the table of a row's release has such a field: a PTP table holds no RVUs."""
    try:
        family = parse_release(fact.release).family
    except ValueError:
        return False
    if fact.field in _FEE_SCHEDULE:  # which has the OPPS caps of imaging as well
        return family == "RVU"
    if own := _FIELDS.get(family):
        return fact.field.startswith(own)
    others = {start for starts in _FIELDS.values() for start in starts}
    return family != "RVU" or not fact.field.startswith(tuple(others))


def _other_payer(claim: Claim, reading: Reading, said: Reading, document: SourceDocument) -> Check | None:
    """A rule of one payer is none of another; a sentence that names the payer speaks for it."""
    scope = document.payer_scope
    if not scope:
        return None
    named = vocabulary().other_payers.findall(reading.canonical)
    if not is_medicare(scope):
        ours = claim.payer_scope
        if scope.casefold() == ours.casefold() or _names(reading.text, f"{scope} {document.publisher}"):
            return None
        return _outside(
            PAYER,
            f"{document.title} speaks for {scope}, the claim for {ours or 'no payer that it names'}",
            expected=ours,
            found=scope,
        )
    if not is_medicare(claim.payer_scope):
        return _outside(
            PAYER,
            f"{document.title} speaks for {scope}, the claim for {claim.payer_scope}",
            expected=claim.payer_scope,
            found=scope,
        )
    known = f"{said.canonical} {scope.casefold()} {document.publisher.casefold()}"
    if strange := [word for word in named if word not in known]:
        return _outside(
            PAYER,
            f"{document.title} speaks for {scope}; the sentence speaks of “{strange[0]}”",
            expected=", ".join(strange),
            found=scope,
        )
    return None


def _other_area(claim: Claim, reading: Reading, document: SourceDocument) -> Check | None:
    """What one contractor covers is no rule of all: the claim says whose it is."""
    if document.authority is not Authority.LOCAL_COVERAGE or not document.payer_scope:
        return None
    if claim.payer_scope == document.payer_scope or _LOCAL.search(reading.text):
        return None
    if _names(reading.text, f"{document.payer_scope} {document.publisher}"):
        return None
    return _outside(
        AREA,
        f"{document.title} holds for {document.payer_scope} alone, the claim for all of {claim.payer_scope}",
        expected=claim.payer_scope,
        found=document.payer_scope,
    )


def _other_setting(reading: Reading, quote: QuoteEvidence, document: SourceDocument) -> Check | None:
    """A sentence under a heading about hospitals is none about the office, whether or not it says so itself."""
    wanted = _settings(reading)
    if not wanted:
        return None
    for heading in headings_above(document, quote.start):
        found = _settings(read_sentence(heading))
        if found and wanted and not found & wanted:
            return _outside(
                SETTING,
                f"the claim speaks of another setting than the heading it stands under, “{heading[:80]}”",
                expected=", ".join(sorted(wanted)),
                found=", ".join(sorted(found)),
            )
    return None


def _other_time(
    reading: Reading, said: Reading, document: SourceDocument, context: ClaimContext
) -> Check | None:
    """An edition speaks for the days on which it is in force, and for a year that it names itself."""
    times = [token for token in reading.tokens if _YEAR.match(token)]
    strange = [token for token in times if token not in said.tokens]
    if not times and document.in_force(context.as_of):
        return None
    if times and not any(
        _ends_before(document, token) or _begins_after(document, token) for token in strange
    ):
        return None
    until = f" until {document.valid_to}" if document.valid_to else ""
    when = strange[0].partition("#")[2] if strange else context.as_of.isoformat()
    return _outside(
        DATE,
        f"{document.title}, {document.edition}, is in force from {document.valid_from}{until}, not for {when}",
        expected=when,
        found=f"{document.valid_from} to {document.valid_to or 'the next edition'}",
    )


def _ends_before(document: SourceDocument, token: str) -> bool:
    value = token.partition("#")[2]
    return document.valid_to is not None and document.valid_to.isoformat()[: len(value)] < value


def _begins_after(document: SourceDocument, token: str) -> bool:
    value = token.partition("#")[2]
    return document.valid_from.isoformat()[: len(value)] > value


def is_medicare(scope: str) -> bool:
    """Whether a payer scope is national Medicare, or a contractor's area of it."""
    words = scope.casefold()
    return words.startswith("medicare") and "advantage" not in words


def _names(text: str, owner: str) -> bool:
    """Whether the text names the payer, contractor or area by a word of its own."""
    own = {word for word in _WORD.findall(owner.casefold()) if len(word) > 2} - _PLAIN_SCOPE
    return bool(own & set(_WORD.findall(text.casefold())))


def headings_above(document: SourceDocument, offset: int) -> list[str]:
    """The headings that a place stands under, the nearest first, and the document's title."""
    above: list[str] = []
    level = _HEADINGS + 1
    for block in reversed(document.blocks):
        if block.kind is BlockKind.HEADING and block.start <= offset and block.level < level:
            above.append(" ".join(document.text[block.start : block.end].split()))
            level = block.level
    return [*above, document.title]


def _settings(reading: Reading) -> frozenset[str]:
    """Where the sentence is about: the office, or a facility."""
    found = set(_SETTING.findall(reading.canonical))
    return frozenset("office" if name in _OFFICE else "facility" for name in found)


def _outside(check: str, reason: str, *, expected: str, found: str) -> Check:
    return Check(check=check, outcome=Outcome.FAIL, reason=reason, expected=expected, found=found)
