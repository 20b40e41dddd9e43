from datetime import date

from pipeline.data import Check, Claim, Fact, Label, Outcome, Statement, Verdict
from pipeline.facts.releases import row_evidence
from pipeline.verify import check_wording, reject_statement

FACT = Fact(
    hcpcs_code="99991",
    field="work_rvu",
    value="19.11",
    release="RVU26B",
    valid_from=date(2026, 4, 1),
    locator="row 1",
)
ROW = row_evidence(FACT, date(2026, 5, 1))
CLAIM = Claim(
    id="c_1", text="99991 has 19.11 work RVUs (RVU26B).", subject="rvu:work", evidence_ids=(ROW.id,)
)


def statement(text: str = CLAIM.text, cells: tuple[str, ...] = ()) -> Statement:
    return Statement(id="s_1", section_key="rvu", text=text, cells=cells, drafter="tables", claims=(CLAIM,))


def outcome(**changes) -> Outcome:
    return check_wording(statement(**changes), {ROW.id: ROW}).outcome


def test_a_statement_that_says_what_its_claims_say_passes():
    assert outcome() is Outcome.PASS
    assert outcome(cells=("Work", "19.11", "NA", "RVU26B")) is Outcome.PASS


def test_a_sentence_beside_the_claims_and_a_figure_only_a_cell_states_are_rejected():
    assert outcome(text=CLAIM.text + " It is always paid.") is Outcome.FAIL
    assert outcome(cells=("Work", "19.17", "NA", "RVU26B")) is Outcome.FAIL
    assert outcome(cells=("Work", "19.11", "$1,159.34", "RVU26B")) is Outcome.FAIL
    assert outcome(cells=("Work", "19.11", "NA", "RVU26D")) is Outcome.FAIL


def test_a_rejected_statement_leaves_no_claim_supported():
    check = Check(check="wording", outcome=Outcome.FAIL, reason="the statement says more than its claims")
    verdict = Verdict(claim_id="c_1", label=Label.SUPPORTED, confidence=0.99, reason="fine", checker="x")
    rejected = reject_statement(verdict, check)
    assert rejected.label is Label.NOT_ENOUGH_INFO and check in rejected.checks
