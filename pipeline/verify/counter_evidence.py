"""Passages that a claim does not cite, and that contradict it: shown, and weighed by whose they are.

A sentence of a source contradicts a supported claim where it says the same with one turn (see `opposed`), where it is
contradicted by the very rule that the claim agrees with, or where it gives another figure than the row that the claim
states. It counts only within the claim's scope: the same payer, in force on the day, guidance for the code.

Against a source of equal or higher authority no claim stands on its own: not enough information, with both shown.
Against one of lower authority it stands, and the conflict is part of the record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from pipeline.data import (
    Applicability,
    Authority,
    Check,
    Claim,
    Evidence,
    Label,
    Match,
    Outcome,
    QuoteEvidence,
    RowEvidence,
    SourceDocument,
    Verdict,
)
from pipeline.identity import evidence_id
from pipeline.sources.descriptors import elide_descriptors
from pipeline.verify.consistency import states_value
from pipeline.verify.context import ClaimContext, Finding
from pipeline.verify.corpus import Corpus, Sentence
from pipeline.verify.edits import check_edits
from pipeline.verify.evidence import is_guidance_for
from pipeline.verify.figures import check_figures
from pipeline.verify.opposed import opposition
from pipeline.verify.reading import Reading, read_sentence
from pipeline.verify.restraint import restrain_rule
from pipeline.verify.rules import Rule, check_rules
from pipeline.verify.scope import is_medicare
from pipeline.verify.verdict import Examined

CHECK = "counter_evidence"
_RANK = {authority: place for place, authority in enumerate(Authority)}
_EVERYWHERE = Applicability()
_SHOWN = 3  # conflicts a claim; more help nobody


class Conflict(NamedTuple):
    """A sentence of a source against a claim: what the claim says, and what the source says in its place."""

    quote: QuoteEvidence
    authority: Authority
    expected: str
    found: str


class CounterEvidence:
    """Looks for what contradicts the supported claims of one page, or of one text."""

    def __init__(self, corpus: Corpus, context: ClaimContext, rules: tuple[Rule, ...]) -> None:
        self._corpus, self._context, self._rules = corpus, context, rules
        self._guides: dict[tuple[str, str], bool] = {}
        self._wrong: dict[str, list[tuple[Sentence, Finding]]] = {}

    def weigh(self, claim: Claim, examined: Examined) -> Examined:
        """What was found of a claim, and what the sources at hand say against it, the highest authority first."""
        verdict = examined.verdict
        if verdict.label is not Label.SUPPORTED:
            return examined
        conflicts = self._conflicts(claim, examined)
        if not conflicts:
            return examined
        own = authority_of(examined.evidence, verdict, self._context)
        checks = tuple(self._check(one, own) for one in conflicts)
        evidence = {item.id: item for item in (*examined.evidence, *(one.quote for one in conflicts))}
        verdict = verdict.model_copy(update={"checks": (*verdict.checks, *checks)})
        against = [check for check in checks if check.outcome is Outcome.FAIL]
        if not against:
            said = " ".join((verdict.reason, *(_sentence(check.reason) for check in checks)))
            verdict = verdict.model_copy(update={"reason": said})
        else:
            ids = (*verdict.evidence_ids, *(id_ for check in against for id_ in check.evidence_ids))
            verdict = verdict.model_copy(
                update={
                    "label": Label.NOT_ENOUGH_INFO,
                    "confidence": 0.5,
                    "reason": _sentence(against[0].reason),
                    "evidence_ids": tuple(dict.fromkeys(ids)),
                }
            )
        return Examined(verdict, tuple(evidence.values()))

    def _check(self, conflict: Conflict, own: Authority) -> Check:
        document = self._context.documents[conflict.quote.document_id]
        below = _RANK[conflict.authority] > _RANK[own]
        source = f"{document.title}, {document.edition} ({conflict.authority.value})"
        weighed = "a source of lower authority says otherwise" if below else "another source says otherwise"
        return Check(
            check=CHECK,
            outcome=Outcome.PASS if below else Outcome.FAIL,
            reason=f"{weighed}: {source}: “{' '.join(conflict.quote.quote.split())}”",
            expected=conflict.expected,
            found=conflict.found,
            evidence_ids=(conflict.quote.id,),
        )

    def _conflicts(self, claim: Claim, examined: Examined) -> list[Conflict]:
        cited = [item for item in examined.evidence if isinstance(item, QuoteEvidence)]
        found: dict[str, Conflict] = {}
        for sentence, ours, theirs in (
            *self._opposed(claim, examined),
            *self._contradicted(claim, examined),
        ):
            document = self._context.documents[sentence.document_id]
            if any(_overlaps(sentence, quote) for quote in cited):
                continue
            quote = _quote(sentence, document)
            found.setdefault(quote.id, Conflict(quote, document.authority, ours, theirs))
        ranked = sorted(
            found.values(), key=lambda one: (_RANK[one.authority], one.quote.document_id, one.quote.start)
        )
        return ranked[:_SHOWN]

    def _about(self, claim: Claim) -> str:
        """The code that the claim is about: its page's, else the only one it names; empty where there is none."""
        if self._context.hcpcs_code:
            return self._context.hcpcs_code
        codes = read_sentence(claim.text).codes
        return codes[0] if len(codes) == 1 else ""

    def _opposed(self, claim: Claim, examined: Examined) -> Iterator[tuple[Sentence, str, str]]:
        rows = [item for item in examined.evidence if isinstance(item, RowEvidence)]
        for sentence in self._corpus.near(claim.text):
            if self._speaks(sentence, claim):
                turn = opposition(
                    read_sentence(claim.text), _read(sentence), own_code=self._context.hcpcs_code
                )
                document = self._context.documents[sentence.document_id]
                if turn and (turn.kind != "figure" or all(_as_new(document, row) for row in rows)):
                    yield sentence, turn.ours, turn.theirs

    def _contradicted(self, claim: Claim, examined: Examined) -> Iterator[tuple[Sentence, str, str]]:
        """Sentences that a row or a rule contradicts, where the claim states the row or agrees with the rule."""
        verdict = examined.verdict
        passed = {check.check for check in verdict.checks if check.outcome is Outcome.PASS}
        rows = {item.id: item for item in examined.evidence if isinstance(item, RowEvidence)}
        cited = {*claim.evidence_ids, *verdict.evidence_ids}
        said = f"{claim.text} {claim.derivation}"
        for sentence, finding in self._wrong_sentences(self._about(claim)):
            check = finding.check
            if not self._speaks(sentence, claim):
                continue
            ours = [row for id_ in check.evidence_ids if id_ in cited and (row := rows.get(id_))]
            if check.check.startswith("rule:"):
                if check.check in passed:
                    yield sentence, check.expected, check.found
                continue
            document = self._context.documents[sentence.document_id]
            stated = not check.expected or states_value(said, check.expected)
            if ours and stated and all(_as_new(document, row) for row in ours):
                yield sentence, check.expected or ours[0].fact.value, check.found

    def _wrong_sentences(self, code: str) -> list[tuple[Sentence, Finding]]:
        """The sentences naming a code that rows or rules contradict; read once."""
        if code not in self._wrong:
            self._wrong[code] = [
                (sentence, finding)
                for sentence in (self._corpus.naming(code) if code else ())
                for finding in self._against(_read(sentence))
            ]
        return self._wrong[code]

    def _against(self, reading: Reading) -> Iterator[Finding]:
        context = self._context
        for finding in (*check_figures(reading, context=context), *check_edits(reading, context=context)):
            if finding.refutes:
                yield finding
        for finding in check_rules(reading, context=context, rules=self._rules):
            if restrain_rule(finding, reading, context).refutes:
                yield finding

    def _speaks(self, sentence: Sentence, claim: Claim) -> bool:
        """Whether the sentence is within the claim's scope: its payer, its day, its code."""
        document = self._context.documents.get(sentence.document_id)
        if document is None or not document.in_force(self._context.as_of):
            return False
        if not _same_payer(document.payer_scope, claim.payer_scope):
            return False
        if sentence.applies_to == _EVERYWHERE:
            return True
        key = (self._about(claim), sentence.document_id)
        if key not in self._guides:
            self._guides[key] = is_guidance_for(key[0], sentence.applies_to, self._context)
        return self._guides[key]


def authority_of(evidence: Sequence[Evidence], verdict: Verdict, context: ClaimContext) -> Authority:
    """The highest authority among the evidence that decided: CMS of a row, NCCI of a rule that names no other."""
    found = [Authority.NCCI] if any(check.check.startswith("rule:") for check in verdict.checks) else []
    for item in evidence:
        if item.id not in verdict.evidence_ids:
            continue
        if isinstance(item, RowEvidence):
            found.append(Authority.CMS if item.level == "table" else Authority.OWN)
        elif document := context.documents.get(item.document_id):
            found.append(document.authority)
    return min(found, key=_RANK.__getitem__, default=Authority.OWN)


@lru_cache(maxsize=4_096)
def _reading(text: str) -> Reading:
    return read_sentence(elide_descriptors(text))


def _read(sentence: Sentence) -> Reading:
    """The sentence without the descriptors of codes, which say nothing of coding."""
    return _reading(sentence.text)


def _same_payer(theirs: str, ours: str) -> bool:
    """National Medicare speaks for all of it; a contractor's area, or another payer, only for itself."""
    if not theirs or theirs.casefold() == ours.casefold():
        return True
    return is_medicare(theirs) and is_medicare(ours) and "," not in theirs


def _as_new(document: SourceDocument, row: RowEvidence) -> bool:
    """Whether the document is of the row's year or later: an older one is not wrong for having had another figure."""
    return document.valid_from.year >= row.fact.valid_from.year


def _sentence(reason: str) -> str:
    return f"{reason[:1].upper()}{reason[1:]}."


def _overlaps(sentence: Sentence, quote: QuoteEvidence) -> bool:
    return (
        sentence.document_id == quote.document_id
        and sentence.start < quote.end
        and quote.start < sentence.end
    )


def _quote(sentence: Sentence, document: SourceDocument) -> QuoteEvidence:
    """The sentence, or as many of its first words as the licence of its document lets one quote have."""
    words = [match.end() for match in re.finditer(r"\S+", sentence.text)]
    if 0 < document.quote_words < len(words):
        length = words[document.quote_words - 1]
        sentence = sentence._replace(text=sentence.text[:length], end=sentence.start + length)
    quote = elide_descriptors(sentence.text)
    return QuoteEvidence(
        id=evidence_id(document.id, document.sha256, sentence.start, sentence.end),
        document_id=document.id,
        passage_id=sentence.passage_id,
        quote=quote,
        start=sentence.start,
        end=sentence.end,
        page=document.page_of(sentence.start),
        match=Match.EXACT if quote == sentence.text else Match.NORMALISED,
        level="note" if document.id.startswith("note:") else "document",
    )
