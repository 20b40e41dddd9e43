"""Our own pairs for a judge: both kinds of each mutation, rewordings apart, rows of tables left out."""

from __future__ import annotations

import pytest

from evals.verification.claims import Starter
from evals.verification.domain_pairs import REWORDED, domain_pairs
from pipeline.evaluate.mutations import Pair

CODE = "29881"


@pytest.fixture(scope="module")
def starter() -> Starter:
    return Starter()


def pair(claim_id: str, original: str, text: str, *, type_: str, harmless: bool = False) -> Pair:
    return Pair(
        id=f"m_{type_}",
        type=type_,
        harmless=harmless,
        hcpcs_code=CODE,
        claim_id=claim_id,
        original=original,
        text=text,
        evidence_ids=(),
    )


def test_rows_of_mutations_and_rewordings(starter: Starter):
    claims = {claim.claim.id: claim for claim in starter.of(CODE).claims}
    note = next(claim.claim for claim in claims.values() if claim.basis == "notes")
    row = next(claim.claim for claim in claims.values() if claim.basis == "rows")
    made = [
        pair(note.id, note.text, "Never so.", type_="negation"),
        pair(note.id, note.text, "So it is.", type_="synonym", harmless=True),
        pair(row.id, row.text, "Not that row.", type_="number"),
    ]
    found = list(domain_pairs(made, claims, starter.passages()))
    assert [(one.id, one.subset, one.claim, one.label) for one in found] == [
        ("m_negation-was", "negation", note.text, "supported"),
        ("m_negation", "negation", "Never so.", "not_supported"),
        ("m_synonym", REWORDED, "So it is.", "supported"),
    ]
    assert all(note.text in one.evidence and one.set_apart == one.evidence for one in found)
