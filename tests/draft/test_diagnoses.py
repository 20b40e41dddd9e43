"""The section of diagnoses: a table a document, each side listed or not, cited to its rows, while it is in force."""

from datetime import date

import pytest

from pipeline.data import Authority, Match, PagePlan, QuoteEvidence
from pipeline.draft.diagnoses import draft_diagnoses
from pipeline.prompts import load_sections
from pipeline.settings import read_settings
from pipeline.sources.allowance import QuoteAllowance
from pipeline.verify.diagnoses import COLUMNS
from tests.sources.articles import BACK, BOTH_KNEES, RIGHT_KNEE, article, from_html, from_markdown, group

ON = date(2026, 11, 24)
KNEES = article(group(1, [RIGHT_KNEE, BOTH_KNEES, BACK]))
TWO_GROUPS = article(group(1, [RIGHT_KNEE]), group(2, [BACK]))


def draft(*documents, code="20610", as_of=ON, **options):
    options.setdefault("allowance", QuoteAllowance())
    return draft_diagnoses(
        PagePlan(hcpcs_code=code, as_of=as_of, sections=()),
        "diagnoses",
        documents,
        **options,
    )


def test_one_side_that_is_listed_shows_the_others_that_are_not():
    held = from_html(KNEES)
    drafted = draft(held)
    above, knee, back = drafted.statements
    assert above.cells == () and above.answers == ()
    assert above.text.startswith(
        "Billing and Coding: Invented Injections, R5 (Invented Administrators; for Medicare FFS), lists diagnoses for "
        "20610: Group 1 of its codes that support medical necessity"
    )
    assert "guarantee" not in above.text
    assert knee.cells == ("Primary osteoarthritis, knee", "M17.11", "not listed", "M17.0", "not listed")
    assert knee.text.endswith(
        "right M17.11, bilateral M17.0; not listed: left M17.12, unspecified side M17.10."
    )
    assert back.cells == ("Low back pain, unspecified: M54.50", "–", "–", "–", "–")
    assert knee.answers == back.answers == ("diagnosis_link",)
    assert drafted.open_because == {}


def test_each_claim_quotes_the_places_that_say_it():
    held = from_html(KNEES)
    drafted = draft(held)
    evidence = {item.id: item for item in drafted.evidence}
    (claim,) = drafted.statements[1].claims
    quotes = [evidence[id_] for id_ in claim.evidence_ids]
    assert [quote.quote for quote in quotes if isinstance(quote, QuoteEvidence)] == [
        "20610",
        " | ".join(RIGHT_KNEE),
        " | ".join(BOTH_KNEES),
    ]
    for quote in quotes:
        assert isinstance(quote, QuoteEvidence)
        assert (quote.level, quote.match) == ("document", Match.EXACT) and "Group 1" in quote.locator
        assert held.text[quote.start : quote.end] == quote.quote
    assert claim.payer_scope == "Medicare FFS"


def test_what_the_source_says_of_payment_is_said_only_where_it_says_so():
    words = "The correct use of an ICD-10-CM code listed below does not assure coverage of a service."
    (above, _) = draft(from_html(article(group(1, [RIGHT_KNEE], words)))).statements
    assert above.text.endswith("It says that a listed diagnosis is no guarantee of coverage.")


def test_ranges_are_said_to_be_ranges_and_refused_codes_are_counted():
    text = "# Invented\n\n| CPT | ICD-10-CM |\n|---|---|\n| 20610 | M17.1-; M17.98, M17.99 |\n"
    above, knee = draft(from_markdown(text)).statements
    assert "shown as their billable codes: M17.1- (3)." in above.text
    assert "Left out: 2 codes because ICD-10-CM (" in above.text and above.text.endswith("M17.98, M17.99.")
    assert knee.cells[1:] == ("M17.11", "M17.12", "not listed", "M17.10")


def test_only_a_document_in_force_speaks():
    held = from_html(KNEES, valid_from=date(2026, 6, 1), valid_to=date(2026, 9, 30))
    assert draft(held, as_of=date(2026, 6, 1)).statements
    assert not draft(held, as_of=date(2026, 5, 31)).statements
    assert not draft(held).statements


def test_why_the_question_stays_open_is_said():
    drafted = draft(from_html(TWO_GROUPS))
    assert drafted.statements == ()
    assert drafted.open_because == {
        "diagnoses/diagnosis_link": "Billing and Coding: Invented Injections: it lists diagnoses by group and does not "
        "say which group goes with 20610"
    }
    assert draft(from_html(TWO_GROUPS), code="27447").open_because == {}


def test_documents_stand_in_order_of_authority():
    vendor = from_html(
        KNEES, id="doc:1111111111111111", sha256="1" * 64, title="A", authority=Authority.VENDOR
    )
    local = from_html(KNEES, title="B")
    firsts = [s.text[0] for s in draft(vendor, local).statements if not s.cells]
    assert firsts == ["B", "A"]
    ids = [s.id for s in draft(vendor, local).statements]
    assert len(ids) == len(set(ids)) == 6


def test_a_long_list_is_cut_and_says_so():
    codes = [
        f"M{number}.{digit}" for number in (40, 41, 42, 43, 45, 46, 48, 49, 50) for digit in "0123456789"
    ]
    rows = "\n".join(f"| 20610 | {code} |" for code in codes)
    above, *shown = draft(from_markdown(f"# I\n\n| CPT | ICD-10-CM |\n|---|---|\n{rows}\n")).statements
    assert len(shown) == 60 and " 60 of its " in above.text


def test_rows_stand_or_fall_with_what_is_said_above_them():
    words = "For 20610, only when care has failed."
    held = from_html(article(group(1, [RIGHT_KNEE, BACK], words), group(2, [BACK])))
    above, *rows = draft(held).statements
    assert above.derived_from == "" and above.text.count("“") == 1
    assert (
        "It says of Group 1: “For 20610, only when care has failed.” Not shown: Group 2, because"
        in above.text
    )
    assert [row.derived_from for row in rows] == [above.claims[0].id] * 2
    (proviso,) = [claim for claim in above.claims if claim.subject.startswith("diagnosis_proviso:")]
    (id_,) = proviso.evidence_ids
    quote = next(item for item in draft(held).evidence if item.id == id_)
    assert isinstance(quote, QuoteEvidence) and (quote.quote, quote.match) == (words, Match.EXACT)


def test_why_a_list_is_withheld_is_the_reason_of_the_gap():
    drafted = draft(from_html(article(group(1, [RIGHT_KNEE], "Secondary; a primary diagnosis is required."))))
    assert drafted.statements == ()
    assert drafted.open_because == {
        "diagnoses/diagnosis_link": "Billing and Coding: Invented Injections: Group 1: words about it may call for "
        "another diagnosis beside one of its own"
    }


def test_a_list_whose_words_repeat_a_descriptor_stays_out():
    drafted = draft(from_html(KNEES), descriptors=lambda words: ["Primary osteoarthritis, right knee | M17"])
    assert drafted.statements == ()
    assert "hold a CPT descriptor" in drafted.open_because["diagnoses/diagnosis_link"]
    assert draft(from_html(KNEES), descriptors=lambda words: ["Pricking of an invented joint"]).statements


def test_the_lists_of_one_publisher_share_what_a_page_may_quote():
    held = from_html(KNEES).model_copy(update={"page_words": 40})
    again = from_html(KNEES, title="Billing and Coding: Again").model_copy(
        update={"page_words": 40, "id": "doc:fedcba9876543210"}
    )
    assert draft(again).statements
    both = draft(held, again)
    assert {quote.document_id for quote in both.evidence if isinstance(quote, QuoteEvidence)} in (
        {held.id},
        {again.id},
    )


def test_the_columns_are_those_of_the_section():
    (spec,) = [one for one in load_sections(read_settings().prompts / "sections") if one.key == "diagnoses"]
    assert spec.columns == COLUMNS


@pytest.mark.parametrize("code", ["20610", "20611"])
def test_a_document_without_diagnoses_leaves_nothing(code):
    assert draft(from_markdown(f"# Invented\n\nSome words on {code} alone.\n"), code=code).statements == ()
