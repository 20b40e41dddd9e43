"""`sources sync` and `status` as a user meets them: real processes over small invented files."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.given_files import FILES
from tests.cli.processes import COMMAND, environment, run
from tests.tables_sample import fee, fee_csv, gpci_csv, write, zipped

ACCEPTED = "--accept-ama-licence"
NOTICE = "CPT codes and descriptions only are copyright 2025"


def tables(home: Path) -> list[str]:
    """What the state folder holds, as `sources status` says."""
    done = run(home, "sources", "status", "--json")
    return [line["whole"] for line in map(json.loads, done.stdout.splitlines()) if line["whole"]]


def test_the_licence_is_shown_and_nothing_is_loaded_before_it_is_accepted(given: Path, tmp_path: Path):
    refused = run(tmp_path, "sources", "sync", "--offline-from", str(given))
    assert refused.returncode == 2 and refused.stdout == ""
    first, *_, last = refused.stderr.splitlines()
    assert first.startswith(NOTICE)
    assert last.startswith("briefwright: these files are under the American Medical Association's licence")
    assert last.endswith("run the command again with --accept-ama-licence")
    assert tables(tmp_path) == []
    done = run(tmp_path, "sources", "sync", "--offline-from", str(given), ACCEPTED)
    assert done.returncode == 0 and done.stderr.startswith(NOTICE)
    assert tables(tmp_path) == [
        "RVU26D",
        "OPPS-2026-10",
        "ASC-2026-10",
        "MUE-2026Q4",
        "PTP-2026Q4",
        "AOC-2026Q1",
    ]
    again = run(tmp_path, "sources", "sync", "--offline-from", str(given))
    assert (again.returncode, again.stderr) == (0, "")  # accepted once
    assert {line.split(": ")[1] for line in again.stdout.splitlines() if not line.startswith(" ")} == {
        "unchanged"
    }


@pytest.mark.parametrize(("answer", "code"), [(b"y\n", 0), (b"n\n", 2)])
def test_someone_at_a_terminal_is_asked(given: Path, tmp_path: Path, answer: bytes, code: int):
    keyboard, terminal = os.openpty()
    os.write(keyboard, answer)
    done = subprocess.run(
        [COMMAND, "sources", "sync", "--offline-from", str(given)],
        env=environment(tmp_path),
        stdin=terminal,
        capture_output=True,
        text=True,
        timeout=120,
    )
    os.close(keyboard)
    os.close(terminal)
    assert done.returncode == code and done.stderr.startswith(NOTICE)
    assert "Do you accept?" in done.stderr
    assert (tmp_path / "licence.json").exists() is (code == 0)


def test_what_became_of_each_file_and_table_is_printed(given: Path, tmp_path: Path):
    folder = write(tmp_path / "given", {"rvu26d.zip": FILES["rvu26d.zip"], "readme.txt": b"words"})
    home = tmp_path / "home"
    done = run(home, "sources", "sync", "--offline-from", str(folder), ACCEPTED)
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["readme.txt:", "passed", "over"],
        "passed over: readme.txt: no table that is read here".split(),
        ["rvu26d.zip:", "new"],
        "RVU26D gpci loaded 2 rows, 2 lines passed over (GPCI2026.csv)".split(),
        "RVU26D pprrvu loaded 4 rows, 3 lines passed over (PPRRVU2026_Oct_nonQPP.csv)".split(),
        "RVU26D-QPP pprrvu loaded 1 rows, 3 lines passed over (PPRRVU2026_Oct_QPP.csv)".split(),
    ]
    again = run(home, "sources", "sync", "--offline-from", str(folder), "--json")
    readme, archive = map(json.loads, again.stdout.splitlines())
    assert (readme["name"], readme["status"], archive["status"]) == ("readme.txt", "unchanged", "unchanged")
    assert [(table["file"], table["status"]) for table in archive["tables"]] == [
        ("GPCI2026.csv", "unchanged"),
        ("PPRRVU2026_Oct_nonQPP.csv", "unchanged"),
        ("PPRRVU2026_Oct_QPP.csv", "unchanged"),
    ]


def test_one_bad_row_refuses_its_table_and_the_rest_loads(tmp_path: Path):
    bad = fee("20003")
    bad = fee_csv(fee("20001"), (*bad[:5], "1O.00", *bad[6:]))
    gpci = gpci_csv("01112,CA,05,A CITY,1.000,1.400,0.500")
    folder = write(
        tmp_path / "given",
        {"rvu26d.zip": zipped({"PPRRVU.csv": bad, "GPCI2026.csv": gpci}), "b.zip": b"<html>Licence</html>"},
    )
    home = tmp_path / "home"
    done = run(home, "sources", "sync", "--offline-from", str(folder), ACCEPTED)
    assert done.returncode == 4
    assert done.stderr.splitlines()[-1] == (
        "briefwright: 2 could not be loaded, for the reasons above; everything else is in"
    )
    assert "b.zip: refused - " in done.stdout and "is a web page, not a data file" in done.stdout
    assert (
        "refused: PPRRVU.csv: 1 of 2 rows do not fit the layout, so none was loaded: line 5, WORK RVU"
        in done.stdout
    )
    assert run(home, "facts", "localities").returncode == 0
    assert run(home, "facts", "show", "20001").returncode == 3


def test_names_and_notices_of_files_do_not_steer_the_terminal(tmp_path: Path):
    hostile = fee_csv(fee("20001")).replace(b"copyright", b"\x1b]0;copyright\x07")
    folder = write(tmp_path / "given", {"a\x1b[2J.txt": b"words", "PPRRVU2026_Oct.csv": hostile})
    done = run(tmp_path / "home", "sources", "sync", "--offline-from", str(folder), ACCEPTED)
    assert done.returncode == 0 and "a [2J.txt: passed over" in done.stdout and "]0;copyright" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr and "\x07" not in done.stderr


def test_the_release_for_participants_is_a_table_of_the_release(tmp_path: Path):
    files = {"qpp.csv": fee_csv(fee("20001", qpp=True)), "fees.csv": fee_csv(fee("20001"))}
    folder = write(tmp_path / "given", files)
    done = run(
        tmp_path, "sources", "sync", "--offline-from", str(folder), "--release", "rvu26d-qpp", ACCEPTED
    )
    assert done.returncode == 0, done.stdout
    assert [line.split()[:3] for line in done.stdout.splitlines()] == [
        ["fees.csv:", "new"],
        ["RVU26D", "pprrvu", "loaded"],
        ["qpp.csv:", "new"],
        ["RVU26D-QPP", "pprrvu", "loaded"],
    ]


def test_status_says_what_is_loaded_stale_and_due(home: Path):
    done = run(home, "sources", "status")
    assert (done.returncode, done.stderr) == (0, "")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert lines[0] == "RVU RVU26D current; RVU27A is due on 2027-01-01"
    assert lines[1] == "not loaded of it: counties, anesthesia, opps_caps"
    assert "PTPH nothing stale, PTPH-2026Q4 is in force; PTPH-2027Q1 is due on 2027-01-01" in lines
    later = run(home, "sources", "status", "--as-of", "2027-01-01", "--json")
    found = {line["family"]: line for line in map(json.loads, later.stdout.splitlines())}
    assert found["RVU"]["stale"] and found["RVU"]["in_force"] == "RVU27A"
    assert found["PTP"]["missing_parts"] == 0 and found["MCD"]["next_due"] == "2027-02-01"


def test_status_of_a_fresh_installation_says_how_to_load(tmp_path: Path):
    text = run(tmp_path, "sources", "status").stdout
    assert "starter rows of RVU26" in text
    assert "load it: briefwright sources sync --release RVU26D" in text
    assert "then: briefwright sources sync --offline-from FOLDER" in text
    assert "layout built from documentation, no file seen yet: opps_codes" in text
