"""The closest partners of a code are those that share its partners; the rest of the page's rows stay complete."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.facts.database import FactDatabase
from pipeline.facts.lookup import FactStore
from pipeline.facts.page_rows import SHOWN_PARTNERS, page_rows
from pipeline.facts.partners import Partners
from pipeline.facts.whole_tables import PTP
from tests.facts.loaded import edit, edits, fee, fee_schedule, load
from tests.facts.rows import fact, surgical

ON = date(2026, 8, 1)
# Two operations at one site (20100, 20101) share 30000 and 30001; 36000 is paired with everything.
PAIRS = [
    ("20100", "20101"),
    ("20100", "30000"), ("20100", "30001"), ("20101", "30000"), ("20101", "30001"),
    *((code, "36000") for code in ("20100", "20101", "30000", "30001", "40000", "41000", "42000", "43000")),
]  # fmt: skip


def partners(database, pairs=PAIRS, on=ON, **parts):
    load(database, "PTP-2026Q3", edits(*(edit(*pair) for pair in pairs)), **parts)
    return Partners(database, database.tables(PTP), on)


def test_who_shares_partners_stands_closest_and_who_has_all_of_them_last(database):
    assert partners(database).closest("20100", limit=4) == ["20101", "30000", "30001", "36000"]
    assert partners(database).closest("20100", limit=1) == ["20101"]


def test_only_edits_in_force_count(database):
    load(
        database,
        "PTP-2026Q3",
        edits(
            edit("20100", "20101"),
            edit("20100", "20102", end="2020-12-31"),
            edit("20100", "20103", "9", start="2020-01-01", end="2020-01-01"),
            edit("20100", "20104", start="2026-09-01"),
        ),
    )
    found = Partners(database, database.tables(PTP), ON)
    assert found.of("20100") == {"20101"}
    assert found.closest("20100", limit=9) == ["20101"]


def test_among_limits_the_choice_and_a_stranger_is_never_chosen(database):
    assert partners(database).closest("20100", limit=4, among=["36000", "30001", "43000"]) == [
        "30001",
        "36000",
    ]
    assert partners(database).closest("99999", limit=4) == []


CODES = [f"{number:05}" for number in range(20000, 20012)]


@settings(max_examples=25, deadline=None)
@given(
    st.sets(
        st.tuples(st.sampled_from(CODES), st.sampled_from(CODES)).filter(lambda p: p[0] < p[1]), min_size=1
    )
)
def test_passing_over_the_hopeless_changes_nothing(tmp_path_factory, pairs):
    database = FactDatabase(tmp_path_factory.mktemp("db") / "facts.sqlite")
    found = partners(database, sorted(pairs))
    for code in CODES:
        own = found.of(code)
        index = {other: len(own & found.of(other)) / len(own | found.of(other)) for other in own}
        ranked = sorted(own, key=lambda other: (-index[other], other))
        for limit in (1, 3, 20):
            assert found.closest(code, limit=limit) == ranked[:limit]


@pytest.fixture
def store(database):
    rows = [edit("20100", f"3{n:04}") for n in range(40)] + [
        edit("20101", "20100"),
        edit("20100", "20200", "0"),
    ]
    load(database, "PTP-2026Q3", edits(*rows))
    load(database, "RVU25D", fee_schedule(fee("20100", work_rvu="11.00")))
    load(database, "RVU26C", fee_schedule(fee("20100"), factor="33.4009", qpp=False))
    return FactStore([], database)


def test_a_page_lists_some_partners_and_keeps_those_it_needs(store):
    found = page_rows(store, "20100", ON, near=["20200"])
    assert len(found.partners) == SHOWN_PARTNERS
    pairs = {key for key in found.rows if "ptp_column_two:" in key}
    assert "ptp_column_two:20200" in pairs  # so that no page says that there is no edit with it
    assert len(pairs) <= SHOWN_PARTNERS + 1
    assert found.rows["ptp_partner_count"].value == "42"
    every = page_rows(store, "20100", ON, near=[f"3{n:04}" for n in range(40)])
    assert len([key for key in every.rows if "ptp_column_two:" in key]) >= 40


def test_rows_of_the_year_before_stand_apart_from_the_newest(store):
    rows = page_rows(store, "20100", ON, near=()).rows
    assert (rows["work_rvu"].value, rows["before.work_rvu"].value) == ("10.00", "11.00")
    assert (
        rows["before.conversion_factor"].release == "RVU25D" if "before.conversion_factor" in rows else True
    )
    assert not any(
        key.startswith("before.") for key in page_rows(store, "20100", date(2025, 11, 1), near=()).rows
    )


def test_without_a_whole_table_all_given_pairs_are_listed_by_code(database):
    given = [*surgical("20100").values()]
    given += [fact(f"ptp_column_two:{other}", "1", "PTP-2024Q3", "20100") for other in ("20300", "20200")]
    assert page_rows(FactStore(given, database), "20100", ON, near=()).partners == ("20200", "20300")
