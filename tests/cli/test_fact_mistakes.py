"""Mistakes with `facts` and `sources`: one sentence that says what to do, and the exit code of the README."""

from pathlib import Path

import pytest

from tests.cli.given_files import FILES
from tests.cli.processes import facts, run, run_here
from tests.tables_sample import write

NOT_LOADED = "RVU25A is not loaded as whole tables; `briefwright sources sync --release RVU25A` loads it"


def mistake(home: Path, *arguments: str) -> tuple[int, str]:
    done = run_here(home, *arguments)
    assert done.stdout == "" and done.stderr.startswith("briefwright: ")
    assert len(done.stderr.splitlines()) == 1
    return done.returncode, done.stderr.strip()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ("show 20001 --release RVU26X", 2, "'RVU26X' is no release; expected one like RVU26D"),
        ("show 20001 --release RVU25A", 3, "RVU25A is not loaded; loaded are"),
        ("show 20001 --release RVU26D --as-of 2026-10-01", 2, "--as-of and --release exclude each other"),
        ("show 20001 --modifier 26", 2, "name it with --release"),
        ("show 20001 --release RVU26D --modifier TC", 3, "RVU26D has no row for 20001 with modifier TC"),
        ("show 99999", 3, "no loaded table holds 99999"),
        ("show 20004", 3, "20004 is not in the tables in force on 2026-11-24; it stands last in RVU26C"),
        ("pay 20004", 3, "20004 is not in the tables in force on 2026-11-24; it stands last in RVU26C"),
        ("diff RVU26C RVU99", 2, "'RVU99' is no release"),
        ("diff RVU25A RVU26D", 3, NOT_LOADED),
        ("diff RVU26D MUE-2026Q4", 3, "have no table of the same kind; compare releases of one family"),
        ("diff RVU26C RVU26D --codes 20000", 2, "'20000' is not a range; expected FIRST-LAST"),
        ("diff RVU26C RVU26D --codes 29999-20000", 2, "'29999-20000' ends before it begins"),
        ("export RVU25A", 3, NOT_LOADED),
        ("export RVU26D --codes 2-3", 2, "'2' is not a HCPCS code"),
        ("pay 99999", 3, "no loaded table holds 99999"),
        ("pay 20001 --setting home", 2, "unknown setting 'home'; use one of office, hopd, asc, inpatient"),
        ("pay 20001 --locality 0111299", 3, "no locality '0111299' in the GPCI file in force on 2026-11-24"),
        ("pay 20001 --locality 0111205 --as-of 2026-08-01", 3, "no GPCI file is loaded for 2026-08-01"),
        ("pay 20001 --modifiers ZZ", 2, "modifier ZZ"),
        ("pay 20001 20001", 2, "20001 stands on several lines"),
        ("pay 20001:TC", 2, "the fee schedule has no row 20001-TC"),
        ("modifiers 2000", 2, "'2000' is not a HCPCS code"),
        ("edits 20001 20001", 2, "an edit pairs two different codes"),
        ("edits 20001 99999", 3, "no loaded table holds 99999"),
        ("edits 99999 20001", 3, "no loaded table holds 99999"),
        ("edits 20001 --as-of 2026-13-01", 2, "'2026-13-01' is not a date"),
        (
            "localities ZZ",
            3,
            "no locality of 'ZZ' in the GPCI file in force on 2026-11-24; its states are AK, CA",
        ),
    ],
)
def test_a_mistake_with_facts_is_one_sentence_and_an_exit_code(
    home: Path, arguments: str, code: int, says: str
):
    returned, sentence = mistake(home, "facts", *arguments.split())
    assert says in sentence and returned == code


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("--release FOO", "'FOO' is no release; expected one like RVU26D"),
        ("--release RVU24A", "the registry has no address of RVU24A; download it from https://www.cms.gov/"),
        ("--offline-from nowhere", "nowhere is no folder; give one that holds the publisher's files"),
        ("--offline-from . --release RVU26D --release RVU26C", "a folder is of one release"),
    ],
)
def test_a_mistake_with_sync_is_one_sentence_and_touches_nothing(tmp_path: Path, arguments: str, says: str):
    returned, sentence = mistake(tmp_path / "home", "sources", "sync", *arguments.split())
    assert says in sentence and returned == 2
    assert not (tmp_path / "home" / "facts.sqlite").exists()


def test_without_a_gpci_file_there_are_no_localities(tmp_path: Path):
    says = "no GPCI file is loaded for 2026-11-24; `briefwright sources sync` loads it"
    for arguments in (("facts", "localities"), ("facts", "pay", "20970", "--locality", "0111205")):
        returned, sentence = mistake(tmp_path, *arguments)
        assert returned == 3 and says in sentence


def test_a_code_of_which_only_pairs_are_loaded_is_shown(tmp_path: Path):
    folder = write(tmp_path / "given", {"ccipra-v323r0-f3.txt": FILES["ccipra-v323r0-f3.txt"]})
    home = tmp_path / "home"
    done = run(home, "sources", "sync", "--offline-from", str(folder), "--accept-ama-licence")
    assert done.returncode == 0
    assert facts(home, "show", "20009").splitlines()[1].startswith("  and 14 pairs")
