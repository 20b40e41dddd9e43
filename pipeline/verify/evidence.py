"""Evidence for a sentence that comes with none: passages of the sources, and the sources of the rules that decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice

from pipeline.data import Applicability, Evidence, Match, Outcome, Passage, QuoteEvidence
from pipeline.identity import evidence_id
from pipeline.sources.applicability import applies
from pipeline.verify.claims import split_claims
from pipeline.verify.context import ClaimContext, Finding
from pipeline.verify.reading import read_sentence
from pipeline.verify.rules import Rule, read_stances, weigh_stances

# A rule's own source is one note among all passages of the documents a user adds.
_RULE_PASSAGES = 80
_QUOTES = 12
# Most passages that share words with a sentence are guidance for other codes.
_OFFERED = 100
_EVERYWHERE = Applicability()


def find_evidence(
    text: str, *, context: ClaimContext, search: Callable[[str, int], list[Passage]], limit: int = _QUOTES
) -> list[Evidence]:
    """Passages that `search` offers for the sentence, as quotes, at most `limit`.

    Left out are those of a document that is not stored, and guidance for other codes than the sentence is about:
    "this procedure" in a note is not the procedure of just any page.
    """
    about = {*read_sentence(text).codes, *((context.hcpcs_code,) if context.hcpcs_code else ())}
    offered = (
        _quote(passage, passage.text, passage.start, context)
        for passage in search(text, _OFFERED)
        if passage.document_id in context.documents
        and (
            passage.applies_to == _EVERYWHERE
            or any(is_guidance_for(code, passage.applies_to, context) for code in about)
        )
    )
    return list(islice(offered, limit))


def is_guidance_for(hcpcs_code: str, to: Applicability, context: ClaimContext) -> bool:
    """Whether what applies to these codes applies to a code, by our classification and its newest rows."""
    profile = context.profiles.get(hcpcs_code)
    values = {field: fact.value for field, fact in context.facts(hcpcs_code).items()}
    return applies(to, hcpcs_code=hcpcs_code, tags=profile.tags if profile else None, values=values)


def find_rule_sources(
    text: str,
    findings: Sequence[Finding],
    *,
    rules: Sequence[Rule],
    context: ClaimContext,
    search: Callable[[str, int], list[Passage]],
) -> list[QuoteEvidence]:
    """For each rule that decided, one sentence of a source at the rule's own pages that says the rule.

    A passage counts only when the rule reads it as right for some value, so that a neighbour on the same page is not
    credited with what it does not say.
    """
    by_id = {f"rule:{rule.id}": rule for rule in rules}
    found: list[QuoteEvidence] = []
    for finding in findings:
        rule = by_id[finding.check.check]
        for passage in search(f"{text} {finding.check.expected}", _RULE_PASSAGES) if rule.pages else ():
            document = context.documents.get(passage.document_id)
            if document is None or not any(page in document.locator for page in rule.pages):
                continue
            quote = next(
                (item for item in split_claims(passage.text) if _says(rule, item, finding, by_id)), None
            )
            if quote is not None:
                found.append(_quote(passage, quote, passage.start + passage.text.index(quote), context))
                break
    return found


def _says(rule: Rule, sentence: str, finding: Finding, by_id: Mapping[str, Rule]) -> bool:
    """Whether the rule, or one it is answered by, reads the sentence as right for the value that decided."""
    canonical = read_sentence(sentence).canonical
    values = [value for value, expected in rule.expected.items() if expected == finding.check.expected]
    speaking = (rule, *(by_id[f"rule:{name}"] for name in rule.answered_by))
    return any(
        weigh_stances(speaker, value, read_stances(speaker, canonical)) is Outcome.PASS
        for speaker in speaking
        for value in values
    )


def _quote(passage: Passage, text: str, start: int, context: ClaimContext) -> QuoteEvidence:
    return QuoteEvidence(
        id=evidence_id(
            passage.document_id, context.documents[passage.document_id].sha256, start, start + len(text)
        ),
        document_id=passage.document_id,
        passage_id=passage.id,
        quote=text,
        start=start,
        end=start + len(text),
        page=passage.page,
        match=Match.EXACT,
        level="note" if passage.document_id.startswith("note:") else "document",
    )
