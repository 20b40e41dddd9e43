"""The command line as a user meets it: real processes, real exit codes, no traceback."""

import json
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import with_index
from tests.cli.processes import COMMAND, environment, run


@pytest.fixture(scope="module")
def home(tmp_path_factory, index_made):
    folder = with_index(tmp_path_factory.mktemp("home"), index_made)
    done = run(folder, "regenerate", "20970", "27447")
    assert done.returncode == 0, done.stderr
    return folder


def test_regenerate_prints_a_one_screen_summary_and_how_to_open_the_page(home):
    done = run(home, "regenerate", "20970")
    assert done.returncode == 0
    for part in ("Documentation requirements", "claims:", "sources:", "gaps:", "page: ", "open: ", "took: "):
        assert part in done.stdout
    page = Path(done.stdout.split("page: ")[1].splitlines()[0])
    assert page.name == "page.html" and page.is_file()


def test_the_line_that_opens_the_page_can_be_pasted(home, tmp_path):
    spaced = tmp_path / "a home"
    shutil.copytree(home, spaced)
    line = next(each for each in run(spaced, "regenerate", "20970").stdout.splitlines() if "open: " in each)
    assert Path(shlex.split(line.split("open: ")[1])[1]) == spaced / "candidates" / "20970" / "page.html"


def test_regenerate_json_gives_one_object_a_line(home):
    done = run(home, "regenerate", "20970", "27447", "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["hcpcs_code"] for line in lines] == ["20970", "27447"]
    for line in lines:
        assert {"path", "claims", "gaps", "releases", "seconds"} <= line.keys()
        assert Path(line["path"]).name == "page.html"


def test_show_explain_and_facts_read_what_was_written(home):
    shown = run(home, "show", "20970")
    assert shown.returncode == 0 and "76.07" in shown.stdout
    ledger = json.loads(run(home, "show", "20970", "--json").stdout)
    claim = next(iter(ledger["verdicts"]))
    explained = run(home, "explain", "20970", claim)
    assert explained.returncode == 0 and "checks" in explained.stdout and claim in explained.stdout
    assert json.loads(run(home, "explain", "20970", claim, "--json").stdout)["claim"]["id"] == claim
    facts = run(home, "facts", "show", "20970")
    assert "43.47" in facts.stdout and "RVU26D not loaded" in facts.stdout


@pytest.mark.parametrize(
    ("claim", "label", "code"),
    [
        ("A separately identifiable same-day E/M requires modifier 25.", "refuted", 10),
        ("The E/M that decides on the surgery takes modifier 57.", "supported", 0),
        ("27447 has 19.11 work RVUs.", "supported", 0),
        ("27447 has 19.11 total RVUs.", "refuted", 10),
        ("Most payers pay 27447 within a week.", "not_enough_info", 0),
    ],
)
def test_verify_labels_claims_and_says_so_in_the_exit_code(home, tmp_path, claim, label, code):
    path = tmp_path / "claims.jsonl"
    path.write_text(json.dumps({"id": "a1", "claim": claim}) + "\n")
    done = run(home, "verify", str(path), "--code", "27447", "--json")
    (result,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert (result["id"], result["label"], done.returncode) == ("a1", label, code)
    wanted = {"id", "statement_id", "claim", "label", "confidence", "reason", "evidence", "checks"}
    assert wanted <= result.keys()
    kinds = {item["kind"] for item in result["evidence"]}
    assert kinds or label == "not_enough_info"
    if "E/M" in claim:
        assert kinds == {"row", "quote"}


def test_publish_writes_exactly_the_candidate(home, tmp_path):
    refused = run(home, "publish", "20970")
    assert refused.returncode == 8 and "--reviewer" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("regenerate", "2097"), 2, "not a HCPCS code"),
        (("regenerate", "99999"), 3, "no loaded table holds 99999"),
        (("regenerate", "--range", "11111-11112"), 2, "no loaded code"),
        (("regenerate",), 2, "no code given"),
        (("regenerate", "20970", "--as-of", "yesterday"), 2, "YYYY-MM-DD"),
        (("regenerate", "20970", "--as-of", "2001-01-01"), 3, "earliest starts"),
        (("show", "29881"), 2, "run `briefwright regenerate 29881` first"),
        (("regenerate", "20970", "--as-of", "20251103"), 2, "YYYY-MM-DD"),
        (("regenerate", "20970", "--as-of", "2025-W45-1"), 2, "YYYY-MM-DD"),
        (("regenerate", "9" * 50_000), 2, "not a HCPCS code"),
        (("regenerate", "20970", "--replay"), 2, "--model"),
        (("explain", "20970", "c_zz"), 2, "no claim id of 20970 begins"),
        (("verify", "/dev/null", "--code", ""), 2, "not a HCPCS code"),
        (("verify", "/nowhere/at-all.md"), 4, "at-all.md"),
        (("sources", "add", "x.docx", "--publisher", "P", "--title", "T", "--edition", "1"), 4, "x.docx"),
    ],
)
def test_a_mistake_is_one_sentence_and_an_exit_code(home, arguments, code, says):
    done = run(home, *arguments)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr and done.stderr.startswith("briefwright: ")
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_state_folder_that_cannot_be_written_is_said_so(tmp_path):
    blocker = tmp_path / "file"
    blocker.write_text("in the way")
    done = run(blocker / "home", "regenerate", "20970")
    assert done.returncode == 6 and "Traceback" not in done.stderr


@pytest.mark.parametrize("place", ["~no-such-user-here/x", b"/tmp/\xff\xfe"])
def test_a_home_that_names_no_folder_is_said_so(home, place):
    done = run(home, "regenerate", "20970", BRIEFWRIGHT_HOME=place)
    assert done.returncode == 2 and done.stderr.startswith("briefwright: BRIEFWRIGHT_HOME=")


def test_a_message_that_repeats_a_huge_or_hostile_value_stays_one_short_line(home):
    huge = run(home, "regenerate", "9" * 50_000)
    assert len(huge.stderr) < 800 and "expected five characters" in huge.stderr
    hostile = run(home, "verify", "/nowhere/a\x1b[31m\nb.md")
    assert len(hostile.stderr.splitlines()) == 1 and "\x1b" not in hostile.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_no_encoding_of_the_terminal_stops_a_command(home, tmp_path, encoding):
    claims = tmp_path / "claims.jsonl"
    claims.write_text('{"id": "\\ud83d\\ude00", "claim": "27447 – \\ud800 has 19.11 work RVUs."}\n', "utf-8")
    for arguments in (("verify", str(claims)), ("show", "20970"), ("sources", "list"), ("doctor",)):
        done = run(home, *arguments, PYTHONIOENCODING=encoding, PYTHONUTF8="0")
        assert done.returncode == 0, done.stderr
    done = subprocess.run(
        [COMMAND, "verify", str(claims), "--json"],
        env=environment(home, PYTHONIOENCODING=encoding, PYTHONUTF8="0"),
        capture_output=True,
        timeout=120,
    )
    assert json.loads(done.stdout.decode(encoding))["id"] == "\U0001f600"


@pytest.mark.parametrize("arguments", ["facts list", "show 20970", "regenerate 20970 27447 --json", "--help"])
def test_a_reader_that_goes_away_is_met_quietly(home, arguments):
    script = f"{shlex.quote(COMMAND)} {arguments} | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", script],
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.stdout.strip(), done.stderr) == ("141", "")


def test_ctrl_c_says_what_stays(home, tmp_path):
    running = subprocess.Popen(
        [COMMAND, "regenerate", "--all"],
        env=environment(tmp_path),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "regenerate.lock").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130 and said == "briefwright: stopped; what was written before stays\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_output_that_cannot_be_written_is_said_so(home):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [COMMAND, "facts", "list"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=120
        )
    assert done.returncode == 6 and done.stderr.startswith("briefwright: ") and "space" in done.stderr


@pytest.mark.parametrize(
    "options",
    [
        ("--publisher", " "),
        ("--title", "T\x1b[31m"),
        ("--edition", "x" * 1000),
        ("--url", "javascript:alert(1)"),
        ("--payer-scope", " "),
    ],
)
def test_what_would_stand_on_pages_is_checked_when_a_document_is_added(home, tmp_path, options):
    path = tmp_path / "guide.txt"
    path.write_text("An invented rule.")
    named = {"--publisher": "P", "--title": "T", "--edition": "1", **dict([options])}
    done = run(tmp_path, "sources", "add", str(path), *(part for pair in named.items() for part in pair))
    assert done.returncode == 2 and options[0].strip("-") in done.stderr.replace("web address", "url")
    assert not (tmp_path / "documents").exists()


def test_publish_refuses_a_page_that_its_ledger_does_not_vouch_for(home, tmp_path):
    shutil.copytree(home, tmp_path / "home")
    page = tmp_path / "home" / "candidates" / "20970" / "page.html"
    page.write_text(page.read_text().replace("43.47", "99.99"))
    done = run(tmp_path / "home", "publish", "20970", "--reviewer", "A. Coder")
    assert done.returncode == 8 and "not what its ledger says" in done.stderr


def test_a_damaged_candidate_is_kept_aside_and_made_anew(home, tmp_path):
    shutil.copytree(home, tmp_path / "home")
    ledger = tmp_path / "home" / "candidates" / "20970" / "page.json"
    sound = ledger.read_bytes()
    for damage in (b"", b"\xff\xfe", b"[" * 100_000, sound[: len(sound) // 2]):
        ledger.write_bytes(damage)
        shown = run(tmp_path / "home", "show", "20970")
        assert shown.returncode == 4 and str(ledger) in shown.stderr
        done = run(tmp_path / "home", "regenerate", "20970")
        assert done.returncode == 0 and "page.json.damaged" in done.stderr
        assert ledger.read_bytes() == sound
        assert ledger.with_name("page.json.damaged").read_bytes() == damage


def test_a_ledger_without_a_verdict_is_not_explained(home, tmp_path):
    shutil.copytree(home, tmp_path / "home")
    ledger = tmp_path / "home" / "candidates" / "20970" / "page.json"
    fields = json.loads(ledger.read_text())
    claim = next(iter(fields["verdicts"]))
    del fields["verdicts"][claim]
    ledger.write_text(json.dumps(fields))
    done = run(tmp_path / "home", "explain", "20970", claim)
    assert done.returncode == 4 and "no verdict" in done.stderr and "Traceback" not in done.stderr
    assert run(tmp_path / "home", "publish", "20970", "--reviewer", "A. Coder").returncode == 8


def test_texts_beyond_all_measure_are_refused_or_passed_over(home, tmp_path):
    huge = tmp_path / "huge.txt"
    with huge.open("wb") as file:
        file.truncate(30 * 2**20)
    done = run(home, "verify", str(huge))
    assert done.returncode == 4 and "more than 20" in done.stderr
    long = tmp_path / "long.jsonl"
    long.write_text(
        json.dumps({"id": "1", "claim": "Modifier 25 " * 50_000})
        + "\n"
        + json.dumps({"id": "2", "claim": "27447 has 19.11 work RVUs."})
    )
    done = run(home, "verify", str(long), "--json")
    first, second = [json.loads(line) for line in done.stdout.splitlines()]
    assert first["label"] is None and "599,999 characters" in first["failure"]
    assert second["label"] == "supported"


def test_a_file_nested_too_deeply_is_said_so(home, tmp_path):
    deep = tmp_path / "deep.jsonl"
    deep.write_text("[" * 200_000)
    done = run(home, "verify", str(deep))
    assert done.returncode == 4 and "nested too deeply" in done.stderr and "Traceback" not in done.stderr


def test_doctor_finds_a_missing_and_a_damaged_index(home, index_made, tmp_path):
    assert run(home, "doctor").returncode == 0
    missing = run(tmp_path, "doctor")
    assert missing.returncode == 1 and "briefwright index" in missing.stdout
    with_index(tmp_path, index_made)
    assert run(tmp_path, "doctor").returncode == 0
    (database,) = (tmp_path / "index").rglob("passages.sqlite3")
    database.write_bytes(b"not a database" * 100)
    damaged = run(tmp_path, "doctor")
    assert damaged.returncode == 1 and "--rebuild" in damaged.stdout and "Traceback" not in damaged.stderr
    refused = run(tmp_path, "regenerate", "20970")
    assert refused.returncode == 5 and "--rebuild" in refused.stderr
    assert run(tmp_path, "index", "--rebuild").returncode == 0
    assert run(tmp_path, "regenerate", "20970").returncode == 0


def test_help_imports_nothing_heavy():
    heavy = ("pydantic", "chromadb", "langchain_core", "openai", "numpy")
    code = f"import sys, pipeline.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_verifies_nothing_does_not_load_verification():
    code = "import sys, pipeline.workspace; print('pipeline.verify' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
