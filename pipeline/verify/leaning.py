"""Sentences that lean on the one before them: "it" and "then" mean what stands before them in their source.

Put behind another sentence, they say something that no source says, in words that stand there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from pipeline.data import Check, Claim, Evidence, Outcome, QuoteEvidence, SourceDocument, Statement
from pipeline.verify.claims import split_claims
from pipeline.verify.quotes import normalise_quote
from pipeline.verify.reading import read_sentence

CHECK = "leaning"
# At the head of a sentence, or as its subject: what they stand for is in another sentence.
_LEANS = re.compile(
    r"^(?:it|they|then|otherwise|such|neither|these|those|there|so|however|even then|only then|in that case"
    r"|(?:an?)?other(?: one)?|a (?:different|second|third)|the (?:other|latter|former|claim|exception))\b"
    r"|^(?:at|on|in|for|with|without|after|before|through|under)\b.{0,90}?\b(?:it|they) (?:may|can|is|are|must)\b"
    r"|\b(?:may|is|are|can) then\b|\bthen (?:takes?|goes?|carr)",
    re.IGNORECASE,
)
_SHARED = 0.6


def check_leaning(
    statement: Statement, evidence: Mapping[str, Evidence], *, documents: Mapping[str, SourceDocument]
) -> Check:
    """FAIL where a claim leans on a sentence of its source that the statement does not put before it."""
    before: Claim | None = None
    for claim in statement.claims:
        if _LEANS.search(normalise_quote(claim.text)):
            cited = (evidence.get(id_) for id_ in claim.evidence_ids)
            quotes = [item for item in cited if isinstance(item, QuoteEvidence)]
            needed = _sentences_before(claim, quotes, documents)
            if needed and not any(not one or (before and _says(before.text, one)) for one in needed):
                return Check(
                    check=CHECK,
                    outcome=Outcome.FAIL,
                    reason=f"the sentence leans on what its source says before it: {claim.text}",
                    expected=needed[0],
                )
        before = claim
    return Check(check=CHECK, outcome=Outcome.PASS, reason="no sentence leans on one that is missing")


def _sentences_before(
    claim: Claim, quotes: Sequence[QuoteEvidence], documents: Mapping[str, SourceDocument]
) -> list[str]:
    """What stands before the claim's sentence in each source that has one like it; empty where it is the first."""
    found = []
    for quote in quotes:
        if quote.document_id not in documents:
            continue
        for sentences in _paragraphs(documents[quote.document_id].text):
            for place, sentence in enumerate(sentences):
                if _says(claim.text, sentence) and _says(sentence, claim.text):
                    found.append(sentences[place - 1] if place else "")
    return found


@lru_cache(maxsize=512)
def _paragraphs(text: str) -> tuple[tuple[str, ...], ...]:
    """The sentences of each paragraph."""
    return tuple(tuple(split_claims(paragraph)) for paragraph in re.split(r"\n\s*\n", text))


def _says(text: str, sentence: str) -> bool:
    """Whether the text has most of the words of a sentence."""
    wanted = read_sentence(sentence).stems
    return len(wanted & read_sentence(text).stems) >= _SHARED * len(wanted)
