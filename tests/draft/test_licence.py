"""What a model wrote, held against the licences of documents: on the page, and in the lists beside it."""

from pipeline.data import Claim, Statement
from pipeline.draft.licence import leave_out_unlicensed
from pipeline.draft.records import Draft
from pipeline.sources.allowance import QuoteAllowance
from tests.sources.test_allowance import TEXT, document, quote

HELD = document(page_words=12)
COPIED = "The surgeon describes the graft and its source in the report."
NOTE = quote("The side is given").model_copy(update={"document_id": "note:x", "level": "note"})


def statement(text: str, *, question: str = "", cites: str = "e_note") -> Statement:
    claim = Claim(id=f"c_{text}", text=text, subject=text, evidence_ids=(cites,))
    return Statement(
        id=f"s_{text}", section_key="faqs", text=text, question=question, drafter="model:x", claims=(claim,)
    )


def left(*statements: Statement, standing: bool = True, failures: tuple[str, ...] = ()) -> Draft:
    draft = Draft(
        statements=statements, evidence=(NOTE.model_copy(update={"id": "e_note"}),), failures=failures
    )
    return leave_out_unlicensed(
        draft,
        standing=statements if standing else (),
        documents={HELD.id: HELD},
        allowance=QuoteAllowance(),
    )


def test_a_copy_counts_though_only_a_note_is_cited():
    once = left(statement(COPIED))
    assert len(once.statements) == 1
    twice = left(statement(COPIED), statement("The side is given on each page of it."))
    assert [one.text for one in twice.statements] == [COPIED]
    assert "licence" in twice.failures[0] and "side" not in twice.failures[0]


def test_a_question_counts_like_an_answer():
    made = left(statement("The graft is named.", question=TEXT))
    assert made.statements == () and TEXT not in made.model_dump_json()


def test_what_is_withheld_or_failed_has_one_allowance_of_its_own():
    withheld = left(statement(COPIED), statement("The side is given on each page of it."), standing=False)
    assert [one.text for one in withheld.statements] == [COPIED]
    failed = left(failures=(f"faqs: the model erred for: {TEXT}",))
    assert failed.failures == ("faqs: a failure is not shown, for the licence of a source",)
