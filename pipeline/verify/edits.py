"""What a sentence says of an NCCI edit itself: that it exists, and which code stands in which column.

Rows say that an edit exists and which way round; the absence of a row says nothing.
"""

from __future__ import annotations

import re

from pipeline.data import Check, Fact, Outcome
from pipeline.facts.ptp_edits import find_edit
from pipeline.verify.context import ClaimContext, Finding
from pipeline.verify.reading import Reading, codes_in, stem, vocabulary
from pipeline.verify.subjects import name_page_code
from pipeline.verify.values import Value, named_times

CHECK = "edits"
_C = r"(?:(?:the|cpt|hcpcs|code) )*code#\w+"
_COLUMN = r"(?:an? |the |in |its )*col#{} (?:code |codes )?"
# "A is the column two code of B", "B has column two code A", "the column two code of B is A"; likewise column one.
_FORMS = tuple(
    (re.compile(form.replace("COL", _COLUMN.format(column))), named_first == (column == "two"))
    for column in ("one", "two")
    for form, named_first in (
        (
            rf"(?P<a>{_C}) (?:is|as|stands) COL(?:of|to|for|under|with|when (?:reported|billed) with) (?P<b>{_C})",
            True,
        ),
        (rf"(?P<b>{_C}) (?:has|with|lists) COL(?P<a>{_C})", True),
        (rf"COLof (?P<b>{_C}) is (?P<a>{_C})", True),
    )
)
_EXISTS = re.compile(
    r"(?:\bthere (?:is|exists) an? |\ban? )(?:ncci |ptp )*edit(?: pair)?(?: exists| stands)?"
    rf" (?:between|for|on) {_C} (?:and|/|with) {_C}"
    rf"|{_C} (?:and|/) {_C} (?:form|have|are|make) an? (?:ncci |ptp )*(?:edit(?: pair)?|pair)\b"
)
_WORDS = frozenset(
    stem(word) for word in "there exists exist form forms pair edit column stands lists between".split()
)


def check_edits(reading: Reading, *, context: ClaimContext) -> list[Finding]:
    """One finding for every clause that states an edit between two codes, or a code's column in it."""
    if not reading.asserted or reading.other_payers:
        return []
    found = [_check_clause(name_page_code(clause, context), reading, context) for clause in reading.clauses]
    return [finding for finding in found if finding is not None]


def _check_clause(clause: str, reading: Reading, context: ClaimContext) -> Finding | None:
    if len(set(codes_in(clause))) != 2:
        return None
    for form, first_is_two in _FORMS:
        match = form.search(clause)
        if match is None or vocabulary().negations.search(clause[: match.end()]):
            continue
        one, two = codes_in(match["b"])[0], codes_in(match["a"])[0]
        if not first_is_two:
            one, two = two, one
        fact = find_edit(one, two, context.facts)
        if fact is None:
            return None
        if fact.hcpcs_code == one:
            return _finding(f"{two} is a column two code of {one}", fact, True, (one, two), reading, context)
        reason = f"{one} is a column two code of {two}, not the other way round"
        return _finding(reason, fact, False, (one, two), reading, context)
    match = _EXISTS.search(clause)
    if match is None or vocabulary().negations.search(clause[: match.end()]):
        return None
    one, two = codes_in(match.group())
    fact = find_edit(one, two, context.facts)
    if fact is None:
        return None
    return _finding(f"an edit pairs {one} and {two}", fact, True, (one, two), reading, context)


def _finding(
    reason: str, fact: Fact, right: bool, codes: tuple[str, str], reading: Reading, context: ClaimContext
) -> Finding | None:
    if Value("edit", fact.value, (fact,)).other_time(reading):
        return None
    row = context.currency(fact)
    check = Check(
        check=CHECK,
        outcome=Outcome.PASS if right else Outcome.FAIL,
        reason=f"{reason} ({fact.release})",
        evidence_ids=(row.id,),
    )
    used = {"col#one", "col#two", *(f"code#{code.lower()}" for code in codes)} | named_times(reading, (fact,))
    return Finding(check, refutes=not right, used=frozenset(used), words=_WORDS, evidence=(row,))
