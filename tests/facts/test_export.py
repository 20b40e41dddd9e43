from pathlib import Path

import pytest

from pipeline.errors import NoFactsError
from pipeline.facts.database import FactDatabase
from pipeline.facts.export import export_facts
from pipeline.facts.lookup import FactStore
from pipeline.facts.table import read_facts, write_facts
from tests.facts.loaded import (
    add_on,
    add_on_codes,
    edit,
    edits,
    fee,
    fee_schedule,
    limit,
    limits,
    load,
    localities,
    place,
)

ALL = {"first": "", "last": "\x7f"}


def test_a_release_becomes_the_facts_that_look_ups_give(database: FactDatabase):
    load(database, "RVU25D", fee_schedule(fee("X9901", nonfac_na="NA"), fee("X9902"), fee("X9902", "26")))
    load(database, "RVU25D", localities(place("0111205", "A CITY")))
    load(database, "RVU25C", fee_schedule(fee("X9901")))
    store = FactStore([], database)
    exported = list(export_facts(database, "RVU25D", **ALL))
    expected = [
        *store.of_release("", "RVU25D").values(),
        *store.of_release("X9901", "RVU25D").values(),
        *store.of_release("X9902", "RVU25D").values(),
        *store.of_release("X9902", "RVU25D", modifier="26").values(),
    ]
    assert exported == expected
    assert len(exported) == 1 + 3 * 25  # three of the 28 columns are blank; blank NA flags mean "none"
    assert exported[0].field == "conversion_factor"


@pytest.mark.parametrize(
    ("release", "tables"),
    [
        ("RVU25D", [lambda: fee_schedule(fee("X9901", nonfac_na="NA"), fee("X9902", "26"))]),
        ("MUE-2024Q3", [lambda: limits(limit("X9901", "2"))]),
        ("AOC-2024Q3", [lambda: add_on_codes(add_on("X9902", "CCCCC", "2"), add_on("X9903", "X9901"))]),
        (
            "PTP-2024Q3",
            [
                lambda: edits(edit("X9901", "X9902", end="2023-12-31")),
                lambda: edits(edit("X9903", "X9902", "9", start="2020-01-01", end="2020-01-01")),
            ],
        ),
    ],
)
def test_what_is_exported_can_be_read_again(
    database: FactDatabase, tmp_path: Path, release: str, tables: list
):
    for part, table in enumerate(tables, 1):
        load(database, release, table(), part=part, parts=len(tables))
    exported = list(export_facts(database, release, **ALL))
    path = tmp_path / "facts.csv"
    write_facts(exported, path)
    assert sorted(read_facts(path), key=repr) == sorted(exported, key=repr)
    assert exported


def test_a_range_keeps_what_holds_for_the_whole_release(database: FactDatabase):
    load(database, "RVU25D", fee_schedule(fee("X9901"), fee("X9902"), fee("X9903")))
    exported = list(export_facts(database, "RVU25D", first="X9902", last="X9902"))
    assert {fact.hcpcs_code for fact in exported} == {"", "X9902"}


def test_every_edit_is_exported_with_its_dates_in_force_or_not(database: FactDatabase):
    rows = (edit("X9901", "X9902", end="2019-12-31"), edit("X9901", "X9902", "0", start="2020-01-01"))
    load(database, "PTP-2024Q3", edits(*rows, edit("X9904", "X9902")))
    exported = list(export_facts(database, "PTP-2024Q3", first="X9901", last="X9903"))
    assert [(f.field, f.value, f.valid_from.year, str(f.valid_to)) for f in exported] == [
        ("ptp_column_two:X9902", "1", 2018, "2019-12-31"),
        ("ptp_column_two:X9902", "0", 2020, "None"),
    ]


def test_a_release_that_is_not_loaded_says_how_to_load_it(database: FactDatabase):
    with pytest.raises(NoFactsError, match=r"RVU25D is not loaded .*sync --release RVU25D"):
        next(export_facts(database, "RVU25D", **ALL))
