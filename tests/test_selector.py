import pytest

from pipeline.errors import UsageError
from pipeline.selector import in_range, select_codes

KNOWN = ["20610", "27447", "27486", "29881"]


def test_named_codes_come_first_ranges_follow_each_once():
    assert select_codes(["29881", "27447"], ["27000-27999"], known=KNOWN) == ["29881", "27447", "27486"]


def test_named_codes_need_not_be_known_and_case_does_not_matter():
    assert select_codes(["g0289"], [], known=KNOWN) == ["G0289"]


@pytest.mark.parametrize(
    ("codes", "ranges", "says"),
    [
        (["2097"], [], "not a HCPCS code"),
        (["20970; rm"], [], "not a HCPCS code"),
        ([], ["27000"], "not a range"),
        ([], ["11111-11112"], "no loaded code lies in"),
        ([], [], "no code given"),
    ],
)
def test_nonsense_is_refused_with_what_was_expected(codes, ranges, says):
    with pytest.raises(UsageError, match=says):
        select_codes(codes, ranges, known=KNOWN)


@pytest.mark.parametrize(
    ("code", "first", "last", "inside"),
    [
        ("20604", "20600", "20611", True),
        ("2060F", "20600", "20611", False),
        ("0591T", "0500T", "0599T", True),
        ("05910", "0500T", "0599T", False),
        ("20604", "", "\x7f", True),
        ("2060F", "", "", True),
        ("20612", "20600", "20611", False),
    ],
)
def test_a_range_holds_codes_of_its_own_kind(code, first, last, inside):
    assert in_range(code, first, last) is inside
