"""From checks to one verdict, cheapest check first: quotes, rows, figures, rules, scope, support.

Any figure or rule that contradicts refutes. A quote that is not in its document, a frequency word without a
count, a figure that could not be tied, a word nothing accounts for: not enough information. Else supported.

Confidence, by what decided: 0.99 a table row; 0.95 the source's own sentence, or a rule that is contradicted;
0.9 a rule, every word accounted for; 0.85 rows told in free words; 0.8 wording of one place in a source; 0.7 a judge's
word; 0.5 undecided. What rests on our own word alone is never surer than that: at most 0.8 where a note of ours says it
and the document it restates is not at hand, at most 0.7 where our classification of codes does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from pipeline.data import (
    Check,
    Claim,
    Evidence,
    Judgement,
    Label,
    LocatedQuote,
    Match,
    Outcome,
    Passage,
    QuoteEvidence,
    RowEvidence,
    Verdict,
)
from pipeline.identity import claim_id, code_digest, text_subject
from pipeline.sources.descriptors import elide_descriptors
from pipeline.verify.characters import check_characters
from pipeline.verify.composed import Catalogue
from pipeline.verify.context import ClaimContext, Finding
from pipeline.verify.diagnoses import check_diagnoses
from pipeline.verify.edits import check_edits
from pipeline.verify.entailment import CHECK as JUDGED
from pipeline.verify.entailment import check_judgement
from pipeline.verify.evidence import find_evidence, find_rule_sources
from pipeline.verify.figures import check_figures
from pipeline.verify.nearest import describe_nearest
from pipeline.verify.pairs import has_verb
from pipeline.verify.quotes import locate_quote
from pipeline.verify.reading import Reading, read_sentence
from pipeline.verify.restraint import restrain_rule
from pipeline.verify.rows import check_rows
from pipeline.verify.rules import Rule, check_rules
from pipeline.verify.scope import check_frequency, check_source, within_scope
from pipeline.verify.support import Support, assess_support
from pipeline.verify.told import check_told

Search = Callable[[str, int], list[Passage]]
_MODIFIER_FOR = re.compile(r"yes:mod#\w+ (?:for|on)\b")
_NOT_THERE = "because {} is not stored"
_OWN_NOTE, _OWN_CLASSIFICATION, _JUDGED, _TOLD = 0.8, 0.7, 0.7, 0.85
_AGAINST = {"figures": 0.99, JUDGED: _JUDGED}
# Checks that compose a claim again from what it cites.
_COMPOSED = frozenset(("rows", "diagnoses"))


class Examined(NamedTuple):
    """A verdict with every piece of evidence that it or its checks name."""

    verdict: Verdict
    evidence: tuple[Evidence, ...]


def checker_version() -> str:
    """`rules-` and 8 hex digits over the code and data of the checks, and of the sentences they compose again."""
    return f"rules-{code_digest('pipeline.verify', 'pipeline.facts', 'pipeline.sources.diagnoses')[:8]}"


def verify_claim(
    claim: Claim,
    evidence: Sequence[Evidence],
    *,
    context: ClaimContext,
    rules: tuple[Rule, ...],
    checker: str,
) -> Verdict:
    """Verdict on a claim that comes with its evidence; see `examine_claim` for the evidence the checks added."""
    return examine_claim(claim, evidence, context=context, rules=rules, checker=checker).verdict


def examine_claim(
    claim: Claim,
    evidence: Sequence[Evidence],
    *,
    context: ClaimContext,
    rules: tuple[Rule, ...],
    checker: str,
    search: Search | None = None,
    judgement: Judgement | None = None,
) -> Examined:
    """Run all layers on a claim with its evidence. `search`, where given, finds the rules' own sources.

    `judgement` is what a judge said of the claim; one without a label is no word of a judge.
    """
    cited = [item for item in evidence if not claim.evidence_ids or item.id in claim.evidence_ids]
    checks, located = _check_quotes(cited, context)
    rows = _check_rows(claim, cited, context)
    listed = check_diagnoses(claim, cited, context=context)
    return _decide(
        claim,
        [*listed, *checks, *rows],
        located,
        bool(cited),
        context=context,
        rules=rules,
        checker=checker,
        search=search,
        judged=check_judgement(judgement) if judgement and judgement.label else None,
    )


def verify_text_claim(
    text: str,
    *,
    context: ClaimContext,
    rules: tuple[Rule, ...],
    checker: str,
    search: Search | None = None,
    claim_id: str = "",
    catalogue: Catalogue | None = None,
    judgement: Judgement | None = None,
) -> Examined:
    """Verdict on any outside sentence: rows come from `context`, sources from `search` (query, how many).

    Sources are searched only where rows and rules leave the sentence undecided, or for the rules that decided.
    `catalogue` is to be shared by the sentences of one text. `judgement` is what a judge said of it by these sources.
    """
    subject = text_subject(text)
    claim = Claim(id=claim_id or _outside_id(context.hcpcs_code, subject), text=text, subject=subject)
    known = (catalogue or Catalogue(context)).find(text)

    def decide(located: list[QuoteEvidence]) -> Examined:
        first = [known] if known else []
        return _decide(
            claim,
            first,
            located,
            False,
            context=context,
            rules=rules,
            checker=checker,
            search=search,
            judged=check_judgement(judgement) if judgement and judgement.label and located else None,
            free=True,
        )

    examined = decide([])
    if search is None or examined.verdict.label is not Label.NOT_ENOUGH_INFO:
        return examined
    offered = find_evidence(text, context=context, search=search)
    located = [item for item in offered if isinstance(item, QuoteEvidence)]
    return decide(located) if located else examined


def _outside_id(hcpcs_code: str | None, subject: str) -> str:
    return claim_id(hcpcs_code or "", "verify", subject)


def _decide(
    claim: Claim,
    first: list[Finding],
    located: list[QuoteEvidence],
    cited: bool,
    *,
    context: ClaimContext,
    rules: tuple[Rule, ...],
    checker: str,
    search: Search | None,
    judged: Finding | None = None,
    free: bool = False,
) -> Examined:
    """`free`: the sentence is not ours, and may tell the tables' facts in its own words."""
    reading = read_sentence(claim.text)
    ruled = [
        restrain_rule(finding, reading, context)
        for finding in check_rules(reading, context=context, rules=rules)
    ]
    composed = any(
        finding.passed and finding.check.check in _COMPOSED and finding.check.found for finding in first
    )
    edits = check_edits(reading, context=context)
    if composed:  # says what its rows say, so that a rule may contradict it but not leave it undecided
        ruled = [finding for finding in ruled if finding.refutes or not finding.failed]
        edits = [finding for finding in edits if finding.refutes or not finding.failed]
    if not has_verb(claim.text) and not _MODIFIER_FOR.match(reading.canonical):
        # A fragment says no more than a label with its value does, or a modifier with what it is for.
        ruled = [finding for finding in ruled if not finding.refutes and not finding.passed]
    decided = [*check_figures(reading, context=context), *edits, *ruled]
    inside, outside = ([], []) if composed else within_scope(claim, reading, located, context=context)
    support = (
        _composed_support(first)
        if composed
        else assess_support(
            reading, decided, inside, context=context, vouched=judged is not None and judged.passed
        )
    )
    if free and not support.kind and (told := check_told(reading, decided, context=context)):
        # Read whole, so that what one of the checks could not read for itself is no objection any more.
        decided = [finding for finding in decided if finding.refutes or not finding.failed]
        support = Support("told", told)
    findings = [*first, *check_characters(claim.text), *decided]
    if not support.kind:  # beside what carries the claim, a source that speaks for others does no harm
        findings += [found for found in outside if cited or _would_carry(reading, decided, found, context)]
    findings += [] if composed else check_frequency(reading, inside)
    findings += check_source(reading, [item for finding in first for item in finding.evidence])
    findings.append(support.finding)
    findings += [judged] if judged else []
    verdict = _combine(
        claim, findings, support, checker, basis=located if cited else support.finding.evidence
    )
    known = {item.id: item for finding in findings for item in finding.evidence}
    known |= {item.id: item for item in located} if cited else {}
    deciding = [finding for finding in ruled if finding.check.outcome is not Outcome.SILENT]
    if search and deciding and verdict.label is not Label.NOT_ENOUGH_INFO:
        sources = find_rule_sources(claim.text, deciding, rules=rules, context=context, search=search)
        known |= {item.id: item for item in sources}
        ids = dict.fromkeys((*verdict.evidence_ids, *(item.id for item in sources)))
        verdict = verdict.model_copy(update={"evidence_ids": tuple(ids)})
    named = [known[id_] for id_ in verdict.evidence_ids if id_ in known]
    if named and all(item.level == "note" for item in named):
        verdict = verdict.model_copy(update={"confidence": min(verdict.confidence, _OWN_NOTE)})
    return Examined(verdict, tuple(known.values()))


def _would_carry(
    reading: Reading, decided: Sequence[Finding], outside: Finding, context: ClaimContext
) -> bool:
    """Whether a quote that was found for a sentence, and speaks for others, says it."""
    quotes = [item for item in outside.evidence if isinstance(item, QuoteEvidence)]
    return bool(assess_support(reading, decided, quotes, context=context).kind)


def _composed_support(first: Sequence[Finding]) -> Support:
    own = any(
        isinstance(item, RowEvidence) and item.level == "classification"
        for finding in first
        for item in finding.evidence
    )
    passed = Check(check="support", outcome=Outcome.PASS, reason="composed from its rows")
    return Support("classification" if own else "rows", Finding(passed))


def _check_quotes(
    evidence: Sequence[Evidence], context: ClaimContext
) -> tuple[list[Finding], list[QuoteEvidence]]:
    """Locate every quote again, in the document as stored; nothing an evidence record says of itself is believed."""
    findings: list[Finding] = []
    located: list[QuoteEvidence] = []
    for item in evidence:
        if not isinstance(item, QuoteEvidence):
            continue
        document = context.documents.get(item.document_id)
        place = _place(item, document.text) if document else None
        if document is None or place is None or place.match is Match.MISSING:
            where = (
                f"in {document.title}" if document else _NOT_THERE.format(item.document_id or "what it cites")
            )
            nearest = describe_nearest(item.quote, document) if document else ""
            check = Check(
                check="quotes",
                outcome=Outcome.FAIL,
                reason="; ".join(filter(None, (f"the quote was not found {where}", nearest))),
                found=item.quote[:200],
                evidence_ids=(item.id,),
            )
            findings.append(Finding(check, evidence=(item,)))
            continue
        start, end = place.start, place.end
        check = Check(
            check="quotes",
            outcome=Outcome.PASS,
            reason=f"found ({place.match.value}) at characters {start} to {end} of {document.title}",
            evidence_ids=(item.id,),
        )
        findings.append(Finding(check, evidence=(item,)))
        located.append(item.model_copy(update={"start": start, "end": end}))
    return findings, located


def _place(item: QuoteEvidence, text: str) -> LocatedQuote:
    """Where the quote stands: at the offsets it states, else anywhere in the document.

    At its offsets a quote also stands when only descriptors are left out of it.
    """
    stated = text[item.start : item.end]
    if item.quote == stated:
        return LocatedQuote(item.start, item.end, Match.EXACT)
    if item.quote == elide_descriptors(stated) or locate_quote(item.quote, stated).match is not Match.MISSING:
        return LocatedQuote(item.start, item.end, Match.NORMALISED)
    return locate_quote(item.quote, text)


def _check_rows(claim: Claim, evidence: Sequence[Evidence], context: ClaimContext) -> list[Finding]:
    rows = tuple(item for item in evidence if isinstance(item, RowEvidence))
    if not rows or context.hcpcs_code is None:
        return []
    check = check_rows(
        claim,
        evidence,
        hcpcs_code=context.hcpcs_code,
        facts=context.facts,
        profiles=context.profiles,
        in_release=context.previous,
    )
    return [Finding(check, evidence=rows)]


def _combine(
    claim: Claim, findings: list[Finding], support: Support, checker: str, *, basis: Sequence[Evidence]
) -> Verdict:
    """The verdict of all findings; `basis` is what the support rests on, where it rests on quotes."""
    checks = tuple(finding.check for finding in findings)
    against = [finding for finding in findings if finding.refutes]
    if against:
        label, deciding = Label.REFUTED, against
        confidence = max(_AGAINST.get(finding.check.check, 0.95) for finding in against)
    else:
        # A figure nothing could be tied to is no objection where a source or a row says the whole sentence.
        whole = support.kind in ("rows", "classification", "verbatim")
        failed = [f for f in findings if f.failed and not (whole and f.check.check == "figures")]
        if failed:
            label, deciding, confidence = Label.NOT_ENOUGH_INFO, failed, 0.5
        else:
            label = Label.SUPPORTED
            deciding = [finding for finding in findings if finding.passed]
            confidence = _confidence(support.kind, deciding, basis)
    ids = dict.fromkeys(item for finding in deciding for item in finding.check.evidence_ids)
    shown = (
        sorted(deciding, key=lambda finding: finding.check.check == "support")
        if label is Label.SUPPORTED
        else deciding
    )
    return Verdict(
        claim_id=claim.id,
        label=label,
        confidence=confidence,
        reason=_sentence(shown[0].check.reason),
        evidence_ids=tuple(ids),
        checks=checks,
        checker=checker,
    )


def _confidence(kind: str, deciding: list[Finding], basis: Sequence[Evidence]) -> float:
    if kind == "classification":
        return _OWN_CLASSIFICATION
    if kind == "judged":
        return _JUDGED
    if kind == "told":
        return _TOLD
    if kind in ("rows", "checks"):
        ruled = any(finding.check.check.startswith("rule:") for finding in deciding)
        return 0.9 if ruled and kind == "checks" else 0.99
    documented = any(isinstance(item, QuoteEvidence) and item.level == "document" for item in basis)
    return 0.95 if kind == "verbatim" and documented else _OWN_NOTE


def _sentence(reason: str) -> str:
    return reason[:1].upper() + reason[1:].rstrip(".") + "."
