"""An answer under a question: the note's own, or one that a judge read with it and that brings nothing in."""

import pytest

from pipeline.data import Judgement, Label, Outcome, QuoteEvidence, Statement
from pipeline.verify.questions import UNJUDGED, check_question, question_of
from tests.verify.notes import answer, note, quote

ASSISTANT = note("assistant", "## faqs: May an assistant be paid?\n\nYes. Its assistant indicator is 2.\n")
TEAM = note(
    "team",
    "## faqs: May a team bill this code with modifier 66?\n\nNo. Its team indicator is 0.\n\n## coverage\n\nNo team.\n",
)
DOCUMENTS = {ASSISTANT.id: ASSISTANT, TEAM.id: TEAM}
YES = quote(ASSISTANT, "Yes. Its assistant indicator is 2.")
NO = quote(TEAM, "No. Its team indicator is 0.")


def check(statement: Statement, *evidence: QuoteEvidence, label: Label | None = None):
    judged = Judgement(about="j", label=label, model="judge", prompt_hash="h") if label else None
    known = {item.id: item for item in evidence}
    return check_question(statement, known, documents=DOCUMENTS, judgement=judged, own_code="20970")


def test_the_question_of_a_note_is_the_one_above_the_quote():
    assert question_of(YES, ASSISTANT) == "May an assistant be paid?"
    assert question_of(quote(TEAM, "No team."), TEAM) == ""


def test_the_notes_own_question_stands_without_a_judge():
    found = check(answer(YES.quote, YES, question="May an assistant be paid?"), YES)
    assert found.outcome is Outcome.PASS


def test_the_question_of_another_note_does_not_stand_over_its_answer():
    both = answer(YES.quote, YES, NO, question="May a team bill this code with modifier 66?")
    assert check(both, YES, NO, label=Label.SUPPORTED).outcome is Outcome.FAIL


def test_a_question_of_its_own_wants_a_judge():
    own = answer("Its assistant indicator is 2.", YES, question="Is the assistant paid?")
    assert check(own, YES).found == UNJUDGED
    assert check(own, YES, label=Label.NOT_ENOUGH_INFO).outcome is Outcome.FAIL
    assert check(own, YES, label=Label.SUPPORTED).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Is an assistant left out?", "Yes. Its assistant indicator is 2."),  # the note was asked otherwise
        ("Is an assistant left out?", "Absolutely, its assistant indicator is 2."),
        ("Is an assistant paid with modifier 62?", "Its assistant indicator is 2."),
        ("Is an assistant paid for 20680?", "Its assistant indicator is 2."),
        ("Does Medicaid pay an assistant?", "Its assistant indicator is 2."),
        ("Why is an assistant never paid?", "Its assistant indicator is 2."),
    ],
)
def test_no_judge_helps_a_question_that_brings_something_in(question: str, text: str):
    assert check(answer(text, YES, question=question), YES, label=Label.SUPPORTED).outcome is Outcome.FAIL
