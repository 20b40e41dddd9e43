"""Look-ups by code and date of service in whole tables, beside given facts."""

from datetime import date

import pytest

from pipeline.data import Fact
from pipeline.errors import NoFactsError
from pipeline.facts.database import FactDatabase
from pipeline.facts.lookup import FactStore
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
)

IN_2026 = date(2026, 11, 24)


def given(field: str, value: str, release: str, start: date, code: str = "X9901") -> Fact:
    return Fact(hcpcs_code=code, field=field, value=value, release=release, valid_from=start, locator="row 1")


def work(store: FactStore, code: str, on: date) -> tuple[str, str] | None:
    fact = store.facts_on(code, on).get("work_rvu")
    return (fact.value, fact.release) if fact else None


@pytest.fixture
def store(database: FactDatabase) -> FactStore:
    """Three consecutive releases, of which the second is a correction, and one a year later."""
    load(database, "RVU24A", fee_schedule(fee("X9901", work_rvu="1.00"), fee("X9902"), factor="32.0000"))
    load(
        database,
        "RVU24AR",
        fee_schedule(fee("X9901", work_rvu="2.00"), fee("X9902"), factor="33.0000"),
        starts=date(2024, 3, 9),
    )
    load(database, "RVU24C", fee_schedule(fee("X9901", work_rvu="3.00"), factor="33.0000"))
    load(database, "RVU25D", fee_schedule(fee("X9901", work_rvu="4.00"), factor="34.0000"))
    return FactStore([], database)


@pytest.mark.parametrize(
    ("on", "value", "release", "factor"),
    [
        (date(2024, 1, 1), "1.00", "RVU24A", "32.0000"),
        (date(2024, 3, 8), "1.00", "RVU24A", "32.0000"),
        (date(2024, 3, 9), "2.00", "RVU24AR", "33.0000"),
        (date(2024, 6, 30), "2.00", "RVU24AR", "33.0000"),  # the second quarter's release is not loaded
        (date(2024, 7, 1), "3.00", "RVU24C", "33.0000"),
        (date(2025, 9, 30), "3.00", "RVU24C", "33.0000"),
        (date(2025, 10, 1), "4.00", "RVU25D", "34.0000"),
        (IN_2026, "4.00", "RVU25D", "34.0000"),
    ],
)
def test_the_newest_release_that_had_started_answers(
    store: FactStore, on: date, value: str, release: str, factor: str
):
    assert work(store, "X9901", on) == (value, release)
    assert store.facts_on("", on)["conversion_factor"].value == factor


def test_a_code_that_left_the_table_is_gone_with_it(store: FactStore):
    assert work(store, "X9902", date(2024, 6, 30)) == ("10.00", "RVU24AR")
    assert store.facts_on("X9902", date(2024, 7, 1)) == {}
    message = (
        "not in the tables in force on 2024-07-01; it stands last in RVU24AR, for services to 2024-03-31"
    )
    with pytest.raises(NoFactsError, match=message):
        store.require("X9902", date(2024, 7, 1))


def test_a_date_before_the_first_release_says_when_that_starts(store: FactStore):
    assert store.facts_on("", date(2023, 12, 31)) == {}
    with pytest.raises(NoFactsError, match="the earliest starts on 2024-01-01"):
        store.require("X9901", date(2023, 12, 31))


def test_one_release_is_asked_by_name(store: FactStore):
    assert store.of_release("X9901", "RVU24A")["work_rvu"].value == "1.00"
    assert store.of_release("", "RVU24A")["conversion_factor"].value == "32.0000"
    assert store.of_release("X9902", "RVU24C") == {}
    assert store.of_release("X9901", "RVU24B") == {}
    history = [fact.release for fact in store.history("X9901") if fact.field == "work_rvu"]
    assert history == ["RVU24A", "RVU24AR", "RVU24C", "RVU25D"]
    assert store.codes() == ["X9901"]


def test_rows_of_modifiers_stay_apart(database: FactDatabase):
    load(database, "RVU25D", fee_schedule(fee("X9901", work_rvu="5.00"), fee("X9901", "26", work_rvu="1.00")))
    store = FactStore([], database)
    assert store.facts_on("X9901", IN_2026)["work_rvu"].value == "5.00"
    assert store.facts_on("X9901", IN_2026, modifier="26")["work_rvu"].value == "1.00"
    assert store.facts_on("X9901", IN_2026, modifier="TC") == {}


def test_a_blank_that_means_something_is_none_and_other_blanks_are_no_facts(database: FactDatabase):
    load(database, "RVU25D", fee_schedule(fee("X9901", nonfac_na="NA")))
    facts = FactStore([], database).facts_on("X9901", IN_2026)
    assert (facts["nonfac_na"].value, facts["fac_na"].value) == ("NA", "none")
    assert "endoscopic_base" not in facts
    assert facts["nonfac_na"].locator == "pprrvu-RVU25D-f1.txt line 11, column NON-FAC NA INDICATOR"


def test_the_two_files_of_a_release_stay_apart(database: FactDatabase):
    load(database, "RVU26B", fee_schedule(fee("X9901"), factor="33.4009", qpp=False))
    load(database, "RVU26B-QPP", fee_schedule(fee("X9901", work_rvu="9.00"), factor="33.5675", qpp=True))
    store = FactStore([], database)
    factors = {field: (fact.value, fact.release) for field, fact in store.facts_on("", IN_2026).items()}
    assert factors == {
        "conversion_factor_nonqpp": ("33.4009", "RVU26B"),
        "conversion_factor_qpp": ("33.5675", "RVU26B-QPP"),
    }
    assert work(store, "X9901", IN_2026) == ("10.00", "RVU26B")
    assert store.of_release("X9901", "RVU26B-QPP")["work_rvu"].value == "9.00"
    assert set(store.of_release("", "RVU26B-QPP")) == {"conversion_factor_qpp"}


def test_a_whole_table_overrides_given_facts_of_its_time_and_before(store: FactStore):
    facts = [
        given("work_rvu", "7.00", "RVU25C", date(2025, 7, 1)),
        given("work_rvu", "7.50", "RVU25D", date(2025, 10, 1)),
        given("work_rvu", "8.00", "RVU26B", date(2026, 4, 1)),
        given("work_rvu", "9.00", "RVU25A", date(2025, 1, 1), "X9903"),
        given("mue_value", "2", "MUE-2024Q3", date(2024, 7, 1), "X9903"),
    ]
    with_given = FactStore(facts, store.database)
    assert work(with_given, "X9901", date(2025, 8, 1)) == ("7.00", "RVU25C")
    assert work(with_given, "X9901", date(2025, 11, 1)) == ("4.00", "RVU25D")
    assert work(with_given, "X9901", IN_2026) == ("8.00", "RVU26B")
    assert set(with_given.facts_on("X9903", IN_2026)) == {"mue_value"}  # RVU25D does not have the code


def test_an_incomplete_release_does_not_take_given_pairs_away(database: FactDatabase):
    field = "ptp_column_two:X9902"
    facts = [given(field, "1", "PTP-2024Q3", date(2018, 1, 1), code) for code in ("X9901", "X9903")]
    load(database, "PTP-2024Q4", edits(edit("X9901", "X9902", "0")), part=1, parts=2)
    incomplete = FactStore(facts, database)
    assert incomplete.facts_on("X9901", IN_2026)[field].value == "0"
    assert incomplete.facts_on("X9903", IN_2026)[field].value == "1"
    assert "ptp_partner_count" not in incomplete.facts_on("X9901", IN_2026)
    load(database, "PTP-2024Q4", edits(edit("X9902", "X9904")), part=2, parts=2)
    complete = FactStore(facts, database)
    assert complete.facts_on("X9901", IN_2026)[field].value == "0"
    assert complete.facts_on("X9901", IN_2026)["ptp_partner_count"].value == "1"
    assert field not in complete.facts_on("X9903", IN_2026)
    assert complete.of_release("X9902", "PTP-2024Q4")["ptp_partner_count"].value == "2"


def test_limits_and_add_ons_with_what_they_count(database: FactDatabase):
    load(database, "MUE-2024Q3", limits(limit("X9902", "2", "3")))
    load(
        database,
        "AOC-2024Q3",
        add_on_codes(
            add_on("X9902", "X9901"),
            add_on("X9902", "X9903", end="2024-12-31"),
            add_on("X9904", "CCCCC", "2"),
            add_on("X9905", "X9901", "1"),
            add_on("X9905", "X9903", "3"),
        ),
    )
    store = FactStore([], database)
    facts = store.facts_on("X9902", date(2024, 12, 31))
    assert (facts["mue_value"].value, facts["mue_value"].unit) == ("2", "units")
    assert facts["primary_count"].value == "2"
    assert facts["primary_code:X9903"].valid_to == date(2024, 12, 31)
    later = store.facts_on("X9902", date(2025, 1, 1))
    assert (later["primary_count"].value, later["addon_edit_type"].value) == ("1", "1")
    assert "primary_code:X9903" not in later
    contractor = store.facts_on("X9904", IN_2026)
    assert (contractor["primary_count"].value, contractor["addon_edit_type"].value) == ("0", "2")
    mixed = store.facts_on("X9905", IN_2026)
    assert {"primary_code:X9901", "primary_code:X9903"} == set(mixed)  # of two types: no type is its own
    assert [fact.hcpcs_code for fact in store.naming("X9903", date(2024, 12, 31))] == ["X9902", "X9905"]
    assert [fact.hcpcs_code for fact in store.naming("X9903", IN_2026)] == ["X9905"]


def test_a_whole_table_would_hold_any_row_of_its_fields(store: FactStore):
    assert store.would_hold(given("work_rvu", "1.00", "RVU25D", IN_2026, code="X9999"))
    assert not store.would_hold(given("work_rvu", "1.00", "RVU26D", IN_2026, code="X9999"))
    assert not store.would_hold(given("mue_value", "1", "RVU25D", IN_2026))
