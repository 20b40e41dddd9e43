"""Figures in a sentence against table rows.

A figure is tied to a fact field by the label nearest to it in its clause, and compared with the row: equal passes,
different refutes, and whatever cannot be tied safely (no label, two labels equally near, no setting named where the
settings differ, an adjusted or negated amount, another year) is left undecided or unaccounted for.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

from pipeline.data import Check, Outcome
from pipeline.verify.amounts import Tied
from pipeline.verify.context import ClaimContext, Finding, in_release, in_year
from pipeline.verify.reading import Reading, stem, vocabulary
from pipeline.verify.subjects import Subject, codes_of
from pipeline.verify.support import residue
from pipeline.verify.ties import TIES
from pipeline.verify.values import equal_figures, named_times, near_figures, to_decimal

CHECK = "figures"
_MAX_BESIDE = 9
_MOST = 40
"""Figures of one clause: of more, no label is anybody's, and the time to look grows with their square."""
# What was, at no stated time, the newest row does not contradict.
_PAST = re.compile(r"\b(?:was|were|had|carried|used to)\b")
_FIGURE = re.compile(r"(?<!\S)\(?(?P<kind>usd|num|gd|apc|ind|cnt|pct|na)#(?P<value>[^\s,;()]*[^\s,;().])")
# What stands at the head of columns that hold figures, and asserts nothing.
_HEADERS = frozenset(
    stem(word)
    for word in "setting place site component part item measure basis source release professional".split()
)
_NONE = frozenset({"na", "none"})
# Words that name a figure of this kind and assert nothing beside it.
_WORDS = {
    kind: frozenset(stem(word) for word in words.split())
    for kind, words in {
        "gd": "global period days package surgical",
        "pct": "share portion part percentage",
        "na": "na none",
    }.items()
}


def check_figures(reading: Reading, *, context: ClaimContext) -> list[Finding]:
    """One finding for every figure that could be tied to a row, in the order of the sentence."""
    if not reading.asserted or reading.other_payers:
        return []
    releases = {token[4:].upper() for token in reading.tokens if token.startswith("rel#rvu")}
    years = {token[5:7] for token in reading.tokens if token.startswith("yr#20")}
    if len(releases) == 1:
        context = in_release(context, releases.pop())
    elif not releases and len(years) == 1 and years != {f"{context.as_of:%y}"}:
        context = in_year(context, years.pop())
    findings: list[Finding] = []
    loose: set[str] = set()
    for clause in reading.clauses:
        matches = list(_FIGURE.finditer(clause))
        if len(matches) > _MOST:
            loose |= {f"{match['kind']}#{match['value']}" for match in matches}
            continue
        for match in matches:
            token = f"{match['kind']}#{match['value']}"
            found = _check_figure(token, match, clause, reading, context)
            if not found:
                loose.add(token)
            if reading.pairs:
                found = [replace(finding, words=finding.words | _HEADERS) for finding in found]
            findings.extend(_restrained(finding, token, clause, reading, context) for finding in found)
    if not loose:
        return findings
    return [_without(finding, loose) for finding in findings]


def _restrained(
    finding: Finding, token: str, clause: str, reading: Reading, context: ClaimContext
) -> Finding:
    """A row refutes only a sentence that states the figure plainly.

    A condition, a change over time, a view or a comparison makes it another statement, and so does almost any word
    beside an amount: of coinsurance, of a place, of a supply.
    """
    if not finding.refutes:
        return finding
    whole = {stem(word) for word in residue(reading, [finding], context.hcpcs_code) if "#" not in word}
    if token.startswith("usd#"):
        part = residue(Reading(text=reading.text, canonical=clause), [finding], context.hcpcs_code)
        strange = {stem(word) for word in part if "#" not in word} - vocabulary().beside_amounts
    else:
        strange = whole if len(whole) > _MAX_BESIDE else set()
    strange |= whole & vocabulary().shifting
    if not any(name.startswith(("yr#", "rel#", "date#")) for name in reading.tokens):
        strange |= set(_PAST.findall(clause))
    if not strange:
        return finding
    said = finding.check.reason.rstrip(".")
    return _undecided(
        token, f"{said}; but the sentence says more than that: {', '.join(sorted(strange)[:6])}"
    )


def _without(finding: Finding, loose: set[str]) -> Finding:
    """A figure tied in one place and not in another is accounted for in neither."""
    words = finding.words - _NONE if "na#none" in loose else finding.words
    return replace(finding, used=finding.used - loose, words=words)


def _check_figure(
    token: str, match: re.Match[str], clause: str, reading: Reading, context: ClaimContext
) -> list[Finding]:
    """One finding for each code the figure is said of; none where it cannot be tied."""
    clause, denied = _undenied(match, clause, reading)
    approximate = clause[: match.start()].endswith("cmp#about ") and match["kind"] in ("usd", "num")
    if approximate:
        clause = clause[: match.start()].removesuffix("cmp#about ") + clause[match.start() :]
    if vocabulary().negations.search(clause):
        return []
    offset = len("cmp#about ") if approximate else 0
    place = _FIGURE.search(clause, max(0, match.start() - offset - 1))
    if place is None:
        return []
    findings: list[Finding] = []
    for code in codes_of(clause, place.start(), reading, context):
        facts = context.facts(code.name)
        tied = TIES[match["kind"]](place, clause, reading, context, code.name, facts)
        if tied is None:
            return []
        if tied.value is None:
            if not tied.undecided:
                return []
            findings.append(_undecided(token, tied.undecided))
        elif problem := tied.value.other_time(reading):
            findings.append(_undecided(token, problem))
        else:
            named = named_times(reading, tied.value.facts)
            tied = tied._replace(used=tied.used | named | ({"cmp#about"} if approximate else set()))
            finding = _compare(
                token, match["kind"], match["value"], tied, code, context, approximate=approximate
            )
            findings.append(_turned(finding) if denied else finding)
    return findings


_DENIED = re.compile(
    r"\b(?:(?:is|are|was|were) not|(?:does|do|did) not (?:have|carry|get))"
    r"((?: (?:an?|the|global|of|in|assigned to))*)\s*\(?$"
)


def _undenied(match: re.Match[str], clause: str, reading: Reading) -> tuple[str, bool]:
    """The clause without a negation that stands right before this figure and is the sentence's only one.

    The cut is filled up, so that places in the clause stay where they are.
    """
    denied = _DENIED.search(clause[: match.start()])
    if denied is None or len(vocabulary().negations.findall(reading.canonical)) != 1:
        return clause, False
    kept = denied.start(1)
    return clause[: denied.start()] + "is".ljust(kept - denied.start()) + clause[kept:], True


def _turned(finding: Finding) -> Finding:
    """The finding on a figure that the sentence denies: the row's own value denied is wrong, another's is right."""
    check = finding.check
    if finding.passed:
        reason = f"{check.reason}, and the sentence denies it"
        return Finding(
            check.model_copy(update={"outcome": Outcome.FAIL, "reason": reason}),
            refutes=True,
            evidence=finding.evidence,
        )
    if not finding.refutes:
        return finding
    passed = check.model_copy(update={"outcome": Outcome.PASS})
    return Finding(passed, used=finding.used, words=finding.words | {"not"}, evidence=finding.evidence)


def _compare(
    token: str,
    kind: str,
    found: str,
    tied: Tied,
    code: Subject,
    context: ClaimContext,
    *,
    approximate: bool,
) -> Finding:
    value = tied.value
    assert value is not None  # noqa: S101 - narrowed by the caller
    evidence = tuple(context.currency(fact) for fact in (*value.facts, *value.basis))
    rows = ", ".join(sorted({fact.release for fact in value.facts}))
    ids = tuple(row.id for row in evidence)
    used = frozenset(tied.used | {token, f"code#{code.name.lower()}"})
    words = _WORDS.get(kind, frozenset()) | ({"work"} if "lab#work" in used else set())
    same = partial(near_figures if approximate else equal_figures, kind=kind)
    zero = value.nothing and kind == "usd" and to_decimal(found) == 0
    if zero or (not value.absent and same(found, value.text)):
        reason = f"{value.name} is {value.text} ({rows})"
        check = Check(
            check=CHECK,
            outcome=Outcome.PASS,
            reason=reason,
            expected=value.text,
            found=found,
            evidence_ids=ids,
        )
        return Finding(check, used=used, words=words, evidence=evidence)
    if not value.absent and _rounded(found, value.text):
        return _undecided(token, f"{found} is a rounded form of {value.text} ({rows})")
    if approximate and not value.absent and not _far(found, value.text):
        return _undecided(token, f"{found} is near {value.text} ({rows}), and the sentence says about")
    if not tied.sure or not (code.sure or tied.pair):
        return _undecided(token, f"{found} could not be tied safely; {value.name} is {value.text} ({rows})")
    reason = (
        f"{value.name}: {value.text} ({rows}), the sentence says {found}"
        if value.absent
        else f"{value.name} is {value.text} ({rows}), not {found}"
    )
    check = Check(
        check=CHECK, outcome=Outcome.FAIL, reason=reason, expected=value.text, found=found, evidence_ids=ids
    )
    # Used only where the sentence denies the figure, so that the finding turns into a pass.
    return Finding(check, refutes=True, used=used, words=words, evidence=evidence)


def _undecided(token: str, reason: str) -> Finding:
    return Finding(Check(check=CHECK, outcome=Outcome.FAIL, reason=reason, found=token.partition("#")[2]))


def _far(found: str, expected: str) -> bool:
    """More than a tenth away: too far for an "about"."""
    left, right = to_decimal(found), to_decimal(expected)
    return left is not None and right is not None and abs(left - right) * 10 > right


def _rounded(found: str, expected: str) -> bool:
    left, right = to_decimal(found), to_decimal(expected)
    if left is None or right is None or not right:
        return False
    exponent = left.as_tuple().exponent
    places = -exponent if isinstance(exponent, int) else 0
    return left == round(right, places) and left != right
