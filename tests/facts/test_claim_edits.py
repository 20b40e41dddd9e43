"""NCCI edits between the lines of a claim: who is denied, what opens an edit, what is not known."""

from datetime import date
from decimal import Decimal

import pytest

from pipeline.facts.answers import PairAnswer, answer_pair
from pipeline.facts.claim_edits import NCCI_MODIFIERS, find_line_edits
from pipeline.facts.claims import price_claim
from pipeline.facts.lookup import FactStore
from tests.facts.claim_rows import book, line, operation
from tests.facts.loaded import edit, edits, load
from tests.facts.rows import fact

ON = date(2026, 8, 1)


def edit_of(*found):
    """Look-ups over rows such as ("20001", "20002", "0"): column one, column two, indicator."""
    rows = {
        frozenset(pair[:2]): fact(f"ptp_column_two:{pair[1]}", pair[2], "PTP-2024Q3", pair[0])
        for pair in found
    }

    def look_up(one, two):
        return PairAnswer(
            one=one,
            two=two,
            on=ON,
            answer="nothing",
            settled=True,
            fact=rows.get(frozenset((one, two))),
            release="PTP-2024Q3",
        )

    return look_up


@pytest.mark.parametrize("order", [("20001", "20002"), ("20002", "20001")])
def test_column_two_is_denied_whichever_is_billed_first(order):
    found = find_line_edits([line(code) for code in order], edit_of(("20001", "20002", "0")))
    (place,) = found.denied
    assert order[place] == "20002"
    assert "no modifier opens it" in found.denied[place].reason


@pytest.mark.parametrize("modifier", ["59", "XS", "LT", "F1", "58", "78", "79"])
def test_indicator_0_is_opened_by_nothing_and_1_by_an_ncci_modifier_on_either_line(modifier):
    for lines in ([line("20001"), line("20002", modifier)], [line("20001", modifier), line("20002")]):
        assert find_line_edits(lines, edit_of(("20001", "20002", "0"))).denied
        opened = find_line_edits(lines, edit_of(("20001", "20002", "1")))
        assert not opened.denied
        assert f"that {modifier} may open, only where the record shows" in opened.warnings[0]


@pytest.mark.parametrize("site", ["LT", "T1"])
def test_the_same_site_on_both_lines_opens_nothing_another_one_does(site):
    pair = edit_of(("20001", "20002", "1"))
    assert find_line_edits([line("20001", site), line("20002", site)], pair).denied
    assert not find_line_edits([line("20001", site), line("20002", "RT")], pair).denied
    assert not find_line_edits([line("20001", site), line("20002", site, "XE")], pair).denied


@pytest.mark.parametrize("modifier", ["24", "25", "57"])
def test_modifiers_of_evaluation_open_an_edit_from_an_e_m_line_alone(modifier):
    pair = edit_of(("20001", "99213", "1"))
    assert find_line_edits([line("20001", modifier), line("99213")], pair).denied
    assert not find_line_edits([line("20001"), line("99213", modifier)], pair).denied
    books = book(operation("20001", "20.00"))
    warned = price_claim([line("20001", modifier)], setting="hopd", rows=books, edit_of=pair).warnings
    assert any("belongs on the E/M service" in warning for warning in warned)


def test_a_release_that_is_carried_over_is_named_so(database):
    load(database, "PTP-2026Q3", edits(edit("20001", "20002", "0")))
    store = FactStore([], database)
    for day, named in (
        (ON, "(PTP-2026Q3)"),
        (date(2026, 10, 1), "(PTP-2026Q3, carried: PTP-2026Q4 not loaded)"),
    ):
        lines = [line("20001"), line("20002")]
        found = find_line_edits(lines, lambda one, two, day=day: answer_pair(store, one, two, day))
        assert named in found.denied[1].reason


@pytest.mark.parametrize("modifier", ["22", "50", "51", "62", "80", "26"])
def test_other_modifiers_open_no_edit(modifier):
    assert modifier not in NCCI_MODIFIERS
    found = find_line_edits([line("20001"), line("20002", modifier)], edit_of(("20001", "20002", "1")))
    assert "no modifier that does so is given" in found.denied[1].reason


def test_the_absence_of_an_edit_is_no_permission_and_want_of_a_table_is_said():
    lines = [line("20001"), line("20002"), line("20001")]
    assert find_line_edits(lines, edit_of()).warnings == (
        "no NCCI edit is listed for 20001 with 20002, 20002 with 20001 (PTP-2024Q3, carried: PTP-2026Q3 not loaded), "
        "which is no permission to report both",
    )
    answer = PairAnswer(one="", two="", on=ON, answer="no PTP table is loaded", settled=False)
    assert "no PTP table is loaded" in find_line_edits(lines[:2], lambda one, two: answer).warnings[0]


def price(*lines, find):
    rows = book(operation("20001", "20.00"), operation("20002", "30.00"), operation("20003", "10.00"))
    return price_claim(lines, setting="hopd", rows=rows, edit_of=find)


def test_a_denied_line_pays_nothing_and_takes_no_rank():
    claim = price(line("20001"), line("20002"), line("20003"), find=edit_of(("20001", "20002", "0")))
    assert [priced.amount for priced in claim.lines] == [Decimal("668.02"), Decimal(0), Decimal("167.00")]
    assert [priced.rank for priced in claim.lines] == [1, None, 2]
    assert claim.lines[1].fee == Decimal("1002.03")
    assert "PTP-2024Q3" in {row.release for row in claim.lines[1].facts}
    assert "ncci-edit" in {rule.key for rule in claim.lines[1].rules}
    opened = price(line("20001"), line("20002", "59"), find=edit_of(("20001", "20002", "1")))
    assert [priced.rank for priced in opened.lines] == [2, 1]


def test_edits_of_the_day_count_alone(database):
    load(database, "PTP-2026Q3", edits(edit("20001", "20002", "0", end="2026-07-31")))
    store = FactStore([], database)
    for day, denied in ((date(2026, 7, 31), True), (date(2026, 8, 1), False)):
        found = find_line_edits(
            [line("20001"), line("20002")], lambda one, two, day=day: answer_pair(store, one, two, day)
        )
        assert bool(found.denied) is denied


def test_an_add_on_without_its_primary_is_said_so():
    rows = operation("20004", "5.00", multiple_procedure_indicator="0")
    rows |= {
        name: fact(name, value, "AOC-2024Q3", "20004")
        for name, value in (("addon_edit_type", "1"), ("primary_count", "1"), ("primary_code:20001", "1"))
    }
    books = book(rows, operation("20001", "20.00"), operation("20003", "10.00"))

    def warned(*codes):
        claim = price_claim([line(c) for c in codes], setting="hopd", rows=books, edit_of=edit_of())
        return any("20004 is an add-on code (AOC-2024Q3), and none" in warning for warning in claim.warnings)

    assert warned("20004") and warned("20004", "20003") and not warned("20004", "20001")
