import pytest

from pipeline.sources.descriptors import elide_descriptors


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Codes 99991 (Invented thing, with parts) and 99992.", "Codes 99991 (…) and 99992."),
        ("99991 (Invented (left OR right) thing) is paid.", "99991 (…) is paid."),
        ("99991 (Invented body (eg, piece) and 99992 (Other) stand.", "99991 (…) and 99992 (…) stand."),
        ("99991 (Invented thing that never clos", "99991 (…)"),
        (
            "G9999 (Invented) with modifier 99 (Invented Service by Someone).",
            "G9999 (…) with modifier 99 (…).",
        ),
        ("Report 99991 (1 unit) or 99992 (see below).", "Report 99991 (1 unit) or 99992 (see below)."),
        ("A rule (Section B) stays, 99991 does too.", "A rule (Section B) stays, 99991 does too."),
    ],
)
def test_descriptors_behind_codes_are_left_out_and_nothing_else(text, expected):
    assert elide_descriptors(text) == expected
