"""Whom, where and when a source speaks for."""

from datetime import date

import pytest

from pipeline.data import (
    Authority,
    BlockKind,
    Claim,
    DocumentBlock,
    Fact,
    Label,
    Match,
    Outcome,
    Passage,
    QuoteEvidence,
)
from pipeline.verify import examine_claim, load_rules, verify_text_claim
from pipeline.verify.reading import read_sentence
from pipeline.verify.scope import check_source, could_hold, headings_above
from tests.verify.worked import FACTS, make_context, make_document, row_of

SAID = "A seroma that is drained is not separately payable."
LOCAL = "Medicare FFS, Invented Administrators, jurisdiction X"


def judge(claim, source=SAID, *, payer="Medicare FFS", start=0, **changes):
    document = make_document(source).model_copy(update=changes)
    quote = QuoteEvidence(
        id="e_1",
        document_id=document.id,
        passage_id="p",
        quote=source[start:],
        start=start,
        end=len(source),
        match=Match.EXACT,
        level="document",
    )
    asserted = Claim(id="c", text=claim, subject="text:x", evidence_ids=("e_1",), payer_scope=payer)
    context = make_context("27447", documents={document.id: document})
    verdict = examine_claim(asserted, [quote], context=context, rules=load_rules(), checker="r").verdict
    failed = [check for check in verdict.checks if check.outcome is Outcome.FAIL and check.check != "support"]
    return verdict.label, [check.check for check in failed]


SUPPORTED = (Label.SUPPORTED, [])


def out(check):
    return (Label.NOT_ENOUGH_INFO, [check])


def test_a_commercial_payers_document_is_no_source_for_medicare():
    assert judge(SAID) == SUPPORTED
    assert judge(SAID, payer_scope="Invented Mutual commercial") == out("scope:payer")
    assert (
        judge(SAID, payer="Invented Mutual commercial", payer_scope="Invented Mutual commercial") == SUPPORTED
    )
    named = "Invented Mutual does not pay separately for a drained seroma."
    assert judge(named, named, payer_scope="Invented Mutual commercial") == SUPPORTED


def test_a_medicare_document_is_no_source_for_another_payer():
    assert judge(SAID, payer="Invented Mutual commercial") == out("scope:payer")


def test_local_coverage_stated_as_general():
    local = {"authority": Authority.LOCAL_COVERAGE, "payer_scope": LOCAL}
    assert judge(SAID, **local) == out("scope:area")
    assert judge(SAID, payer=LOCAL, **local) == SUPPORTED
    named = "Under the local coverage, a seroma that is drained is not separately payable."
    assert judge(named, named, **local) == SUPPORTED


@pytest.mark.parametrize(
    ("claim", "changes", "expected"),
    [
        (SAID, {"valid_from": date(2025, 1, 1), "valid_to": date(2025, 12, 31)}, out("scope:date")),
        (SAID, {"valid_from": date(2027, 1, 1)}, out("scope:date")),
        (SAID, {"valid_from": date(2025, 1, 1)}, SUPPORTED),
        (
            "In 2025, a seroma that is drained is not separately payable.",
            {"valid_from": date(2025, 1, 1), "valid_to": date(2025, 12, 31)},
            SUPPORTED,
        ),
    ],
)
def test_an_edition_speaks_for_the_days_it_is_in_force(claim, changes, expected):
    source = claim
    assert judge(claim, source, **changes) == expected


def test_a_year_that_the_edition_does_not_reach():
    label, checks = judge(
        "In 2026, a seroma that is drained is not separately payable.",
        valid_from=date(2025, 1, 1),
        valid_to=date(2025, 12, 31),
    )
    assert label is Label.NOT_ENOUGH_INFO
    assert "scope:date" in checks


def test_a_heading_about_hospitals_is_none_about_the_office():
    heading, body = "Hospital outpatient departments", "A drained seroma is not payable in the office."
    text = f"{heading}\n\n{body}"
    blocks = (
        DocumentBlock(BlockKind.HEADING, 1, 0, len(heading)),
        DocumentBlock(BlockKind.PARAGRAPH, 0, len(heading) + 2, len(text)),
    )
    assert judge(body, text, start=len(heading) + 2) == SUPPORTED
    assert judge(body, text, start=len(heading) + 2, blocks=blocks) == out("scope:setting")


def test_headings_above_are_those_of_wider_levels():
    text = "A\nB\nC\nD\nbody"
    kinds = [(1, 0), (2, 2), (2, 4), (3, 6)]
    blocks = tuple(DocumentBlock(BlockKind.HEADING, level, at, at + 1) for level, at in kinds)
    document = make_document(text).model_copy(update={"blocks": blocks})
    assert headings_above(document, 8) == ["D", "C", "A", "An example"]


def test_a_source_found_for_a_sentence_that_speaks_for_others_is_named():
    document = make_document(SAID).model_copy(update={"payer_scope": "Invented Mutual commercial"})
    passage = Passage(id="p", document_id=document.id, start=0, end=len(SAID), text=SAID)
    found = verify_text_claim(
        SAID,
        context=make_context("27447", documents={document.id: document}),
        rules=load_rules(),
        checker="r",
        search=lambda query, limit: [passage],
    )
    assert found.verdict.label is Label.NOT_ENOUGH_INFO
    assert "Invented Mutual" in found.verdict.reason


@pytest.mark.parametrize(
    ("text", "failed"),
    [
        ("According to the PTP table, 20970 has 43.47 work RVUs.", True),
        ("According to the NCCI policy manual, 20970 has 43.47 work RVUs.", True),
        ("According to the fee schedule, 20970 has 43.47 work RVUs.", False),
        ("20970 has 43.47 work RVUs.", False),
        ("According to the NCCI policy manual, the seroma is not payable.", False),
    ],
)
def test_a_figure_credited_to_a_source_that_could_not_hold_it(text, failed):
    assert bool(check_source(read_sentence(text), [])) is failed
    verdict = verify_text_claim(text, context=make_context("20970"), rules=load_rules(), checker="r").verdict
    assert (verdict.label is Label.SUPPORTED) is (not failed and "RVUs" in text)


def test_every_table_holds_its_own_fields_only():
    fact = FACTS["20970"]["work_rvu"]
    assert could_hold(fact)
    forged = fact.model_copy(update={"release": "PTP-2026Q3"})
    assert not could_hold(forged)
    assert check_source(read_sentence("Anything."), [row_of(forged)])[0].failed
    made = {"value": "1", "valid_from": date(2026, 1, 1), "locator": "x", "hcpcs_code": "20970"}
    assert could_hold(Fact(field="ptp_column_two:20900", release="PTP-2026Q3", **made))
    assert not could_hold(Fact(field="ptp_column_two:20900", release="RVU26D", **made))
    assert could_hold(Fact(field="opps_nonfac_pe_amount", release="RVU25D", **made))
    assert not could_hold(Fact(field="opps_nonfac_pe_amount", release="OPPS-2026-07", **made))
    assert not could_hold(Fact(field="asc_rate", release="OPPS-2026-07", **made))
    assert not could_hold(Fact(field="work_rvu", release="no release", **made))
