"""Answers about pairs of codes, unit limits and add-on codes, from whole tables."""

from datetime import date

import pytest

from pipeline.data import Fact
from pipeline.facts.answers import answer_pair, edits_on, explain_add_on, explain_mue
from pipeline.facts.database import FactDatabase
from pipeline.facts.lookup import FactStore
from pipeline.facts.ptp_edits import all_edits, edits_between, edits_of
from pipeline.facts.readers import hospital_layout, mue
from tests.facts.loaded import add_on, add_on_codes, edit, edits, limit, limits, load

TODAY = date(2024, 8, 1)
ROWS = (
    edit("X9901", "X9902", "0"),
    edit("X9901", "X9903", "1", start="2018-01-01", end="2023-12-31"),
    edit("X9901", "X9903", "0", start="2024-01-01"),
    edit("X9901", "X9904", "9", start="2020-04-01", end="2020-04-01"),
    edit("X9905", "X9901", "1", end="2024-06-30"),
    edit("X9906", "X9901", "1"),
)


@pytest.fixture
def store(database: FactDatabase) -> FactStore:
    load(database, "PTP-2024Q3", edits(*ROWS))
    return FactStore([], database)


@pytest.mark.parametrize(
    ("one", "two", "on", "indicator"),
    [
        ("X9901", "X9902", date(2018, 1, 1), "0"),
        ("X9901", "X9902", date(2017, 12, 31), None),
        ("X9901", "X9903", date(2023, 12, 31), "1"),
        ("X9901", "X9903", date(2024, 1, 1), "0"),
        ("X9901", "X9904", date(2020, 4, 1), None),  # indicator 9 was never in force
        ("X9905", "X9901", date(2024, 6, 30), "1"),
        ("X9905", "X9901", date(2024, 7, 1), None),
        ("X9902", "X9903", TODAY, None),
    ],
)
def test_a_pair_is_found_in_either_order_on_its_days(
    store: FactStore, one: str, two: str, on: date, indicator: str | None
):
    for first, second in ((one, two), (two, one)):
        answer = answer_pair(store, first, second, on)
        assert answer.settled
        assert answer.release == "PTP-2024Q3"
        assert (answer.edit.modifier_indicator if answer.edit else None) == indicator
        if answer.edit:
            assert (answer.edit.column_one, answer.edit.column_two) == (one, two)
            assert f"pairs {one} (column one) with {two} (column two)" in answer.answer
        else:
            assert "lists no edit" in answer.answer
            assert "not permission" in answer.answer


def test_other_edits_of_the_pair_come_along(store: FactStore):
    now = answer_pair(store, "X9903", "X9901", TODAY)
    assert [(other.modifier_indicator, other.deletion) for other in now.others] == [("1", date(2023, 12, 31))]
    never = answer_pair(store, "X9904", "X9901", TODAY)
    assert [other.modifier_indicator for other in never.others] == ["9"]
    assert answer_pair(store, "X9902", "X9901", TODAY).others == ()


@pytest.mark.parametrize(("indicator", "words"), [("0", "no modifier opens"), ("1", "may open it when")])
def test_the_modifier_indicator_is_explained(database: FactDatabase, indicator: str, words: str):
    load(database, "PTP-2024Q3", edits(edit("X9901", "X9902", indicator)))
    assert words in answer_pair(FactStore([], database), "X9901", "X9902", TODAY).answer


def test_one_part_of_four_settles_only_what_it_holds(database: FactDatabase):
    load(database, "PTP-2024Q3", edits(edit("X9901", "X9902", "0")), part=2, parts=4)
    store = FactStore([], database)
    found = answer_pair(store, "X9902", "X9901", TODAY)
    assert found.settled
    assert found.edit
    absent = answer_pair(store, "X9901", "X9903", TODAY)
    assert not absent.settled
    assert absent.answer.startswith("1 of the 4 files of PTP-2024Q3 are loaded")


def test_the_newest_release_answers_for_earlier_days_too(store: FactStore):
    load(store.database, "PTP-2024Q4", edits(edit("X9901", "X9902", "0", end="2024-09-30")))
    assert answer_pair(store, "X9901", "X9902", TODAY).release == "PTP-2024Q4"
    assert answer_pair(store, "X9901", "X9902", date(2024, 10, 1)).edit is None


def test_hospital_edits_are_others(store: FactStore):
    assert not answer_pair(store, "X9901", "X9902", TODAY, hospital=True).settled
    table = edits(edit("X9901", "X9907"))
    table.layout = hospital_layout(table.layout)
    load(store.database, "PTPH-2024Q3", table)
    assert answer_pair(store, "X9901", "X9902", TODAY, hospital=True).edit is None
    assert answer_pair(store, "X9901", "X9907", TODAY, hospital=True).edit
    assert answer_pair(store, "X9901", "X9907", TODAY).edit is None
    assert [edit.column_two for edit in edits_on(store, "X9901", TODAY, hospital=True).edits] == ["X9907"]


def test_the_edits_of_a_code_on_a_day(store: FactStore):
    def partners(on: date, column: str = "either") -> list[tuple[str, str]]:
        found = edits_of(store.database, "X9901", on, store.database.tables("ptp"), column=column)
        return [(edit.column_one, edit.column_two) for edit in found]

    assert partners(TODAY) == [("X9901", "X9902"), ("X9901", "X9903"), ("X9906", "X9901")]
    assert partners(date(2024, 6, 30), "two") == [("X9905", "X9901"), ("X9906", "X9901")]
    assert partners(date(2017, 12, 31)) == []
    assert partners(date(2020, 4, 1), "one") == [("X9901", "X9902"), ("X9901", "X9903")]


def test_every_edit_of_a_table_keeps_its_row(store: FactStore):
    (table,) = store.database.tables()
    kept = list(all_edits(store.database, table, "X9901", "X9905"))
    assert [(e.column_one, e.column_two, e.modifier_indicator, e.line) for e in kept] == [
        ("X9901", "X9902", "0", 11),
        ("X9901", "X9903", "1", 12),
        ("X9901", "X9903", "0", 13),
        ("X9901", "X9904", "9", 14),
        ("X9905", "X9901", "1", 15),
    ]
    assert kept[0].locator == "ptp-PTP-2024Q3-f1.txt line 11, column Modifier"
    assert edits_between(store.database, "X9903", "X9901", [table])[0].effective == date(2024, 1, 1)


def test_without_tables_the_given_pairs_answer_and_their_absence_does_not():
    fact = Fact(
        hcpcs_code="X9901",
        field="ptp_column_two:X9902",
        value="1",
        release="PTP-2024Q3",
        valid_from=date(2018, 1, 1),
        locator="row 1",
    )
    never = fact.model_copy(update={"field": "ptp_column_two:X9903", "value": "9"})
    store = FactStore([fact, never])
    assert answer_pair(store, "X9902", "X9901", TODAY).settled
    assert "PTP-2024Q3, row 1" in answer_pair(store, "X9902", "X9901", TODAY).answer
    for two in ("X9903", "X9904"):
        answer = answer_pair(store, "X9901", two, TODAY)
        assert not answer.settled
        assert "no PTP table is loaded" in answer.answer


@pytest.mark.parametrize(
    ("value", "indicator", "words"),
    [
        ("1", "1", "at most 1 unit of service, adjudication indicator 1: per claim line (MUE-2024Q3)"),
        ("2", "2", "at most 2 units of service, adjudication indicator 2: per date of service, absolute"),
        ("3", "3", "at most 3 units of service, adjudication indicator 3: per date of service, clinical"),
    ],
)
def test_a_unit_limit_with_its_adjudication_indicator(
    database: FactDatabase, value: str, indicator: str, words: str
):
    load(database, "MUE-2024Q3", limits(limit("X9901", value, indicator)))
    store = FactStore([], database)
    assert explain_mue(store, "X9901", TODAY).startswith(words)
    assert explain_mue(store, "X9901", TODAY, hospital=True) == explain_mue(store, "X9902", TODAY) == ""
    assert "(MUE-2024Q3, carried: MUE-2024Q4 not loaded)" in explain_mue(store, "X9901", date(2024, 10, 1))


def test_an_add_on_code_with_its_primaries(database: FactDatabase):
    load(
        database,
        "AOC-2024Q3",
        add_on_codes(add_on("X9902", "X9904"), add_on("X9902", "X9901"), add_on("X9903", "CCCCC", "2")),
    )
    store = FactStore([], database)
    listed = explain_add_on("X9902", store.facts_on("X9902", TODAY), TODAY)
    assert listed.startswith("X9902 is an add-on code of type 1, its primary codes are all listed")
    assert listed.endswith("(AOC-2024Q3): X9901, X9904")
    contractor = explain_add_on("X9903", store.facts_on("X9903", TODAY), TODAY)
    assert contractor.endswith("each contractor keeps a list of its own (AOC-2024Q3)")
    assert explain_add_on("X9901", store.facts_on("X9901", TODAY), TODAY) == ""


def test_a_list_of_edits_says_whether_it_is_whole(database: FactDatabase):
    store = FactStore([], database)
    none = edits_on(store, "X9901", TODAY)
    assert (none.edits, none.release, none.settled) == ((), "", False)
    load(database, "PTP-2024Q3", edits(edit("X9901", "X9902")), part=1, parts=4)
    store = FactStore([], database)
    part = edits_on(store, "X9901", TODAY)
    assert (len(part.edits), part.parts, part.of_parts, part.settled) == (1, 1, 4, False)


def test_a_hospital_has_unit_limits_of_its_own(database: FactDatabase):
    table = limits(limit("X9901", "7"))
    table.layout = mue.HOSPITAL
    load(database, "MUEH-2024Q3", table)
    load(database, "MUE-2024Q3", limits(limit("X9901", "2")))
    store = FactStore([], database)
    assert explain_mue(store, "X9901", TODAY, hospital=True).startswith("at most 7 units")
    assert explain_mue(store, "X9901", TODAY).startswith("at most 2 units")
