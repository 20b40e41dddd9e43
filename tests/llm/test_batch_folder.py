"""Batches under way: no call is paid twice, no id is lost, and what nobody waits for is forgotten."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.batch_folder import ON_ITS_WAY, REPLY_TYPES, BatchFolder, recover_jobs, submit_batch
from pipeline.batch_runs import PageState, Pending
from pipeline.errors import ModelError, StateError, UsageError
from pipeline.llm import Journal, ModelRequest, batch_line, import_batch, make_request, open_batch_api
from pipeline.prompts import RenderedPrompt
from tests.llm.batch_server import BatchServer
from tests.llm.cases import KEY, Colour, colour_request
from tests.llm.test_batch import GOOD, result

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ONE, TWO = (colour_request(user=user, label=f"20970/{user}/draft") for user in ("one", "two"))


@pytest.fixture
def server() -> Iterator[BatchServer]:
    with BatchServer(lambda line: result(json.loads(line)["custom_id"]).decode()).running() as serving:
        yield serving


def api(server: BatchServer):
    return open_batch_api({"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": server.url}, timeout_s=5)


def folder(path: Path) -> BatchFolder:
    return BatchFolder(path, reply_types=(Colour,))


def test_a_job_holds_its_id_and_its_calls(server: BatchServer, tmp_path: Path):
    state = submit_batch([ONE], folder(tmp_path), api(server), now=NOW)
    (job,) = folder(tmp_path).jobs()
    assert (job.id, job.model, job.keys) == (state.id, ONE.model, (ONE.key,))
    assert server.batches[state.id]["metadata"] == {"briefwright": job.token}
    folder(tmp_path).hand_out([TWO])  # by hand, and so in no batch
    assert folder(tmp_path).under_way() == {ONE.key}
    folder(tmp_path).finish(job)
    assert folder(tmp_path).under_way() == set()


@pytest.mark.parametrize("status", [500, 502])
def test_a_batch_that_may_have_been_created_is_not_asked_for_twice(
    server: BatchServer, tmp_path: Path, status: int
):
    server.answer = (True, status)
    with pytest.raises(ModelError):
        submit_batch([ONE], folder(tmp_path), api(server), now=NOW)
    assert (server.created, len(server.batches)) == (1, 1)


def test_a_batch_whose_id_was_lost_is_found_by_its_token(server: BatchServer, tmp_path: Path):
    server.answer = (True, 502)
    with pytest.raises(ModelError):
        submit_batch([ONE], folder(tmp_path), api(server), now=NOW)
    server.answer = (True, 200)
    submit_batch([TWO], folder(tmp_path), api(server), now=NOW)  # another, which is first in the list
    ((job, state, _),) = recover_jobs(folder(tmp_path), api(server), now=NOW)
    assert (job.keys, job.id) == ((ONE.key,), "")
    assert state is not None and state.id == "batch-0"
    assert sorted(job.id for job in folder(tmp_path).jobs()) == ["batch-0", "batch-1"]
    assert list(recover_jobs(folder(tmp_path), api(server), now=NOW)) == []


def test_a_batch_that_never_came_to_be_is_forgotten_after_a_while(server: BatchServer, tmp_path: Path):
    server.answer = (False, 502)
    with pytest.raises(ModelError):
        submit_batch([ONE], folder(tmp_path), api(server), now=NOW)
    for waited, forgotten in ((ON_ITS_WAY, False), (ON_ITS_WAY * 2, True)):
        ((job, state, gone),) = recover_jobs(folder(tmp_path), api(server), now=NOW + waited)
        assert (job.keys, state, gone) == ((ONE.key,), None, forgotten)
        assert folder(tmp_path).under_way() == (set() if forgotten else {ONE.key})


def test_a_batch_begun_elsewhere_is_not_looked_for_here(server: BatchServer, tmp_path: Path):
    folder(tmp_path).begin([ONE], host="api.example.org", now=NOW)
    ((_, state, gone),) = recover_jobs(folder(tmp_path), api(server), now=NOW + ON_ITS_WAY * 9)
    assert (state, gone) == (None, False)
    assert folder(tmp_path).under_way() == {ONE.key}


def test_a_kill_behind_the_creation_loses_nothing(server: BatchServer, tmp_path: Path, monkeypatch):
    class Killed(BaseException):
        pass

    batches = api(server)
    create = batches.create

    def killed(file_id: str, *, token: str):
        create(file_id, token=token)
        raise Killed

    monkeypatch.setattr(batches, "create", killed)
    with pytest.raises(Killed):
        submit_batch([ONE], folder(tmp_path), batches, now=NOW)
    ((_, state, _),) = recover_jobs(folder(tmp_path), api(server), now=NOW)
    assert state is not None and state.id == "batch-0"


@pytest.mark.parametrize("status", [400, 401, 404, 429])
def test_a_batch_that_was_refused_leaves_no_job(server: BatchServer, tmp_path: Path, status: int):
    server.answer = (False, status)
    with pytest.raises(ModelError):
        submit_batch([ONE], folder(tmp_path), api(server), now=NOW)
    assert (server.created, folder(tmp_path).jobs()) == (1, [])


def test_what_makes_no_batch_leaves_no_job(server: BatchServer, tmp_path: Path):
    with pytest.raises(UsageError):
        submit_batch([ONE, colour_request("openai:other")], folder(tmp_path), api(server), now=NOW)
    assert (server.asked, folder(tmp_path).jobs()) == ([], [])


def test_a_reply_of_the_wrong_form_is_named_for_a_request_that_was_read_back(tmp_path: Path):
    folder(tmp_path).hand_out([ONE, TWO])
    requests = folder(tmp_path).requests()
    lines = [result(ONE.key, '{"name": "red"}'), result(TWO.key)]
    report = import_batch(lines, requests, Journal(tmp_path / "journal"))
    assert [(fault.key, fault.reason) for fault in report.faults] == [
        (ONE.key, "the reply cannot be used: invalid")
    ]
    assert (report.stored, report.missing) == (2, ())


def test_a_type_that_changed_since_says_nothing_of_replies(tmp_path: Path):
    older = ONE.model_copy(update={"json_schema": {**ONE.json_schema, "description": "older"}})
    folder(tmp_path).hand_out([older])
    assert folder(tmp_path).requests() == {
        older.key: older.model_copy(update={"reply_type": None, "label": ""})
    }


@pytest.mark.parametrize("reply_type", REPLY_TYPES)
def test_what_a_page_asks_for_is_read_back_with_its_type(tmp_path: Path, reply_type):
    request = make_request("openai:m", RenderedPrompt("s", "u"), reply_type)
    BatchFolder(tmp_path).hand_out([request])
    assert BatchFolder(tmp_path).requests()[request.key].reply_type is reply_type


def pending(*requests: ModelRequest, codes: tuple[str, ...] = ("20970",), model: str = ONE.model) -> Pending:
    pages = tuple(PageState(hcpcs_code=code, waiting={}) for code in codes)
    return Pending(models=(model,), requests=requests, pages=pages)


def test_what_no_page_waits_for_any_more_is_dropped(server: BatchServer, tmp_path: Path):
    other_page = colour_request(user="three", label="29881/faqs/draft")
    submitted = colour_request(user="four", label="20970/faqs/draft")
    kept = folder(tmp_path)
    kept.hand_out([ONE, TWO, other_page])
    submit_batch([submitted], kept, api(server), now=NOW)
    assert kept.drop_stale(pending(TWO, model="openai:another")) == 0
    assert kept.drop_stale(pending(TWO)) == 1
    assert set(kept.requests()) == {TWO.key, other_page.key, submitted.key}
    kept.hand_out([ONE])  # as before, and so its reply can be taken back after all
    report = import_batch([result(ONE.key, GOOD)], kept.requests(), Journal(tmp_path / "journal"))
    assert (report.stored, report.faults) == (1, ())


@pytest.mark.parametrize(("name", "remedy"), [("requests", "export again"), ("jobs", "by hand")])
def test_a_damaged_file_is_named_with_what_to_do(tmp_path: Path, name: str, remedy: str):
    (tmp_path / name).mkdir()
    (tmp_path / name / "a.json").write_text("{")
    with pytest.raises(StateError, match=f"a.json cannot be read back; delete it.*{remedy}"):
        getattr(folder(tmp_path), name)()


def test_a_request_handed_out_is_the_one_that_is_sent(tmp_path: Path):
    folder(tmp_path).hand_out([ONE])
    assert batch_line(folder(tmp_path).requests()[ONE.key]) == batch_line(ONE)
