"""A model drafts documentation requirements: what stands, what is withheld, and that a replay asks nothing."""

import json
from datetime import date

import pytest

from pipeline.errors import ModelError
from pipeline.index import HashingEmbedder
from pipeline.llm import ScriptedClient
from pipeline.model_drafter import make_model_drafter
from pipeline.regenerate import regenerate_pages
from pipeline.settings import Settings, read_settings
from pipeline.sources.notes import note_passages
from pipeline.workspace import Workspace

AS_OF = date(2026, 11, 24)
CODE = "20970"


def regenerate(home, client, *, replay=False):
    workspace = Workspace(Settings(root=read_settings().root, home=home))
    drafter = make_model_drafter("scripted", replay=replay, workspace=workspace, client=client)
    (result,) = regenerate_pages(
        [CODE],
        workspace=workspace,
        embedder=HashingEmbedder(),
        as_of=AS_OF,
        today=AS_OF,
        progress=lambda message: None,
        drafter=drafter,
    )
    return result


def cited_note():
    """A documentation passage that applies to the code, with its note."""
    workspace = Workspace(read_settings())
    facts = workspace.facts.facts_on(CODE, AS_OF)
    for note in workspace.notes_for(CODE, facts, AS_OF):
        parts = {passage.section_key: passage for passage in note_passages(note)}
        if {"documentation", "checklist"} <= parts.keys():
            return parts["documentation"]
    raise AssertionError("no note with a documentation part and a checklist item applies")


def reply(*statements):
    return json.dumps({"statements": list(statements)})


@pytest.fixture
def mixed():
    passage = cited_note()
    words = passage.text.split()
    return passage, reply(
        {"text": passage.text, "evidence_id": passage.id, "quote": passage.text, "answers": []},
        {
            "text": "The surgeon signs each page in blue ink.",
            "evidence_id": passage.id,
            "quote": "the surgeon signs each page in blue ink",
            "answers": [],
        },
        {
            "text": "The implant log is stored for ten years.",
            "evidence_id": passage.id,
            "quote": " ".join(words[:3]),
            "answers": [],
        },
        {
            "text": "The same-day visit that decides on the operation carries modifier 25.",
            "evidence_id": passage.id,
            "quote": passage.text,
            "answers": [],
        },
        {"text": "A note nobody gave it.", "evidence_id": "note:none#0", "quote": "anything", "answers": []},
    )


def documentation(page):
    return [s for section in page.sections if section.key == "documentation" for s in section.statements]


def test_only_what_its_quote_says_stands_and_the_rest_is_listed(tmp_path, mixed):
    passage, text = mixed
    result = regenerate(tmp_path, ScriptedClient([text]))
    standing = documentation(result.page)
    assert [statement.text for statement in standing] == [passage.text]
    assert standing[0].drafter == "model:scripted"
    held = {w.statement.text for w in result.page.withheld}
    assert {
        "The surgeon signs each page in blue ink.",
        "The implant log is stored for ten years.",
        "The same-day visit that decides on the operation carries modifier 25.",
        "A note nobody gave it.",
    } <= held
    assert any("quote that is not in its passage" in failure for failure in result.page.failures)
    assert any("passage that was not given" in failure for failure in result.page.failures)
    for words in ("blue ink", "ten years", "carries modifier 25"):
        assert words not in result.path.read_text()


def test_a_checklist_item_ties_to_the_models_claim_on_the_same_note(tmp_path, mixed):
    _, text = mixed
    page = regenerate(tmp_path, ScriptedClient([text])).page
    (requirement,) = documentation(page)
    items = [s for section in page.sections if section.key == "checklist" for s in section.statements]
    assert [item.derived_from for item in items] == [requirement.claims[0].id]


def test_a_replay_asks_nothing_and_gives_the_same_bytes(tmp_path, mixed):
    first = regenerate(tmp_path, ScriptedClient([mixed[1]]))
    before = {path.name: path.read_bytes() for path in first.path.parent.iterdir()}
    silent = ScriptedClient([])
    regenerate(tmp_path, silent, replay=True)
    assert not silent.requests
    assert {path.name: path.read_bytes() for path in first.path.parent.iterdir()} == before


def test_a_replay_without_a_recorded_reply_says_so(tmp_path):
    with pytest.raises(ModelError):
        regenerate(tmp_path, ScriptedClient([]), replay=True)


def test_a_reply_that_cannot_be_used_is_a_failure_not_content(tmp_path):
    page = regenerate(tmp_path, ScriptedClient(["not json", "still not json"])).page
    assert documentation(page) == []
    assert page.failures and any(gap.section_key == "documentation" for gap in page.gaps)
