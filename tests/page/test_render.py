"""The HTML page: complete, self-contained, and closed to anything that no verdict supports."""

import base64
import hashlib
import json
import re

import pytest
from selectolax.parser import HTMLParser

from pipeline.data import Label, Match, Page, QuoteEvidence, Section
from pipeline.errors import PublishError
from pipeline.page.layout import made_by, statements_of
from pipeline.page.render import render_html
from tests.page.builder import row
from tests.page.sample import sample_page

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)> </style></blockquote> {{ 7*7 }} {% raw %} "
    "[click](javascript:alert(3)) **bold** | \u202egnp.exe\u2066 " + "W" * 5000
)


def html_of(page: Page) -> HTMLParser:
    return HTMLParser(render_html(page, site_name="Sample Reference"))


def text_of(tree: HTMLParser) -> str:
    body = tree.body
    assert body is not None
    return " ".join(body.text(separator=" ").split())


def with_statement(page: Page, section_key: str, **changes: object) -> Page:
    """The page with its first statement in the section changed."""
    sections = tuple(
        section.model_copy(
            update={"statements": (section.statements[0].model_copy(update=changes), *section.statements[1:])}
        )
        if section.key == section_key
        else section
        for section in page.sections
    )
    return page.model_copy(update={"sections": sections})


def test_same_page_gives_same_bytes() -> None:
    assert render_html(sample_page(), site_name="A") == render_html(sample_page(), site_name="A")


def test_every_statement_has_one_numbered_footnote_in_reading_order() -> None:
    page = sample_page()
    count = 1 + len(page.fact_strip) + sum(len(section.statements) for section in page.sections)
    marks = [node.text() for node in html_of(page).css("details > summary > .mark")]
    assert marks == [str(number) for number in range(1, count + 1)]


def test_footnotes_are_marked_as_such_for_readers_of_the_text() -> None:
    tree = html_of(sample_page())
    assert tree.css("details.fn > .panel")
    assert len(tree.css("details.fn > .panel[role=doc-footnote]")) == len(tree.css("details.fn"))


def test_footnotes_have_distinct_short_names() -> None:
    names = [node.attributes["aria-label"] or "" for node in html_of(sample_page()).css("details > summary")]
    assert len(set(names)) == len(names)
    assert all(name.startswith("Source ") and len(name) < 90 for name in names)


def test_every_claim_is_an_anchor_once_and_says_how_to_explain_it() -> None:
    page = sample_page()
    tree = html_of(page)
    ids = [node.attributes["id"] for node in tree.css("[id]")]
    assert len(set(ids)) == len(ids)
    text = text_of(tree)
    for claim_id in page.verdicts:
        assert claim_id in ids
        assert f"briefwright explain 20970 {claim_id}" in text


def test_every_link_inside_the_page_leads_somewhere() -> None:
    tree = html_of(sample_page())
    ids = {node.attributes["id"] for node in tree.css("[id]")}
    targets = {(node.attributes["href"] or "")[1:] for node in tree.css('a[href^="#"]')}
    assert targets <= ids and "references" in targets


def test_a_quote_footnote_shows_source_and_whose_words_they_are() -> None:
    tree = html_of(sample_page())
    document = tree.css_first("#documentation .evidence.document")
    note = tree.css_first("#documentation .evidence.note")
    assert document is not None and note is not None
    for part in ("Example Policy Manual", "2026", "I-13", "File page 14", "https://www.example.gov/manual"):
        assert part in " ".join(document.text(separator=" ").split())
    assert document.css_first("blockquote") is not None
    assert "The document's own words." in document.text()
    assert "Briefwright note on Example Claims Manual, chapter 12, section 40.2" in note.text()
    assert "rests on a Briefwright note" in note.text()


def test_a_carried_value_is_marked_in_the_statement_and_never_called_verified() -> None:
    tree = html_of(sample_page())
    card = tree.css(".strip li")[2]
    badge = card.css_first(".setting .badge")
    assert badge is not None and badge.text() == "RVU25D, not confirmed for 2026"
    verdict = card.css_first(".says strong")
    assert verdict is not None
    assert "older release" in verdict.text() and "verified" not in verdict.text()
    current = tree.css(".strip li")[1]
    assert current.css_first(".badge") is None
    assert "Supported, verified January 16, 2026" in current.text()


def test_a_card_marks_the_release_it_names_and_keeps_its_setting() -> None:
    page = sample_page()
    days = page.fact_strip[2]
    shares = row("preoperative_share", "0.10", "RVU25C")
    claim = days.claims[0].model_copy(update={"evidence_ids": (*days.claims[0].evidence_ids, shares.id)})
    days = days.model_copy(update={"claims": (claim,), "cells": ("Global days", "090", "A", "RVU25D")})
    page = page.model_copy(update={"fact_strip": (days,), "evidence": {**page.evidence, shares.id: shares}})
    card = html_of(page).css_first(".strip li")
    assert card is not None
    setting = card.css_first(".setting")
    assert setting is not None
    assert setting.text().split() == "A RVU25D, not confirmed for 2026".split()
    assert "RVU25C, not confirmed for 2026" in card.text()


def test_a_classification_is_not_passed_off_as_a_cms_row() -> None:
    lead = html_of(sample_page()).css_first(".lead .evidence")
    assert lead is not None and "Briefwright classification, not a CMS row" in lead.text()


def test_evidence_that_two_claims_share_is_shown_once() -> None:
    panel = html_of(sample_page()).css("#documentation .panel")[1]
    assert len(panel.css("blockquote")) == 1
    assert "Same evidence as above" in panel.text()


def test_tables_have_caption_header_cells_and_a_source_column() -> None:
    table = html_of(sample_page()).css_first("#modifiers table")
    assert table is not None and table.css_first("caption") is not None
    assert [node.text() for node in table.css("th[scope=col]")] == [
        "Modifier",
        "When it applies",
        "Indicator",
        "Source",
    ]
    assert len(table.css("th[scope=row]")) == 3


def test_denials_show_codes_and_checklist_items_lead_to_their_requirement() -> None:
    page = sample_page()
    tree = html_of(page)
    assert [node.text() for node in tree.css("#denials .chip")] == ["CARC 97", "CARC 236", "N20"]
    link = tree.css_first("#checklist .derived")
    needed = page.sections[0].statements[0].claims[0].id
    assert link is not None and link.attributes["href"] == f"#{needed}"


def test_publisher_blocks_are_marked_and_hold_no_footnote() -> None:
    block = html_of(sample_page()).css_first("aside")
    assert block is not None
    assert "From the publisher, not a verified claim" in block.text()
    assert not block.css("details")


def test_withheld_words_stay_off_the_page_but_the_reason_is_given() -> None:
    text = text_of(html_of(sample_page()))
    assert "Modifier 25 belongs on the decision visit" not in text
    assert "the code's global period is 090, which calls for another modifier" in text
    assert "Which diagnoses support this procedure?" in text


def test_the_footer_says_how_the_page_was_made() -> None:
    foot = html_of(sample_page()).css_first("footer")
    assert foot is not None
    for part in (
        "half up to cents",
        "registered trademark",
        "No language model was used",
        "checks 1",
        "5f5f5f",
    ):
        assert part in foot.text()


def test_the_footer_counts_who_drafted_what() -> None:
    page = sample_page()
    standing = list(statements_of(page))
    said = made_by(page)
    assert f"{len(standing)} extractive 1" in said
    written = page.model_copy(
        update={"fact_strip": tuple(s.model_copy(update={"drafter": "model:x"}) for s in page.fact_strip)}
    )
    assert f"{len(page.fact_strip)} by the model x" in made_by(written)
    assert "No language model" in said and "No language model" not in made_by(written)


def test_nothing_is_executed_or_fetched_and_the_policy_covers_the_style() -> None:
    text = render_html(sample_page(), site_name="Sample Reference")
    tree = HTMLParser(text)
    assert [node.attributes["type"] for node in tree.css("script")] == ["application/ld+json"]
    assert not tree.css("link[rel=stylesheet], iframe, object, img, form, [style], [onclick], [onload], base")
    style = tree.css_first("style")
    policy = tree.css_first("meta[http-equiv]")
    assert style is not None and policy is not None
    inline = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert inline is not None
    digest = base64.b64encode(hashlib.sha256(inline[1].encode()).digest()).decode()
    content = policy.attributes["content"] or ""
    assert f"style-src 'sha256-{digest}'" in content and content.startswith("default-src 'none'")
    assert "url(" not in inline[1] and "@import" not in inline[1]


def test_hostile_text_is_text() -> None:
    text = render_html(sample_page(hostile=HOSTILE), site_name="Sample <b>")
    tree = HTMLParser(text)
    assert len(tree.css("script")) == 1 and not tree.css("img, b, body style")
    assert not tree.css('a[href^="javascript"]')
    assert "\u202e" not in text and "\u2066" not in text
    shown = text_of(tree)
    for part in ("<script>alert(1)</script>", "{{ 7*7 }} {% raw %}", "[U+202E]gnp.exe", "W" * 5000):
        assert part in shown
    data = tree.css_first("script")
    assert data is not None
    assert json.loads(data.text())["citation"][0]["name"].startswith("<script>")
    assert "url" not in json.loads(data.text())["citation"][0]


@pytest.mark.parametrize("label", [Label.REFUTED, Label.NOT_ENOUGH_INFO, None])
def test_a_claim_without_support_stops_the_rendering(label: Label | None) -> None:
    page = sample_page()
    claim = page.sections[1].statements[0].claims[0]
    verdicts = dict(page.verdicts)
    if label is None:
        del verdicts[claim.id]
    else:
        verdicts[claim.id] = verdicts[claim.id].model_copy(update={"label": label})
    with pytest.raises(PublishError, match=claim.id):
        render_html(page.model_copy(update={"verdicts": verdicts}), site_name="A")


def test_a_second_claim_without_support_stops_the_rendering_too() -> None:
    page = sample_page()
    second = page.sections[0].statements[1].claims[1].id
    verdicts = {key: value for key, value in page.verdicts.items() if key != second}
    with pytest.raises(PublishError, match=second):
        render_html(page.model_copy(update={"verdicts": verdicts}), site_name="A")


def test_a_statement_without_claims_stops_the_rendering() -> None:
    with pytest.raises(PublishError, match="makes no claim"):
        render_html(with_statement(sample_page(), "coverage", claims=()), site_name="A")


def test_a_supported_claim_without_evidence_stops_the_rendering() -> None:
    page = sample_page()
    bare = page.sections[2].statements[0].claims[0].model_copy(update={"evidence_ids": ()})
    verdict = page.verdicts[bare.id].model_copy(update={"evidence_ids": ()})
    page = with_statement(page, "coverage", claims=(bare,))
    page = page.model_copy(update={"verdicts": {**page.verdicts, bare.id: verdict}})
    with pytest.raises(PublishError, match="names no evidence"):
        render_html(page, site_name="A")


def test_unknown_evidence_and_unknown_documents_stop_the_rendering() -> None:
    page = sample_page()
    with pytest.raises(PublishError, match="which the page lacks"):
        render_html(page.model_copy(update={"evidence": {}}), site_name="A")
    with pytest.raises(PublishError, match="which the page lacks"):
        render_html(page.model_copy(update={"documents": {}}), site_name="A")


def test_a_quote_that_was_not_located_stops_the_rendering() -> None:
    page = sample_page()
    missing = {
        key: item.model_copy(update={"match": Match.MISSING}) if isinstance(item, QuoteEvidence) else item
        for key, item in page.evidence.items()
    }
    with pytest.raises(PublishError, match="not found in its source"):
        render_html(page.model_copy(update={"evidence": missing}), site_name="A")


def test_cells_that_do_not_fit_the_columns_stop_the_rendering() -> None:
    with pytest.raises(PublishError, match="2 cells for the 3 columns"):
        render_html(with_statement(sample_page(), "modifiers", cells=("62", "When")), site_name="A")


def test_an_item_whose_origin_is_not_on_the_page_stops_the_rendering() -> None:
    with pytest.raises(PublishError, match="derives from c_gone"):
        render_html(with_statement(sample_page(), "checklist", derived_from="c_gone"), site_name="A")


def test_a_statement_shown_twice_keeps_its_anchor_at_the_first_place() -> None:
    page = sample_page()
    again = Section(key="again", heading="Again", statements=page.sections[2].statements)
    tree = html_of(page.model_copy(update={"sections": (*page.sections, again)}))
    ids = [node.attributes["id"] for node in tree.css("[id]")]
    assert len(set(ids)) == len(ids)
    assert len(tree.css("#again details")) == len(again.statements)
