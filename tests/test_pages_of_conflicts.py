"""A page whose sources are contradicted by a document that was added: shown, or held back, by whose it is."""

from datetime import date

import pytest

from pipeline.check_ledger import check_ledger, held_by
from pipeline.data import Authority, Label, Verdict
from pipeline.inputs import gather_inputs
from pipeline.page.ledger import dump_ledger, load_ledger
from pipeline.page.markdown import render_markdown
from pipeline.page.render import render_html
from pipeline.run import build_page
from pipeline.settings import Settings, read_settings
from pipeline.workspace import Workspace
from tests.verify.worked import make_document

AS_OF = date(2026, 11, 24)
CODE = "20970"
SAID, TURNED = " is not ", " is "


def build(home, *documents):
    workspace = Workspace(Settings(root=read_settings().root, home=home))
    workspace.added = list(documents)
    inputs = gather_inputs(CODE, workspace=workspace, as_of=AS_OF)
    page = build_page(inputs, workspace=workspace, search=lambda query, limit, allowed: [], today=AS_OF)
    return page, workspace


def claims_of(page):
    return {c.id: c for part in page.sections for s in part.statements for c in s.claims}


@pytest.fixture(scope="module")
def turned(tmp_path_factory):
    """The sentences of a page's notes with one word turned, as a document of this authority says them."""
    page, _ = build(tmp_path_factory.mktemp("plain"))
    sentences = [
        c.text.replace(SAID, TURNED, 1)
        for c in claims_of(page).values()
        if c.subject.startswith("note:") and SAID in c.text
    ]

    def of(authority):
        document = make_document("\n\n".join(sentences), identity="doc:turned")
        return document.model_copy(update={"authority": authority, "title": "Turned Round"})

    return of


def conflicts(outcome):
    return [check for check in outcome.checks if check.check == "counter_evidence"]


def test_a_lower_source_is_named_beside_the_claim(tmp_path, turned):
    plain, _ = build(tmp_path)
    page, workspace = build(tmp_path, turned(Authority.EDUCATOR))
    assert [s.id for part in page.sections for s in part.statements] == [
        s.id for part in plain.sections for s in part.statements
    ]
    against = {id_: verdict for id_, verdict in page.verdicts.items() if conflicts(verdict)}
    assert against and page.fingerprint != plain.fingerprint
    for verdict in against.values():
        assert verdict.label is Label.SUPPORTED and "Turned Round" in verdict.reason
        assert all(id_ in page.evidence for check in conflicts(verdict) for id_ in check.evidence_ids)
    assert "Turned Round" in {use.title for use in page.sources}
    assert "a source of lower authority says otherwise" in render_markdown(page).lower()
    assert "Turned Round" in render_html(page, site_name="Example")
    again = load_ledger(dump_ledger(page))
    assert {one.label for one in check_ledger(again, held=held_by(workspace))} == {Label.SUPPORTED}
    alone = held_by(workspace).alone()
    assert {one.label for one in check_ledger(again, held=alone)} == {Label.SUPPORTED}


def test_a_source_as_high_holds_the_statement_back(tmp_path, turned):
    plain, _ = build(tmp_path)
    page, _ = build(tmp_path, turned(Authority.NCCI))
    held = [outcome for item in page.withheld for outcome in item.verdicts if conflicts(outcome)]
    assert held
    assert all(isinstance(one, Verdict) and one.label is Label.NOT_ENOUGH_INFO for one in held)
    assert not {one.claim_id for one in held} & page.verdicts.keys()
    assert len(claims_of(page)) < len(claims_of(plain))
    assert render_html(page, site_name="Example")


def test_a_conflict_makes_the_same_page_each_time(tmp_path, turned):
    one, two = (build(tmp_path, turned(Authority.EDUCATOR))[0] for _ in range(2))
    assert dump_ledger(one) == dump_ledger(two)
