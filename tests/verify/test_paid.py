"""Payments as the fee schedule makes them: by status, NA flag, OPPS cap of imaging, and factor of the year."""

from datetime import date

import pytest

from pipeline.data import Label
from pipeline.verify import checker_version, load_rules, verify_text_claim
from pipeline.verify.values import look_up
from tests.verify.worked import FACTS, make_context

NATIONAL = FACTS[""]


def judge(code, text):
    return verify_text_claim(
        text, context=make_context(code), rules=load_rules(), checker=checker_version()
    ).verdict


def changed(code, **values):
    """A code's rows with other values; a pair is a value and its release."""
    rows = dict(FACTS[code])
    for field, value in values.items():
        text, release = value if isinstance(value, tuple) else (value, rows[field].release)
        rows[field] = rows[field].model_copy(update={"value": text, "release": release})
    return rows


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("90004", "its status is B: always bundled"),
        ("90005", "its status is I: not valid for Medicare"),
        ("90006", "its status is N: not covered"),
        ("90007", "its status is C: the contractor prices it"),
        ("90008", "the facility setting is flagged NA"),
        ("90014", "its RVUs are 0"),
    ],
)
def test_an_amount_that_is_not_paid_is_refuted_with_the_reason(code, said):
    verdict = judge(code, f"In a facility Medicare pays $116.90 for {code}.")
    assert verdict.label is Label.REFUTED
    assert f"none: {said}" in verdict.reason
    flagged = code == "90008"
    assert verdict.evidence_ids[0].endswith("/fac_na" if flagged else "/status_code") or code == "90014"


def test_a_paid_amount_cites_the_rows_that_let_it_be_paid():
    ids = judge("90003", "In an office Medicare pays $183.70 for 90003.").evidence_ids
    assert {i.rpartition("/")[2] for i in ids} == {
        "nonfac_total_rvu",
        "conversion_factor_nonqpp",
        "nonfac_na",
        "status_code",
    }


def test_a_capped_amount_cites_the_cap():
    ids = judge("90010", "In an office Medicare pays $163.66 for 90010.").evidence_ids
    assert {"opps_nonfac_pe_amount", "opps_mp_amount"} <= {i.rpartition("/")[2] for i in ids}


@pytest.mark.parametrize("code", ["90004", "90008", "90010"])
def test_an_amount_that_is_not_paid_may_be_denied(code):
    place = "a facility" if code == "90008" else "an office"
    assert judge(code, f"In {place}, the payment for {code} is not $183.70.").label is Label.SUPPORTED


@pytest.mark.parametrize("name", ["payment_fac", "payment_nonfac", "payment_fac_qpp", "payment_nonfac_qpp"])
def test_no_amount_without_status_flags_or_the_factor_of_the_year(name):
    assert look_up(name, FACTS["90001"], NATIONAL) is not None
    for field in ("status_code", "fac_na" if "_fac" in name else "nonfac_na"):
        assert look_up(name, {k: v for k, v in FACTS["90001"].items() if k != field}, NATIONAL) is None
    field = "fac_total_rvu" if "_fac" in name else "nonfac_total_rvu"
    earlier = changed("90001", **{field: ("3.50", "RVU25D")})
    assert look_up(name, earlier, NATIONAL) is None
    assert look_up(name, FACTS["90001"], {}) is None


def test_one_factor_until_2025_is_nobody_s_own():
    factor = NATIONAL["conversion_factor_nonqpp"].model_copy(
        update={
            "field": "conversion_factor",
            "value": "32.3465",
            "release": "RVU25D",
            "valid_from": date(2025, 10, 1),
        }
    )
    rows = {key: fact.model_copy(update={"release": "RVU25D"}) for key, fact in FACTS["90001"].items()}
    value = look_up("payment_nonfac", rows, {"conversion_factor": factor})
    assert value is not None and value.text == "177.91"
    assert look_up("payment_nonfac_qpp", rows, {"conversion_factor": factor}) is None


def test_a_cap_of_another_release_settles_nothing():
    rows = changed("90010", opps_mp_amount=("0.40", "RVU26C"))
    assert look_up("payment_nonfac", rows, NATIONAL) is None


@pytest.mark.parametrize("name", ["pe_fac", "total_fac", "pe_nonfac", "total_nonfac"])
def test_rvus_of_a_setting_need_its_flag(name):
    flag = "fac_na" if name.endswith("_fac") else "nonfac_na"
    assert look_up(name, {k: v for k, v in FACTS["90001"].items() if k != flag}) is None
    value = look_up(name, changed("90001", **{flag: "NA"}))
    assert value is not None and value.absent
