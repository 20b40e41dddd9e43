"""Tampered claims on diagnoses: another code, side, place, scope or cell does not stand."""

from datetime import date

import pytest

from pipeline.data import Label, Outcome, PagePlan, QuoteEvidence
from pipeline.draft.diagnoses import draft_diagnoses
from pipeline.sources.allowance import QuoteAllowance
from pipeline.verify import (
    Catalogue,
    ClaimContext,
    check_wording,
    checker_version,
    load_rules,
    verify_claim,
    verify_text_claim,
)
from tests.sources.articles import BACK, BOTH_KNEES, LEFT_KNEE, RIGHT_KNEE, article, from_html, group

ON = date(2026, 11, 24)
HELD = from_html(
    article(group(1, [RIGHT_KNEE, BOTH_KNEES, BACK, ("M17.99", "Invented")]), denied=group(1, [LEFT_KNEE])),
    title="Rules 2026-05 of 25 for 29881: $100, A99999",
)


def context(held=HELD, code="20610", as_of=ON):
    def refuse(fact):
        raise AssertionError(fact)

    return ClaimContext(
        hcpcs_code=code,
        facts=lambda code: {},
        rows=lambda code: {},
        currency=refuse,
        as_of=as_of,
        documents={held.id: held},
    )


def drafted():
    return draft_diagnoses(
        PagePlan(hcpcs_code="20610", as_of=ON, sections=()), "diagnoses", [HELD], allowance=QuoteAllowance()
    )


def verify(claim, evidence, **changed):
    return verify_claim(
        claim, evidence, context=context(**changed), rules=load_rules(), checker=checker_version()
    )


@pytest.fixture(scope="module")
def draft():
    return drafted()


@pytest.fixture(scope="module")
def knee(draft):
    """The claim on the knee and its evidence."""
    (claim,) = draft.statements[1].claims
    evidence = {item.id: item for item in draft.evidence}
    return claim, [evidence[id_] for id_ in claim.evidence_ids]


def test_every_drafted_claim_stands_whatever_the_title_says(draft):
    for statement in draft.statements:
        for claim in statement.claims:
            verdict = verify(claim, draft.evidence)
            assert (verdict.label, verdict.confidence) == (Label.SUPPORTED, 0.99), verdict.reason
            assert verdict.reason.startswith("Composed again")
        assert check_wording(statement, {item.id: item for item in draft.evidence}).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("right M17.11", "left M17.12"),
        ("right M17.11", "right M17.12"),
        ("M17.0", "M16.0"),
        ("right M17.11, bilateral", "right M17.11, left M17.12, bilateral"),
        ("; not listed: left M17.12, unspecified side M17.10", ""),
        ("not listed: left M17.12", "not listed: left M17.11"),
        ("lists for 20610", "lists for 20611"),
        ("Primary osteoarthritis", "Osteoarthritis"),
    ],
)
def test_a_tampered_sentence_does_not_stand(knee, before, after):
    claim, evidence = knee
    assert before in claim.text
    changed = claim.model_copy(update={"text": claim.text.replace(before, after)})
    assert verify(changed, evidence).label is not Label.SUPPORTED


def test_a_sentence_whose_rows_lack_its_code_does_not_stand(knee):
    claim, evidence = knee
    for left_out in range(len(evidence)):
        kept = [item for place, item in enumerate(evidence) if place != left_out]
        fewer = claim.model_copy(update={"evidence_ids": tuple(item.id for item in kept)})
        assert verify(fewer, kept).label is not Label.SUPPORTED


def test_a_row_of_what_does_not_support_is_no_evidence(knee):
    claim, evidence = knee
    start = HELD.text.index(" | ".join(LEFT_KNEE))
    denied = evidence[1].model_copy(
        update={"id": "e_denied", "quote": " | ".join(LEFT_KNEE), "start": start, "end": start + 40}
    )
    text = claim.text.replace("right M17.11", "right M17.11, left M17.12").replace(
        "left M17.12, unspec", "unspec"
    )
    more = claim.model_copy(update={"text": text, "evidence_ids": (*claim.evidence_ids, "e_denied")})
    assert verify(more, [*evidence, denied]).label is not Label.SUPPORTED


@pytest.mark.parametrize(
    ("field", "value"),
    [("quote", "M17.12 | Unilateral primary osteoarthritis, left knee"), ("start", 0), ("level", "note")],
)
def test_tampered_evidence_does_not_stand(knee, field, value):
    claim, evidence = knee
    changed = [evidence[0], evidence[1].model_copy(update={field: value}), *evidence[2:]]
    assert verify(claim, changed).label is not Label.SUPPORTED


def test_another_code_another_day_another_payer_or_document_does_not_stand(knee):
    claim, evidence = knee
    assert verify(claim, evidence, code="20605").label is not Label.SUPPORTED
    assert verify(claim, evidence, as_of=date(2025, 12, 31)).label is not Label.SUPPORTED
    assert verify(claim.model_copy(update={"payer_scope": "Medicaid"}), evidence).label is not Label.SUPPORTED
    other = HELD.model_copy(update={"id": "doc:other"})
    assert verify(claim, evidence, held=other).label is not Label.SUPPORTED


@pytest.mark.parametrize("kind", ["diagnosis_source", "diagnosis_refused"])
def test_the_sentences_above_the_table_are_composed_again_too(draft, kind):
    claim = next(c for c in draft.statements[0].claims if c.subject.startswith(f"{kind}:"))
    evidence = [item for item in draft.evidence if isinstance(item, QuoteEvidence)]
    for before, after in (("1", "2"), ("ICD-10-CM", "ICD-9-CM")):
        changed = claim.model_copy(update={"text": claim.text.replace(before, after)})
        assert verify(changed, evidence).label is not Label.SUPPORTED


AROUND = from_html(
    article(
        group(1, [RIGHT_KNEE], "For 20610, only when care has failed."),
        group(2, [BACK], "For 20610. Secondary; a primary diagnosis is required."),
        procedures=group(1, [("20610", "Invented")]) + group(2, [("27447", "Invented")]),
    )
)


def around(held=AROUND):
    plan = PagePlan(hcpcs_code="20610", as_of=ON, sections=())
    return draft_diagnoses(plan, "diagnoses", [held], allowance=QuoteAllowance())


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("proviso", "only when", "when"),
        ("proviso", "has failed", "has not failed"),
        ("proviso", "only when care has failed", "(…)"),
        ("proviso", "of Group 1", "of Group 2"),
        ("skipped", "Group 2", "Group 3"),
        ("skipped", "because words about it may", "because words about it may not"),
        ("source", ", subject to the words quoted here", ""),
    ],
)
def test_what_is_said_of_conditions_and_of_lists_not_shown_is_composed_again(kind, before, after):
    draft = around()
    claims = {claim.subject.partition(":")[0]: claim for claim in draft.statements[0].claims}
    claim = claims[f"diagnosis_{kind}"]
    evidence = [item for item in draft.evidence if item.id in claim.evidence_ids]
    assert evidence and verify(claim, evidence, held=AROUND).label is Label.SUPPORTED
    assert before in claim.text
    changed = claim.model_copy(update={"text": claim.text.replace(before, after)})
    assert verify(changed, evidence, held=AROUND).label is not Label.SUPPORTED
    assert verify(claim.model_copy(update={"evidence_ids": ()}), (), held=AROUND).label is not Label.SUPPORTED


def test_words_from_elsewhere_are_composed_again_too():
    page = article(group(1, [RIGHT_KNEE]))
    held = from_html(page.replace("This invented", "M17.11 is for adults aged over 18. This invented"))
    draft = around(held)
    claim = next(c for c in draft.statements[0].claims if c.subject.startswith("diagnosis_proviso:"))
    evidence = [item for item in draft.evidence if item.id in claim.evidence_ids]
    assert claim.text == "It says elsewhere: “M17.11 is for adults aged over 18.”"
    assert verify(claim, evidence, held=held).label is Label.SUPPORTED
    for before, after in (("elsewhere", "of Group 1"), ("over 18", "over 8"), ("M17.11", "M17.12")):
        changed = claim.model_copy(update={"text": claim.text.replace(before, after)})
        assert verify(changed, evidence, held=held).label is not Label.SUPPORTED


def test_a_condition_does_not_stand_where_the_document_no_longer_sets_it():
    draft = around()
    claim = next(c for c in draft.statements[0].claims if c.subject.startswith("diagnosis_proviso:"))
    evidence = [item for item in draft.evidence if item.id in claim.evidence_ids]
    other = AROUND.model_copy(
        update={"text": AROUND.text.replace("only when", "even when"), "sha256": "1" * 64}
    )
    assert verify(claim, evidence, held=other).label is not Label.SUPPORTED


def test_a_quoted_condition_is_known_again_whole_and_no_piece_of_it():
    held = from_html(article(group(1, [RIGHT_KNEE], "Only when care has failed. Images lasted. 3 of them.")))

    def label(text):
        return verify_text_claim(
            text, context=context(held), rules=load_rules(), checker="x", catalogue=Catalogue(context(held))
        ).verdict.label

    texts = [claim.text for claim in around(held).statements[0].claims]
    assert "It says of Group 1: “Images lasted. 3 of them.”" in texts
    assert label("It says of Group 1: “Only when care has failed.”") is Label.SUPPORTED
    assert label("It says of Group 1: “Also when care has failed.”") is not Label.SUPPORTED
    assert label("3 of them.”") is not Label.SUPPORTED


def test_a_cell_in_another_column_does_not_stand(draft):
    evidence = {item.id: item for item in draft.evidence}
    statement = draft.statements[1]
    for order in ((0, 2, 1, 3, 4), (0, 3, 2, 1, 4), (0, 1, 4, 3, 2)):
        cells = tuple(statement.cells[place] for place in order)
        swapped = statement.model_copy(update={"cells": cells})
        assert (check_wording(swapped, evidence).outcome is Outcome.PASS) == (cells == statement.cells)
    for cells in ((), (*statement.cells[:2], "M17.12", *statement.cells[3:])):
        assert check_wording(statement.model_copy(update={"cells": cells}), evidence).outcome is Outcome.FAIL


def test_our_sentences_and_rows_are_known_again_and_changed_ones_are_not(draft):
    catalogue = Catalogue(context())

    def label(text):
        return verify_text_claim(
            text, context=context(), rules=load_rules(), checker="x", catalogue=catalogue
        ).verdict.label

    statement = draft.statements[1]
    row = "Condition: Primary osteoarthritis, knee; Right: M17.11; Left: not listed; Bilateral: M17.0; "
    row += "Side not named: not listed"
    assert label(statement.text) is label(row) is Label.SUPPORTED
    for text in (statement.text, row):
        assert label(text.replace("M17.11", "M17.12")) is not Label.SUPPORTED
