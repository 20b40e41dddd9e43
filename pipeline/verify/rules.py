"""Coding rules from rules*.toml, applied clause by clause.

A rule speaks only where the clause can be read safely: its topic is there, no negation is left that the rule
does not understand, the sentence is an assertion about Medicare, and the code it is about is known. Else SILENT.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property, lru_cache
from importlib import resources
from typing import Literal, NamedTuple

from pydantic import Field

from pipeline.data import Check, Fact, Outcome, Record, RowEvidence
from pipeline.facts.ptp_edits import find_edit
from pipeline.facts.readers.add_ons import names_primary
from pipeline.verify.context import ClaimContext, Finding
from pipeline.verify.reading import Reading, codes_in, stem, vocabulary
from pipeline.verify.subjects import name_page_code
from pipeline.verify.values import Value, named_times

_UNREAD = re.compile(r"unread:mod#|pay#unclear")
_PAID_OR_DOCUMENTED = re.compile(r"(?<!\S)(?:pay|doc)#\w+")
_MAJOR = re.compile(r"\bmajor\b")
_MINOR = re.compile(r"\bminor\b")


class Stance(Record):
    """What a clause may say about a rule's topic."""

    name: str
    find: str


class Rule(Record):
    """One coding rule; the fields are described at the top of rules.toml."""

    id: str
    source: str
    pages: tuple[str, ...]
    payer_scope: str = "Medicare FFS"
    field: str = ""
    topic: tuple[str, ...]
    unless: tuple[str, ...] = ()
    needs_code: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    rewrite: tuple[tuple[str, str], ...] = ()
    read: Literal["first", "all"] = "first"
    mixed: bool = False
    stances: tuple[Stance, ...]
    allowed: dict[str, tuple[str, ...]]
    silent: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    expected: dict[str, str]
    answered_by: tuple[str, ...] = ()
    uses: tuple[str, ...]
    covers: str
    passes: tuple[str, ...]
    fails: tuple[str, ...]

    @cached_property
    def patterns(self) -> _Patterns:
        """The rule's expressions, compiled."""
        return _Patterns(
            topic=tuple(re.compile(item) for item in self.topic),
            unless=tuple(re.compile(item) for item in self.unless),
            rewrite=tuple((re.compile(find), f" {to} ") for find, to in self.rewrite),
            stances=tuple((stance.name, re.compile(_anchored(stance.find))) for stance in self.stances),
            uses=re.compile("|".join(f"(?:{item})" for item in self.uses) or r"(?!)"),
            words=frozenset(stem(word) for word in self.covers.split()),
        )

    def __hash__(self) -> int:
        """Of the id; some fields hold dictionaries."""
        return hash(self.id)


class _Patterns(NamedTuple):
    topic: tuple[re.Pattern[str], ...]
    unless: tuple[re.Pattern[str], ...]
    rewrite: tuple[tuple[re.Pattern[str], str], ...]
    stances: tuple[tuple[str, re.Pattern[str]], ...]
    uses: re.Pattern[str]
    words: frozenset[str]


def _anchored(find: str) -> str:
    """A stance made of look-aheads is about the whole clause, not about some place in it."""
    return f"^{find}" if find.startswith(("(?=", "(?!")) else find


class _Basis(NamedTuple):
    """The value that decides, the rows it comes from and the codes it is about."""

    value: str
    rows: tuple[Fact, ...]
    codes: tuple[str, ...]


@lru_cache(maxsize=1)
def load_rules() -> tuple[Rule, ...]:
    """The rules of the package's rule files, in order."""
    package = resources.files("pipeline.verify")
    return tuple(
        Rule.model_validate(item)
        for name in ("rules.toml", "rules_indicators.toml", "rules_ncci.toml")
        for item in tomllib.loads(package.joinpath(name).read_text(encoding="utf-8"))["rule"]
    )


def check_rules(reading: Reading, *, context: ClaimContext, rules: tuple[Rule, ...]) -> list[Finding]:
    """One finding for every rule that has something to say about a clause of the sentence.

    What another clause says of payment or documentation is not accounted for by a rule that did not read that clause.
    """
    if not reading.asserted or reading.other_payers:
        return []
    findings: list[Finding] = []
    named = [name_page_code(clause, context) for clause in reading.clauses]
    said = [_heard(rules, clause) for clause in named]
    canonical = name_page_code(reading.canonical, context)
    said_in_all = _heard(rules, canonical) if len(named) > 1 else {}
    speaking = frozenset().union(said_in_all, *said)
    for rule in (rule for rule in rules if rule.id in speaking):
        heard = [
            _apply(rule, each.get(rule.id), clause, reading, context)
            for clause, each in zip(named, said, strict=True)
        ]
        spoken = [found for found in heard if found is not None]
        if spoken:
            unread = frozenset(
                token
                for clause, found in zip(reading.clauses, heard, strict=True)
                if found is None
                for token in _PAID_OR_DOCUMENTED.findall(clause)
            )
            spoken = [replace(found, used=found.used - unread) for found in spoken]
        elif whole := _apply(rule, said_in_all.get(rule.id), canonical, reading, context):
            spoken = [whole]
        findings.extend(spoken)
    return findings


@lru_cache(maxsize=8_192)
def _heard(rules: tuple[Rule, ...], clause: str) -> Mapping[str, tuple[str, ...]]:
    """What a clause says, by the id of the rule it speaks of; remembered, for pages share many of their sentences."""
    return {rule.id: stances for rule in rules if (stances := read_stances(rule, clause))}


def read_stances(rule: Rule, clause: str) -> tuple[str, ...]:
    """What a clause says about the rule's topic; empty when it is about something else or not safely read."""
    patterns = rule.patterns
    for find, to in patterns.rewrite:
        clause = find.sub(to, clause)
    if any(item.search(clause) is None for item in patterns.topic):
        return ()
    if any(item.search(clause) for item in patterns.unless) or _UNREAD.search(clause):
        return ()
    if vocabulary().negations.search(clause) or _contrary(rule, clause):
        return ()
    matched = (name for name, find in patterns.stances if find.search(clause))
    if rule.read == "all":
        return tuple(matched)
    first = next(matched, None)
    return () if first is None else (first,)


def _contrary(rule: Rule, clause: str) -> bool:
    """Payment both asserted and denied, denied on terms, or denied beside an asserted modifier: not read."""
    denied = "pay#no" in clause
    if "doc#" in clause and (denied != ("doc#unless" in clause) or "no:mod#" in clause):
        return True
    if not denied:
        return False
    return "pay#yes" in clause or ("yes:mod#" in clause and not rule.mixed)


def _consumed(rule: Rule, reading: Reading) -> frozenset[str]:
    """Words, negations among them, that the rule's rewriting understands, if it understands every one of them."""
    rewritten = reading.canonical
    for find, to in rule.patterns.rewrite:
        rewritten = find.sub(to, rewritten)
    if vocabulary().negations.search(rewritten):
        return frozenset()
    return frozenset(
        stem(word) for word in set(reading.canonical.split()) - set(rewritten.split()) if "#" not in word
    )


def weigh_stances(rule: Rule, value: str, stances: tuple[str, ...]) -> Outcome:
    """PASS when every stance is right for the value, FAIL when one is wrong, else SILENT."""
    if not stances or value not in rule.allowed:
        return Outcome.SILENT
    neutral = rule.silent.get(value, ())
    if any(stance not in rule.allowed[value] and stance not in neutral for stance in stances):
        return Outcome.FAIL
    return Outcome.SILENT if any(stance in neutral for stance in stances) else Outcome.PASS


def _apply(
    rule: Rule, stances: tuple[str, ...] | None, clause: str, reading: Reading, context: ClaimContext
) -> Finding | None:
    if not stances:
        return None
    basis = _basis(rule, clause, reading, context)
    if basis is None:
        return None
    if rule.field == "pair" and not basis.value:
        return _no_edit(rule, stances, basis)
    outcome = weigh_stances(rule, basis.value, stances)
    if outcome is Outcome.SILENT:
        return None
    evidence: tuple[RowEvidence, ...] = tuple(context.currency(fact) for fact in basis.rows)
    expected = rule.expected.get(basis.value, "")
    about = (
        f" ({', '.join(f'{row.fact.field} {row.fact.value}, {row.fact.release}' for row in evidence)})"
        if evidence
        else ""
    )
    verb = "agrees with" if outcome is Outcome.PASS else "contradicts"
    check = Check(
        check=f"rule:{rule.id}",
        outcome=outcome,
        reason=f"the sentence {verb} the rule{about}: {expected}. Source: {rule.source}",
        expected=expected,
        found=", ".join(stances),
        evidence_ids=tuple(row.id for row in evidence),
    )
    named = frozenset(f"code#{code.lower()}" for code in basis.codes) | named_times(reading, basis.rows)
    located = frozenset(f"loc#{page.lower()}" for page in rule.pages)
    return Finding(
        check=check,
        refutes=outcome is Outcome.FAIL,
        used=frozenset(token for token in reading.tokens if _is_used(rule, token, context)) | named | located,
        words=rule.patterns.words | _consumed(rule, reading),
        evidence=evidence,
    )


def _is_used(rule: Rule, token: str, context: ClaimContext) -> bool:
    """Whether the rule accounts for the token; for a code only where it names it or a table knows it."""
    if rule.patterns.uses.fullmatch(token) is None:
        return False
    code = token.removeprefix("code#").upper()
    return not token.startswith("code#") or code in rule.needs_code or bool(context.facts(code))


def _no_edit(rule: Rule, stances: tuple[str, ...], basis: _Basis) -> Finding | None:
    """No row for the pair: nothing follows from that, least of all permission."""
    if not {"no-edit", "together"} & set(stances):
        return None
    return Finding(
        Check(
            check=f"rule:{rule.id}",
            outcome=Outcome.FAIL,
            reason=(
                f"no edit is loaded for {' and '.join(basis.codes)}, and the absence of an edit is not permission. "
                "Source: NCCI Policy Manual 2026, p. Intro-6"
            ),
            expected="a source that says so",
            found=", ".join(stances),
        )
    )


def _basis(rule: Rule, clause: str, reading: Reading, context: ClaimContext) -> _Basis | None:
    named = tuple(dict.fromkeys(codes_in(clause))) or reading.codes
    named = tuple(code for code in named if code not in rule.beside)
    if rule.needs_code and not set(named or (context.hcpcs_code,)) & set(rule.needs_code):
        return None
    if not rule.field:
        return _Basis("*", (), named)
    if rule.field == "pair":
        return None if _each_with_page(clause, named, context) else _pair(named, context)
    if len(named) > 1 and rule.field != "add_on":
        return None
    code = named[0] if named else context.hcpcs_code
    facts = context.facts(code) if code else {}
    if rule.field == "add_on":
        own = context.hcpcs_code
        if (
            own
            and named
            and own not in named
            and any(p.partner == code for p in _primaries(context.facts(own)))
        ):
            if _IS_PRIMARY.search(clause):
                return None
            named, code, facts = (own, *named), own, context.facts(own)
        return _add_on(named, code, facts) if code else None
    fact = facts.get(rule.field)
    if fact is not None and Value(rule.field, fact.value, (fact,)).other_time(reading):
        return None
    value = fact.value if fact else ""
    if rule.field == "global_days":
        said = _class_said(clause) if rule.id != "global-class" else ""
        if fact is None and code is None:
            value = said
        elif said and value and (said == "090") != (value == "090"):
            return None
    if not value:
        return None
    return _Basis(value, (fact,) if fact else (), (code,) if code else ())


def _class_said(clause: str) -> str:
    """Global class that the words of a general sentence name: 090 for major, 000 for minor."""
    major, minor = _MAJOR.search(clause), _MINOR.search(clause)
    if bool(major) == bool(minor):
        return ""
    return "090" if major else "000"


# Words that make a pair of the two codes named; without them "A and B" may each be paired with the page's code.
_PAIRED = re.compile(
    r"\b(?:with|together|each other|one another|between|from|into|beside|pair)\b|code#\w+ ?/ ?code#|no_edit"
)


# "with A, B": partners of another code, not of each other.
_PARTNERS = re.compile(
    r"\b(?:with|from|into|to|beside|for|of) (?:codes? )*code#\w+(?:\s*,\s*|\s+)(?:and |or )?(?:code )?code#\w+"
)
_EACH_OTHER = re.compile(r"\b(?:together|each other|one another|between|pair)\b|no_edit")


def _each_with_page(clause: str, named: tuple[str, ...], context: ClaimContext) -> bool:
    own = context.hcpcs_code
    if _PARTNERS.search(clause) and not _EACH_OTHER.search(clause):
        return True
    return own is not None and own not in named and _PAIRED.search(clause) is None


def _pair(named: tuple[str, ...], context: ClaimContext) -> _Basis | None:
    if len(named) != 2:
        return None
    fact = find_edit(named[0], named[1], context.facts)
    if fact is not None:
        return _Basis(fact.value, (fact,), named)
    if not all(context.facts(code) for code in named):
        return None
    return _Basis("", (), named)


_IS_PRIMARY = re.compile(r"\b(?:is|are|as) (?:an?|the|one|one of the|one of its|among its)? ?(?:\w+ )?primar")


def _primaries(facts: Mapping[str, Fact]) -> tuple[Fact, ...]:
    return tuple(fact for _, fact in sorted(facts.items()) if names_primary(fact))


def _add_on(named: tuple[str, ...], code: str, facts: Mapping[str, Fact]) -> _Basis | None:
    """By the add-on file: a code with primaries there is one; a code with a global period of its own is none."""
    listed = _primaries(facts)
    if listed:
        wanted = tuple(fact for fact in listed if fact.partner in named[1:])
        return _Basis("listed", wanted or listed[:1], (code, *(fact.partner for fact in wanted)))
    days = facts.get("global_days")
    if days is not None and days.value in ("000", "010", "090"):
        return _Basis("unlisted", (days,), (code,))
    return None
