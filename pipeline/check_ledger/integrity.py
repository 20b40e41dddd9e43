"""Whether a ledger holds together in itself: ids, verdicts, evidence, releases. Nothing else is needed to see it."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.check_ledger.findings import RECORD, against
from pipeline.data import Check, Claim, Currency, Evidence, Label, Page, QuoteEvidence, RowEvidence, Statement
from pipeline.facts.releases import earlier_row, row_evidence
from pipeline.identity import claim_id, evidence_id, statement_id


def readable(page: Page) -> Page:
    """The page with its evidence under the ids it is kept under, less rows of releases that there can be none of."""
    evidence = {
        id_: item.model_copy(update={"id": id_})
        for id_, item in page.evidence.items()
        if isinstance(item, QuoteEvidence) or item.level != "table" or _as_cited(item, page) is not None
    }
    return page.model_copy(update={"evidence": evidence})


def named_evidence(claim: Claim, page: Page) -> list[str]:
    """Ids of the evidence that a claim, or its verdict, names."""
    verdict = page.verdicts.get(claim.id)
    return list(dict.fromkeys((*claim.evidence_ids, *(verdict.evidence_ids if verdict else ()))))


def check_claim_record(statement: Statement, claim: Claim, page: Page) -> Iterator[Check]:
    """What does not hold together of a claim and its verdict."""
    verdict = page.verdicts.get(claim.id)
    code, section = page.hcpcs_code, statement.section_key
    if verdict is None:
        yield against(RECORD, "the ledger has no verdict on the claim")
    else:
        if verdict.label is not Label.SUPPORTED:
            yield against(
                RECORD,
                f"the claim stands on the page, and its verdict is {verdict.label.value}",
                expected=Label.SUPPORTED.value,
                found=verdict.label.value,
            )
        if verdict.claim_id != claim.id:
            yield against(RECORD, "the verdict is another claim's", expected=claim.id, found=verdict.claim_id)
        if verdict.checker != page.checker:
            yield against(
                RECORD,
                f"the verdict is said to be of {verdict.checker}, the page of {page.checker}",
                expected=page.checker,
                found=verdict.checker,
            )
    for what, of, expected in (
        ("claim", claim.id, claim_id(code, section, claim.subject)),
        ("statement", statement.id, statement_id(code, section, statement.claims[0].subject)),
    ):
        if of != expected:
            yield against(RECORD, f"the {what}'s id is not that of its subject", expected=expected, found=of)
    named = named_evidence(claim, page)
    for id_ in named:
        if id_ not in page.evidence:
            yield against(RECORD, "the claim names evidence that the ledger lacks", expected=id_)
    if not named:
        yield against(RECORD, "the claim names no evidence")


def check_evidence_record(id_: str, item: Evidence, page: Page) -> Iterator[Check]:
    """What does not hold together of a piece of evidence, kept under `id_`."""
    if item.id != id_:
        yield against(
            RECORD, "the evidence is kept under another id", expected=item.id, found=id_, evidence=id_
        )
    yield from (
        _check_row(id_, item, page) if isinstance(item, RowEvidence) else _check_quote(id_, item, page)
    )


def _check_row(id_: str, item: RowEvidence, page: Page) -> Iterator[Check]:
    fact = item.fact
    if id_ != evidence_id(fact.key, fact.value):
        yield against(
            RECORD, f"the row's id is not that of {fact.key} = {fact.value}", found=id_, evidence=id_
        )
    if item.level != "table":
        return
    expected = _as_cited(item, page)
    if expected is None:
        reason = f"no release is named {fact.release}, or none is in force on {page.as_of}"
        yield against(RECORD, reason, found=fact.release, evidence=id_)
        return
    if item.currency is not expected.currency:
        yield against(
            RECORD,
            f"{fact.release} is shown as {item.currency.value} on {page.as_of}",
            expected=expected.currency.value,
            found=item.currency.value,
            evidence=id_,
        )
    elif item.in_force_release != expected.in_force_release:
        yield against(
            RECORD,
            f"{item.in_force_release} is said to be in force on {page.as_of} in place of {fact.release}",
            expected=expected.in_force_release,
            found=item.in_force_release,
            evidence=id_,
        )


def _as_cited(item: RowEvidence, page: Page) -> RowEvidence | None:
    """The row as a page of that day cites it; None for a release that there can be none of."""
    try:
        current = row_evidence(item.fact, page.as_of)
    except ValueError:
        return None
    return earlier_row(item.fact) if item.currency is Currency.EARLIER else current


def _check_quote(id_: str, item: QuoteEvidence, page: Page) -> Iterator[Check]:
    if item.document_id not in page.documents:
        yield against(
            RECORD, f"the ledger does not describe {item.document_id}, which it quotes", evidence=id_
        )
    if (item.level == "note") != item.document_id.startswith("note:"):
        yield against(
            RECORD, f"{item.document_id} is quoted as a {item.level}", found=item.level, evidence=id_
        )
