"""Diagnoses on a page: from a document that was added to the HTML, the Markdown and the ledger."""

from datetime import date

import pytest
from selectolax.lexbor import LexborHTMLParser

from pipeline.check_ledger import check_ledger, held_by
from pipeline.data import Authority, Label
from pipeline.draft import diagnoses
from pipeline.inputs import gather_inputs
from pipeline.page.ledger import dump_ledger, load_ledger
from pipeline.page.markdown import render_markdown
from pipeline.page.render import render_html
from pipeline.run import build_page
from pipeline.settings import Settings, read_settings
from pipeline.sources.documents import Description, read_document, store_document
from pipeline.workspace import Workspace
from tests.sources.articles import BACK, LEFT_KNEE, RIGHT_KNEE, article, group

ON = date(2026, 11, 24)
TITLE = "Billing and Coding: Invented Injections"


def page_with(tmp_path, text, *, code="20610", as_of=ON, title=TITLE):
    tmp_path.mkdir(exist_ok=True)
    path = tmp_path / "article.html"
    path.write_text(text)
    described = Description(
        publisher="Invented Administrators",
        title=title,
        edition="R5",
        authority=Authority.LOCAL_COVERAGE,
        licence="invented",
        payer_scope="Medicare FFS, an invented jurisdiction",
        valid_from=date(2026, 6, 1),
    )
    settings = Settings(root=read_settings().root, home=tmp_path / "home")
    store_document(read_document(path, described, retrieved_on=ON), settings.documents)
    workspace = Workspace(settings)
    inputs = gather_inputs(code, workspace=workspace, as_of=as_of)
    return build_page(inputs, workspace=workspace, search=lambda *_: [], today=ON)


def section(page):
    return next((part for part in page.sections if part.key == "diagnoses"), None)


def gap(page):
    return next((gap.reason for gap in page.gaps if gap.key == "diagnosis_link"), None)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    words = "These <script>x</script> support 20610 | 20611, **only** when a note says why."
    one = group(1, [RIGHT_KNEE, BACK], words.replace("<script>x</script> ", ""))
    return page_with(tmp_path_factory.mktemp("page"), article(one), title=f"{TITLE} <b>|</b> **A99999**")


def test_the_section_is_filled_and_the_gap_is_gone(page):
    part = section(page)
    assert part and [statement.cells[:3] for statement in part.statements[1:]] == [
        ("Primary osteoarthritis, knee", "M17.11", "not listed"),
        ("Low back pain, unspecified: M54.50", "–", "–"),
    ]
    assert gap(page) is None and page.withheld == ()
    for statement in part.statements:
        for claim in statement.claims:
            assert page.verdicts[claim.id].label is Label.SUPPORTED
            assert claim.payer_scope == "Medicare FFS, an invented jurisdiction"
    assert load_ledger(dump_ledger(page)) == page


def test_html_shows_the_table_below_what_is_said_of_its_source(page):
    tree = LexborHTMLParser(render_html(page, site_name="A"))
    part = tree.css_first("section#diagnoses")
    assert part is not None
    (above,), (table,) = part.css(".above"), part.css("table")
    assert "subject to the words quoted here" in above.text()
    quoted = "It says of Group 1: “These support 20610 | 20611, **only** when a note says why.”"
    assert quoted in " ".join(above.text().split())
    assert f"{TITLE} <b>|</b> **A99999**" in above.text()
    heads = [cell.text() for cell in table.css("thead th")]
    assert heads == ["Condition", "Right", "Left", "Bilateral", "Side not named", "Source"]
    assert len(part.css("details")) == 3 and not part.css("b") and not part.css("script")
    assert "M17.11 | Unilateral primary osteoarthritis, right knee" in part.text()
    assert tree.css_first('nav a[href="#diagnoses"]') is not None


def test_markdown_shows_the_same(page):
    text = render_markdown(page)
    start = text.index("## Related ICD-10 diagnoses")
    part = text[start : text.index("\n## ", start + 1)]
    rows = [line for line in part.splitlines() if line.startswith("| ")]
    assert rows[0] == "| Condition | Right | Left | Bilateral | Side not named | Source |"
    assert rows[2].startswith(
        "| Primary osteoarthritis, knee | M17.11 | not listed | not listed | not listed |"
    )
    assert all(row.count("|") == 7 for row in rows)
    assert part.index("lists diagnoses for 20610") < part.index(rows[0])


def test_the_gap_says_why_a_document_ties_nothing(tmp_path):
    page = page_with(tmp_path, article(group(1, [RIGHT_KNEE]), group(2, [BACK])))
    assert section(page) is None
    assert gap(page) == f"{TITLE}: it lists diagnoses by group and does not say which group goes with 20610"
    assert "does not say which group goes with 20610" in render_html(page, site_name="A")


def test_a_document_speaks_only_on_days_it_is_in_force(tmp_path):
    text = article(group(1, [RIGHT_KNEE]))
    early = page_with(tmp_path, text, as_of=date(2026, 5, 31))
    assert section(early) is None and gap(early) == "no source loaded here answers it"
    assert section(page_with(tmp_path, text, as_of=date(2026, 6, 1)))


def test_another_list_gives_another_fingerprint(tmp_path):
    ambiguous = page_with(tmp_path / "a", article(group(1, [RIGHT_KNEE]), group(2, [BACK])))
    one = page_with(tmp_path / "b", article(group(1, [RIGHT_KNEE])))
    both = page_with(tmp_path / "c", article(group(1, [RIGHT_KNEE, LEFT_KNEE])))
    none = page_with(tmp_path / "d", article(group(1, [RIGHT_KNEE])), as_of=date(2026, 5, 31))
    assert len({page.fingerprint for page in (ambiguous, one, both, none)}) == 4


def test_a_list_whose_condition_does_not_stand_goes_with_it(tmp_path, monkeypatch):
    real = diagnoses.compose_diagnoses

    def tampered(document, code):
        composed = real(document, code)
        above = tuple(one._replace(text=one.text.replace("only when", "even when")) for one in composed.above)
        return composed._replace(above=above)

    monkeypatch.setattr(diagnoses, "compose_diagnoses", tampered)
    page = page_with(tmp_path, article(group(1, [RIGHT_KNEE], "For 20610, only when care has failed.")))
    assert section(page) is None and len(page.withheld) == 2
    assert gap(page) == "a drafted answer did not pass verification"
    assert "M17.11" not in render_markdown(page)


def test_lists_that_are_not_shown_are_named_above_the_table(tmp_path):
    two = group(2, [BACK], "For 20610. Secondary; a primary diagnosis is required.")
    page = page_with(tmp_path, article(group(1, [RIGHT_KNEE], "For 20610:"), two))
    text = render_markdown(page)
    assert text.index("Not shown: Group 2, because") < text.index("| Condition | Right |")
    assert "M54.50" not in text and page.withheld == ()


def test_a_tampered_side_is_withheld_and_the_gap_comes_back(tmp_path, monkeypatch):
    real = diagnoses.compose_diagnoses

    def tampered(document, code):
        composed = real(document, code)
        rows = tuple(
            row._replace(
                text=row.text.replace("right M17.11", "left M17.12"),
                cells=(row.cells[0], row.cells[2], "M17.12", *row.cells[3:]),
            )
            for row in composed.rows
        )
        return composed._replace(rows=rows)

    monkeypatch.setattr(diagnoses, "compose_diagnoses", tampered)
    page = page_with(tmp_path, article(group(1, [RIGHT_KNEE])))
    assert len(page.withheld) == 1 and "M17.12" not in render_html(page, site_name="A")
    assert gap(page) == "a drafted answer did not pass verification"


def test_a_page_passes_its_own_verification_beside_its_document(tmp_path):
    page = page_with(tmp_path, article(group(1, [RIGHT_KNEE, BACK], "These support 20610.")))
    held = held_by(Workspace(Settings(root=read_settings().root, home=tmp_path / "home")))
    assert section(page)
    results = list(check_ledger(page, held=held))
    assert [(one.claim, one.reason) for one in results if one.label is not Label.SUPPORTED] == []
    alone = [one for one in check_ledger(page, held=held.alone()) if one.label is not Label.SUPPORTED]
    assert {one.label for one in alone} == {None}
