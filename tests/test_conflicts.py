"""A document that contradicts a page makes it stale, as does its going; one that says nothing against it does not."""

from datetime import date

import pytest

from pipeline.conflicts import find_conflicts
from pipeline.data import Authority
from pipeline.page.layout import statements_of
from pipeline.run import Drafter
from pipeline.settings import Settings
from pipeline.sources.documents import store_document
from pipeline.stale import page_states
from tests.making import ON, make_pages, workspace_in
from tests.verify.worked import make_document

CODES = ("20610", "20970")
SUBJECT = "note:bone-graft-microsurgery"


def make(home):
    return make_pages(workspace_in(home), CODES)


def states(home, on=ON):
    found = page_states(CODES, workspace=workspace_in(home), as_of=on, dated=False, drafter=Drafter())
    return {state.hcpcs_code: state for state in found}


def turned(pages, code, other):
    """Sentences of the one page alone, each with its negation gone."""
    said = [{c.text for s in statements_of(pages[name]) for c in s.claims} for name in (code, other)]
    return "\n\n".join(
        text.replace(" is not ", " is ", 1) for text in sorted(said[0] - said[1]) if " is not " in text
    )


def add(home, text, authority, **more):
    document = make_document(text, identity="doc:turned").model_copy(
        update={"authority": authority, "title": "Turned Round", **more}
    )
    store_document(document, Settings(root=home, home=home).documents)
    return document


@pytest.mark.parametrize("authority", [Authority.EDUCATOR, Authority.NCCI])
def test_only_the_contradicted_page_is_made_anew_and_again_when_the_document_goes(tmp_path, authority):
    pages = make(tmp_path)
    add(tmp_path, turned(pages, "20970", "20610"), authority)
    found = states(tmp_path)
    assert {code for code, state in found.items() if state.state == "stale"} == {"20970"}
    assert "Turned Round" in found["20970"].changes[0].as_text()
    assert "added, contradicts c_" in found["20970"].changes[0].as_text()
    beside = make(tmp_path)
    assert (beside["20970"].withheld != ()) is (authority is Authority.NCCI)
    assert all(state.is_current for state in states(tmp_path).values())
    for path in Settings(root=tmp_path, home=tmp_path).documents.iterdir():
        path.unlink()
    gone = states(tmp_path)
    assert {code for code, state in gone.items() if state.state == "stale"} == {"20970"}
    assert "removed, no longer contradicts c_" in gone["20970"].changes[0].as_text()
    make(tmp_path)
    assert all(state.is_current for state in states(tmp_path).values())


def test_a_document_counts_from_the_day_it_is_in_force(tmp_path):
    pages = make(tmp_path)
    add(tmp_path, turned(pages, "20970", "20610"), Authority.NCCI, valid_from=date(2026, 12, 1))
    assert all(state.is_current for state in states(tmp_path).values())
    assert states(tmp_path, date(2026, 12, 1))["20970"].state == "stale"


def test_nothing_is_looked_up_beside_the_same_documents(tmp_path, monkeypatch):
    make(tmp_path)
    monkeypatch.setattr("pipeline.stale.find_conflicts", lambda *given: pytest.fail("looked up"))
    assert all(state.is_current for state in states(tmp_path).values())


def test_that_a_document_contradicts_nothing_is_noted_once(tmp_path, monkeypatch):
    make(tmp_path)
    add(tmp_path, "The kitchen is open at noon.", Authority.NCCI)
    workspace = workspace_in(tmp_path)
    how = {"workspace": workspace, "as_of": ON, "dated": False, "drafter": Drafter()}
    assert all(state.is_current for state in page_states(CODES, **how, note=True))
    monkeypatch.setattr("pipeline.stale.find_conflicts", lambda *given: pytest.fail("looked up"))
    assert all(state.is_current for state in page_states(CODES, **how))


def test_no_page_of_the_starter_set_is_contradicted_by_its_own_sources(tmp_path):
    pages = make(tmp_path)
    assert all(find_conflicts(page, workspace_in(tmp_path), ON) == [] for page in pages.values())
