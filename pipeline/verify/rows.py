"""Claims about table rows: the row must stand in the loaded table, and say what the claim says.

The sentence is composed again from nothing but the rows that the claim cites; any difference, a changed
figure, a missing row, other arithmetic, fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pipeline.data import Check, Claim, CodeProfile, Currency, Evidence, Fact, Outcome, RowEvidence
from pipeline.facts.profiles import unclassified
from pipeline.facts.ptp_edits import find_edit
from pipeline.facts.rows import FactSentence, Rows, rows_of
from pipeline.facts.sentences import SUBJECT_KINDS, compose_sentence

CHECK = "rows"
# Facts of a code (empty: of whole releases) as of the page's date, by field.
FactsOf = Callable[[str], Mapping[str, Fact]]
# Facts of a code (empty: of the whole release) in a named release, by field.
FactsIn = Callable[[str, str], Mapping[str, Fact]]
_YEAR = "year"  # the subject kind that states rows of the year before


def check_rows(
    claim: Claim,
    evidence: Sequence[Evidence],
    *,
    hcpcs_code: str,
    facts: FactsOf,
    profiles: Mapping[str, CodeProfile],
    in_release: FactsIn | None = None,
) -> Check:
    """Check a claim that rests on rows; SILENT for one that cites none.

    Every cited row must be the newest of its field in the loaded tables, save those that a comparison of years states
    as the year before's. A claim about rows must then read as they
    compose; any other claim, such as a note's that applies by an indicator, only has to cite rows that stand.
    """
    rows = [item for item in evidence if isinstance(item, RowEvidence)]
    ids = tuple(row.id for row in rows)
    if not rows:
        return Check(check=CHECK, outcome=Outcome.SILENT, reason="the claim cites no table row")
    for row in rows:
        if row.currency is Currency.EARLIER and claim.subject.partition(":")[0] == _YEAR:
            problem = _misplaced_earlier(row.fact, in_release)
        else:
            problem = _misplaced(row, facts, profiles)
        if problem:
            return Check(
                check=CHECK,
                outcome=Outcome.FAIL,
                reason=problem,
                expected=row.fact.key,
                found=row.fact.value,
                evidence_ids=ids,
            )
    if claim.subject.partition(":")[0] not in SUBJECT_KINDS | {"class"}:
        return Check(
            check=CHECK, outcome=Outcome.PASS, reason="the cited rows stand in the tables", evidence_ids=ids
        )
    if problem := _contradicted_absence(claim, hcpcs_code, facts):
        return Check(check=CHECK, outcome=Outcome.FAIL, reason=problem, found=claim.text, evidence_ids=ids)
    expected = _recompose(claim, rows, hcpcs_code, profiles)
    if expected is None or expected != (claim.text, claim.derivation):
        return Check(
            check=CHECK,
            outcome=Outcome.FAIL,
            reason="the cited rows do not say this",
            expected=" | ".join(expected) if expected else "a subject the rows can answer",
            found=f"{claim.text} | {claim.derivation}",
            evidence_ids=ids,
        )
    return Check(
        check=CHECK,
        outcome=Outcome.PASS,
        reason="composed again from the cited rows, word for word",
        found=claim.text,
        evidence_ids=ids,
    )


def _misplaced(row: RowEvidence, facts: FactsOf, profiles: Mapping[str, CodeProfile]) -> str:
    fact = row.fact
    if row.level == "classification":
        profile = profiles.get(fact.hcpcs_code)
        found = profile.summary if profile else None
        return "" if found == fact.value else "the classification row is not in the code profiles"
    stored = facts(fact.hcpcs_code).get(fact.field)
    return "" if stored == fact else "the cited row is not the newest row of its field in the loaded tables"


def _misplaced_earlier(fact: Fact, in_release: FactsIn | None) -> str:
    stored = in_release(fact.hcpcs_code, fact.release).get(fact.field) if in_release else None
    return "" if stored == fact else f"the cited row of {fact.release} is not in the loaded tables"


def _contradicted_absence(claim: Claim, hcpcs_code: str, facts: FactsOf) -> str:
    """An absence cannot be seen in the rows that are cited: look for the edit under both codes."""
    kind, _, other = claim.subject.partition(":")
    if kind != "no_ptp":
        return ""
    return "the loaded table does list an edit of this pair" if is_paired(hcpcs_code, other, facts) else ""


def is_paired(one: str, two: str, facts: FactsOf) -> bool:
    """Whether an edit of two codes stands in the loaded tables, under either of them."""
    return find_edit(one, two, facts) is not None


def _recompose(
    claim: Claim, rows: Sequence[RowEvidence], hcpcs_code: str, profiles: Mapping[str, CodeProfile]
) -> tuple[str, str] | None:
    kind, _, rest = claim.subject.partition(":")
    if kind == "class":
        own = profiles.get(hcpcs_code) or unclassified(hcpcs_code)
        if rest == "summary":
            return own.summary, ""
        other = profiles.get(rest)
        return (f"{rest}: {own.siblings.get(rest, other.summary)}", "") if other else None
    sentence = compose_cited(claim.subject, hcpcs_code, rows)
    return (sentence.text, sentence.derivation) if sentence else None


def compose_cited(subject: str, hcpcs_code: str, rows: Sequence[RowEvidence]) -> FactSentence | None:
    """The sentence on `subject` out of these rows alone; None where they do not make one."""
    current = [row.fact for row in rows if row.currency is not Currency.EARLIER]
    earlier = [row.fact for row in rows if row.currency is Currency.EARLIER]
    return compose(subject, hcpcs_code, rows_of(hcpcs_code, current, earlier=earlier))


def compose(subject: str, hcpcs_code: str, rows: Rows) -> FactSentence | None:
    """The sentence on `subject`; None also where a row is missing or its value is nonsense (no number)."""
    try:
        return compose_sentence(subject, hcpcs_code, rows)
    except (KeyError, ValueError, ArithmeticError):
        return None
