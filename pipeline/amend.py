"""A reviewer's own words put in the place of a claim's: verified like any other, kept when the page is made anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from pipeline.data import (
    Evidence,
    Judgement,
    Label,
    Page,
    Statement,
    Verdict,
    is_supported,
)
from pipeline.draft.records import Draft
from pipeline.examine import Examiner
from pipeline.identity import digest, judged_id
from pipeline.page.layout import statements_of
from pipeline.page.text import one_line
from pipeline.review.amendments import Amendment
from pipeline.run import claim_context
from pipeline.workspace import Workspace


class Amended(NamedTuple):
    """A page with the amendments that apply to it and passed; `refused` say by claim id why another one did not."""

    page: Page
    applied: tuple[Amendment, ...]
    refused: dict[str, str]


def amend_page(page: Page, amendments: Sequence[Amendment], *, workspace: Workspace, today: date) -> Amended:
    """Put each amendment where its claim still has the words that were amended, if the new words pass all checks.

    A claim composed from rows is not amended: its source is. Where a claim cites the quotes that its reviewer saw, and
    no other, the reviewer is its judge: the checks bound a person's word as they bound a model's, to plain words.
    """
    if not amendments:
        return Amended(page, (), {})
    context = claim_context(workspace, page.hcpcs_code, page.as_of)
    examiner = Examiner(context, corpus=workspace.corpus)
    applied: list[Amendment] = []
    refused: dict[str, str] = {}
    for amendment in amendments:
        statement = _find(page, amendment)
        if statement is None:
            continue
        changed = _reworded(statement, amendment)
        reason = (
            "" if not statement.cells else "it is a row of a table, composed from its source; correct that"
        )
        if not reason:
            page, reason = _put(page, changed, amendment, examiner, today=today)
        if reason:
            refused[amendment.claim_id] = reason
        else:
            applied.append(amendment)
    if applied:
        page = page.model_copy(update={"fingerprint": digest([page.fingerprint, applied])})
    return Amended(page, tuple(applied), refused)


def _find(page: Page, amendment: Amendment) -> Statement | None:
    for statement in statements_of(page):
        for claim in statement.claims:
            if claim.id == amendment.claim_id and one_line(claim.text) == one_line(amendment.before):
                return statement
    return None


def _judgements(
    statement: Statement, evidence: Sequence[Evidence], amendment: Amendment
) -> tuple[Judgement, ...]:
    """The reviewer's word that the amended words say what the quotes say, where these are the ones that were seen."""
    quotes = {item.id for item in evidence if item.kind == "quote"}
    if not quotes or not quotes <= set(amendment.quotes):
        return ()
    judge = f"{amendment.reviewer} (reviewer)"
    about = judged_id(statement)
    return (Judgement(about=about, label=Label.SUPPORTED, model=judge, prompt_hash=""),)


def _reworded(statement: Statement, amendment: Amendment) -> Statement:
    claims = tuple(
        claim.model_copy(update={"text": one_line(amendment.text)})
        if claim.id == amendment.claim_id
        else claim
        for claim in statement.claims
    )
    return statement.model_copy(
        update={
            "claims": claims,
            "text": " ".join(claim.text for claim in claims),
            "drafter": f"amended by {amendment.reviewer}",
        }
    )


def _put(
    page: Page, statement: Statement, amendment: Amendment, examiner: Examiner, *, today: date
) -> tuple[Page, str]:
    """The page with the statement in its place, or as it was and why the statement does not stand."""
    cited = {id_ for claim in statement.claims for id_ in claim.evidence_ids}
    evidence = tuple(page.evidence[id_] for id_ in sorted(cited))
    judgements = _judgements(statement, evidence, amendment)
    outcomes, found = examiner.examine(
        Draft(statements=(statement,), evidence=evidence, judgements=judgements)
    )
    outcome = outcomes[amendment.claim_id]
    if not isinstance(outcome, Verdict) or not is_supported(outcome):
        return page, outcome.reason if isinstance(outcome, Verdict) else outcome.failure
    verdicts = page.verdicts | {amendment.claim_id: outcome.model_copy(update={"verified_on": today})}
    put = page.model_copy(
        update={
            "summary": statement if page.summary and page.summary.id == statement.id else page.summary,
            "sections": tuple(
                section.model_copy(
                    update={
                        "statements": tuple(
                            statement if one.id == statement.id else one for one in section.statements
                        )
                    }
                )
                for section in page.sections
            ),
            "verdicts": verdicts,
        }
    )
    held = {**page.evidence, **found}
    used = {id_ for one in statements_of(put) for claim in one.claims for id_ in claim.evidence_ids}
    used |= {id_ for verdict in verdicts.values() for id_ in verdict.evidence_ids}
    return put.model_copy(
        update={
            "evidence": {id_: held[id_] for id_ in sorted(used)},
            "verified_on": max((v.verified_on for v in verdicts.values() if v.verified_on), default=today),
        }
    ), ""
