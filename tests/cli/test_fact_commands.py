"""`facts` and its answers as a user meets them: real processes over small invented tables."""

import csv
from pathlib import Path

import pytest

from tests.cli.processes import facts, objects


def words(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_show_gives_each_value_with_its_release(home: Path):
    lines = words(facts(home, "show", "20001"))
    assert lines[0] == ["20001", "on", "2026-11-24"]
    assert ["work_rvu", "10.00", "RVU", "RVU26D"] in lines
    assert ["opps_rate", "2000.00", "USD", "OPPS-2026-10"] in lines
    assert ["ptp_column_two:20002", "1", "PTP-2026Q4"] in lines


def test_show_on_a_date_takes_the_tables_of_that_date(home: Path):
    lines = words(facts(home, "show", "20001", "--as-of", "2026-08-01"))
    assert ["work_rvu", "11.00", "RVU", "RVU26C"] in lines
    assert not [line for line in lines if "OPPS-2026-10" in line]
    carried = facts(home, "show", "20001", "--as-of", "2027-02-01").splitlines()
    assert [line.split()[3:] for line in carried if "work_rvu" in line] == [
        ["RVU26D,", "carried:", "RVU27A", "not", "loaded"]
    ]


def test_show_one_row_of_one_release(home: Path):
    (one,) = objects(home, "show", "20003", "--release", "rvu26d", "--modifier", "26")
    assert (one["hcpcs_code"], one["release"]) == ("20003", "RVU26D")
    shown = {fact["field"]: fact for fact in one["facts"]}
    assert shown["work_rvu"]["value"] == "3.00" and shown["work_rvu"]["modifier"] == "26"
    assert shown["work_rvu"]["locator"] == "PPRRVU2026_Oct_nonQPP.csv line 7, column WORK RVU"
    assert facts(home, "show", "20003", "--release", "RVU26D", "--modifier", "26").startswith(
        "20003-26 in RVU26D"
    )


def test_show_counts_many_pairs_and_says_where_they_are(home: Path):
    text = facts(home, "show", "20009")
    assert "and 14 pairs with other codes: `briefwright facts edits 20009`, or --json" in text
    assert "ptp_column_two" not in text
    (one,) = objects(home, "show", "20009")
    assert len([fact for fact in one["facts"] if fact["field"].startswith("ptp_column_two:")]) == 14


def test_diff_says_what_changed_with_dollars(home: Path):
    assert facts(home, "diff", "RVU26C", "RVU26D").splitlines() == [
        "RVU26C → RVU26D: 5 rows compared, 1 changed, 2 added, 1 removed",
        "20001  work_rvu 11.00 → 10.00, nonfac_total_rvu 19.00 → 18.00, fac_total_rvu 19.00 → 18.00"
        "  (facility $634.62 → $601.22)",
        "20003  added  (facility none → $601.22; non-facility none → $668.02)",
        "20003-26  added  (facility none → $167.00; non-facility none → $167.00)",
        "20004  removed  (facility $601.22 → none; non-facility $668.02 → none)",
    ]


def test_diff_of_a_range_as_json(home: Path):
    summary, *changes = objects(home, "diff", "rvu26c", "RVU26D", "--codes", "20003-20003")
    assert (summary["before"], summary["after"], summary["rows"]) == ("RVU26C", "RVU26D", 2)
    assert (summary["changed"], summary["added"], summary["removed"]) == (0, 2, 0)
    assert [(change["key"], change["modifier"], change["kind"]) for change in changes] == [
        ("20003", "", "added"),
        ("20003", "26", "added"),
    ]
    assert changes[0]["facility"] == [None, "601.22"]


def test_export_is_tidy_rows(home: Path):
    rows = list(csv.DictReader(facts(home, "export", "RVU26D", "--codes", "20001-20002").splitlines()))
    assert rows[0]["field"] == "conversion_factor_nonqpp" and rows[0]["value"] == "33.4009"
    assert {row["hcpcs_code"] for row in rows[1:]} == {"20001", "20002"}
    assert {row["release"] for row in rows} == {"RVU26D"}
    lines = objects(home, "export", "RVU26D", "--codes", "20001-20002")
    assert [(line["hcpcs_code"], line["field"], line["value"]) for line in lines] == [
        (row["hcpcs_code"], row["field"], row["value"]) for row in rows
    ]


def test_export_without_a_row_is_the_header(home: Path):
    text = facts(home, "export", "OPPS-2026-10", "--codes", "30000-30001")
    assert text == "hcpcs_code,modifier,field,value,unit,release,valid_from,valid_to,locator\n"


@pytest.mark.parametrize(
    ("setting", "professional", "facility", "together"),
    [
        ("hopd", "$601.22", "$2,000.00", "$2,601.22"),
        ("inpatient", "$601.22", "not priced", "not priced"),
        ("office", "not priced", "$0.00", "not priced"),
    ],
)
def test_pay_keeps_the_surgeon_and_the_facility_apart(
    home: Path, setting: str, professional: str, facility: str, together: str
):
    text = facts(home, "pay", "20001", "--setting", setting)
    lines = {line.split()[0]: " ".join(line.split()[1:]) for line in text.splitlines()[1:] if line[2] != " "}
    assert (lines["20001"], lines["facility"], lines["together"]) == (professional, facility, together)
    assert "RVU26D" in lines["tables:"]


def test_pay_in_a_locality_for_a_participant_shows_the_arithmetic(home: Path):
    text = facts(home, "pay", "20001", "--setting", "asc", "--locality", "0111205", "--qpp")
    assert text.splitlines()[0] == (
        "Ambulatory surgery center, 2026-11-24, 0111205 A CITY, RVU26D, qualifying APM participant"
    )
    assert "(10.00 × 1.000 + 6.00 × 1.400 + 2.00 × 0.500) × 33.5675 = 651.21" in text


def test_pay_several_lines_with_modifiers_as_json(home: Path):
    (claim,) = objects(home, "pay", "20001", "20002:rt", "--modifiers", "lt", "--as-of", "2026-10-01")
    assert claim["as_of"] == "2026-10-01" and claim["setting"] == "hopd" and claim["locality"] is None
    first, second = claim["lines"]
    assert (first["line"], second["line"]) == (
        {"hcpcs_code": "20001", "modifiers": ["LT"]},
        {"hcpcs_code": "20002", "modifiers": ["RT"]},
    )
    assert [(line["rank"], line["fee"], line["amount"]) for line in (first, second)] == [
        (1, "601.22", "601.22"),
        (2, "400.81", "200.41"),
    ]
    assert claim["professional"] == "801.63" and claim["total"] is None
    assert "not added up for several lines" in claim["facility"]["reasons"][0]


def test_modifiers_with_the_indicator_they_follow_from(home: Path):
    text = facts(home, "modifiers", "20001")
    assert "54, 55, 56" in text and "0.10 preoperative, 0.70 intraoperative and 0.20 postoperative" in text
    assert "bilateral indicator 1, RVU26D" in text
    found = {tuple(one["modifiers"]): one for one in objects(home, "modifiers", "20001")}
    assert found["50",]["basis"].startswith("bilateral indicator 1")
    assert found["50",]["hcpcs_code"] == "20001" and found["50",]["rows"]


def test_a_code_without_indicators_has_no_modifiers_and_that_is_facts(home: Path):
    text = facts(home, "modifiers", "20009")
    assert text == "no modifier follows from the indicators that are loaded for 20009 on 2026-11-24\n"
    assert objects(home, "modifiers", "20009") == []


def test_edits_of_one_code(home: Path):
    text = facts(home, "edits", "20001")
    assert "unit limit (MUE): at most 2 units of service, adjudication indicator 3" in text
    assert "add-on codes that name it as a primary: 20004" in text
    assert "NCCI edits that day: 1 in PTP-2026Q4\n    20001 / 20002  indicator 1" in text
    many = facts(home, "edits", "20009")
    assert "NCCI edits that day: 14" in many and "and 2 more: --json, or name the other code" in many
    (one,) = objects(home, "edits", "20009")
    assert len(one["edits"]) == 14 and one["as_of"] == "2026-11-24"
    (add_on,) = objects(home, "edits", "20004", "--as-of", "2026-08-01")
    assert "add-on code of type 1" in add_on["add_on"] and add_on["edits"] == []
    hospital = facts(home, "edits", "20001", "--hospital")
    assert "unit limit (MUE): no row is loaded" in hospital
    assert "NCCI edits that day: not known, no PTP table is loaded" in hospital


@pytest.mark.parametrize(("one", "two"), [("20001", "20002"), ("20002", "20001")])
def test_the_edit_of_a_pair_in_either_order(home: Path, one: str, two: str):
    text = facts(home, "edits", one, two)
    assert text.startswith(
        f"{one} with {two} on 2026-11-24: an edit pairs 20001 (column one) with 20002 (column two)"
    )
    assert "modifier indicator 1" in text and "ccipra-v323r0-f1.txt line 6" in text


def test_a_pair_on_days_with_and_without_its_edit(home: Path):
    (now,) = objects(home, "edits", "20004", "20003")
    assert now["edit"] is None and now["settled"] and "is not permission" in now["answer"]
    assert [other["deletion"] for other in now["others"]] == ["2023-12-31"]
    assert "not in force that day: column one 20003" in facts(home, "edits", "20004", "20003")
    (then,) = objects(home, "edits", "20004", "20003", "--as-of", "2023-12-31")
    assert then["edit"]["modifier_indicator"] == "0" and then["others"] == []


def test_hospital_edits_are_not_answered_from_the_practitioners_table(home: Path):
    (answer,) = objects(home, "edits", "20001", "20002", "--hospital")
    assert answer["settled"] is False and "no PTP table is loaded" in answer["answer"]


def test_localities_with_their_indices(home: Path):
    assert facts(home, "localities").splitlines() == [
        "0111205  CA  1.000 1.400 0.500  A CITY  (RVU26D)",
        "0210201  AK  1.500 1.065 0.551  ALASKA  (RVU26D)",
    ]
    (one,) = objects(home, "localities", "ak")
    assert (one["locality"]["key"], one["state"]) == ("0210201", "AK")
