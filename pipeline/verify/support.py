"""Is the whole claim covered by what passed, or by one place in a source?

A claim is supported when nothing meaningful is left of it: every figure, code, modifier, date, negation and
condition is accounted for by a passing check or stands in the supporting sentence, and so do its content words,
beside the shared lexicon. Words alone never refute.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from pipeline.data import Check, Outcome, QuoteEvidence, SourceDocument
from pipeline.sources.descriptors import elide_descriptors
from pipeline.verify.claims import split_claims
from pipeline.verify.context import ClaimContext, Finding
from pipeline.verify.listed import sorted_lists
from pipeline.verify.quotes import normalise_quote
from pipeline.verify.reading import Reading, read_sentence, stem, vocabulary
from pipeline.verify.spoken import is_token, speak
from pipeline.verify.terms import differences, named_code

CHECK = "support"
_TWO = re.compile(r"\b([a-z-]+) (?:and|or) ([a-z-]+)\b")
# Words of grammar: beside a source's own words, these alone may be others.
_GRAMMAR = frozenset(
    stem(word)
    for word in (
        "a an the this that these those it its they their them which who whose there is are be been being was were has"
        " have had do does did will would may can of in on at to for from by with and or as into so then also"
    ).split()
)
_ANY_CODE = frozenset(stem(word) for word in "code cpt hcpcs procedure service operation".split())
_BREAK = re.compile(r"(?:[.!?][\"')\]]?\s+(?=[A-Z0-9(])|\n\s*\n)")
_REACH = 600
_SHOWN = 12  # words that nothing accounts for; more help nobody
# One says what the other does; that a condition is one in both, terms.py looks after.
_IF = frozenset(("if", "when", "where"))
# The code that reading a text put before a sentence, see claims.py.
_NAMED_FIRST = re.compile(r"^\[(?P<code>\w{5})\] ")


class Support(NamedTuple):
    """How a claim is covered: `rows`, `verbatim`, `checks`, `wording`, `judged`, or empty when it is not."""

    kind: str
    finding: Finding


def residue(reading: Reading, findings: Sequence[Finding], own_code: str | None) -> list[str]:
    """Words and tokens of the sentence that neither the passing checks nor the shared lexicon account for."""
    used = frozenset().union(*(finding.used for finding in findings))
    words = frozenset().union(*(finding.words for finding in findings)) | vocabulary().plain
    own = f"code#{own_code.lower()}" if own_code else ""
    return [word for word in reading.words if word not in used and word != own and not _licensed(word, words)]


def _licensed(word: str, stems: frozenset[str]) -> bool:
    """A word is licensed by its stem; a compound also part by part. Tokens never are."""
    if is_token(word):
        return False
    return stem(word) in stems or ("-" in word and all(stem(part) in stems for part in word.split("-")))


def assess_support(
    reading: Reading,
    findings: Sequence[Finding],
    quotes: Sequence[QuoteEvidence],
    *,
    context: ClaimContext,
    vouched: bool = False,
) -> Support:
    """Decide whether the checks that passed, or one of the located quotes, carry the whole sentence.

    `vouched`: a judge found that the quotes support it. Then their plain words may be others, and in another order;
    figures, codes, modifiers, negations, conditions and words of relation must still be the source's own.
    """
    passing = [finding for finding in findings if finding.passed]
    texts = [(quote, quote_in_context(quote, context.documents[quote.document_id])) for quote in quotes]
    for quote, text in texts:
        if any(_verbatim(reading.text, said, context.hcpcs_code) for said in (text, elide_descriptors(text))):
            return Support("verbatim", _supported("verbatim", "the source says it in these words", (quote,)))
    left = residue(reading, passing, context.hcpcs_code)
    if passing and not left and reading.asserted:
        return Support("checks", _supported("checks", "the checks that passed account for every word", ()))
    ways = [("wording", _worded, "one place in the source covers it")]
    if vouched:
        ways.append(("judged", _same_terms, "a judge vouches for its words; its terms are the source's"))
    for kind, covers, reason in ways:
        for quote, text in texts:
            if any(covers(reading, place, left, context.hcpcs_code) for place in _places(text)):
                return Support(kind, _supported(kind, reason, (quote,)))
    return Support(
        "", _refused(reading, left, [place for _, text in texts for place in _places(text)], context)
    )


def _refused(
    reading: Reading, left: Sequence[str], places: Sequence[Reading], context: ClaimContext
) -> Finding:
    """What nothing accounts for, and in what the sentence differs from the place of its sources nearest to it."""
    rest = ", ".join(list(dict.fromkeys(map(speak, left)))[:_SHOWN])
    found = [
        list(differences(reading, place, left=left, own_code=context.hcpcs_code))
        for place in places
        if _is_near(reading, place)
    ]
    reason = f"not accounted for: {rest}" if left else "no row, rule or source speaks about it"
    if nearest := min(found, key=len, default=[]):
        reason = f"unlike its source, {', and '.join(nearest)}"
    return Finding(Check(check=CHECK, outcome=Outcome.FAIL, reason=reason, found=rest))


def _is_near(reading: Reading, source: Reading) -> bool:
    """Whether a source has half of the sentence's words: it may be meant to say the same."""
    return 2 * len(reading.stems & source.stems) >= len(reading.stems)


def quote_in_context(quote: QuoteEvidence, document: SourceDocument) -> str:
    """The quote drawn out to whole sentences of its document, so that a cut cannot drop a "not"."""
    text = document.text
    before = list(_BREAK.finditer(text, max(0, quote.start - _REACH), quote.start + 1))
    start = before[-1].end() if before else max(0, quote.start - _REACH)
    after = _BREAK.search(text, max(quote.start, quote.end - 1), min(len(text), quote.end + _REACH))
    end = after.end() if after else min(len(text), quote.end + _REACH)
    return text[min(start, quote.start) : max(end, quote.end)].strip()


def _supported(kind: str, reason: str, quotes: tuple[QuoteEvidence, ...]) -> Finding:
    ids = tuple(quote.id for quote in quotes)
    check = Check(check=CHECK, outcome=Outcome.PASS, reason=reason, found=kind, evidence_ids=ids)
    return Finding(check, evidence=quotes)


def _verbatim(claim: str, text: str, own_code: str | None) -> bool:
    """Every sentence of the claim is one of the text, which names the code that the claim goes on about."""
    about = _NAMED_FIRST.match(claim)
    if about and about["code"] != own_code and about["code"] not in text:
        return False
    stored, asked = _sentences(text), _sentences(claim)
    return bool(asked) and asked <= stored


@lru_cache(maxsize=2_048)
def _sentences(text: str) -> frozenset[str]:
    return frozenset(_plain_sentence(sentence) for sentence in split_claims(text))


def _plain_sentence(sentence: str) -> str:
    return _NAMED_FIRST.sub("", normalise_quote(sentence)).rstrip(" .;:").removeprefix("- ")


@lru_cache(maxsize=2_048)
def _places(text: str) -> tuple[Reading, ...]:
    """Each sentence of the text, and each with the next."""
    sentences = split_claims(text)
    spans = (sentences[start : start + length] for start in range(len(sentences)) for length in (1, 2))
    return tuple(read_sentence(" ".join(span)) for span in spans)


def _worded(reading: Reading, source: Reading, left: Sequence[str], own_code: str | None) -> bool:
    """One or two sentences of the source hold every content word, with equal polarity, order and conditions."""
    reading, source = named_code(reading, own_code), named_code(source, own_code)
    have = {stem(word) for word in source.words}
    if have & _IF:
        have |= _IF
    if any(is_token(word) or stem(word) not in have for word in left if word not in have):
        return False
    if any(
        word not in have and stem(word) not in have | _GRAMMAR | _ANY_CODE
        for word in reading.words
        if not is_token(word)
    ):
        return False
    if not _same_terms(reading, source, left, own_code):
        return False
    ours, theirs = _ordered_stems(reading.canonical), _ordered_stems(source.canonical)
    shared = [word for word in ours if word in theirs]
    content = [word for word in shared if word in source.stems]
    if len(content) < 3 or len(content) < 0.5 * len(source.stems):
        return False
    # Two words in each other's place, and subject and object may have changed places.
    return _common_length(shared, theirs) == len(shared)


@lru_cache(maxsize=4_096)
def _ordered_stems(canonical: str) -> tuple[str, ...]:
    """Tokens and stems in the order of the sentence, but for words of grammar; those of a list in one of their own."""
    listed = _TWO.sub(lambda two: " and ".join(sorted(two.groups())), sorted_lists(canonical))
    words = Reading(text="", canonical=listed).words
    return tuple(root for word in words if (root := stem(word)) not in _GRAMMAR)


def _same_terms(reading: Reading, source: Reading, left: Sequence[str], own_code: str | None) -> bool:
    """The sentence has the terms of its source (see terms.py), whatever its plain words."""
    return next(differences(reading, source, left=left, own_code=own_code), None) is None


def _common_length(left: Sequence[str], right: Sequence[str]) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(right) + 1)
    for word in left:
        previous = 0
        for index, other in enumerate(right, 1):
            previous, row[index] = (
                row[index],
                previous + 1 if word == other else max(row[index], row[index - 1]),
            )
    return row[-1]
