"""`verify page.json` and what `doctor` says of pages, as a user meets them."""

import json
import re

import pytest

from tests.cli.conftest import with_index
from tests.cli.processes import run


@pytest.fixture(scope="module")
def home(tmp_path_factory, index_made):
    folder = with_index(tmp_path_factory.mktemp("home"), index_made)
    done = run(folder, "regenerate", "20970", "27447", "--as-of", "2026-11-24")
    assert done.returncode == 0, done.stderr
    return folder


def page_of(home, code):
    return home / "candidates" / code / "as-of" / "2026-11-24" / "page.json"


def test_a_ledger_is_recognised_and_passes(home):
    done = run(home, "verify", str(page_of(home, "20970")))
    assert done.returncode == 0, done.stdout[-500:]
    assert ", 0 refuted, 0 not_enough_info, 0 failed" in done.stdout


def test_an_altered_ledger_names_the_claim_and_ends_with_10(home, tmp_path):
    ledger = json.loads(page_of(home, "20970").read_text())
    claim = next(
        claim
        for part in ledger["sections"]
        for statement in part["statements"]
        for claim in statement["claims"]
        if claim["subject"] == "rvu:work"
    )
    path = tmp_path / "page.json"
    path.write_text(json.dumps(ledger).replace(claim["text"], claim["text"].replace("43.47", "44.37")))
    report = tmp_path / "report.html"
    done = run(home, "verify", str(path), "--json", "--html", str(report))
    assert done.returncode == 10
    wrong = [line for line in map(json.loads, done.stdout.splitlines()) if line["label"] != "supported"]
    assert [line["id"] for line in wrong] == [claim["id"]]
    assert "44.37" in wrong[0]["claim"] and wrong[0]["checks"]
    assert "44.37" in report.read_text()


@pytest.mark.parametrize(
    ("option", "value"), [("--code", "27447"), ("--as-of", "2025-11-03"), ("--judge", "local")]
)
def test_a_ledger_says_itself_what_it_is_about(home, option, value):
    done = run(home, "verify", str(page_of(home, "20970")), option, value)
    assert done.returncode == 2
    assert f"leave {option} out" in done.stderr


def test_a_damaged_ledger_is_no_text(home, tmp_path):
    path = tmp_path / "page.json"
    path.write_text(page_of(home, "20970").read_text()[:5_000])
    done = run(home, "verify", str(path))
    assert done.returncode == 4 and f"{path}: the page ledger" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_without_a_claim_is_no_success(home, tmp_path):
    ledger = json.loads(page_of(home, "20970").read_text())
    path = tmp_path / "page.json"
    path.write_text(json.dumps({**ledger, "summary": None, "fact_strip": [], "sections": []}))
    text = tmp_path / "text.txt"
    text.write_text("")
    for file in (path, text):
        report = tmp_path / "report.html"
        done = run(home, "verify", str(file), "--html", str(report))
        assert done.returncode == 2 and f"no claim found in {file}" in done.stderr
        assert done.stdout == "" and not report.exists()


def test_what_is_wrong_in_a_ledger_is_no_traceback(home, tmp_path):
    text = page_of(home, "20970").read_text()
    ledger = json.loads(text)
    id_ = next(id_ for id_, item in ledger["evidence"].items() if item["kind"] == "row")
    ledger["evidence"][id_]["id"] = "e_000000000000"
    path = tmp_path / "page.json"
    for changed in (json.dumps(ledger), text.replace("RVU26B", "RVU26E")):
        path.write_text(changed)
        done = run(home, "verify", str(path))
        assert done.returncode == 10 and "Traceback" not in done.stderr


def test_verdicts_of_another_checker_are_told_at_the_end(home, tmp_path):
    text = page_of(home, "20970").read_text()
    path = tmp_path / "page.json"
    path.write_text(text.replace(json.loads(text)["checker"], "rules-0"))
    done = run(home, "verify", str(path), "--json")
    number = len(json.loads(text)["verdicts"])
    assert done.returncode == 0
    assert f"{number} verdicts are of another checker (rules-0): compared in part only" in done.stderr
    assert "another checker" not in run(home, "verify", str(page_of(home, "20970"))).stderr


def test_doctor_says_whether_pages_agree(home):
    for code in ("20970", "27447"):
        folder = page_of(home, code).parent
        for name in ("page.json", "page.html", "page.md"):
            (folder.parents[1] / name).write_bytes((folder / name).read_bytes())
    assert re.search(r"\d+ pages, none says otherwise than another", run(home, "doctor").stdout)
    path = page_of(home, "27447").parents[2] / "page.json"
    ledger = json.loads(path.read_text())
    factor = next(
        item
        for item in ledger["evidence"].values()
        if item["kind"] == "row" and item["fact"]["field"].startswith("conversion_factor_nonqpp")
    )
    factor["fact"]["value"] = "33.4010"
    path.write_text(json.dumps(ledger))
    done = run(home, "doctor")
    assert done.returncode == 1
    assert "conversion_factor_nonqpp" in done.stdout and "33.4010" in done.stdout


def test_doctor_names_a_damaged_candidate(home):
    path = page_of(home, "27447").parents[2] / "page.json"
    path.write_text(path.read_text()[:2_000])
    done = run(home, "doctor")
    assert done.returncode == 1
    assert any(
        line.startswith("LOOK  pages") and str(path) in line and "regenerate the page" in line
        for line in done.stdout.splitlines()
    )


def test_a_page_checked_without_its_code_is_told_to_give_it(home):
    page = page_of(home, "20970").with_name("page.html")
    done = run(home, "verify", str(page))
    assert "give --code 20970" in done.stderr and "give --code" not in done.stdout
    assert "--code" not in run(home, "verify", str(page), "--code", "20970").stderr
