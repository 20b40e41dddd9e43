"""Five real fee schedules side by side: what each changed adds up, and each answers for its own dates."""

import csv
import gzip
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.facts.database import FactDatabase
from pipeline.facts.differences import ReleaseDifference, diff_releases
from pipeline.facts.lookup import FactStore
from pipeline.facts.payment import PAYABLE_STATUS, round_cents
from pipeline.facts.tables import all_rows
from pipeline.sources.registry import load_registry
from tests.facts.loaded import load_official
from tests.official_files import FEE_SCHEDULES, write_fee_schedule

pytestmark = pytest.mark.realdata
REGISTRY = Path(__file__).parents[2] / "sources" / "registry.toml"
KEPT = {"RVU24A": 18_499, "RVU24AR": 18_499, "RVU24B": 18_534, "RVU24C": 18_664, "RVU25D": 19_090}
LOCALITIES = 109
ORTHOPAEDICS = ("20000", "29999")
Changes = dict[tuple[str, str], dict[str, tuple[str | None, str | None]]]


@pytest.fixture(scope="module")
def releases(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> FactDatabase:
    """The four fee schedules of 2024 that are at hand, and that of October 2025."""
    folder = tmp_path_factory.mktemp("releases")
    database = FactDatabase(folder / "facts.sqlite")
    registry = load_registry(REGISTRY)["RVU"]
    for release in FEE_SCHEDULES:
        known = registry.release(release)
        for path in write_fee_schedule(shared_data, folder, release):
            load_official(database, release, path, starts=known.effective_from if known else None)
    for name in ("PPRRVU2025_Oct.csv", "GPCI2025.csv"):
        load_official(database, "RVU25D", shared_data / "pfs" / "rvu25d_oct2025" / name)
    return database


def changes(found: ReleaseDifference) -> Changes:
    """Values before and after of the fee schedule's rows."""
    return {
        (change.key, change.modifier): {f.field: (f.before, f.after) for f in change.fields}
        for change in found.changes
        if change.layout == "pprrvu"
    }


def kinds(found: ReleaseDifference) -> dict[str, int]:
    of_rows = [change.kind for change in found.changes if change.layout == "pprrvu"]
    return {kind: of_rows.count(kind) for kind in ("added", "removed", "changed")}


def test_every_row_is_kept(releases: FactDatabase):
    assert {table.release.name: table.kept for table in releases.tables("pprrvu")} == KEPT
    assert {table.kept for table in releases.tables("gpci")} == {LOCALITIES}


@pytest.mark.parametrize(
    ("before", "after", "rows", "expected"),
    [
        ("RVU24A", "RVU24AR", 18_499, {"added": 0, "removed": 0, "changed": 0}),
        ("RVU24AR", "RVU24B", 18_535, {"added": 36, "removed": 1, "changed": 11}),
        ("RVU24B", "RVU24C", 18_664, {"added": 130, "removed": 0, "changed": 6}),
        ("RVU24A", "RVU24C", 18_665, {"added": 166, "removed": 1, "changed": 17}),
        ("RVU24C", "RVU25D", 19_234, {"added": 570, "removed": 144, "changed": 8839}),
    ],
)
def test_what_each_release_changed(
    releases: FactDatabase, before: str, after: str, rows: int, expected: dict[str, int]
):
    found = diff_releases(releases, before, after)
    assert found.rows == rows + LOCALITIES
    assert kinds(found) == expected
    assert KEPT[before] + expected["added"] - expected["removed"] == KEPT[after]
    assert (found.new_columns, found.lost_columns) == ((), ())


def test_within_2024_operations_on_bones_and_joints_change_by_the_conversion_factor_alone(
    releases: FactDatabase,
):
    first, last = ORTHOPAEDICS
    corrected = diff_releases(releases, "RVU24A", "RVU24AR", first=first, last=last)
    assert (corrected.rows, corrected.changes) == (1650, ())
    assert [(c.field, c.before, c.after) for c in corrected.national] == [
        ("conversion_factor", "32.7442", "33.2875")
    ]
    for before, after in (("RVU24AR", "RVU24B"), ("RVU24B", "RVU24C"), ("RVU24AR", "RVU24C")):
        later = diff_releases(releases, before, after, first=first, last=last)
        assert (later.rows, later.changes, later.national) == (1650, (), ())


def test_to_october_2025_nearly_every_operation_changes(releases: FactDatabase):
    found = diff_releases(releases, "RVU24C", "RVU25D", first=ORTHOPAEDICS[0], last=ORTHOPAEDICS[1])
    assert (found.rows, kinds(found)) == (1651, {"added": 1, "removed": 1, "changed": 1622})
    assert [(c.field, c.before, c.after) for c in found.national] == [
        ("conversion_factor", "33.2875", "32.3465")
    ]


def test_the_changes_of_2024_compose_row_by_row(releases: FactDatabase):
    composed: Changes = {}
    for before, after in (("RVU24A", "RVU24AR"), ("RVU24AR", "RVU24B"), ("RVU24B", "RVU24C")):
        for row, fields in changes(diff_releases(releases, before, after)).items():
            so_far = composed.setdefault(row, {})
            for field, (was, now) in fields.items():
                first, last = so_far.get(field, (was, was))
                assert last == was, (row, field)
                so_far[field] = (first, now)
    composed = {
        row: {field: values for field, values in fields.items() if values[0] != values[1]}
        for row, fields in composed.items()
    }
    direct = changes(diff_releases(releases, "RVU24A", "RVU24C"))
    assert {row: fields for row, fields in composed.items() if fields} == direct
    assert len(direct) == 184


def test_changed_rows_are_those_that_differ_in_the_parses(releases: FactDatabase, shared_data: Path):
    def parsed(release: str) -> dict[tuple[str, str], list[str]]:
        path = shared_data / "pfs" / "rvu2024" / f"pprrvu_{FEE_SCHEDULES[release].parse}.csv.gz"
        with gzip.open(path, "rt", newline="") as source:
            rows = list(csv.reader(source))[1:]
        return {(row[0], row[1]): row[3:24] + row[25:] for row in rows}

    before, after = parsed("RVU24A"), parsed("RVU24C")
    expected = {row for row in before.keys() | after.keys() if before.get(row) != after.get(row)}
    assert set(changes(diff_releases(releases, "RVU24A", "RVU24C"))) == expected


def test_dollars_before_and_after_are_those_of_each_release(releases: FactDatabase):
    store = FactStore([], releases)
    factors = {"RVU24C": Decimal("33.2875"), "RVU25D": Decimal("32.3465")}
    found = diff_releases(releases, "RVU24C", "RVU25D", first="27000", last="27999")
    assert len(found.changes) > 300
    for change in found.changes:
        for (release, factor), *paid in zip(
            factors.items(), change.facility, change.nonfacility, strict=True
        ):
            row = store.of_release(change.key, release, modifier=change.modifier)
            payable = bool(row) and row["status_code"].value in PAYABLE_STATUS
            assert paid == [
                round_cents(Decimal(row[f"{place}_total_rvu"].value) * factor)
                if payable and row[f"{place}_na"].value == "none"
                else None
                for place in ("fac", "nonfac")
            ]


def test_relative_values_add_up_in_every_row(releases: FactDatabase):
    for table in releases.tables("pprrvu"):
        for row in all_rows(releases, table):
            for place in ("fac", "nonfac"):
                parts = (row.values["work_rvu"], row.values[f"{place}_pe_rvu"], row.values["mp_rvu"])
                assert sum(map(Decimal, parts)) == Decimal(row.values[f"{place}_total_rvu"]), row


@pytest.mark.parametrize(
    ("on", "release", "factor"),
    [
        (date(2024, 1, 1), "RVU24A", "32.7442"),
        (date(2024, 3, 8), "RVU24A", "32.7442"),
        (date(2024, 3, 9), "RVU24AR", "33.2875"),
        (date(2024, 4, 1), "RVU24B", "33.2875"),
        (date(2024, 6, 30), "RVU24B", "33.2875"),
        (date(2024, 7, 1), "RVU24C", "33.2875"),
        (date(2025, 9, 30), "RVU24C", "33.2875"),
        (date(2025, 10, 1), "RVU25D", "32.3465"),
    ],
)
def test_each_release_answers_for_its_own_dates(releases: FactDatabase, on: date, release: str, factor: str):
    store = FactStore([], releases)
    facts = store.facts_on("20970", on)
    assert facts["fac_total_rvu"].release == release
    assert store.facts_on("", on)["conversion_factor"].value == factor
    assert (facts["fac_total_rvu"].value == "85.89") == (release == "RVU25D")


def test_a_code_that_april_brought_is_unknown_in_march(releases: FactDatabase):
    store = FactStore([], releases)
    brought = [c.key for c in diff_releases(releases, "RVU24AR", "RVU24B").changes if c.kind == "added"]
    assert len(brought) == 36
    for code in brought:
        assert store.facts_on(code, date(2024, 3, 31)) == {}
        assert store.facts_on(code, date(2024, 4, 1))["status_code"].release == "RVU24B"
