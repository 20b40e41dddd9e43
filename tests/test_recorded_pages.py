"""Six pages from recorded replies, by way of batches: what stands is supported, and the mistakes in them are caught.

`tests/recorded/README.md` says how the replies were made and what is wrong in them on purpose.
"""

from __future__ import annotations

import json
import re
import zipfile
from datetime import date
from pathlib import Path

import pytest

from pipeline.batch_folder import BatchFolder
from pipeline.batch_runs import find_pending
from pipeline.data import JudgeFailure, Label, Page
from pipeline.index import HashingEmbedder
from pipeline.llm import Journal, JournaledClient, ModelRequest, PendingClient, batch_line, import_batch
from pipeline.model_drafter import ModelNames, make_model_drafter
from pipeline.page.layout import statements_of
from pipeline.regenerate import regenerate_pages
from pipeline.settings import Settings
from pipeline.workspace import Workspace

RECORDED = Path(__file__).parent / "recorded"
CODES = sorted(path.stem for path in RECORDED.glob("*.json") if path.stem != "mistakes")
MISTAKES = json.loads((RECORDED / "mistakes.json").read_text(encoding="utf-8"))
NAMES = ModelNames(*["openai:recorded"] * 3)
ON = date(2026, 11, 24)
_STATEMENT = re.compile(r'^Statement (s\d+)[^\n]*:\n<passage id="\1">\n(.*?)\n</passage>', re.M | re.S)


def reply_to(request: ModelRequest) -> dict[str, object]:
    """The recorded reply to a request: drafts by section; judgements and repairs by the statement's words."""
    code, section, call = request.label.split("/")
    recorded = json.loads((RECORDED / f"{code}.json").read_text(encoding="utf-8"))
    if call == "draft":
        return recorded["drafts"][section]
    asked = {text: name for name, text in _STATEMENT.findall(request.user)}
    if call == "judge":
        known = recorded["judgements"].get(section, {})
        return {
            "judgements": [
                {"statement": name, "assertions": known[text]}
                for text, name in asked.items()
                if text in known
            ]
        }
    known = recorded["repairs"].get(section, {})
    return {
        "statements": [known[text] | {"statement": name} for text, name in asked.items() if text in known]
    }


def result_line(request: ModelRequest) -> bytes:
    """What a batch endpoint gives back for a request."""
    message = {"role": "assistant", "content": json.dumps(reply_to(request)), "refusal": None}
    body = {
        "model": batch_line(request)["body"]["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": len(request.user) // 4, "completion_tokens": 1},
    }
    return json.dumps({"custom_id": request.key, "response": {"status_code": 200, "body": body}}).encode()


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The inputs that the replies answer, as they were then, and a state folder that batches went into and out of."""
    root = tmp_path_factory.mktemp("recorded")
    with zipfile.ZipFile(RECORDED / "inputs.zip") as inputs:
        inputs.extractall(root)
    workspace = Workspace(Settings(root=root, home=root / "var"))
    folder, journal = BatchFolder(workspace.settings.batches), Journal(workspace.settings.journal)
    rounds = 0
    while requests := find_pending(
        CODES,
        workspace=workspace,
        embedder=HashingEmbedder(),
        as_of=ON,
        names=NAMES,
        progress=lambda message: None,
    ).requests:
        folder.hand_out(requests)
        report = import_batch([result_line(request) for request in requests], folder.requests(), journal)
        assert not report.missing and not report.faults
        folder.settle(folder.requests())
        rounds += 1
        assert rounds <= 6, "draft, judge, and two rounds of mending and judging"
    return workspace


@pytest.fixture(scope="module")
def pages(workspace: Workspace) -> dict[str, Page]:
    """The pages, made from the journal alone."""
    client = JournaledClient(
        PendingClient(Journal(workspace.settings.journal)), Journal(workspace.settings.journal)
    )
    done = regenerate_pages(
        CODES,
        workspace=workspace,
        embedder=HashingEmbedder(),
        as_of=ON,
        today=ON,
        progress=lambda message: None,
        drafter=make_model_drafter(NAMES, client, workspace=workspace),
    )
    return {result.page.hcpcs_code: result.page for result in done}


def written(page: Page) -> list[str]:
    return [s.text for s in statements_of(page) if s.drafter.startswith("model:")]


@pytest.mark.parametrize("code", CODES)
def test_every_claim_that_stands_is_supported(pages: dict[str, Page], code: str):
    page = pages[code]
    for statement in statements_of(page):
        for claim in statement.claims:
            assert page.verdicts[claim.id].label is Label.SUPPORTED
    assert len(written(page)) >= 12


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: f"{mistake['code']}-{mistake['section']}")
def test_a_mistake_does_not_stand(pages: dict[str, Page], mistake: dict[str, str]):
    page = pages[mistake["code"]]
    assert mistake["text"] not in written(page), mistake["what"]
    listed = [held.statement.text for held in page.withheld] + list(page.failures)
    assert any(mistake["text"] in one for one in listed), "caught without being listed"


@pytest.mark.parametrize("code", CODES)
def test_a_page_answers_no_less_than_its_notes(pages: dict[str, Page], workspace: Workspace, code: str):
    (extract,) = regenerate_pages(
        [code],
        workspace=workspace,
        embedder=HashingEmbedder(),
        as_of=ON,
        today=ON,
        progress=lambda message: None,
    )
    assert {gap.key for gap in pages[code].gaps} <= {gap.key for gap in extract.page.gaps}


def test_no_judgement_was_missing(pages: dict[str, Page]):
    failed = [
        held.statement.text
        for page in pages.values()
        for held in page.withheld
        if any(isinstance(verdict, JudgeFailure) for verdict in held.verdicts)
    ]
    assert failed == []
