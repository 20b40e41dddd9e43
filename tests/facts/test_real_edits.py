"""The NCCI tables of 2024 Q3: kept in full, and a sample of pairs answered."""

import csv
from datetime import date
from pathlib import Path

import pytest

from pipeline.facts.answers import answer_pair, edits_on, explain_mue
from pipeline.facts.database import FactDatabase
from pipeline.facts.lookup import FactStore
from pipeline.facts.tables import all_rows
from tests.facts.loaded import load_official
from tests.official_files import AOC_RELEASE, MUE_RELEASE, PTP_RELEASE, write_add_ons, write_mue, write_ptp

pytestmark = pytest.mark.realdata
CODES = ("29881", "27447", "49000", "64721")  # so that none of the four parts is empty
ON = date(2024, 8, 1)


@pytest.fixture(scope="module")
def store(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> FactStore:
    """Unit limits and add-on codes, and of the PTP edits those with one of `CODES`."""
    folder = tmp_path_factory.mktemp("edits")
    database = FactDatabase(folder / "facts.sqlite")
    load_official(database, MUE_RELEASE, write_mue(shared_data, folder))
    load_official(database, AOC_RELEASE, write_add_ons(shared_data, folder))
    for part, path in enumerate(write_ptp(shared_data, folder, codes=CODES), 1):
        load_official(database, PTP_RELEASE, path, part=part, parts=4)
    return FactStore([], database)


def rows(path: Path) -> list[list[str]]:
    with path.open(newline="") as source:
        return list(csv.reader(source))[1:]


def test_every_unit_limit_is_kept(store: FactStore, shared_data: Path):
    (table,) = store.database.tables("mue")
    kept = [
        (row.key, *(row.values[f"mue_{name}"] for name in ("value", "adjudication_indicator", "rationale")))
        for row in all_rows(store.database, table)
    ]
    source = rows(shared_data / "ncci" / "2024q3" / "ncci_mue_prac.csv")
    assert len(kept) == 14_677
    assert kept == sorted(tuple(row[:4]) for row in source)
    assert explain_mue(store, "20970", ON).startswith("at most 1 unit of service")


def test_every_add_on_row_is_kept(store: FactStore, shared_data: Path):
    (table,) = store.database.tables("add_ons")
    kept = [(row.partner, row.key, row.values["primary_code"]) for row in all_rows(store.database, table)]
    source = rows(shared_data / "ncci" / "2024q3" / "ncci_aoc.csv")
    assert len(kept) == 7465
    assert sorted(kept) == sorted(map(tuple, source))


def test_pairs_of_knee_arthroscopy(store: FactStore):
    for one, two in (("29881", "29877"), ("29877", "29881")):
        answer = answer_pair(store, one, two, ON)
        assert answer.settled
        assert answer.edit
        assert (answer.edit.column_one, answer.edit.column_two) == ("29881", "29877")
        assert answer.edit.modifier_indicator == "0"
        assert [(other.modifier_indicator, other.effective) for other in answer.others] == [
            ("9", date(2002, 1, 1))
        ]
        assert answer.edit.file == "ccipra-v302r0-f2.txt"
    none = answer_pair(store, "29881", "29876", ON)
    assert (none.settled, none.edit, none.others) == (True, None, ())
    assert "not permission" in none.answer


def test_the_partners_of_a_knee_replacement(store: FactStore):
    found = edits_on(store, "27447", ON).edits
    standing = {("one", "0"): 68, ("one", "1"): 250, ("two", "0"): 0, ("two", "1"): 10}
    counted = {
        (column, indicator): sum(
            getattr(edit, f"column_{column}") == "27447" and edit.modifier_indicator == indicator
            for edit in found
        )
        for column in ("one", "two")
        for indicator in ("0", "1")
    }
    assert counted == standing
    assert store.facts_on("27447", ON)["ptp_partner_count"].value == str(sum(standing.values()))
    for edit in found:
        answer = answer_pair(store, edit.other("27447"), "27447", ON)
        assert answer.edit == edit
