"""Sentences that lean on the one before them stand only behind it."""

import pytest

from pipeline.data import Outcome, QuoteEvidence
from pipeline.verify.leaning import check_leaning
from tests.verify.notes import answer, note, quote

PARTNER = note(
    "partner",
    "## coverage\n\nA separate procedure is not reported with this one. "
    "Otherwise it may be reported with modifier 59.\n",
)
GRAFT = note("graft", "## coverage\n\nThis code includes taking the bone.\n\nIt is reported once.\n")
DOCUMENTS = {PARTNER.id: PARTNER, GRAFT.id: GRAFT}
FIRST, SECOND = (
    "A separate procedure is not reported with this one.",
    "Otherwise it may be reported with modifier 59.",
)


def outcome(text: str, *evidence: QuoteEvidence) -> Outcome:
    known = {item.id: item for item in evidence}
    return check_leaning(answer(text, *evidence), known, documents=DOCUMENTS).outcome


def test_a_sentence_behind_its_own_predecessor_stands():
    assert outcome(f"{FIRST} {SECOND}", quote(PARTNER, FIRST), quote(PARTNER, SECOND)) is Outcome.PASS


def test_a_sentence_that_opens_its_source_leans_on_nothing():
    assert outcome("It is reported once.", quote(GRAFT, "It is reported once.")) is Outcome.PASS


@pytest.mark.parametrize(
    "text", [SECOND, f"This code includes taking the bone. {SECOND}", f"{SECOND} {FIRST}"]
)
def test_a_sentence_alone_or_behind_another_does_not(text: str):
    evidence = quote(PARTNER, SECOND), quote(GRAFT, "This code includes taking the bone.")
    assert outcome(text, *evidence) is Outcome.FAIL
