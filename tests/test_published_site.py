"""The starter pages of this repository: published by its own commands, marked, and still what the log says."""

import json

import pytest

from pipeline.page.files import PAGE_FILES
from pipeline.page.layout import statements_of
from pipeline.page.ledger import load_ledger
from pipeline.review.publish import published_now, read_log
from pipeline.settings import read_settings
from pipeline.site.build import copy_site
from pipeline.status import site_status
from pipeline.workspace import Workspace

SETTINGS = read_settings()
UP = published_now(read_log(SETTINGS.outputs))


def test_every_starter_code_has_its_page_and_no_other(tmp_path):
    codes = Workspace(SETTINGS).profiles.keys()
    assert UP.keys() == codes
    assert copy_site(SETTINGS.outputs, tmp_path) > 3 * len(codes)  # each file is the one that went out


def test_nobody_signed_for_them_and_they_say_so():
    assert all(one.unreviewed and one.reviewer == "" for one in UP.values())
    for name in UP:
        for file in PAGE_FILES[:2]:
            said = (SETTINGS.outputs / name / file).read_text(encoding="utf-8")
            assert "Starter content: no person has reviewed this page yet" in said
    assert "54 pages are starter content" in (SETTINGS.outputs / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", sorted(UP))
def test_a_page_holds_nothing_that_may_not_be_in_a_repository(code):
    """No words of a document, no descriptor: notes in our own words and figures alone."""
    page = load_ledger((SETTINGS.outputs / code / PAGE_FILES[-1]).read_text(encoding="utf-8"))
    assert page.descriptor is None and not page.withheld
    quotes = [item for item in page.evidence.values() if item.kind == "quote"]
    assert quotes and {item.level for item in quotes} <= {"note", "classification"}
    claims = [claim for statement in statements_of(page) for claim in statement.claims]
    assert len(claims) > 40
    assert {page.verdicts[claim.id].label for claim in claims} == {"supported"}


def test_status_counts_them(tmp_path):
    facts = Workspace(SETTINGS).facts
    found = site_status(
        SETTINGS.outputs,
        tmp_path,
        loaded=facts.releases_of,
        stands=facts.stands,
        today=max(one.published_at for one in UP.values()).date(),
    )
    counts = found.counts()
    assert (counts["published"], counts["unreviewed"], counts["damaged"], counts["gone"]) == (54, 54, 0, 0)
    assert counts["stale"] == 0 and not found.interrupted
    lines = (SETTINGS.outputs / "pages.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["name"] for line in lines] == sorted(UP)
