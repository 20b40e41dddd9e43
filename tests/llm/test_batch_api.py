"""Batches over the wire, against the loopback endpoint."""

import json

import pytest

from pipeline.errors import ModelError, UsageError
from pipeline.llm import ModelFailure, batch_line, open_batch_api
from tests.llm.cases import KEY, colour_request
from tests.llm.stub_server import Answer, failure

FILE = {
    "id": "file-1",
    "object": "file",
    "bytes": 1,
    "created_at": 0,
    "filename": "f",
    "purpose": "batch",
    "status": "processed",
}
BATCH = {
    "id": "batch-1",
    "object": "batch",
    "endpoint": "/v1/chat/completions",
    "input_file_id": "file-1",
    "completion_window": "24h",
    "created_at": 0,
    "status": "validating",
}
DONE = {
    **BATCH,
    "status": "completed",
    "output_file_id": "file-2",
    "error_file_id": "file-3",
    "request_counts": {"total": 3, "completed": 2, "failed": 1},
}
LINES = [batch_line(colour_request(user=user)) for user in ("one", "two", "dr\u00e9i")]


def api(serve, **changed: Answer):
    routes = {
        "POST /v1/files": Answer(json.dumps(FILE)),
        "POST /v1/batches": Answer(json.dumps(BATCH)),
        "GET /v1/batches/batch-1": Answer(json.dumps(DONE)),
        "GET /v1/files/file-2/content": Answer("one\ntwo\n"),
        "GET /v1/files/file-3/content": Answer("three\n"),
    }
    routes.update({name.replace("_", " ", 1): answer for name, answer in changed.items()})
    server = serve(failure(404, "no such address"), routes=routes)
    return server, open_batch_api({"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": server.url}, timeout_s=5)


def test_a_batch_is_sent_as_one_file(serve):
    server, batches = api(serve)
    state = batches.create(batches.upload(LINES), token="t-1")
    assert (state.id, state.status, state.ended) == ("batch-1", "validating", False)
    upload, create = server.calls
    assert (upload.path, create.path) == ("/v1/files", "/v1/batches")
    assert b'name="purpose"\r\n\r\nbatch' in upload.raw
    sent = [json.loads(line) for line in upload.raw.decode().splitlines() if line.startswith("{")]
    assert sent == LINES
    assert create.body == {
        "input_file_id": "file-1",
        "endpoint": "/v1/chat/completions",
        "completion_window": "24h",
        "metadata": {"briefwright": "t-1"},
    }
    assert upload.authorization == f"Bearer {KEY}"


def test_a_batch_is_polled_and_its_results_are_fetched(serve):
    _, batches = api(serve)
    state = batches.poll("batch-1")
    assert (state.total, state.completed, state.failed, state.ended) == (3, 2, 1, True)
    assert list(batches.results(state)) == [b"one", b"two", b"three"]


def test_a_batch_without_results_gives_none(serve):
    _, batches = api(serve)
    assert list(batches.results(batches.create("file-1", token="t"))) == []


def test_results_may_be_longer_than_a_reply(serve):
    _, batches = api(serve, **{"GET_/v1/files/file-2/content": Answer("x" * 3_000_000)})
    assert len(next(batches.results(batches.poll("batch-1")))) == 3_000_000


@pytest.mark.parametrize("lines", [[], [*LINES, batch_line(colour_request("openai:other"))]])
def test_what_makes_no_batch_is_not_sent(serve, lines: list):
    server, batches = api(serve)
    with pytest.raises(UsageError, match="one model"):
        batches.upload(lines)
    assert server.calls == []


@pytest.mark.parametrize("status", [408, 409, 429, 502])
def test_what_creates_is_sent_once_and_what_reads_again(serve, monkeypatch, status: int):
    monkeypatch.setattr("openai._base_client.time.sleep", lambda seconds: None)
    names = ("POST_/v1/files", "POST_/v1/batches", "GET_/v1/batches/batch-1")
    server, batches = api(serve, **{name: failure(status, "later") for name in names})
    for call in (lambda: batches.upload(LINES), lambda: batches.create("file-1", token="t")):
        with pytest.raises(ModelError):
            call()
    assert [call.path for call in server.calls] == ["/v1/files", "/v1/batches"]
    with pytest.raises(ModelError):
        batches.poll("batch-1")
    assert len(server.calls) > 3


def test_a_batch_is_found_by_its_token(serve):
    listed = [{**BATCH, "metadata": metadata} for metadata in (None, {}, {"briefwright": "t"})]
    listed[2]["id"] = "batch-2"
    answer = Answer(json.dumps({"object": "list", "data": listed, "has_more": False}))
    _, batches = api(serve, **{"GET_/v1/batches?limit=100": answer})
    found = batches.find("t")
    assert found is not None and found.id == "batch-2"
    assert batches.find("another") is None


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        (None, ()),
        ({"object": "list", "data": None}, ()),
        ([{"code": "c", "line": 3, "message": "no\x1b[2J such\nmodel"}], ("line 3: no [2J such model",)),
        ([{"code": "token_limit"}, {}], ("token_limit", "no reason given")),
    ],
)
def test_a_batch_that_failed_says_why(serve, errors: object, said: tuple[str, ...]):
    failed = {**BATCH, "status": "failed", "errors": {"data": errors} if isinstance(errors, list) else errors}
    _, batches = api(serve, **{"GET_/v1/batches/batch-1": Answer(json.dumps(failed))})
    state = batches.poll("batch-1")
    assert (state.ended, state.errors) == (True, said)


def test_a_failure_is_one_sentence_without_the_key(serve):
    _, batches = api(serve, **{"POST_/v1/files": failure(401, f"wrong {KEY}")})
    with pytest.raises(ModelError, match="refused the key") as caught:
        batches.upload(LINES)
    assert caught.value.kind == ModelFailure.UNAUTHORISED
    assert KEY not in str(caught.value)
    with pytest.raises(ModelError, match="no such batch or file"):
        batches.poll("another")


def test_without_a_key_there_are_no_batches():
    with pytest.raises(ModelError, match="OPENAI_API_KEY"):
        open_batch_api({})
