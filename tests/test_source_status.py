"""What is loaded against what the calendar says: stale, missing, due next."""

from datetime import date

import pytest

from pipeline.facts.database import LoadedTable
from pipeline.facts.releases import FAMILIES, parse_release, release_span
from pipeline.source_status import FamilyStatus, source_status
from tests.syncing import REGISTRY

TODAY = date(2026, 11, 24)


def table(release: str, layout: str, part: int = 1, parts: int = 1) -> LoadedTable:
    first, last = release_span(release)
    return LoadedTable(
        id=1, release=parse_release(release), layout=layout, part=part, parts=parts, file="f", sha256="0" * 64,
        reader="r", columns=(), valid_from=first, valid_to=last, kept=1, passed_over=0,
    )  # fmt: skip


def status(
    family: str, *tables: LoadedTable, starter: tuple[str, ...] = (), today: date = TODAY
) -> FamilyStatus:
    found = source_status(REGISTRY, tables, starter, today)
    (one,) = [each for each in found if each.family == family]
    return one


def test_every_family_has_a_line_in_the_order_of_the_registry():
    found = source_status(REGISTRY, [], [], TODAY)
    assert [each.family for each in found] == list(REGISTRY)
    assert sorted(each.family for each in found) == sorted(FAMILIES)
    assert all(
        each.stale and not each.whole and not each.starter and each.title and each.url for each in found
    )


@pytest.mark.parametrize(
    ("release", "layout", "stale"),
    [
        ("RVU26C", "pprrvu", True),
        ("RVU26D", "pprrvu", False),
        ("RVU26D-QPP", "pprrvu", False),
        ("RVU27A", "pprrvu", False),  # loaded before its time
        ("MUE-2026Q3", "mue", True),
        ("MUE-2026Q4", "mue", False),
        ("MCD-2026-10", "coverage", True),
        ("MCD-2026-11", "coverage", False),
        ("AOC-2025Q4", "add_ons", True),
        ("AOC-2026Q1", "add_ons", False),  # yearly: the first quarter's stands until a later one comes
        ("AOC-2026Q3", "add_ons", False),
    ],
)
def test_a_release_older_than_the_calendars_is_stale(release: str, layout: str, stale: bool):
    found = status(parse_release(release).family, table(release, layout))
    assert (found.whole, found.stale) == (release, stale)


def test_the_newest_release_counts_and_other_families_do_not():
    tables = [table("RVU26D", "pprrvu"), table("RVU26C", "pprrvu"), table("MUEH-2026Q4", "mue_hospital")]
    assert status("RVU", *tables).whole == "RVU26D"
    assert status("MUE", *tables).whole == "" and status("MUE", *tables).stale
    assert status("MUEH", *tables).whole == "MUEH-2026Q4"


def test_rows_of_the_starter_set_are_named_and_do_not_count_as_loaded():
    found = status("RVU", starter=("RVU26A", "RVU26D", "RVU25D", "MUE-2026Q4"))
    assert (found.whole, found.starter, found.stale) == ("", "RVU26D", True)


@pytest.mark.parametrize(
    ("family", "today", "in_force", "upcoming", "due"),
    [
        ("RVU", date(2026, 12, 31), "RVU26D", "RVU27A", date(2027, 1, 1)),
        ("RVU", date(2027, 1, 1), "RVU27A", "RVU27B", date(2027, 4, 1)),
        ("RVU", date(2026, 3, 31), "RVU26A", "RVU26B", date(2026, 4, 1)),
        ("OPPS", date(2026, 11, 24), "OPPS-2026-10", "OPPS-2027-01", date(2027, 1, 1)),
        ("PTPH", date(2026, 9, 30), "PTPH-2026Q3", "PTPH-2026Q4", date(2026, 10, 1)),
        ("MCD", date(2026, 12, 5), "MCD-2026-12", "MCD-2027-01", date(2027, 1, 1)),
        ("MCD", date(2026, 1, 31), "MCD-2026-01", "MCD-2026-02", date(2026, 2, 1)),
        ("AOC", date(2026, 1, 1), "AOC-2026Q1", "AOC-2027Q1", date(2027, 1, 1)),
        ("AOC", date(2027, 12, 31), "AOC-2027Q1", "AOC-2028Q1", date(2028, 1, 1)),
        ("RVU", date(2028, 2, 29), "RVU28A", "RVU28B", date(2028, 4, 1)),
    ],
)
def test_what_is_due_next_by_the_calendar_of_the_family(
    family: str, today: date, in_force: str, upcoming: str, due: date
):
    found = status(family, today=today)
    assert (found.in_force, found.next_release, found.next_due) == (in_force, upcoming, due)


@pytest.mark.parametrize(
    ("tables", "missing"),
    [
        ([], 0),
        ([table("PTP-2026Q4", "ptp", 1, 4), table("PTP-2026Q4", "ptp", 3, 4)], 2),
        ([table("PTP-2026Q4", "ptp", part, 4) for part in (1, 2, 3, 4)], 0),
        ([table("PTP-2026Q4", "ptp")], 0),
        (
            [
                table("PTP-2026Q3", "ptp", 1, 4),
                *(table("PTP-2026Q4", "ptp", part, 4) for part in range(1, 5)),
            ],
            0,
        ),
        (
            [table("PTP-2026Q3", "ptp", part, 4) for part in (1, 2, 3, 4)]
            + [table("PTP-2026Q4", "ptp", 2, 4)],
            3,
        ),
    ],
    ids=["none", "two", "all", "one file", "older", "newer"],
)
def test_files_of_the_newest_release_that_are_missing_are_counted(tables: list[LoadedTable], missing: int):
    assert status("PTP", *tables).missing_parts == missing


@pytest.mark.parametrize(
    ("family", "tables", "missing"),
    [
        ("RVU", [], ()),
        ("RVU", [table("RVU26D", "gpci")], ("pprrvu", "counties", "anesthesia", "opps_caps")),
        (
            "RVU",
            [table("RVU26D-QPP", "pprrvu"), table("RVU26D", "gpci")],
            ("counties", "anesthesia", "opps_caps"),
        ),
        (
            "RVU",
            [table("RVU26C", "pprrvu"), table("RVU26D", "gpci")],
            ("pprrvu", "counties", "anesthesia", "opps_caps"),
        ),
        ("OPPS", [table("OPPS-2026-10", "opps_apc")], ("opps_codes",)),
        ("MUE", [table("MUE-2026Q4", "mue")], ()),
        ("HCPCS", [table("HCPCS-2026-10", "hcpcs_modifiers")], ()),  # either form is the whole list
        ("HCPCS", [table("HCPCS-2026-10", "hcpcs_modifier_list")], ()),
    ],
)
def test_tables_of_the_newest_release_that_are_missing_are_named(
    family: str, tables: list[LoadedTable], missing: tuple[str, ...]
):
    assert status(family, *tables).missing_tables == missing


@pytest.mark.parametrize(
    ("family", "layouts", "stale"),
    [
        ("RVU26D", ("opps_caps", "anesthesia"), True),
        ("RVU26D", ("pprrvu",), False),
        ("OPPS-2026-10", ("opps_apc",), True),
        ("OPPS-2026-10", ("opps_codes",), False),
        ("ASC-2026-10", ("asc_ancillary",), True),
        ("HCPCS-2026-10", ("hcpcs_modifier_list",), False),
    ],
)
def test_a_release_without_its_leading_table_is_not_current(
    family: str, layouts: tuple[str, ...], stale: bool
):
    found = status(parse_release(family).family, *(table(family, layout) for layout in layouts))
    assert (found.whole, found.stale) == (family, stale)


def test_layouts_that_no_file_confirmed_are_named():
    assert status("OPPS").unconfirmed == ("opps_codes",)
    assert status("PTPH").unconfirmed == ("ptp_hospital",)
    assert status("RVU").unconfirmed == ()


def test_whether_the_release_in_force_can_be_fetched():
    assert status("RVU").address_known
    assert not status("RVU", today=date(2027, 1, 1)).address_known  # not listed
    assert not status("OPPS").address_known and not status("MCD").address_known
