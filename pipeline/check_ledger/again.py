"""Every claim of a ledger, checked again: the record in itself, beside what is at hand, and through all checks."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.check_ledger.cells import check_shown
from pipeline.check_ledger.comparison import compare_absence, compare_evidence
from pipeline.check_ledger.descriptions import compare_description
from pipeline.check_ledger.held import Held
from pipeline.check_ledger.integrity import (
    check_claim_record,
    check_evidence_record,
    named_evidence,
    readable,
)
from pipeline.check_ledger.results import make_result, without_claims
from pipeline.check_ledger.verdicts import compare_verdict, recorded_judgements
from pipeline.check_text import CheckedClaim
from pipeline.data import Check, JudgeFailure, Page, QuoteEvidence, Statement, Verdict
from pipeline.draft.records import Draft
from pipeline.examine import Examiner
from pipeline.page.layout import statements_of
from pipeline.verify.recorded import recorded_context


def check_ledger(page: Page, *, held: Held) -> Iterator[CheckedClaim]:
    """Every claim that stands on the page, in reading order and each once, with what was found about it."""
    statements = tuple(statements_of(page))
    read = readable(page)
    outcomes = _examine(statements, read, held)
    of_evidence = {id_: tuple(_of_evidence(id_, page, read, held)) for id_ in page.evidence}
    seen: set[tuple[str, str]] = set()
    for statement in statements:
        if not statement.claims:
            yield without_claims(statement)
            continue
        shown = tuple(check_shown(statement, read, held=held))
        for claim in statement.claims:
            if (claim.id, claim.text) in seen and not shown:
                continue
            seen.add((claim.id, claim.text))
            outcome = outcomes.get(claim.id)
            found = [
                *check_claim_record(statement, claim, page),
                *(check for id_ in named_evidence(claim, page) for check in of_evidence.get(id_, ())),
                *compare_absence(claim, read, held=held),
                *shown,
                *compare_verdict(page.verdicts.get(claim.id), outcome),
            ]
            yield make_result(statement, claim, page, found=found, outcome=outcome, held=held)


def _examine(statements: tuple[Statement, ...], page: Page, held: Held) -> dict[str, Verdict | JudgeFailure]:
    """The outcomes of the claims of those statements all of whose evidence is there, from what is recorded."""
    context = recorded_context(page, documents=held.documents, profiles=held.profiles)
    whole = [_as_checked(one, page, held) for one in statements if _evidence_at_hand(one, page)]
    draft = Draft(
        statements=tuple(whole),
        evidence=tuple(page.evidence.values()),
        judgements=tuple(recorded_judgements(whole, page)),
    )
    return Examiner(context, corpus=held.corpus).examine(draft)[0]


def _evidence_at_hand(statement: Statement, page: Page) -> bool:
    return all(id_ in page.evidence for claim in statement.claims for id_ in claim.evidence_ids)


def _as_checked(statement: Statement, page: Page, held: Held) -> Statement:
    """A source's question is in no quote: where a document is not at hand, the answer is checked without it."""
    cited = (page.evidence[id_] for claim in statement.claims for id_ in claim.evidence_ids)
    quoted = {item.document_id for item in cited if isinstance(item, QuoteEvidence)}
    return statement if quoted <= held.documents.keys() else statement.model_copy(update={"question": ""})


def _of_evidence(id_: str, page: Page, read: Page, held: Held) -> Iterator[Check]:
    """What is wrong with a piece of evidence, in itself and beside what the installation has of it."""
    yield from check_evidence_record(id_, page.evidence[id_], page)
    if id_ in read.evidence:
        yield from compare_evidence(id_, read.evidence[id_], read, held=held)
        yield from compare_description(id_, read.evidence[id_], read, held=held)
