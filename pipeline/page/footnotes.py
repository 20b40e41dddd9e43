"""A claim's footnote: its verdict in words, and what the reader needs to see of each piece of evidence.

Here is the last gate: a claim without a supporting verdict, or without evidence that can be shown, stops the
rendering. The assembler keeps such statements out; this makes sure that it did.
"""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.data import (
    Claim,
    Evidence,
    Label,
    Match,
    Outcome,
    Page,
    QuoteEvidence,
    Record,
    RowEvidence,
    SourceUse,
    Statement,
    Verdict,
)
from pipeline.errors import PublishError
from pipeline.page.currency import carried_text
from pipeline.page.text import long_date, one_line, shortened, web_link

LABEL_NAMES = {
    Label.SUPPORTED: "Supported",
    Label.REFUTED: "refuted by the sources",
    Label.NOT_ENOUGH_INFO: "not enough information",
}


class ShownEvidence(Record):
    """One piece of evidence in a footnote.

    `note` says in a sentence what the reader may rely on; `details` are name and value pairs; `quote` is
    empty for rows. `seen` marks what the same footnote already showed.
    `reference` counts from 1 in the references list, 0: not listed there.
    """

    id: str
    kind: str
    heading: str
    note: str = ""
    quote: str = ""
    details: tuple[tuple[str, str], ...] = ()
    link: str = ""
    carried: str = ""
    reference: int = 0
    seen: bool = False


class ShownClaim(Record):
    """One claim in a footnote. `text` is empty where it is the statement's own text."""

    id: str
    anchor: str
    text: str
    verdict: str
    payer_scope: str
    checker: str
    reason: str
    checks: tuple[str, ...]
    derivation: str
    evidence: tuple[ShownEvidence, ...]


def shown_claim(
    page: Page,
    statement: Statement,
    claim: Claim,
    *,
    anchored: bool,
    references: Mapping[str, int],
    seen: frozenset[str],
) -> ShownClaim:
    """What the footnote of `statement` says of `claim`.

    `anchored`: this is the claim's first place on the page, links lead here. `references` numbers sources by
    id. `seen` holds the evidence that earlier claims of the statement showed. Raises
    PublishError when the claim's verdict is not SUPPORTED, or its evidence is missing, unknown or not located.
    """
    verdict = page.verdicts.get(claim.id)
    if verdict is None or verdict.label is not Label.SUPPORTED:
        found = f"its verdict is {verdict.label.value}" if verdict else "it has no verdict"
        raise PublishError(f"{_name(page, claim)} ({shortened(claim.text, 60)}) may not be shown: {found}")
    offered = tuple(dict.fromkeys((*claim.evidence_ids, *verdict.evidence_ids)))
    if not offered:
        raise PublishError(f"{_name(page, claim)} is called supported but names no evidence")
    shown = [_evidence(page, claim, name, references) for name in offered]
    evidence = tuple(item.model_copy(update={"seen": True}) if item.id in seen else item for item in shown)
    return ShownClaim(
        id=claim.id,
        anchor=claim.id if anchored else "",
        text="" if one_line(claim.text) == one_line(statement.text) else claim.text,
        verdict=_verdict_line(verdict, evidence),
        payer_scope=claim.payer_scope,
        checker=verdict.checker,
        reason=verdict.reason,
        checks=tuple(check.check for check in verdict.checks if check.outcome is Outcome.PASS),
        derivation=claim.derivation,
        evidence=evidence,
    )


def _name(page: Page, claim: Claim) -> str:
    return f"page {page.hcpcs_code}: claim {claim.id}"


def _verdict_line(verdict: Verdict, evidence: tuple[ShownEvidence, ...]) -> str:
    """`verified` is said only where a document or a table in force says it: not of a note, not of an older release."""
    when = long_date(verdict.verified_on) if verdict.verified_on else "on a date not recorded"
    levels = {item.kind for item in evidence}
    carried = [bool(item.carried) for item in evidence]
    if levels == {"classification"}:
        return "Briefwright classification, not verified by another source"
    if "note" in levels and "document" not in levels and not _about_rows(verdict):
        older = " and a row of an older release" if any(carried) else ""
        return f"Rests on a Briefwright note{older}, checked {when}"
    if all(carried):
        return f"{LABEL_NAMES[verdict.label]} by an older release only, checked {when}"
    if any(carried):
        return f"{LABEL_NAMES[verdict.label]}, in part by an older release, checked {when}"
    return f"{LABEL_NAMES[verdict.label]}, verified {when}"


def _about_rows(verdict: Verdict) -> bool:
    """Whether the claim is composed from table rows; a note beside them restates the rule."""
    return any(
        check.check == "rows" and check.outcome is Outcome.PASS and check.found for check in verdict.checks
    )


def _evidence(page: Page, claim: Claim, name: str, references: Mapping[str, int]) -> ShownEvidence:
    item: Evidence | None = page.evidence.get(name)
    if item is None:
        raise PublishError(f"{_name(page, claim)} names evidence {name}, which the page lacks")
    if isinstance(item, RowEvidence):
        return _row(page, item, references)
    document = page.documents.get(item.document_id)
    if document is None:
        raise PublishError(f"{_name(page, claim)} quotes {item.document_id}, which the page lacks")
    if item.match is Match.MISSING:
        raise PublishError(f"{_name(page, claim)} rests on a quote that was not found in its source")
    levels = {e.level for id_ in claim.evidence_ids if (e := page.evidence.get(id_))}
    return _quote(item, document, references, document_held="document" in levels)


def _quote(
    item: QuoteEvidence, document: SourceUse, references: Mapping[str, int], *, document_held: bool
) -> ShownEvidence:
    locator = item.locator or "; ".join(document.locators)
    details = (
        ("Publisher", document.publisher),
        ("Title", document.title),
        ("Edition", document.edition),
        ("Locator", locator),
        ("File page", str(item.page) if item.page else ""),
    )
    if item.level == "note":
        heading = f"Briefwright note on {document.title}" + (f", {locator}" if locator else "")
        note = (
            "How the Briefwright note restates it."
            if document_held
            else "This rests on a Briefwright note, quoted here; the document itself was not at hand to quote."
        )
    else:
        page = f"file page {item.page}" if item.page else ""
        heading = ", ".join(filter(None, (document.title, document.edition, locator, page)))
        note = "The document's own words."
        if item.match is Match.NORMALISED:
            note = "The document's own words; descriptors of codes are left out: (…)."
    return ShownEvidence(
        id=item.id,
        kind=item.level,
        heading=heading,
        note=note,
        quote=item.quote,
        details=tuple(pair for pair in details if pair[1]),
        link=web_link(document.url),
        reference=references.get(document.id, references.get(item.document_id, 0)),
    )


def _row(page: Page, item: RowEvidence, references: Mapping[str, int]) -> ShownEvidence:
    fact = item.fact
    details = (
        ("Row", fact.locator),
        ("Field", fact.field + (f" (modifier {fact.modifier})" if fact.modifier else "")),
        ("Value", f"{fact.value} {fact.unit}".strip()),
    )
    classified = item.level == "classification"
    return ShownEvidence(
        id=item.id,
        kind=item.level,
        heading="Briefwright classification, not a CMS row" if classified else f"Release {fact.release}",
        details=details,
        carried=carried_text(item, page.as_of),
        reference=references.get(fact.release, 0),
    )
