from decimal import Decimal

import pytest

from pipeline.errors import NoFactsError
from pipeline.facts.database import FactDatabase
from pipeline.facts.differences import FieldChange, RowChange, diff_releases
from pipeline.facts.readers.layout import National
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


def by_key(changes: tuple[RowChange, ...]) -> dict[str, RowChange]:
    found = {"-".join(filter(None, (c.key, c.modifier, c.partner))): c for c in changes}
    assert len(found) == len(changes)
    return found


def fields(change: RowChange) -> dict[str, tuple[str | None, str | None]]:
    return {field.field: (field.before, field.after) for field in change.fields}


def test_rows_added_removed_and_changed_with_their_dollars(database: FactDatabase):
    same = (fee("X9905"), fee("X9901", "26"))
    load(database, "RVU24C", fee_schedule(fee("X9901"), fee("X9902"), *same, factor="33.0000"))
    load(
        database,
        "RVU25D",
        fee_schedule(fee("X9901", work_rvu="11.00"), fee("X9903"), *same, factor="32.0000"),
    )
    found = diff_releases(database, "RVU24C", "RVU25D")
    assert (found.before, found.after, found.rows) == ("RVU24C", "RVU25D", 5)
    assert found.national == (
        FieldChange(field="conversion_factor", unit="USD/RVU", before="33.0000", after="32.0000"),
    )
    assert (found.new_columns, found.lost_columns) == ((), ())
    changes = by_key(found.changes)
    assert {key: change.kind for key, change in changes.items()} == {
        "X9901": "changed",
        "X9902": "removed",
        "X9903": "added",
    }
    assert fields(changes["X9901"]) == {
        "work_rvu": ("10.00", "11.00"),
        "nonfac_total_rvu": ("20.00", "21.00"),
        "fac_total_rvu": ("18.00", "19.00"),
    }
    assert changes["X9901"].facility == (Decimal("594.00"), Decimal("608.00"))
    assert changes["X9901"].nonfacility == (Decimal("660.00"), Decimal("672.00"))
    assert changes["X9902"].facility == (Decimal("594.00"), None)
    assert changes["X9903"].nonfacility == (None, Decimal("640.00"))
    assert fields(changes["X9903"])["status_code"] == (None, "A")


def test_no_dollars_where_nothing_is_paid(database: FactDatabase):
    load(database, "RVU24C", fee_schedule(fee("X9901"), fee("X9902", nonfac_na="")))
    load(database, "RVU25D", fee_schedule(fee("X9901", status_code="C"), fee("X9902", nonfac_na="NA")))
    changes = by_key(diff_releases(database, "RVU24C", "RVU25D").changes)
    assert changes["X9901"].facility == (Decimal("576.00"), None)
    assert changes["X9902"].facility == (Decimal("576.00"), Decimal("576.00"))
    assert changes["X9902"].nonfacility == (Decimal("640.00"), None)


def test_the_same_code_with_another_modifier_is_another_row(database: FactDatabase):
    load(database, "RVU24C", fee_schedule(fee("X9901"), fee("X9901", "26")))
    load(database, "RVU25D", fee_schedule(fee("X9901"), fee("X9901", "TC")))
    kinds = {
        key: change.kind
        for key, change in by_key(diff_releases(database, "RVU24C", "RVU25D").changes).items()
    }
    assert kinds == {"X9901-26": "removed", "X9901-TC": "added"}


def test_a_range_compares_its_codes_alone(database: FactDatabase):
    load(database, "RVU24C", fee_schedule(fee("X9901"), fee("X9902"), fee("X9903")))
    load(database, "RVU25D", fee_schedule(*(fee(f"X990{number}", work_rvu="1.00") for number in (1, 2, 3))))
    for release in ("RVU24C", "RVU25D"):
        load(database, release, localities(place(f"{release[3:5]}11205", "A CITY")))
    found = diff_releases(database, "RVU24C", "RVU25D", first="X9902", last="X9902")
    assert (found.rows, [change.key for change in found.changes]) == (1, ["X9902"])
    whole = diff_releases(database, "RVU24C", "RVU25D")
    assert (whole.rows, len(whole.changes)) == (5, 5)


def test_a_column_that_one_release_fills_throughout_is_named_once(database: FactDatabase):
    load(database, "RVU25D", fee_schedule(fee("X9901"), fee("X9902")))
    load(database, "RVU26A", fee_schedule(*(fee(code, pricing_indicator="9") for code in ("X9901", "X9902"))))
    found = diff_releases(database, "RVU25D", "RVU26A")
    assert (found.new_columns, found.lost_columns, found.changes) == (("pricing_indicator",), (), ())
    back = diff_releases(database, "RVU26A", "RVU25D", first="X9901", last="X9901")
    assert (back.new_columns, back.lost_columns, back.changes) == ((), ("pricing_indicator",), ())


def test_a_flag_that_a_code_gains_is_a_change_also_in_a_narrow_comparison(database: FactDatabase):
    flagged = fee("X9902", nonfac_na="NA")
    load(database, "RVU24C", fee_schedule(fee("X9901"), flagged))
    load(database, "RVU25D", fee_schedule(fee("X9901", nonfac_na="NA", endoscopic_base="X9902"), flagged))
    gained = {"nonfac_na": (None, "NA"), "endoscopic_base": (None, "X9902")}
    for last in ("X9901", "X9902"):
        found = diff_releases(database, "RVU24C", "RVU25D", first="X9901", last=last)
        assert (found.new_columns, found.lost_columns) == ((), ())
        assert fields(found.changes[0]) == gained
        lost = diff_releases(database, "RVU25D", "RVU24C", first="X9901", last=last)
        assert (lost.new_columns, lost.lost_columns) == ((), ())
        assert fields(lost.changes[0]) == {field: values[::-1] for field, values in gained.items()}


def test_other_tables_have_no_dollars(database: FactDatabase):
    load(database, "MUE-2024Q3", limits(limit("X9901", "1"), limit("X9902", "1")))
    load(database, "MUE-2024Q4", limits(limit("X9901", "2", "2"), limit("X9902", "1")))
    (change,) = diff_releases(database, "MUE-2024Q3", "MUE-2024Q4").changes
    assert fields(change) == {"mue_value": ("1", "2"), "mue_adjudication_indicator": ("3", "2")}
    assert change.fields[0].unit == "units"
    assert (change.layout, change.facility, change.nonfacility) == ("mue", (None, None), (None, None))


def test_an_add_on_row_that_ends_is_a_change_and_one_of_another_day_another_row(database: FactDatabase):
    load(database, "AOC-2024Q3", add_on_codes(add_on("X9902", "X9901"), add_on("X9903", "X9901")))
    again = add_on("X9902", "X9901", start="2024-10-01")
    ended = add_on("X9902", "X9901", end="2024-09-30")
    load(database, "AOC-2024Q4", add_on_codes(ended, again, add_on("X9903", "X9901")))
    changes = diff_releases(database, "AOC-2024Q3", "AOC-2024Q4").changes
    assert [(change.kind, change.partner) for change in changes] == [("changed", "X9901"), ("added", "X9901")]
    assert fields(changes[0]) == {"deletion_date": (None, "2024-09-30")}


def test_edits_added_ended_and_of_another_indicator(database: FactDatabase):
    kept = [edit("X9901", f"X991{number}") for number in range(5)]
    before = (edit("X9901", "X9902"), edit("X9901", "X9903"), edit("X9904", "X9901"))
    after = (edit("X9901", "X9902", "0"), edit("X9901", "X9903", end="2024-09-30"), edit("X9905", "X9901"))
    for release, rows in (("PTP-2024Q3", before), ("PTP-2024Q4", after)):
        load(database, release, edits(*kept[:3], *rows), part=1, parts=2)
        load(database, release, edits(*kept[3:]), part=2, parts=2)
    found = diff_releases(database, "PTP-2024Q3", "PTP-2024Q4")
    assert found.rows == 9
    changes = by_key(found.changes)
    assert {
        key: (change.kind, fields(change)) for key, change in changes.items() if change.kind == "changed"
    } == {
        "X9901-X9902": ("changed", {"ptp_column_two": ("1", "0")}),
        "X9901-X9903": ("changed", {"deletion_date": (None, "2024-09-30")}),
    }
    assert (changes["X9904-X9901"].kind, changes["X9905-X9901"].kind) == ("removed", "added")
    assert len(changes) == 4
    narrow = diff_releases(database, "PTP-2024Q3", "PTP-2024Q4", first="X9902", last="X9904")
    assert (narrow.rows, [change.key for change in narrow.changes]) == (1, ["X9904"])


def test_a_table_that_one_release_lacks_is_not_compared(database: FactDatabase):
    load(database, "RVU24C", fee_schedule(fee("X9901")))
    load(database, "RVU25D", fee_schedule(fee("X9901")))
    table = localities(place("0111205", "A CITY"))
    table.national.append(National("a_national_value", "1", "", "A HEADING", 2))
    load(database, "RVU25D", table)
    found = diff_releases(database, "RVU24C", "RVU25D")
    assert (found.rows, found.changes, found.national) == (1, (), ())


def test_rows_that_an_older_reader_loaded_are_compared_by_field(database: FactDatabase):
    older = fee_schedule()
    older.layout = older.layout._replace(columns=older.layout.columns[1:])
    row = fee("X9901")
    older.rows = iter([row._replace(cells=row.cells[1:])])
    load(database, "RVU24C", older)
    load(database, "RVU25D", fee_schedule(fee("X9901", work_rvu="11.00"), fee("X9902")))
    changes = by_key(diff_releases(database, "RVU24C", "RVU25D", first="X9901", last="X9901").changes)
    assert fields(changes["X9901"])["work_rvu"] == ("10.00", "11.00")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (
            "RVU24A",
            "RVU24C",
            "RVU24A is not loaded as whole tables; `briefwright sources sync --release RVU24A`",
        ),
        ("RVU24C", "RVU24D", "RVU24D is not loaded"),
        ("RVU24C", "MUE-2024Q3", "no table of the same kind; compare releases of one family"),
        ("PTP-2024Q3", "PTP-2024Q4", "1 of the 4 files of PTP-2024Q4 are loaded"),
        ("PTP-2024Q4", "PTP-2024Q3", "1 of the 4 files of PTP-2024Q4 are loaded"),
    ],
)
def test_what_cannot_be_compared_says_why(database: FactDatabase, before: str, after: str, message: str):
    load(database, "RVU24C", fee_schedule(fee("X9901")))
    load(database, "MUE-2024Q3", limits(limit("X9901", "1")))
    load(database, "PTP-2024Q3", edits(edit("X9901", "X9902")))
    load(database, "PTP-2024Q4", edits(edit("X9901", "X9902")), part=1, parts=4)
    with pytest.raises(NoFactsError, match=message):
        diff_releases(database, before, after)
