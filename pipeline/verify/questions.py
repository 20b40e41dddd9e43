"""The question of an answer: a source asks it, or a judge has read it together with its answer.

An answer that is true by itself misleads under another question: "No." most of all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pipeline.data import Check, Evidence, Judgement, Label, Outcome, QuoteEvidence, SourceDocument, Statement
from pipeline.verify.quotes import normalise_quote
from pipeline.verify.reading import read_sentence, vocabulary
from pipeline.verify.spoken import speak
from pipeline.verify.support import quote_in_context

CHECK = "question"
UNJUDGED = "unjudged"
"""What a check found where a judge's word is all that is missing."""

_ASKED = re.compile(r"^## faqs: ([^\n]+\?)[ ]*$", re.MULTILINE)
_YES_OR_NO = re.compile(
    r"(?:yes|no|never|always|certainly|absolutely|sure|surely|correct|indeed|of course|right|true|false)\b",
    re.IGNORECASE,
)
# What a question may not bring in. It asks whether something is paid, and counts "one visit", and asserts neither.
_NAMED = (
    "code#",
    "range#",
    "mod#",
    "pct#",
    "usd#",
    "gd#",
    "adj#",
    "ind#",
    "icd#",
    "num#",
    "date#",
    "yr#",
    "pay#no",
)


def question_of(quote: QuoteEvidence, document: SourceDocument) -> str:
    """The question that a note answers in the words of a quote; empty where it asks none."""
    if quote.level != "note":
        return ""
    before = document.text[: quote.start]
    asked = list(_ASKED.finditer(before))
    return asked[-1][1] if asked and "\n## " not in before[asked[-1].end() :] else ""


def check_question(
    statement: Statement,
    evidence: Mapping[str, Evidence],
    *,
    documents: Mapping[str, SourceDocument],
    judgement: Judgement | None,
    own_code: str | None,
) -> Check:
    """PASS where the statement has no question, or the one that all the notes it cites ask.

    Another question stands where a judge found it supported with its answer, names nothing that its sources do not,
    and is not answered by "yes" or "no": what that affirms, no check of ours could read.
    """
    if not statement.question:
        return _made(Outcome.SILENT, "it is no answer")
    ids = dict.fromkeys(id_ for claim in statement.claims for id_ in claim.evidence_ids)
    quotes = [item for id_ in ids if isinstance(item := evidence.get(id_), QuoteEvidence)]
    known = [(quote, documents[quote.document_id]) for quote in quotes if quote.document_id in documents]
    asked = {normalise_quote(question_of(quote, document)) for quote, document in known}
    if asked == {normalise_quote(statement.question)}:
        return _made(Outcome.PASS, "a note asks this question")
    if _YES_OR_NO.match(statement.text):
        return _made(Outcome.FAIL, "“yes” or “no” answers only the question that the cited note asks")
    strange = _strange(
        statement.question, [quote_in_context(*one) for one in known] + sorted(asked), own_code
    )
    if strange:
        return _made(Outcome.FAIL, f"the question names what its sources do not: {', '.join(strange)}")
    if judgement is None or judgement.label is not Label.SUPPORTED:
        reason = "no source asks this question, and no judge vouches for it with its answer"
        return _made(Outcome.FAIL, reason, found=UNJUDGED)
    return _made(Outcome.PASS, f"the judge {judgement.model} vouches for the question with its answer")


def _around(quote: QuoteEvidence, document: SourceDocument) -> str:
    """What the source says about the quote: a note is about one thing, a document about many."""
    return document.text if quote.level == "note" else quote_in_context(quote, document)


def _strange(question: str, sources: Sequence[str], own_code: str | None) -> list[str]:
    """What a question names that none of the sources does: figures, codes, modifiers; payers, persons, negations."""
    ours, theirs = read_sentence(question), [read_sentence(source) for source in sources]
    held = {_bare(word) for source in theirs for word in source.words}
    held |= {f"code#{own_code.lower()}"} if own_code else set()
    found = [_bare(word) for word in ours.words if word.startswith(_NAMED) or ":mod#" in word]
    known = vocabulary()
    for words in (known.actors, known.other_payers, known.negations, known.frequency):
        said = {word for source in theirs for word in words.findall(source.canonical)}
        found += [word for word in words.findall(ours.canonical) if word not in said]
        held |= said
    return [speak(word) for word in dict.fromkeys(found) if word not in held]


def _bare(word: str) -> str:
    """A modifier without its polarity: a question affirms nothing of it."""
    return word.rpartition(":")[2] if ":mod#" in word else word


def _made(outcome: Outcome, reason: str, *, found: str = "") -> Check:
    return Check(check=CHECK, outcome=outcome, reason=reason, found=found)
