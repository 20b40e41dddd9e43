from datetime import date

import pytest

from pipeline.errors import NoFactsError
from pipeline.facts.lookup import FactStore
from tests.facts.rows import fact

STORE = FactStore(
    [
        fact("work_rvu", "44.58", "RVU25D"),
        fact("work_rvu", "43.47", "RVU26B"),
        fact("global_days", "090", "RVU25D"),
        fact("ptp_column_two:20900", "1", "PTP-2024Q3", "20970"),
        fact("conversion_factor_nonqpp", "33.4009", "RVU26A", ""),
    ]
)


def test_the_newest_row_that_had_started_answers():
    assert STORE.facts_on("20970", date(2026, 11, 24))["work_rvu"].value == "43.47"
    assert STORE.facts_on("20970", date(2025, 11, 3))["work_rvu"].value == "44.58"


def test_a_field_only_an_older_release_has_is_carried_over():
    assert STORE.facts_on("20970", date(2026, 11, 24))["global_days"].release == "RVU25D"


def test_values_of_whole_releases_stand_under_the_empty_code():
    assert set(STORE.facts_on("", date(2026, 11, 24))) == {"conversion_factor_nonqpp"}
    assert STORE.codes() == ["20970"]


def test_an_unknown_code_and_a_too_early_date_say_what_to_do():
    with pytest.raises(NoFactsError, match="facts list"):
        STORE.require("99999", date(2026, 11, 24))
    with pytest.raises(NoFactsError, match="earliest starts on 2024-07-01"):
        STORE.require("20970", date(2020, 1, 1))


def test_rows_of_other_codes_that_name_a_code():
    assert [fact.hcpcs_code for fact in STORE.naming("20900", date(2026, 11, 24))] == ["20970"]
    assert STORE.naming("20970", date(2026, 11, 24)) == []


def test_the_releases_of_a_code_are_those_with_a_row_of_it():
    assert STORE.releases_of("20970") == {"RVU25D", "RVU26B", "PTP-2024Q3"}
    assert STORE.releases_of("99999") == set()


@pytest.mark.parametrize(
    ("row", "held"),
    [
        (fact("global_days", "090", "RVU25D"), True),
        (fact("global_days", "090", "RVU26B"), False),  # given with no code's global days
        (fact("work_rvu", "1.00", "RVU26B", "20900"), False),  # not given for this code
        (fact("ptp_column_two:20970", "1", "PTP-2024Q3"), True),
        (fact("ptp_column_two:20901", "1", "PTP-2024Q3"), False),  # the partner is no given code
        (fact("conversion_factor_nonqpp", "1", "RVU26A", ""), True),
        (fact("conversion_factor_qpp", "1", "RVU26A", ""), False),
    ],
)
def test_of_given_rows_it_is_known_which_would_be_there(row, held):
    assert STORE.would_hold(row) is held
