"""The evidence of a ledger beside what the installation has: rows and quotes as they are loaded and stored."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.check_ledger.findings import HELD, against, undecided, unseen
from pipeline.check_ledger.held import Held
from pipeline.data import Check, Claim, Evidence, Fact, Page, QuoteEvidence, RowEvidence, SourceDocument
from pipeline.facts.ptp_edits import FIELD as EDIT
from pipeline.identity import evidence_id
from pipeline.sources.diagnoses.quotes import headings_above


def compare_evidence(id_: str, item: Evidence, page: Page, *, held: Held) -> Iterator[Check]:
    """What the installation has says otherwise of a piece of evidence, or that it has not got it."""
    if isinstance(item, QuoteEvidence):
        yield from _compare_quote(id_, item, page, held)
    elif item.level == "classification":
        yield from _compare_class(id_, item, held)
    else:
        yield from _compare_row(id_, item, page, held)


def compare_absence(claim: Claim, page: Page, *, held: Held) -> Iterator[Check]:
    """That a table lists no edit of a pair cannot be seen in the rows that are cited: look for it under both codes."""
    kind, _, other = claim.subject.partition(":")
    cited = [page.evidence.get(id_) for id_ in claim.evidence_ids]
    rows = [item.fact for item in cited if isinstance(item, RowEvidence)]
    if kind != "no_ptp" or not rows:
        return
    for one, two in ((page.hcpcs_code, other), (other, page.hcpcs_code)):
        asked = rows[0].model_copy(update={"hcpcs_code": one, "field": f"{EDIT}:{two}"})
        if held.row(asked, page.as_of).fact is not None:
            yield against(HELD, f"the loaded {asked.release} does list an edit of {one} and {two}")


def _compare_class(id_: str, item: RowEvidence, held: Held) -> Iterator[Check]:
    fact, profile = item.fact, held.profiles.get(item.fact.hcpcs_code)
    if profile is None:
        yield unseen(f"{fact.hcpcs_code} is not classified here", evidence=id_)
    elif profile.summary != fact.value:
        yield against(
            HELD,
            f"the classification at hand says otherwise of {fact.hcpcs_code}",
            expected=profile.summary,
            found=fact.value,
            evidence=id_,
        )


def _compare_row(id_: str, item: RowEvidence, page: Page, held: Held) -> Iterator[Check]:
    fact = item.fact
    stored, settled = held.row(fact, page.as_of)
    name = f"{fact.hcpcs_code or 'the release'} {fact.field}"
    if stored is None and settled:
        yield against(HELD, f"the loaded {fact.release} has no row {name}", found=fact.value, evidence=id_)
    elif stored is None:
        yield unseen(f"no table of {fact.release} that would have the row {name}", evidence=id_)
    elif stored.value != fact.value:
        yield against(
            HELD,
            f"the loaded {fact.release} has {stored.value} for {name}, the ledger {fact.value}",
            expected=stored.value,
            found=fact.value,
            evidence=id_,
        )
    elif _less_place(stored) != _less_place(fact):
        yield against(
            HELD,
            f"the row of {fact.key} is not the loaded one",
            expected=_shown(stored),
            found=_shown(fact),
            evidence=id_,
        )
    elif stored.locator != fact.locator:  # the same row, out of another file of the release
        yield undecided(
            HELD,
            f"the loaded row of {fact.key} stands elsewhere",
            expected=stored.locator,
            found=fact.locator,
            evidence=id_,
        )


def _less_place(fact: Fact) -> Fact:
    return fact.model_copy(update={"locator": ""})


def _shown(fact: Fact) -> str:
    return f"{fact.value} {fact.unit} from {fact.valid_from} to {fact.valid_to}"


def _compare_quote(id_: str, item: QuoteEvidence, page: Page, held: Held) -> Iterator[Check]:
    document = held.documents.get(item.document_id)
    if document is None:
        yield unseen(f"{item.document_id}, which it quotes", evidence=id_)
        return
    if id_ != evidence_id(document.id, document.sha256, item.start, item.end):
        reason = f"{document.title} changed since, or the quote's place did"
        yield undecided(HELD, reason, found=id_, evidence=id_)
        return
    expected = document.page_of(item.start)
    if item.page != expected:
        yield against(
            HELD,
            f"the quote of {document.title} stands on page {expected}, the ledger says {item.page}",
            expected=str(expected),
            found=str(item.page),
            evidence=id_,
        )
    known = _locators(item, document, page, held)
    if item.locator not in known:
        yield against(
            HELD,
            f"nothing here says that the quote of {document.title} stands in {item.locator}",
            expected=" | ".join(sorted(filter(None, known))),
            found=item.locator,
            evidence=id_,
        )


def _locators(item: QuoteEvidence, document: SourceDocument, page: Page, held: Held) -> set[str]:
    """What may be said of where a quote stands: nothing, what a note that restates it says, or the headings above."""
    if item.level == "note":
        return {""}
    notes = (
        held.documents[id_] for id_ in page.documents if id_.startswith("note:") and id_ in held.documents
    )
    headings = "" if document.quote_words else headings_above(document, item.start)
    return {"", headings, *(note.locator for note in notes)}
