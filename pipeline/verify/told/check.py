"""A whole sentence of table facts: every figure confirmed, and nothing beside them that could change what is said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain

from pipeline.data import Check, Outcome
from pipeline.verify.context import ClaimContext, Finding
from pipeline.verify.pairs import has_verb
from pipeline.verify.reading import Reading, stem, vocabulary
from pipeline.verify.spoken import is_token
from pipeline.verify.support import residue
from pipeline.verify.told.amounts import read_amounts
from pipeline.verify.told.differences import read_differences
from pipeline.verify.told.edits import read_edits
from pipeline.verify.told.fields import read_fields
from pipeline.verify.told.parts import Told, Wording, figures_of, spell
from pipeline.verify.told.policy import read_policy

CHECK = "told"
_W = Wording("beside")
_TELLING, _GUARDED = _W.stems("telling"), _W.pattern("guarded")
_LACKED = re.compile(r"\b(?:without|no|not)[ -]\w+(?: guidance)?")
_CLAUSE = re.compile(r"[;:]|,(?! )|\. ")


def check_told(reading: Reading, findings: Sequence[Finding], *, context: ClaimContext) -> Finding | None:
    """A passing finding where the sentence is read whole, with what the other checks passed; None otherwise."""
    if not reading.asserted or len(reading.pairs) > 1 or reading.other_payers or reading.frequency_words:
        return None
    text = spell(reading.canonical)
    readers = (read_amounts, read_edits, read_policy, read_fields, read_differences)
    told = list(chain.from_iterable(reader(text, reading, context) for reader in readers))
    if not told:
        return None
    finding = _finding(told, context)
    if any(figure.token not in finding.used for figure in figures_of(text)):
        return None
    passed = [other for other in findings if other.passed]
    # Where others are named too, the page's own code has its part in what is said.
    own = context.hcpcs_code if len(reading.codes) < 2 else None
    # A negation, a condition or an order outside what was read whole is explained by nothing.
    rest = _without(text, told)
    if _GUARDED.search(rest) or vocabulary().negations.search(rest):
        return None
    if _states_aside(rest):
        return None
    # Of a piece all words were read; its figures, codes and modifiers are still to be borne out one by one.
    left = [
        *filter(is_token, residue(Reading(text=reading.text, canonical=text), [*passed, finding], own)),
        *residue(Reading(text=reading.text, canonical=rest), [*passed, finding], own),
    ]
    own_words = _own_words(reading, context)
    return finding if all(_is_harmless(word, own_words) for word in left) else None


def _states_aside(rest: str) -> bool:
    """Whether a clause asserts something and holds nothing that any row could bear out."""
    return any(has_verb(clause) and "#" not in clause for clause in _CLAUSE.split(rest) if clause.strip())


def _without(text: str, told: Sequence[Told]) -> str:
    for piece in sorted({piece for each in told for piece in each.pieces}, key=len, reverse=True):
        text = text.replace(piece, " ")
    return text


def _finding(told: Sequence[Told], context: ClaimContext) -> Finding:
    rows = tuple(dict.fromkeys(fact for each in told for fact in each.facts))
    evidence = tuple(context.currency(fact) for fact in rows)
    reason = "; ".join(dict.fromkeys(each.reason for each in told))
    check = Check(
        check=CHECK, outcome=Outcome.PASS, reason=reason, evidence_ids=tuple(row.id for row in evidence)
    )
    used = frozenset().union(*(each.used for each in told)) | {"payee#", "set#fac", "lab#total"}
    words = frozenset().union(*(each.words for each in told))
    return Finding(check, used=used, words=words, evidence=evidence)


def _is_harmless(word: str, own_words: frozenset[str]) -> bool:
    """Whether it is a word of telling, or of a service that the sentence names: it adds nothing to what was read."""
    if is_token(word):
        return False
    if stem(word) in _TELLING or stem(word) in own_words:
        return True
    parts = (vocabulary().anatomy.match(word), vocabulary().services.match(word))
    return any(part and any(other.startswith(part["root"]) for other in own_words) for part in parts)


def _own_words(reading: Reading, context: ClaimContext) -> frozenset[str]:
    """What our classification says of the codes that the sentence names."""
    codes = reading.codes or ((context.hcpcs_code,) if context.hcpcs_code else ())
    profiles = [context.profiles[code] for code in codes if code in context.profiles]
    said = " ".join(f"{one.summary} {one.family} {one.region} {' '.join(one.tags or ())}" for one in profiles)
    said = _LACKED.sub(" ", said)
    return frozenset(stem(word) for word in re.findall(r"[a-z]+", said.lower()))
