"""Codes and ranges that a text names, and numbers that are none."""

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
        ("123456 and A123456 and x20610 and 20610x", []),
        ("https://www.cms.gov/20610", []),
        ("", []),
    ],
)
def test_codes_and_ranges_are_told_from_other_numbers(text, found):
    assert ["-".join(dict.fromkeys(one)) for one in codes_named(text)] == found


@pytest.mark.parametrize(
    ("code", "named"), [("29880", True), ("29881", True), ("29882", False), ("2988F", False), ("20610", True)]
)
def test_a_range_names_every_code_of_its_kind_in_it(code, named):
    assert names(codes_named("29880–29881, 20610"), code) is named
