"""`eval verification --data`: a local judge, a model on a loopback server, both; and what is refused."""

import json
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from evals.performance.model_server import Handler
from tests.cli.processes import run

ROWS = [
    ("says", "The mayor resigned on Friday.", "The mayor resigned.", "supported"),
    ("says", "The factory employs 2,400 people.", "The factory employs 2,400 people.", "supported"),
    ("denies", "The mayor did not resign.", "The mayor resigned.", "refuted"),
    ("denies", "The museum opens on Sundays.", "A dentist flew to Oslo.", "not_supported"),
]


class Quick(Handler):
    """Supports everything, at once."""

    wait_s = 0.0


@pytest.fixture
def address() -> Iterator[str]:
    serving = ThreadingHTTPServer(("127.0.0.1", 0), Quick)
    thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{serving.server_address[1]}/v1"
    finally:
        serving.shutdown()
        serving.server_close()
        thread.join()


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    path = tmp_path / "toy.jsonl"
    rows = [
        {"subset": subset, "evidence": evidence, "claim": claim, "label": label}
        for subset, evidence, claim, label in ROWS
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_the_local_judge_by_default(tmp_path, toy):
    done = run(tmp_path, "eval", "verification", "--data", str(toy), "--html", str(tmp_path / "r.html"))
    assert done.returncode == 0, done.stderr
    assert "4 pairs, judge local" in done.stdout and "claims/s once the evidence is read" in done.stdout
    assert done.stdout.count("\ndenies ") == 1 and "trained on" not in done.stdout
    assert "<svg" in (tmp_path / "r.html").read_text(encoding="utf-8")
    said = json.loads(run(tmp_path, "eval", "verification", "--data", str(toy), "--json").stdout)
    assert (said["judge"], said["pairs"], said["parts"][0]["subset"]) == ("local", 4, "all")
    assert all(0 <= one["opinion"]["chance"] <= 1 for one in said["judged"])


def test_a_model_and_its_replay(tmp_path, toy, address):
    ask = ("eval", "verification", "--data", str(toy), "--judge", "openai:stub")
    done = run(tmp_path, *ask, OPENAI_BASE_URL=address)
    assert done.returncode == 0, done.stderr
    assert "judge openai:stub" in done.stdout and "calls: 4 asked, 0 from the journal" in done.stdout
    assert "calibration: none" in done.stdout
    replay = run(tmp_path, *ask, "--replay", OPENAI_BASE_URL="http://127.0.0.1:9/v1")
    assert "calls: 0 asked, 4 from the journal" in replay.stdout, replay.stderr
    stopped = run(tmp_path / "other", *ask, "--max-calls", "2", OPENAI_BASE_URL=address)
    assert stopped.returncode == 7 and "Traceback" not in stopped.stderr


def test_two_judges_have_to_agree(tmp_path, toy, address):
    ask = ("eval", "verification", "--data", str(toy), "--json", "--judge")
    said = json.loads(run(tmp_path, *ask, "local", "--judge", "openai:stub", OPENAI_BASE_URL=address).stdout)
    alone = json.loads(run(tmp_path, *ask, "local").stdout)
    assert said["judge"] == "local and openai:stub" and said["calibration"] is None
    # The model supports everything, so that what both support is what the local judge does.
    assert [one["opinion"]["label"] for one in said["judged"]] == [
        one["opinion"]["label"] for one in alone["judged"]
    ]
    assert any("disagree" in one["opinion"]["reason"] for one in said["judged"])


def test_a_bad_line_is_exit_code_4_with_file_and_line(tmp_path, toy):
    with toy.open("a", encoding="utf-8") as more:
        more.write('{"evidence": "It rained.", "claim": "It was wet.", "label": "yes"}\n')
    done = run(tmp_path, "eval", "verification", "--data", str(toy))
    assert done.returncode == 4 and "toy.jsonl:5: " in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("verification", "--judge", "local"), 2),
        (("verification", "--html", "r.html"), 2),
        (("retrieval", "--judge", "local"), 2),
        (("verification", "--data", "DATA", "--judge", "local", "--judge", "local"), 2),
        (("verification", "--data", "DATA", "--judge", "local", "--replay"), 2),
        (("verification", "--data", "DATA", "--judge", "://x"), 2),
        (("verification", "--data", "DATA", "--judge", "local:none.json"), 4),
        (("verification", "--data", "none.jsonl"), 4),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(tmp_path, toy, options, code):
    done = run(tmp_path, "eval", *(str(toy) if option == "DATA" else option for option in options))
    assert done.returncode == code and done.stdout == ""
    assert done.stderr.startswith("briefwright: ") and done.stderr.count("\n") == 1
