from collections.abc import Iterator
from datetime import date

import pytest

from pipeline.errors import SourceError, StateError
from pipeline.facts.database import FactDatabase
from pipeline.facts.loading import Origin, held_table, load_table
from pipeline.facts.readers.layout import Refused, Row, Table
from pipeline.facts.tables import all_rows, national_facts, rows_of_key
from tests.facts.loaded import (
    RATIONALE,
    add_on,
    add_on_codes,
    edit,
    edits,
    fee,
    fee_schedule,
    limit,
    limits,
    load,
)

MISFIT = Refused(0, "WORK RVU", "an amount such as 12.34", "ten")


def codes(database: FactDatabase, layout: str = "pprrvu") -> list[str]:
    return [row.key for table in database.tables(layout) for row in all_rows(database, table)]


def test_a_table_stands_with_its_release_counts_and_dates(database: FactDatabase):
    loaded = load(database, "RVU25D", fee_schedule(fee("X9901"), fee("X9901", "26"), fee("X9902")))
    assert database.tables() == (loaded,)
    assert (loaded.release.name, loaded.layout, loaded.kept, loaded.passed_over) == (
        "RVU25D",
        "pprrvu",
        3,
        10,
    )
    assert (loaded.valid_from, loaded.valid_to) == (date(2025, 10, 1), date(2025, 12, 31))
    assert codes(database) == ["X9901", "X9901", "X9902"]
    (factor,) = national_facts(database, loaded)
    assert (factor.value, factor.locator) == ("32.0000", "pprrvu-RVU25D-f1.txt line 11, column CONV FACTOR")


def test_a_release_may_start_later_than_its_quarter(database: FactDatabase):
    loaded = load(database, "RVU24AR", fee_schedule(fee("X9901")), starts=date(2024, 3, 9))
    assert (loaded.valid_from, loaded.valid_to) == (date(2024, 3, 9), date(2024, 3, 31))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            lambda: fee_schedule(fee("X9902"), MISFIT, fee("X9903")),
            "1 of 3 rows do not fit the layout, so none was loaded: line 12, WORK RVU: "
            "expected an amount such as 12.34, found 'ten'$",
        ),
        (
            lambda: fee_schedule(*[MISFIT] * 5, fee("X9902")),
            "5 of 6 rows .*line 11, .*; line 12, .*; line 13, [^;]*; …$",
        ),
        (
            lambda: fee_schedule(fee("X9902", "26"), fee("X9902"), fee("X9902", "26")),
            "pprrvu-RVU25D-f1.txt:13: X9902 26 stands already on line 11; expected it once",
        ),
        (fee_schedule, "expected rows below the header, found none; the file may be cut off"),
    ],
)
def test_a_table_that_does_not_fit_leaves_the_old_one(database: FactDatabase, table, message: str):
    old = load(database, "RVU25D", fee_schedule(fee("X9901"), factor="31.0000"))
    with pytest.raises(SourceError, match=message):
        load(database, "RVU25D", table())
    assert database.tables() == (old,)
    assert codes(database) == ["X9901"]
    assert [fact.value for fact in national_facts(database, old)] == ["31.0000"]


def test_a_file_that_cannot_be_read_to_its_end_leaves_the_old_table(database: FactDatabase):
    def breaks_off() -> Iterator[Row]:
        yield fee("X9902")._replace(line=11)
        raise SourceError("line 12: the file is cut off")

    load(database, "RVU25D", fee_schedule(fee("X9901")))
    table = fee_schedule()
    table.rows = breaks_off()
    with pytest.raises(SourceError, match="line 12"):
        load(database, "RVU25D", table)
    assert codes(database) == ["X9901"]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"year": 2024}, "expected year 2025 for RVU25D, the file says 2024; .*--release"),
        ({"quarter": 1}, "expected quarter 4 for RVU25D, the file says 1"),
        ({"qpp": True}, "expected QPP file False for RVU25D, the file says True"),
    ],
)
def test_a_file_of_another_edition_is_refused(database: FactDatabase, said: dict[str, int], message: str):
    table = fee_schedule(fee("X9901"))
    for name, value in said.items():
        setattr(table, name, value)
    with pytest.raises(SourceError, match=message):
        load(database, "RVU25D", table)
    assert database.tables() == ()


def test_an_edition_that_only_the_rows_tell_is_checked_too(database: FactDatabase):
    table = fee_schedule(fee("X9901"))

    def rows(known: Iterator[Row | Refused]) -> Iterator[Row | Refused]:
        yield from known
        table.qpp = True

    table.rows = rows(table.rows)
    with pytest.raises(SourceError, match="expected QPP file False for RVU26B"):
        load(database, "RVU26B", table)
    assert database.tables() == ()


def test_a_table_replaces_the_one_of_its_release_and_part_alone(database: FactDatabase):
    for release, code in (("RVU25C", "X9901"), ("RVU25D", "X9902"), ("RVU25D", "X9903")):
        load(database, release, fee_schedule(fee(code)))
    assert codes(database) == ["X9901", "X9903"]
    load(database, "PTP-2024Q3", edits(edit("X9901", "X9902")), part=1, parts=2)
    load(database, "PTP-2024Q3", edits(edit("X9903", "X9902")), part=2, parts=2)
    load(database, "PTP-2024Q3", edits(edit("X9904", "X9902")), part=2, parts=2)
    assert [row[0] for row in database.query("SELECT column_one FROM ptp_edits ORDER BY 1")] == [
        "X9901",
        "X9904",
    ]


def test_a_table_cut_into_other_parts_replaces_all_of_them(database: FactDatabase):
    load(database, "PTP-2024Q3", edits(edit("X9901", "X9902")), part=1, parts=2)
    load(database, "PTP-2024Q3", edits(edit("X9903", "X9902")), part=2, parts=2)
    load(database, "PTP-2024Q3", edits(edit("X9904", "X9902")))
    assert [(table.part, table.parts) for table in database.tables()] == [(1, 1)]
    assert database.query("SELECT column_one FROM ptp_edits") == [("X9904",)]


@pytest.mark.parametrize("rows", [("X9901", "X9903"), ("X9903", "X9905"), ("X9900", "X9903")])
def test_a_part_with_a_pair_of_another_part_is_refused(database: FactDatabase, rows: tuple[str, ...]):
    old = load(database, "PTP-2024Q3", edits(edit("X9901", "X9902"), edit("X9903", "X9902")), part=1, parts=2)
    with pytest.raises(SourceError, match=r"X990\d X9902 .* already in part 1 .*give each part's own file"):
        load(database, "PTP-2024Q3", edits(*(edit(one, "X9902") for one in rows)), part=2, parts=2)
    assert database.tables() == (old,)


def test_parts_may_share_a_code_but_no_pair_of_a_day(database: FactDatabase):
    load(database, "PTP-2024Q3", edits(edit("X9901", "X9902")), part=1, parts=2)
    others = (edit("X9901", "X9903"), edit("X9901", "X9902", start="2020-01-01"))
    load(database, "PTP-2024Q3", edits(*others), part=2, parts=2)
    load(database, "PTP-2024Q4", edits(edit("X9901", "X9902")), part=2, parts=2)
    assert len(database.tables()) == 3


def test_a_part_about_to_be_replaced_is_not_compared_with(database: FactDatabase):
    load(database, "PTP-2024Q3", edits(edit("X9901", "X9902")), part=1, parts=2)
    old = load(database, "PTP-2024Q3", edits(edit("X9903", "X9902")), part=2, parts=2)
    cut = Origin("PTP-2024Q3", "f1", "1" * 64, 1, 2)._replace(beside={1: "1" * 64, 2: "2" * 64})
    load_table(database, edits(edit("X9901", "X9902"), edit("X9903", "X9902")), cut)
    again = cut._replace(part=2, sha256="2" * 64)
    with pytest.raises(SourceError, match="already in part 1"):
        load_table(database, edits(edit("X9903", "X9902")), again)
    assert database.tables()[1] == old


def test_a_pair_may_come_again_with_other_dates(database: FactDatabase):
    rows = (add_on("X9902", "X9901", end="2019-12-31"), add_on("X9902", "X9901", start="2024-01-01"))
    loaded = load(database, "AOC-2024Q3", add_on_codes(*rows))
    assert [row.values["effective_date"] for row in rows_of_key(database, loaded, "X9902")] == [
        "2013-04-01",
        "2024-01-01",
    ]


def test_parts_share_the_words_of_their_rationales(database: FactDatabase):
    load(database, "PTP-2024Q3", edits(edit("X9901", "X9902")), part=1, parts=2)
    other = edit("X9903", "X9902")
    other = other._replace(cells=(*other.cells[:-1], "Another rationale"))
    load(database, "PTP-2024Q3", edits(edit("X9903", "X9901"), other), part=2, parts=2)
    assert database.query("SELECT text FROM rationales ORDER BY id") == [(RATIONALE,), ("Another rationale",)]


def test_a_file_is_held_once_it_is_loaded_by_the_readers_of_today(
    database: FactDatabase, monkeypatch: pytest.MonkeyPatch
):
    load(database, "MUE-2024Q3", limits(limit("X9901", "1")), sha256="a" * 64)
    origin = Origin("MUE-2024Q3", "any name.csv", "a" * 64)
    assert held_table(database, origin, "mue")
    assert not held_table(database, origin, "mue_hospital")
    assert not held_table(database, origin._replace(sha256="b" * 64), "mue")
    assert not held_table(database, origin._replace(release="MUE-2024Q4"), "mue")
    assert not held_table(database, origin._replace(part=2, parts=2), "mue")
    monkeypatch.setattr("pipeline.facts.loading.reader_version", lambda: "of another day")
    assert not held_table(database, origin, "mue")


def test_progress_tells_the_rows_so_far(database: FactDatabase):
    told: list[int] = []
    table = limits(*(limit(f"{number:05d}", "1") for number in range(100_001)))
    load_table(database, table, Origin("MUE-2024Q3", "mue.csv", ""), progress=told.append)
    assert told == [50_000, 100_000]


def test_a_table_needs_a_place():
    with pytest.raises(StateError, match="give the database a path"):
        load(FactDatabase(None), "RVU25D", Table(fee_schedule().layout, iter([fee("X9901")])))
