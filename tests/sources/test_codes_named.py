"""Codes and ranges that a text names, and numbers that are none."""

import time

import pytest

from pipeline.sources.codes_named import codes_named, names


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("20610", ["20610"]),
        ("CPT 20610; 29880–29881.", ["20610", "29880-29881"]),
        ("(CPT codes 20000–29999)", ["20000-29999"]),
        ("20000 to 29999, 20000 through 29999", ["20000-29999"]),
        ("20000 TO 29999", ["20000-29999"]),
        ("20000-29999 and 20000 — 29999", ["20000-29999"]),
        ("20610 –\n20611", ["20610-20611"]),
        ("0510F, G0289 and A4550-A4649; 0101T", ["0101T", "0510F", "A4550-A4649", "G0289"]),
        ("0001F-0015F", ["0001F-0015F"]),
        ("00100", ["00100"]),
        # Lists without blanks, and codes that carry a modifier.
        ("20610,20611", ["20610", "20611"]),
        ("95940/95941/G0453", ["95940", "95941", "G0453"]),
        ("62326-59 and 29881-LT", ["29881", "62326"]),
        ("29881RT, 29880LT and 20610-RT", ["20610", "29880", "29881"]),
        ("20000 up to 29999, 20610 thru 20611", ["20000-29999", "20610-20611"]),
        # Last digits in the place of a last code; a modifier of CPT's, and what lies before the first code, are none.
        ("22600–14.", ["22600-22614"]),
        ("22600-14", ["22600-22614"]),
        ("29880/1. 29876/7, then", ["29876-29877", "29880-29881"]),
        ("20610-59 and 27447-22, 22551-62-59, 29881–59, 20610/50", ["20610", "22551", "27447", "29881"]),
        ("20610-05, 29881/1 and 20610/1/2026", ["20610", "29881"]),
        ("0213T-14", ["0213T"]),
        # Pairs that are no range.
        ("29881–29880", ["29880", "29881"]),
        ("20610 - G0289", ["20610", "G0289"]),
        ("0001F-0010T", ["0001F", "0010T"]),
        # Numbers that are no codes.
        ("$12345 and $20,610", []),
        ("10,000 and 12345,678", []),
        ("21244-1850", []),
        ("Baltimore, MD 21244", []),
        ("M17.11, S83.21", []),
        ("2025-11", []),
        ("2025-11-03, 1/1/2026", []),
        ("12345% or 12345.5 or 1.20610", []),
        ("123456 and A123456 and x20610 and 20610x and 2988159", []),
        ("https://www.cms.gov/20610", []),
        ("", []),
    ],
)
def test_codes_and_ranges_are_told_from_other_numbers(text, found):
    assert ["-".join(dict.fromkeys(one)) for one in codes_named(text)] == found


@pytest.mark.parametrize(
    "text",
    [
        # Documents and what they have numbers of.
        "Transmittal 11042",
        "TRANSMITTALS 11042 and 11043",
        "CR 12345",
        "Change Request (CR) 29881",
        "Change Request 29881",
        "(Rev. 11842, Issued: 02-09-23)",
        "claim #29881",
        "case no. 29881",
        "patent No. 20610",
        "form C1234",
        "Form CMS 20027",
        "RFC 20610",
        "page 20610",
        "pages 63640-63641",
        "section 20610(b)",
        "88 FR 78818",
        "74 Fed. Reg. 61884",
        # Addresses.
        "P.O. Box 20610",
        "PO Box 20610",
        "tel. 20610",
        "phone/fax: 20610",
        "ZIP code 21244",
        "Baltimore MD 21244",
        "Portland, OR 97201",
        "Washington, D.C. 20201",
        # Counts, money and dates.
        "20610 patients",
        "20610 units",
        "20610 dollars",
        "20610 claims were read",
        "20610 people",
        "n = 20610",
        "$ 20610",
        "July 20245",
        # Diagnoses.
        "ICD-9 71536",
        "ICD-9-CM codes 71536, 71596 and 71516",
        "ICD-9-CM 715.36",
        "M1711 and M7501",
        "S83201A",
        "G5601",
        "ICD-10-CM: S8320, L0311",
        "diagnosis code E1165",
        "DIAGNOSIS: E1165",
        "M1009, which is M10.09",
    ],
)
def test_a_number_that_the_text_says_is_something_else_is_no_code(text):
    assert codes_named(text) == ()
    assert codes_named(f"29876; {text}; 29877") == (("29876", "29876"), ("29877", "29877"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("29881 procedures, 20610 injection, 29877 cases", ["20610", "29877", "29881"]),
        ("CPT 29881 claims; 29879 and 29880 claims", ["29879", "29880", "29881"]),
        ("20610 units: 2, 20611 units 1", ["20610", "20611"]),
        ("29880 OR 29881, OR 29882", ["29880", "29881", "29882"]),
        ("Head CT 70450, Smith, MD 29881, PA 29882, GA 20610", ["20610", "29881", "29882", "70450"]),
        ("May 29881 be reported? In January 2026 and 29882 as well", ["29881", "29882"]),
        ("the claim 29881 stands on, code No. 20610, CPT #20611", ["20610", "20611", "29881"]),
        ("the surgery section 10004–69990", ["10004-69990"]),
        # Level II beside diagnoses.
        ("G0289 with the diagnosis M17.11", ["G0289"]),
        ("ICD-10 M17.11, J3301; diagnoses and L1833", ["J3301", "L1833"]),
        ("quality measure M1003, vaccine M0201", ["M0201", "M1003"]),
    ],
)
def test_a_code_beside_such_words_stays_a_code(text, found):
    assert ["-".join(dict.fromkeys(one)) for one in codes_named(text)] == found


@pytest.mark.parametrize(
    ("once", "again"),
    [("", "Aa."), ("page.", " "), ("", "29880/"), ("20610 units", " "), ("ICD-10 codes", " ")],
)
def test_no_text_takes_long(once, again):
    before = time.process_time()
    codes_named(f"20610 {once}{again * 50_000}")
    assert time.process_time() - before < 5


@pytest.mark.parametrize(
    ("code", "named"), [("29880", True), ("29881", True), ("29882", False), ("2988F", False), ("20610", True)]
)
def test_a_range_names_every_code_of_its_kind_in_it(code, named):
    assert names(codes_named("29880–29881, 20610"), code) is named


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("22600\u201122632 and 20600\u201020611", (("20600", "20611"), ("22600", "22632"))),
        ("20610,59 and CPT-29881", (("20610", "20610"), ("29881", "29881"))),
        ("LCD 33622, order # 29881, revenue code 03600", ()),
        ("$20610,590", ()),
    ],
)
def test_hyphens_of_word_processors_and_labels_of_other_lists(text, found):
    assert codes_named(text) == found
