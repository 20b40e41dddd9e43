"""Explaining a claim: its evidence where it stands, and what each check found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pipeline.data import (
    Claim,
    Evidence,
    JudgeFailure,
    Page,
    QuoteEvidence,
    Record,
    SourceDocument,
    Statement,
    Verdict,
)
from pipeline.errors import SourceError, UsageError
from pipeline.page.layout import statements_of
from pipeline.sources.descriptors import elide_descriptors

_CONTEXT = 160  # characters of the source shown on either side of a quote


class Shown(Record):
    """A piece of evidence, and for a quote the text around it in the stored document."""

    evidence: Evidence
    source: str
    before: str = ""
    after: str = ""


class Explanation(Record):
    """A claim with everything that decided it. `standing` False: the claim was withheld from the page."""

    hcpcs_code: str
    section_key: str
    statement: str
    claim: Claim
    standing: bool
    outcome: Verdict | JudgeFailure
    evidence: tuple[Shown, ...]

    def as_text(self) -> str:
        """The explanation for a terminal."""
        outcome = self.outcome
        lines = [
            f"{self.hcpcs_code} {self.claim.id} in {self.section_key}",
            f"  claim     {self.claim.text}",
            f"  scope     {self.claim.payer_scope}",
        ]
        if self.claim.derivation:
            lines.append(f"  from      {self.claim.derivation}")
        if isinstance(outcome, Verdict):
            lines += [
                f"  verdict   {outcome.label.value} (confidence {outcome.confidence:.2f}), checker {outcome.checker}",
                f"  reason    {outcome.reason}",
                f"  verified  {outcome.verified_on or 'not on the page'}",
            ]
        else:
            lines.append(f"  no verdict was obtained: {outcome.failure}")
        for shown in self.evidence:
            lines += ["", *_evidence_lines(shown)]
        lines += ["", "  checks"]
        for check in outcome.checks:
            lines.append(f"    {check.check:<10} {check.outcome.value:<7} {check.reason}")
            if check.expected and check.outcome.value == "fail":
                lines.append(f"    {'':<18} expected {check.expected}, found {check.found}")
        return "\n".join(lines)


def _evidence_lines(shown: Shown) -> Iterator[str]:
    item = shown.evidence
    if isinstance(item, QuoteEvidence):
        where = f"page {item.page}, " if item.page else ""
        span = f"{where}characters {item.start}-{item.end}, {item.match.value}"
        yield f"  evidence  {shown.source} ({item.level}; {span})"
        around = f"{'…' if shown.before else ''}{shown.before}[[{item.quote}]]{shown.after}{'…' if shown.after else ''}"
        for line in around.splitlines():
            yield f"    | {line}"
    else:
        fact = item.fact
        carried = (
            "" if item.in_force_release == fact.release else f", carried; {item.in_force_release} not loaded"
        )
        yield f"  evidence  {shown.source} ({item.level}{carried})"
        yield f"    | {fact.hcpcs_code or 'release'} {fact.field} = {fact.value} {fact.unit}".rstrip()
        yield f"    | {fact.locator}"


def explain_claim(page: Page, prefix: str, *, documents: Mapping[str, SourceDocument]) -> Explanation:
    """Explain the claim whose id begins with `prefix`, standing or withheld.

    Raises UsageError when none or more than one does, SourceError for a ledger that lacks a verdict.
    """
    hits = [hit for hit in _claims(page) if hit[1].id.startswith(prefix)]
    if len({claim.id for _, claim, _ in hits}) != 1:
        found = "no claim id" if not hits else f"{len(hits)} claim ids"
        begin = "begins" if not hits else "begin"
        raise UsageError(
            f"{found} of {page.hcpcs_code} {begin} with {prefix!r}; ids stand in the page's footnotes, and "
            f"`briefwright show {page.hcpcs_code} --json` lists them"
        )
    statement, claim, outcome = hits[0]
    ids = dict.fromkeys(
        (*claim.evidence_ids, *(outcome.evidence_ids if isinstance(outcome, Verdict) else ()))
    )
    return Explanation(
        hcpcs_code=page.hcpcs_code,
        section_key=statement.section_key,
        statement=statement.text,
        claim=claim,
        standing=claim.id in page.verdicts,
        outcome=outcome,
        evidence=tuple(_shown(page, page.evidence[id_], documents) for id_ in ids if id_ in page.evidence),
    )


def _claims(page: Page) -> Iterator[tuple[Statement, Claim, Verdict | JudgeFailure]]:
    for statement in statements_of(page):
        for claim in statement.claims:
            if claim.id not in page.verdicts:
                raise SourceError(
                    f"the page ledger is damaged: claim {claim.id} has no verdict; "
                    f"run `briefwright regenerate {page.hcpcs_code}`"
                )
            yield statement, claim, page.verdicts[claim.id]
    for held in page.withheld:
        yield from (
            (held.statement, *pair) for pair in zip(held.statement.claims, held.verdicts, strict=True)
        )


def _shown(page: Page, item: Evidence, documents: Mapping[str, SourceDocument]) -> Shown:
    if not isinstance(item, QuoteEvidence):
        return Shown(evidence=item, source=f"{item.fact.release}")
    use = page.documents.get(item.document_id)
    source = f"{use.title}, {use.edition}" if use else item.document_id
    document = documents.get(item.document_id)
    stated = document.text[item.start : item.end] if document else ""
    if document is None or item.quote not in (
        stated,
        elide_descriptors(stated),
    ):  # the document changed since
        return Shown(evidence=item, source=source)
    return Shown(
        evidence=item,
        source=source,
        before=document.text[max(0, item.start - _CONTEXT) : item.start],
        after=document.text[item.end : item.end + _CONTEXT],
    )
