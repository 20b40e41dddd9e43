"""The real manuals added: every anchor of our notes stands in them, and pages cite them by file page."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from pipeline.add_sources import AddedSource, AnchorReport, add_source
from pipeline.check_ledger import check_ledger, held_by
from pipeline.data import Label, Match, Page, QuoteEvidence
from pipeline.index import HashingEmbedder
from pipeline.regenerate import Regenerated, regenerate_pages
from pipeline.settings import Settings, read_settings
from pipeline.sources.documents import hash_file
from pipeline.sources.requests import AddRequest
from pipeline.workspace import Workspace

AS_OF = date(2026, 11, 24)
MANUALS = {
    "manuals/ncci_policy_manual_2026.pdf": ("NCCI Policy Manual", "2026", date(2026, 1, 1)),
    "pfs/rvu25d_oct2025/RVU25D.pdf": ("Fee schedule guide", "RVU25D", date(2025, 10, 1)),
}


def add(path: Path, home: Path) -> AddedSource:
    title, edition, begins = next(told for name, told in MANUALS.items() if str(path).endswith(name))
    return add_source(
        AddRequest(
            source=str(path),
            title=title,
            edition=edition,
            publisher="CMS",
            authority="ncci",
            licence="public domain",
            effective_from=begins,
        ),
        workspace=Workspace(Settings(root=read_settings().root, home=home)),
        today=AS_OF,
        fetch_page=Path,
    )


@pytest.fixture(scope="module")
def home(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder to which the manuals were added."""
    missing = [name for name in MANUALS if not (shared_data / name).exists()]
    if missing:
        pytest.skip(f"{missing[0]} is not beside this checkout")
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def reports(home: Path, shared_data: Path) -> dict[str, AddedSource]:
    return {name: add(shared_data / name, home) for name in MANUALS}


@pytest.fixture(scope="module")
def pages(home: Path, reports: dict[str, AddedSource]) -> dict[str, Regenerated]:
    written = regenerate_pages(
        ["29881", "22612"],
        workspace=Workspace(Settings(root=read_settings().root, home=home)),
        embedder=HashingEmbedder(),
        as_of=AS_OF,
        today=AS_OF,
        progress=lambda message: None,
    )
    return {one.page.hcpcs_code: one for one in written}


def quotes(page: Page, level: str) -> list[QuoteEvidence]:
    return [one for one in page.evidence.values() if isinstance(one, QuoteEvidence) and one.level == level]


@pytest.mark.realdata
@pytest.mark.parametrize("name", MANUALS)
def test_every_anchor_matches_exactly(reports: dict[str, AddedSource], shared_data: Path, name: str):
    sha256 = hash_file(shared_data / name)
    notes = [note for note in Workspace(read_settings()).notes if note.anchor.document == sha256]
    assert notes
    assert reports[name].sha256 == sha256
    assert reports[name].anchors == AnchorReport(matched=len(notes), moved=0, missing=())


@pytest.mark.realdata
def test_a_rule_of_the_manual_is_one_passage_under_its_chapter_and_section(home: Path, reports):
    workspace = Workspace(Settings(root=read_settings().root, home=home))
    (document,) = [one for one in workspace.added if one.edition == "2026"]
    indexed = next(one for one in workspace.indexed() if one.id == document.id)
    passages = indexed.passages()
    assert len(passages) == reports["manuals/ncci_policy_manual_2026.pdf"].passages > 1_000
    assert all(document.text[one.start : one.end] == one.text for one in passages)
    assert max(len(one.text) for one in passages) <= 8_000
    (rule,) = [one for one in passages if "G0289" in one.text and "29881" in one.text and "29880" in one.text]
    assert re.match(r"\d+\. ", rule.text) and rule.page
    assert rule.heading_path[1].startswith("Chapter IV") and rule.chapter_codes == (("20000", "29999"),)
    assert document.text[document.page_starts[rule.page - 1] :].find(rule.text[-40:]) >= 0


@pytest.mark.realdata
@pytest.mark.parametrize("code", ["29881", "22612"])
def test_a_page_cites_the_manual_by_its_file_page(home: Path, pages: dict[str, Regenerated], code: str):
    page, html = pages[code].page, pages[code].path.read_text(encoding="utf-8")
    workspace = Workspace(Settings(root=read_settings().root, home=home))
    held = {document.id: document for document in workspace.added}
    notes = {f"note:{note.id}": note for note in workspace.notes}
    cited = {quote.document_id for quote in quotes(page, "note")}
    anchored = {(notes[name].anchor.document, notes[name].anchor.page) for name in cited}
    shown = quotes(page, "document")
    assert len(shown) > 10
    for quote in shown:
        document = held[quote.document_id]
        stated = document.text[quote.start : quote.end]
        assert quote.quote == stated if quote.match is Match.EXACT else "(…)" in quote.quote
        assert quote.page == document.page_of(quote.start)
        assert f"{document.title}, {document.edition}" in html and f"file page {quote.page}" in html
    assert {(held[quote.document_id].sha256, quote.page) for quote in shown} >= anchored
    assert "the document itself was not at hand" not in html


@pytest.mark.realdata
@pytest.mark.parametrize("code", ["29881", "22612"])
def test_a_page_passes_its_own_verification_beside_the_manuals(
    home: Path, pages: dict[str, Regenerated], code: str
):
    held = held_by(Workspace(Settings(root=read_settings().root, home=home)))
    page = pages[code].page
    results = list(check_ledger(page, held=held))
    assert [(one.claim, one.reason) for one in results if one.label is not Label.SUPPORTED] == []
    without = held_by(Workspace(Settings(root=read_settings().root, home=home / "none")))
    assert {one.label for one in check_ledger(page, held=without)} == {Label.SUPPORTED}
