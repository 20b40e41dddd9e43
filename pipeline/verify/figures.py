"""Figures in a sentence against table rows.

A figure is tied to a fact field by the label nearest to it in its clause, and compared with the row: equal passes,
different refutes, and whatever cannot be tied safely (no label, two labels equally near, no setting named where the
settings differ, an adjusted or negated amount, another year) is left undecided or unaccounted for.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from pipeline.data import Check, Outcome
from pipeline.verify.context import ClaimContext, Finding, in_release
from pipeline.verify.judges import JUDGES, Judged
from pipeline.verify.reading import Reading, codes_in, stem, vocabulary
from pipeline.verify.values import equal_figures, named_times, to_decimal

CHECK = "figures"
_FIGURE = re.compile(r"(?<!\S)\(?(?P<kind>usd|num|gd|apc|ind|cnt|pct)#(?P<value>[^\s,;()]*[^\s,;().])")
# Words that name a figure of this kind and assert nothing beside it.
_WORDS = {
    kind: frozenset(stem(word) for word in words.split())
    for kind, words in {
        "gd": "global period days package surgical",
        "pct": "share portion part percentage",
    }.items()
}


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
    judged = JUDGES[match["kind"]](match, clause, reading, context, code.name, facts)
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
    token: str, kind: str, found: str, judged: Judged, code: _Code, context: ClaimContext
) -> Finding:
    value = judged.value
    assert value is not None  # noqa: S101 - narrowed by the caller
    evidence = tuple(context.currency(fact) for fact in value.facts)
    rows = ", ".join(sorted({fact.release for fact in value.facts}))
    ids = tuple(row.id for row in evidence)
    if not value.absent and equal_figures(found, value.text, kind):
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


def _rounded(found: str, expected: str) -> bool:
    left, right = to_decimal(found), to_decimal(expected)
    if left is None or right is None or not right:
        return False
    exponent = left.as_tuple().exponent
    places = -exponent if isinstance(exponent, int) else 0
    return left == round(right, places) and left != right
