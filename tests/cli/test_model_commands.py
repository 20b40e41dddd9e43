"""Commands that ask a model, against a loopback server: a run, what stops it, an estimate, and batches."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from evals.performance.model_server import Handler, reply_to
from pipeline.store import exclusive_lock
from tests.cli.processes import run, run_here
from tests.llm.batch_server import BatchServer

CODE = "20970"


class Quick(Handler):
    """Answers at once, and counts."""

    wait_s = 0.0
    asked: list[str]

    def do_POST(self) -> None:
        type(self).asked.append(self.path)
        super().do_POST()


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """The address of a loopback model, and the paths it was asked for."""
    handler = type("Counting", (Quick,), {"asked": []})
    serving = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{serving.server_address[1]}/v1", handler.asked
    finally:
        serving.shutdown()
        serving.server_close()
        thread.join()


def files(home: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (home / "candidates" / CODE).iterdir()}


def test_a_run_a_second_run_and_a_replay(indexed, server):
    address, asked = server
    ask = ("regenerate", CODE, "--model", "stub")
    first = run(indexed, *ask, OPENAI_BASE_URL=address)
    assert first.returncode == 0, first.stderr
    assert "calls: 8 asked, 0 from the journal" in first.stdout and "cost: unknown" in first.stdout
    assert "drafter: model:openai:stub" in first.stdout
    before, calls = files(indexed), len(asked)
    again = run(indexed, *ask, OPENAI_BASE_URL=address)
    assert "calls: 0 asked, 8 from the journal" in again.stdout and len(asked) == calls
    replay = run(indexed, *ask, "--replay", OPENAI_BASE_URL="http://127.0.0.1:9/v1")
    assert replay.returncode == 0 and files(indexed) == before
    refreshed = run(indexed, *ask, "--refresh", "--json", OPENAI_BASE_URL=address)
    said = [json.loads(line) for line in refreshed.stdout.splitlines()]
    assert said[-1]["calls"]["calls"] == 8 and set(said[-1]["calls"]["by_page"]) == {CODE}
    assert set(said[-1]["calls"]["by_prompt"]) == {"draft", "judge"}


def test_a_budget_stops_a_run_and_what_was_answered_is_kept(indexed, server):
    address, asked = server
    ask = ("regenerate", CODE, "--model", "stub")
    stopped = run(indexed, *ask, "--max-calls", "3", OPENAI_BASE_URL=address)
    assert stopped.returncode == 7 and len(asked) == 3
    assert "the budget of 3 calls is used up" in stopped.stderr and "Traceback" not in stopped.stderr
    assert "calls: 3 asked" in stopped.stdout
    assert not (indexed / "candidates" / CODE).exists()
    done = run(indexed, *ask, OPENAI_BASE_URL=address)
    assert "calls: 5 asked, 3 from the journal" in done.stdout


def test_a_cost_is_bounded_only_where_the_price_is_known(indexed, server):
    address, asked = server
    ask = ("regenerate", CODE, "--model", "stub", "--max-cost", "0.01")
    unknown = run(indexed, *ask, OPENAI_BASE_URL=address)
    assert unknown.returncode == 2 and "the price of openai:stub is unknown" in unknown.stderr and not asked
    prices = indexed / "prices.toml"
    prices.write_text('[model."openai:stub"]\ninput = 1\ncached_input = 0.5\noutput = 8\n')
    stopped = run(indexed, *ask, "--prices", str(prices), OPENAI_BASE_URL=address)
    assert stopped.returncode == 7 and not asked  # one call may already cost more
    enough = run(indexed, *ask[:-1], "1.00", "--prices", str(prices), OPENAI_BASE_URL=address)
    assert enough.returncode == 0 and "cost: $0.0" in enough.stdout


def test_an_estimate_asks_nothing(indexed, server):
    address, asked = server
    ask = ("regenerate", CODE, "--model", "gpt-4o-mini", "--estimate")
    done = run(indexed, *ask, OPENAI_BASE_URL=address)
    assert done.returncode == 0 and not asked
    assert done.stdout.startswith("4 calls next: about ") and "cost $0.0" in done.stdout
    unknown = run(indexed, "regenerate", CODE, "--model", "stub", "--estimate", "--json")
    assert json.loads(unknown.stdout)["at_most"] is None


@pytest.mark.parametrize(
    ("more", "code", "says"),
    [
        ({}, 7, "no key for OpenAI"),
        ({"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}, 7, "cannot be reached"),
        ({"OPENAI_API_KEY": "two words"}, 7, "characters that no key has"),
        ({"OPENAI_BASE_URL": "nowhere"}, 2, "OPENAI_BASE_URL is no address"),
    ],
)
def test_without_a_model_one_sentence_says_so_and_nothing_is_lost(indexed, monkeypatch, more, code, says):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    kept = run(indexed, "regenerate", CODE)
    assert kept.returncode == 0
    before = files(indexed)
    done = run(indexed, "regenerate", CODE, "--model", "stub", **more)
    assert done.returncode == code and says in done.stderr and "Traceback" not in done.stderr
    assert len([line for line in done.stderr.splitlines() if line]) == 1
    assert files(indexed) == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("regenerate", CODE, "--judge", "x"), "--judge is about the calls of a model"),
        (("regenerate", CODE, "--max-cost", "1"), "--max-cost is about the calls of a model"),
        (("regenerate", CODE, "--estimate"), "an estimate needs a model"),
        (("regenerate", CODE, "--model", "x", "--replay", "--refresh"), "choose one"),
        (("regenerate", CODE, "--model", "x", "--max-cost", "much"), "no amount of dollars"),
        (("regenerate", CODE, "--model", "://"), "names no model"),
        (("batch", "export", CODE), "a batch needs a model"),
        (("batch", "export", CODE, "--model", "anthropic:x"), "only models at OpenAI's API"),
        (("batch", "import", "/nowhere.jsonl"), "/nowhere.jsonl cannot be read"),
    ],
)
def test_options_that_make_no_sense_are_refused(tmp_path, arguments, says):
    done = run_here(tmp_path, *arguments)
    assert done.returncode == 2 and says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "index").exists()  # said before the work


def answered(line: str, **changes: object) -> str:
    """A result line for a request line, as the loopback model answers it."""
    asked = json.loads(line)
    body = {"status_code": 200, "body": reply_to(asked["body"])}
    return json.dumps(
        {"id": "r", "custom_id": asked["custom_id"], "response": body, "error": None, **changes}
    )


def test_batches_go_round_until_every_reply_is_there(indexed):
    names = (CODE, "--model", "stub")
    rounds = []
    while lines := run(indexed, "batch", "export", *names).stdout.splitlines():
        rounds.append(len(lines))
        results = indexed / "results.jsonl"
        results.write_text("\n".join(map(answered, lines[::-1])) + "\n")  # in another order
        said = run(indexed, "batch", "import", str(results))
        assert f"{len(lines)} replies stored, 0 known before, 0 still missing" in said.stdout
    assert rounds == [4, 4]
    status = run(indexed, "batch", "status", *names)
    assert f"{CODE}  all replies are there" in status.stdout
    page = run(indexed, "regenerate", *names, "--replay")
    assert page.returncode == 0 and "calls: 0 asked, 8 from the journal" in page.stdout


def test_a_batch_that_failed_in_part_leaves_the_rest_pending(indexed):
    names = (CODE, "--model", "stub")
    first, second, *others = run(indexed, "batch", "export", *names).stdout.splitlines()
    results = indexed / "results.jsonl"
    failed = json.dumps(
        {"custom_id": json.loads(second)["custom_id"], "response": None, "error": {"message": "expired"}}
    )
    results.write_text("\n".join([answered(first), answered(first), failed, "{", *map(answered, others)]))
    said = run(indexed, "batch", "import", str(results))
    assert said.returncode == 0
    assert "3 replies stored, 1 known before, 1 still missing" in said.stdout
    assert "line 3: failed: expired" in said.stdout and "line 4: no JSON" in said.stdout
    status = run(indexed, "batch", "status", *names, "--json")
    waiting = json.loads(status.stdout)["waiting"]
    assert list(waiting.values()).count("draft") == 1 and list(waiting.values()).count("judge") == 3


def refused(line: str) -> str:
    """A result line by which the model declines."""
    result = json.loads(answered(line))
    result["response"]["body"]["choices"][0]["message"] = {"content": None, "refusal": "No."}
    return json.dumps(result)


def test_a_reply_of_no_use_is_named_and_handed_out_again_only_when_asked_to(indexed):
    names = ("batch", "export", CODE, "--model", "stub", "--judge", "none")
    first, second, *others = run(indexed, *names).stdout.splitlines()
    wrong = json.loads(answered(second))
    wrong["response"]["body"]["choices"][0]["message"]["content"] = '{"\\u001b[2J": 1}'
    results = indexed / "results.jsonl"
    results.write_text("\n".join([refused(first), json.dumps(wrong), *map(answered, others)]))
    said = run(indexed, "batch", "import", str(results)).stdout
    assert "4 replies stored, 0 known before, 1 still missing" in said
    assert "line 1: the reply cannot be used: refusal" in said
    assert "line 2: the reply cannot be used: invalid" in said
    once_more = run(indexed, *names)
    lines = once_more.stdout.splitlines()
    assert first not in lines and second not in lines
    assert sum("previous reply could not be used" in line for line in lines) == 1  # to the wrong form
    assert "1 calls handed out before are waited for no more" in once_more.stderr
    assert sorted(run(indexed, *names, "--again").stdout.splitlines()) == sorted([first, *lines])
    results.write_text(answered(first))
    assert "1 replies stored, 0 known before" in run(indexed, "batch", "import", str(results)).stdout
    assert first not in run(indexed, *names, "--again").stdout.splitlines()


@pytest.fixture
def batches() -> Iterator[BatchServer]:
    with BatchServer(answered).running() as serving:
        yield serving


def test_batches_are_submitted_once_polled_and_submitted_for_other_pages(indexed, batches):
    def call(*arguments: str):
        return run(indexed, "batch", *arguments, OPENAI_BASE_URL=batches.url)

    submit = ("submit", CODE, "--model", "stub")
    assert call(*submit).stdout == "batch-0: 4 calls to openai:stub, validating\n"
    assert call(*submit).stdout == "nothing to submit: all were submitted\n"
    call("export", "29881", "--model", "stub")
    assert call("submit", "29881", "--model", "stub").stdout.startswith("batch-1: 4 calls")
    assert call("poll").stdout.startswith("batch-") and batches.created == 2
    batches.end("batch-0")
    with exclusive_lock(indexed / "batches.lock", what="x"):
        for busy in (submit, ("poll",), ("import", "/dev/null")):
            done = call(*busy)
            assert done.returncode == 6 and "another briefwright process" in done.stderr
    assert batches.created == 2
    assert "batch-0: 4 replies stored, 0 known before, 0 still missing" in call("poll").stdout
    assert call(*submit).stdout.startswith("batch-2: 4 calls")  # the judge's


def test_a_batch_whose_answer_was_lost_is_not_paid_again(indexed, batches):
    def call(*arguments: str):
        return run(indexed, "batch", *arguments, OPENAI_BASE_URL=batches.url)

    submit = ("submit", CODE, "--model", "stub")
    batches.answer = (True, 502)
    lost = call(*submit)
    assert lost.returncode == 7 and "status 502" in lost.stderr and batches.created == 1
    assert "submitted and not fetched: one whose id got lost" in call("status", *submit[1:]).stdout
    found = call(*submit)
    assert found.stdout == "nothing to submit: all were submitted\n" and batches.created == 1
    assert found.stderr == "briefwright: the batch of 4 calls to openai:stub whose id got lost is batch-0\n"
    batches.end("batch-0")
    assert "batch-0: 4 replies stored" in call("poll").stdout
    batches.answer = (False, 502)
    assert call(*submit).returncode == 7
    batches.answer = (True, 200)
    waits = call(*submit)
    assert waits.stdout == "nothing to submit: all were submitted\n" and batches.created == 2
    assert "may still be on its way; poll again after" in waits.stderr
    later = str(int(time.time()) + 3600)
    again = run(indexed, "batch", *submit, OPENAI_BASE_URL=batches.url, SOURCE_DATE_EPOCH=later)
    assert again.stdout.startswith("batch-1: 4 calls") and len(again.stderr.splitlines()) == 1
    assert "was begun and never came to be" in again.stderr


def test_a_batch_that_failed_says_why_and_can_be_submitted_again(indexed, batches):
    def call(*arguments: str):
        return run(indexed, "batch", *arguments, OPENAI_BASE_URL=batches.url)

    submit = ("submit", CODE, "--model", "stub")
    errors = {"data": [{"line": n, "message": f"no such\x1b[2J model {n}"} for n in range(1, 6)]}
    for number, more in enumerate(((), ("--json",))):
        assert call(*submit).stdout.startswith(f"batch-{number}: 4 calls")
        batches.end(f"batch-{number}", "failed", errors=errors)
        said = call("poll", *more).stdout
        if more:
            assert json.loads(said)["status"] == "failed" and len(json.loads(said)["errors"]) == 5
        else:
            first, second = said.splitlines()
            assert first == (
                "batch-0: failed: line 1: no such [2J model 1; line 2: no such [2J model 2; "
                "line 3: no such [2J model 3; and 2 more; what has no reply can be submitted again"
            )
            assert second == "batch-0: 0 replies stored, 0 known before, 4 still missing"
    assert call("poll").stdout == "no batch is under way\n"


def test_a_reply_of_no_use_is_asked_again_only_by_a_refresh(indexed, server):
    address, asked = server
    ask = ("regenerate", CODE, "--model", "stub")
    assert run(indexed, *ask, OPENAI_BASE_URL=address).returncode == 0
    entry = next(
        path for path in sorted((indexed / "journal").iterdir()) if b'"DraftReply"' in path.read_bytes()
    )
    stored = json.loads(entry.read_text())
    entry.write_text(json.dumps({**stored, "reply": {**stored["reply"], "text": "", "refusal": "No."}}))
    calls = len(asked)
    again = run(indexed, *ask, OPENAI_BASE_URL=address)
    assert "calls: 0 asked, 7 from the journal, 1 of no use" in again.stdout and len(asked) == calls
    refreshed = run(indexed, *ask, "--refresh", OPENAI_BASE_URL=address)
    assert "calls: 8 asked, 0 from the journal;" in refreshed.stdout
