"""Batches: lines as the live client sends them, and results in any order and state."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import UsageError
from pipeline.llm import Journal, ModelReply, Usage, batch_line, bounded_lines, import_batch
from pipeline.llm.client import MAX_REPLY_BYTES
from pipeline.llm.openai_compatible import OpenAICompatibleClient
from tests.llm.cases import KEY, colour_request
from tests.llm.stub_server import completion

GOOD = '{"name": "red", "warm": true}'
OTHER = '{"name": "blue", "warm": false}'
ONE, TWO = colour_request(user="one"), colour_request(user="two")
REQUESTS = {request.key: request for request in (ONE, TWO)}


def result(
    key: str, content: str | None = GOOD, *, status: int = 200, error: object = None, **more: Any
) -> bytes:
    body = json.loads(completion(content, **{"model": "stub-model", **more}).body)
    response = {"status_code": status, "request_id": "r", "body": body}
    return json.dumps({"id": "b", "custom_id": key, "response": response, "error": error}).encode()


@pytest.mark.parametrize("name", ["stub-model", "gpt-4o-mini", "gpt-5-mini", "gpt-5-chat-latest", "o3-mini"])
@pytest.mark.parametrize("temperature", [0.0, 1.0, None])
def test_a_line_holds_what_the_live_client_sends(serve, name: str, temperature: float | None):
    server = serve(completion(GOOD))
    environ = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": server.url}
    request = colour_request(f"openai:{name}").model_copy(update={"temperature": temperature})
    OpenAICompatibleClient(name, environ=environ, max_retries=0).complete(request)
    sent = server.calls[0].body
    sent.pop("stream", None)  # says "at once", which a batch is not asked
    line = batch_line(request)
    assert line["body"] == sent
    assert (line["custom_id"], line["method"], line["url"]) == (request.key, "POST", "/v1/chat/completions")
    assert KEY not in json.dumps(line)
    assert ("temperature" in sent) is (
        temperature is not None and name in ("stub-model", "gpt-4o-mini", "gpt-5-chat-latest")
    )


def test_only_models_at_openai_have_batches():
    with pytest.raises(UsageError, match="anthropic:m"):
        batch_line(colour_request("anthropic:m"))


def test_results_in_any_order_fill_the_journal(tmp_path: Path):
    journal = Journal(tmp_path)
    report = import_batch([result(TWO.key, OTHER), b"", result(ONE.key)], REQUESTS, journal)
    assert (report.stored, report.known, report.faults, report.missing) == (2, 0, (), ())
    assert (report.usage.input_tokens, report.usage.output_tokens) == (22, 14)
    one, two = journal.find(ONE), journal.find(TWO)
    assert one is not None and two is not None
    assert (one.text, two.text, one.usage.output_tokens) == (GOOD, OTHER, 7)


def test_results_that_are_not_all_there_leave_the_rest_pending(tmp_path: Path):
    journal = Journal(tmp_path)
    assert import_batch([result(TWO.key)], REQUESTS, journal).missing == (ONE.key,)
    again = import_batch([result(TWO.key), result(ONE.key)], REQUESTS, journal)
    assert (again.stored, again.known, again.missing) == (1, 1, ())


def test_the_first_good_reply_stands_and_a_different_one_is_named(tmp_path: Path):
    journal = Journal(tmp_path)
    lines = [result(ONE.key), result(ONE.key), result(ONE.key, OTHER)]
    report = import_batch(lines, REQUESTS, journal)
    assert (report.stored, report.known) == (1, 1)
    assert [(fault.line, fault.key) for fault in report.faults] == [(3, ONE.key)]
    assert "came first" in report.faults[0].reason
    stored = journal.find(ONE)
    assert stored is not None and stored.text == GOOD


def test_a_reply_from_before_stands_too(tmp_path: Path):
    journal = Journal(tmp_path)
    journal.record(ONE, ModelReply(text=OTHER))
    report = import_batch([result(ONE.key)], {ONE.key: ONE}, journal)
    assert (report.stored, len(report.faults), report.missing) == (0, 1, ())


def test_an_unusable_reply_is_kept_and_named_until_a_good_one_comes(tmp_path: Path):
    journal = Journal(tmp_path)
    cut = result(ONE.key, '{"na', finish_reason="length")
    report = import_batch([cut], {ONE.key: ONE}, journal)
    assert (report.stored, report.missing) == (1, (ONE.key,))
    assert report.faults[0].reason.endswith("length")
    better = import_batch([result(ONE.key)], {ONE.key: ONE}, journal)
    assert (better.stored, better.faults, better.missing) == (1, (), ())


@pytest.mark.parametrize("first", ['{"name": "red"}', "no JSON", ""])
def test_a_good_reply_goes_before_one_that_is_not(tmp_path: Path, first: str):
    journal = Journal(tmp_path)
    report = import_batch(
        [result(ONE.key, first), result(ONE.key), result(ONE.key, "[]")], {ONE.key: ONE}, journal
    )
    assert (report.stored, report.missing) == (2, ())
    assert [fault.line for fault in report.faults] == [1, 3]
    stored = journal.find(ONE)
    assert stored is not None and stored.text == GOOD


def test_a_reply_of_the_wrong_form_is_kept_and_named(tmp_path: Path):
    # It was paid for, and the next round asks once more with what is wrong with it.
    report = import_batch([result(ONE.key, '{"name": "red"}')], {ONE.key: ONE}, Journal(tmp_path))
    assert (report.stored, report.missing) == (1, ())
    assert report.faults[0].reason.endswith("invalid")


@pytest.mark.parametrize(
    ("line", "key", "words"),
    [
        (b"{", "", "no JSON"),
        (b"\xff\xfe", "", "no JSON"),
        (b"[" * 100_000, "", "no JSON"),
        (b"[]", "", "no custom_id"),
        (b'{"custom_id": 7}', "", "no custom_id"),
        (result("unknown"), "", "nothing that is pending"),
        (b" " * 10 + b"x" * MAX_REPLY_BYTES, "", "longer than"),
        (result(ONE.key, status=500), ONE.key, "status 500"),
        (result(ONE.key, error={"code": "batch_expired", "message": "too\nlate"}), ONE.key, "too late"),
        (
            json.dumps({"custom_id": ONE.key, "error": {"code": "expired"}}).encode(),
            ONE.key,
            "failed: expired",
        ),
        (
            json.dumps({"custom_id": ONE.key, "response": {"status_code": 200}}).encode(),
            ONE.key,
            "no chat completion",
        ),
        (
            json.dumps(
                {"custom_id": ONE.key, "response": {"status_code": 200, "body": {"choices": []}}}
            ).encode(),
            ONE.key,
            "no chat completion",
        ),
        (result(ONE.key, model="stub-model-mini"), ONE.key, "stub-model-mini instead of stub-model"),
        (result(ONE.key, model="other"), ONE.key, "other instead of"),
        (result(ONE.key, model=" "), ONE.key, "does not say which model answered; stub-model was asked"),
        (result("\x1b[2J\u202e"), "", "(custom_id [2J)"),
        (result(ONE.key, model="\x1b]0;x\x07\x9b2J"), ONE.key, "answered by ]0;x 2J instead"),
        (result(ONE.key, error="\x1b[1A\u200bno"), ONE.key, "failed with status 200: [1A no"),
    ],
)
def test_a_line_that_is_wrong_is_named_and_stops_no_other(tmp_path: Path, line: bytes, key: str, words: str):
    journal = Journal(tmp_path)
    report = import_batch([line, result(TWO.key)], REQUESTS, journal)
    assert [(fault.line, fault.key) for fault in report.faults] == [(1, key)]
    assert words in report.faults[0].reason
    assert report.faults[0].reason.isprintable()
    assert journal.find(TWO) is not None
    assert ONE.key in report.missing


@pytest.mark.parametrize("count", [True, -1, 10**30, 2.5, "7", None, []])
def test_an_odd_count_loses_no_reply_and_says_nothing_of_its_cost(tmp_path: Path, count: object):
    entry = json.loads(result(ONE.key))
    entry["response"]["body"]["usage"]["prompt_tokens"] = count
    report = import_batch([json.dumps(entry).encode()], {ONE.key: ONE}, Journal(tmp_path))
    assert (report.stored, report.faults, report.usage) == (1, (), Usage())


def test_half_a_surrogate_pair_can_be_stored(tmp_path: Path):
    journal = Journal(tmp_path)
    report = import_batch([result(ONE.key).replace(b"red", b"\\ud83d")], {ONE.key: ONE}, journal)
    assert (report.stored, report.faults) == (1, ())
    stored = journal.find(ONE)
    assert stored is not None and stored.text == '{"name": "?", "warm": true}'


@pytest.mark.parametrize("model", ["stub-model", "stub-model-2024-08-06", "stub-model-0613"])
def test_a_dated_snapshot_is_the_model(tmp_path: Path, model: str):
    assert import_batch([result(ONE.key, model=model)], {ONE.key: ONE}, Journal(tmp_path)).faults == ()


def test_a_file_is_read_without_holding_its_huge_lines(tmp_path: Path):
    data = b"x" * (3 * MAX_REPLY_BYTES) + b"\n" + result(ONE.key) + b"\n" + result(TWO.key)
    lines = list(bounded_lines(io.BytesIO(data)))
    assert [len(line) > MAX_REPLY_BYTES for line in lines] == [True, False, False]
    assert max(map(len, lines)) == MAX_REPLY_BYTES + 1
    report = import_batch(lines, REQUESTS, Journal(tmp_path))
    assert (report.stored, [fault.line for fault in report.faults]) == (2, [1])
