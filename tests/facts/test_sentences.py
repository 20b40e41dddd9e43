import pytest

from pipeline.facts.indicators import applicable_entries, load_modifier_entries
from pipeline.facts.rows import rows_of
from pipeline.facts.sentences import compose_sentence
from tests.facts.rows import fact, surgical


def say(subject: str, rows=None, code: str = "20970"):
    return compose_sentence(subject, code, surgical() if rows is None else rows)


def test_totals_show_their_sum_and_no_office_value_where_flagged_na():
    sentence = say("rvu:total")
    assert sentence is not None
    assert sentence.cells == ("Total", "76.07", "NA", "RVU26B; NA flag RVU25D")
    assert sentence.derivation == "43.47 + 23.32 + 9.28 = 76.07"


def test_work_is_never_called_total():
    sentence = say("rvu:work")
    assert sentence is not None
    assert "43.47 work RVUs" in sentence.text
    assert "total" not in sentence.text


def test_settings_keep_professional_and_facility_apart():
    hopd = say("setting:hopd")
    assert hopd is not None
    assert hopd.cells[1:4] == ("$2,540.81", "$7,413.38", "$9,954.19")
    assert hopd.cells[4] == "RVU26B, factor RVU26A; APC 5114, status indicator J1, OPPS-2026-07"
    office = say("setting:office")
    assert office is not None and "$" not in office.text and office.cells[1] == "NA"


def test_inpatient_states_no_facility_amount():
    inpatient = say("setting:inpatient")
    assert inpatient is not None and inpatient.cells[2:4] == ("MS-DRG, not stated here", "not stated here")


def test_without_a_row_there_is_no_sentence():
    rows = surgical()
    del rows["asc_rate"]
    assert say("setting:asc", rows) is None
    assert say("indicator:global_days", {}) is None


def test_bundled_codes_get_no_payment_row_at_all():
    rows = surgical(status_code="B", fac_total_rvu="0.00")
    assert [say(f"setting:{s}", rows) for s in ("office", "hopd", "asc", "inpatient")] == [None] * 4


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("cosurgeon_indicator", "0", "not permitted"),
        ("cosurgeon_indicator", "1", "documentation of the necessity of two surgeons"),
        ("cosurgeon_indicator", "2", "no documentation of necessity required"),
        ("assistant_indicator", "0", "only with documentation"),
        ("assistant_indicator", "1", "not paid, by statute"),
        ("assistant_indicator", "2", "payable"),
        ("bilateral_indicator", "0", "at most 100 percent"),
        ("bilateral_indicator", "1", "150 percent"),
        ("bilateral_indicator", "2", "already cover both sides"),
        ("bilateral_indicator", "3", "100 percent of the fee for each side"),
        ("team_indicator", "0", "not permitted"),
        ("team_indicator", "1", "with documentation"),
        ("multiple_procedure_indicator", "0", "no payment adjustment"),
    ],
)
def test_indicators_read_as_the_record_layout_says(field, value, expected):
    rows = surgical(**{field: value})
    entry = next(e for e in applicable_entries(rows) if e.field == field)
    sentence = say(f"modifier:{entry.key}", rows)
    assert sentence is not None and expected in sentence.text
    assert f"{field.replace('_', ' ')} {value}" in sentence.cells[2]


def global_modifiers(rows) -> list[str]:
    sentences = [say(f"modifier:{e.key}", rows) for e in applicable_entries(rows) if e.field == "global_days"]
    return [sentence.cells[0] for sentence in sentences if sentence]


def test_decision_for_major_surgery_takes_57_and_for_minor_surgery_is_no_separate_service():
    major = global_modifiers(surgical())
    assert "57" in major and "25" not in major
    assert global_modifiers(surgical(global_days="000")) == ["25"]


def test_every_entry_names_its_source_and_is_reachable():
    for entry in load_modifier_entries():
        assert entry.source
        rows = surgical(**{entry.field: entry.values[0]})
        rows[entry.field] = fact(entry.field, entry.values[0], "RVU25D")
        rows["endoscopic_base"] = fact("endoscopic_base", "29870", "RVU25D")
        assert say(f"modifier:{entry.key}", rows) is not None


def test_a_ptp_pair_reads_the_same_from_either_page():
    edit = fact("ptp_column_two:29870", "0", "PTP-2024Q3", "29881")
    mine = say("ptp:29870", rows_of("29881", [edit]), "29881")
    theirs = say("ptp:29881", rows_of("29870", [edit]), "29870")
    assert mine is not None and theirs is not None
    assert mine.text == theirs.text
    assert "29881 (column one) with 29870 (column two), modifier indicator 0: no modifier" in mine.text


def test_no_edit_is_no_sentence():
    assert say("ptp:29876", rows_of("29881", []), "29881") is None


def test_add_on_names_its_primaries_and_contractor_defined_ones_are_left_out():
    named = [fact(f"primary_code:{p}", "1", "AOC-2024Q3", "22853") for p in ("22551", "22630", "CCCCC")]
    assert say("add_on:", rows_of("22853", named), "22853") is None  # not known whether these are all
    rows = rows_of("22853", [*named, fact("primary_count", "2", "AOC-2024Q3", "22853")])
    sentence = say("add_on:", rows, "22853")
    assert sentence is not None and "22551, 22630 (" in sentence.text and "CCCCC" not in sentence.text
    some = say(
        "add_on:", {**rows, "primary_count": fact("primary_count", "9", "AOC-2024Q3", "22853")}, "22853"
    )
    assert some is not None and "22551, 22630, of 9 in the table (" in some.text


def test_add_ons_outside_the_set_are_named_with_those_of_the_same_release():
    rows = rows_of(
        "22612",
        [
            fact("primary_code:22612", "1", "AOC-2024Q3", "22853"),
            fact("add_on_code:22614", "1", "AOC-2024Q3", "22612"),
            fact("add_on_code:22001", "1", "AOC-2023Q3", "22612"),
        ],
    )
    sentence = say("add_ons:", rows, "22612")
    assert sentence is not None and sentence.cells[1:3] == ("2", "22614, 22853")
    assert "22001" not in sentence.text
    assert say("add_ons:", rows_of("22612", list(sentence.facts)), "22612") == sentence


@pytest.mark.parametrize(("setting", "field"), [("hopd", "opps_priced"), ("asc", "asc_priced")])
def test_a_code_without_a_listed_facility_rate_says_no_more_than_that(setting, field):
    priced = {key: row for key, row in surgical().items() if not key.startswith(("opps_", "asc_"))}
    assert say(f"setting:{setting}", priced) is None  # no row at all: not known
    unlisted = {field: fact(field, "no", "OPPS-2026-07", "20970")}
    sentence = say(f"setting:{setting}", {**priced, **unlisted})
    assert sentence is not None and sentence.cells[1:4] == (
        "$2,540.81",
        "no separate rate listed",
        "not stated here",
    )
    assert "packaged" not in sentence.text and "OPPS-2026-07 lists no facility rate" in sentence.text
    # A row of the table itself has the last word.
    assert say(f"setting:{setting}", {**surgical(), **unlisted}) == say(f"setting:{setting}", surgical())
    bundled = say(f"setting:{setting}", {**priced, **unlisted, "status_code": fact("status_code", "B")})
    assert bundled is not None and bundled.cells[1:4] == (
        "none",
        "no separate rate listed",
        "not stated here",
    )
    assert "bundled, never paid separately" in bundled.text and "$" not in bundled.text


def test_every_sentence_can_be_composed_again_from_the_rows_it_cites():
    for changes in ({}, {"nonfac_na": "none", "global_days": "000", "bilateral_indicator": "1"}):
        rows = surgical(**changes)
        subjects = [
            *(f"rvu:{part}" for part in ("work", "pe", "mp", "total")),
            *(f"payment:{setting}" for setting in ("facility", "nonfacility")),
            *(f"setting:{setting}" for setting in ("office", "hopd", "asc", "inpatient")),
            *(f"indicator:{field}" for field in ("status_code", "global_days", "mue_value")),
            *(f"modifier:{entry.key}" for entry in applicable_entries(rows)),
        ]
        for subject in subjects:
            sentence = say(subject, rows)
            assert sentence is not None, subject
            assert say(subject, rows_of("20970", list(sentence.facts))) == sentence


def test_edit_modifiers_name_the_pairs_they_may_open_and_those_nothing_opens():
    rows = rows_of(
        "29881",
        [
            fact("ptp_column_two:29874", "1", "PTP-2024Q3", "29881"),
            fact("ptp_column_two:29870", "0", "PTP-2024Q3", "29881"),
            fact("ptp_column_two:29881", "1", "PTP-2024Q3", "29880"),
        ],
    )
    sentence = say("edit_modifiers:", rows, "29881")
    assert sentence is not None
    assert (
        "among the codes that this page names, with 29874, 29880; no modifier opens the edit with 29870."
        in sentence.text
    )
    only_closed = rows_of("29881", [fact("ptp_column_two:29870", "0", "PTP-2024Q3", "29881")])
    closed = say("edit_modifiers:", only_closed, "29881")
    assert closed is not None and closed.cells[1] == "No modifier opens the edit with 29870."
    assert say("edit_modifiers:", {}, "29881") is None
    counted = rows_of("29881", [fact("ptp_partner_count", "9", "PTP-2024Q3", "29881")])
    elsewhere = say("edit_modifiers:", counted, "29881")
    assert elsewhere is not None and "which of the 9 codes that NCCI pairs with it allow it" in elsewhere.text


def test_the_absence_of_an_edit_is_dated_and_is_not_permission():
    counted = fact("ptp_partner_count", "12", "PTP-2024Q3", "29881")
    none = say("no_ptp:29876", rows_of("29881", [counted]), "29881")
    assert none is not None and "PTP-2024Q3 lists no NCCI edit" in none.text and "not permission" in none.text
    edit = fact("ptp_column_two:29870", "0", "PTP-2024Q3", "29881")
    assert say("no_ptp:29870", rows_of("29881", [counted, edit]), "29881") is None


def test_a_facility_flagged_na_has_no_facility_value_either():
    rows = surgical(fac_na="NA", nonfac_na="none", nonfac_total_rvu="80.00")
    total = say("rvu:total", rows)
    assert total is not None and total.cells[1:3] == ("NA", "80.00") and "76.07" not in total.text
    payment = say("payment:facility", rows)
    assert payment is not None and payment.cells[1] == "none (NA)"
    assert say("setting:hopd", rows) is None
    assert say("rvu:total", surgical(fac_na="NA", nonfac_na="NA")) is None


@pytest.mark.parametrize("status", ["B", "I", "N", "C", "X"])
def test_a_status_that_is_not_paid_by_rvus_shows_no_payment_and_says_why(status):
    rows = surgical(status_code=status)
    total = say("rvu:total", rows)
    assert total is not None and f"not used for payment (RVU26B, status {status})" in total.text
    assert "not used for payment" in total.cells[3]
    payment = say("payment:facility", rows)
    assert (
        payment is not None and payment.cells[:2] == ("National payment", "none") and "$" not in payment.text
    )
    assert say("payment:nonfacility", rows) is None
    assert (
        say("rvu:total", surgical(status_code=status, fac_total_rvu="0.00", nonfac_total_rvu="0.00")) is None
    )


@pytest.mark.parametrize(
    ("status", "condition"),
    [("R", "where covered, the contractor prices it"), ("T", "only if no other fee-schedule")],
)
def test_what_payment_depends_on_is_said_wherever_it_is_stated(status, condition):
    rows = surgical(status_code=status)
    for subject in ("payment:facility", "setting:hopd", "setting:asc", "setting:inpatient"):
        sentence = say(subject, rows)
        assert (
            sentence is not None and condition in sentence.text and condition in " ".join(sentence.cells)
        ), subject


def test_a_capped_payment_is_the_lower_one_and_names_every_row_it_was_compared_by():
    for pe, paid in (("10.00", "$2,095.91"), ("30.00", "$2,540.81")):
        rows = surgical()
        rows |= {
            field: fact(field, value, "RVU26B")
            for field, value in (("opps_fac_pe_amount", pe), ("opps_mp_amount", "9.28"))
        }
        payment = say("payment:facility", rows)
        assert payment is not None and payment.cells[1] == paid
        again = say("payment:facility", rows_of("20970", payment.facts))
        assert again == payment


def test_a_unit_limit_of_0_is_explained_and_not_adjudicated():
    sentence = say("indicator:mue_value", surgical(mue_value="0"))
    assert sentence is not None and "every unit is denied" in sentence.text
    assert "adjudication" not in sentence.text.lower()


def test_59_is_offered_neither_for_e_m_services_nor_for_bundled_codes():
    edits = [fact(f"ptp_column_two:{code}", "1", "PTP-2024Q3", "29881") for code in ("29870", "99213")]
    row = say("edit_modifiers:", rows_of("29881", edits), "29881")
    assert row is not None and "29870" in row.text and "99213" not in row.text
    bundled = [*edits, fact("status_code", "B", "RVU25D", "29881")]
    assert say("edit_modifiers:", rows_of("29881", bundled), "29881") is None
    own = [fact("ptp_column_two:29870", "1", "PTP-2024Q3", "99213")]
    assert say("edit_modifiers:", rows_of("99213", own), "99213") is None
