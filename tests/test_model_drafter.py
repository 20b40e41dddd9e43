"""A model drafts documentation requirements: what stands, what is withheld, and that a replay asks nothing."""

import functools
import json
import re
from datetime import date

import pytest

from pipeline.check_ledger import check_ledger, held_by
from pipeline.data import Label
from pipeline.errors import ModelError
from pipeline.index import HashingEmbedder
from pipeline.llm import Journal, JournaledClient
from pipeline.model_drafter import ModelNames, make_model_drafter
from pipeline.regenerate import regenerate_pages
from pipeline.run import Drafter
from pipeline.settings import Settings, read_settings
from pipeline.sources.notes import note_passages
from pipeline.workspace import Workspace
from tests.answering import AnsweringClient, judged

AS_OF = date(2026, 11, 24)
CODE = "20970"


NAMES = ModelNames(draft="scripted", judge="scripted", repair="scripted")


def regenerate(home, client, *, replay=False):
    workspace = Workspace(Settings(root=read_settings().root, home=home))
    drafter = Drafter()
    if client is not None:
        journaled = JournaledClient(client, Journal(workspace.settings.journal), replay=replay)
        drafter = make_model_drafter(NAMES, journaled, workspace=workspace)
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


def said(text, cites, quote, *answers, question=""):
    return {
        "text": text,
        "question": question,
        "evidence": [{"id": cites, "quote": quote}],
        "answers": list(answers),
    }


def reply(*statements):
    return json.dumps({"statements": list(statements)})


@pytest.fixture
def mixed():
    passage = cited_note()
    words = passage.text.split()
    return passage, reply(
        said(passage.text, passage.id, passage.text),
        said(
            "The surgeon signs each page in blue ink.", passage.id, "the surgeon signs each page in blue ink"
        ),
        said("The implant log is stored for ten years.", passage.id, " ".join(words[:3])),
        said(
            "The same-day visit that decides on the operation carries modifier 25.", passage.id, passage.text
        ),
        said("A note nobody gave it.", "note:none#0", "anything at all here"),
    )


def documentation(page, drafter="model:scripted"):
    said = [s for section in page.sections if section.key == "documentation" for s in section.statements]
    return [statement for statement in said if statement.drafter == drafter]


def test_only_what_its_quote_says_stands_and_the_rest_is_listed(tmp_path, mixed):
    passage, text = mixed
    result = regenerate(tmp_path, AnsweringClient({"documentation/draft": text}))
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
    assert any("passage not given" in failure for failure in result.page.failures)
    for words in ("blue ink", "ten years", "carries modifier 25"):
        assert words not in result.path.read_text()


def test_a_checklist_item_ties_to_the_models_claim_on_the_same_note(tmp_path, mixed):
    _, text = mixed
    page = regenerate(tmp_path, AnsweringClient({"documentation/draft": text})).page
    (requirement,) = documentation(page)
    items = [s for section in page.sections if section.key == "checklist" for s in section.statements]
    assert requirement.claims[0].id in {item.derived_from for item in items}


def test_a_replay_asks_nothing_and_gives_the_same_bytes(tmp_path, mixed):
    first = regenerate(tmp_path, AnsweringClient({"documentation/draft": mixed[1]}))
    before = {path.name: path.read_bytes() for path in first.path.parent.iterdir()}
    silent = AnsweringClient()
    regenerate(tmp_path, silent, replay=True)
    assert not silent.requests
    assert {path.name: path.read_bytes() for path in first.path.parent.iterdir()} == before


def test_a_replay_without_a_recorded_reply_says_so(tmp_path):
    with pytest.raises(ModelError):
        regenerate(tmp_path, AnsweringClient(), replay=True)


def test_a_reply_that_cannot_be_used_is_a_failure_not_content(tmp_path):
    page = regenerate(tmp_path, AnsweringClient({"documentation/draft": "not json"})).page
    assert documentation(page) == []
    assert any("answered twice with JSON that is not a DraftReply" in failure for failure in page.failures)


def test_what_the_model_leaves_open_the_notes_answer(tmp_path, mixed):
    extracted = regenerate(tmp_path / "extract", None).page
    page = regenerate(tmp_path, AnsweringClient({"documentation/draft": mixed[1]})).page
    assert {gap.key for gap in page.gaps} == {gap.key for gap in extracted.gaps}
    assert documentation(page, "extractive")
    assert len(documentation(page, "extractive")) < len(documentation(extracted, "extractive"))


def test_a_page_says_which_model_wrote_what(tmp_path, mixed):
    result = regenerate(tmp_path, AnsweringClient({"documentation/draft": mixed[1]}))
    assert result.page.drafter == "model:scripted"
    drafters = {s.drafter for section in result.page.sections for s in section.statements}
    assert drafters == {"model:scripted", "extractive", "tables"}


def judged_client(text, label):
    answer = functools.partial(judged, say=lambda number: (label, "So it is."))
    return AnsweringClient({"documentation/draft": text, "documentation/judge": answer})


REWORDED = (
    "The operative report identifies the donor bone and describes every part of the transfer: the bone, the skin taken "
    "with it and the vessels joined at the recipient site."
)


@pytest.fixture
def reworded():
    (note,) = [
        note for note in Workspace(read_settings()).notes if note.id == "bone-skin-graft-every-part-done"
    ]
    (passage,) = [one for one in note_passages(note) if one.section_key == "documentation"]
    return reply(said(REWORDED, passage.id, passage.text))


def test_the_judge_decides_on_words_that_the_checks_cannot_account_for(tmp_path, reworded):
    for label, standing in (("supported", True), ("refuted", False), ("not_enough_info", False)):
        client = judged_client(reworded, label)
        page = regenerate(tmp_path / label, client).page
        assert client.asked("documentation/judge")
        assert any(s.text == REWORDED for s in documentation(page)) is standing, label
        held = held_by(Workspace(Settings(root=read_settings().root, home=tmp_path / label)))
        assert {one.label for one in check_ledger(page, held=held)} == {Label.SUPPORTED}


def test_a_judge_that_fails_withholds_and_is_counted_apart(tmp_path, reworded):
    client = AnsweringClient({"documentation/draft": reworded, "documentation/judge": "no json"})
    page = regenerate(tmp_path, client).page
    (withheld,) = [w for w in page.withheld if w.statement.text == REWORDED]
    assert [type(verdict).__name__ for verdict in withheld.verdicts] == ["JudgeFailure"]
    assert not client.asked("documentation/repair")  # other words would not help


def test_each_passage_is_sent_once_for_a_page(tmp_path):
    client = AnsweringClient()
    regenerate(tmp_path, client)
    sent = [
        id_ for r in client.asked("/draft") for id_ in re.findall(r'<passage id="([^"]+#[^"]+)">', r.user)
    ]
    assert len(client.asked("/draft")) == 4
    assert len(sent) > 20 and len(sent) == len(set(sent))


def test_every_draft_begins_with_the_same_text(tmp_path):
    client = AnsweringClient()
    regenerate(tmp_path, client)
    assert len({request.system for request in client.asked("/draft")}) == 1
