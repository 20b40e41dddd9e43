import pytest

from pipeline.data import Applicability
from pipeline.sources.applicability import applies

KNEE = {"hcpcs_code": "29881", "tags": ("knee", "arthroscopic"), "values": {"global_days": "090"}}


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        (Applicability(), True),
        (Applicability(codes=("29881",)), True),
        (Applicability(codes=("29880",)), False),
        (Applicability(ranges=(("29870", "29889"),)), True),
        (Applicability(ranges=(("29890", "29899"),)), False),
        (Applicability(ranges=(("2988F", "2988T"),)), False),
        (Applicability(codes=("29880",), ranges=(("29881", "29881"),)), True),
        (Applicability(tags=("spine", "knee")), True),
        (Applicability(tags=("spine",)), False),
        (Applicability(all_tags=("knee", "arthroscopic")), True),
        (Applicability(all_tags=("knee", "open")), False),
        (Applicability(tags=("knee",), not_tags=("arthroscopic",)), False),
        (Applicability(tags=("knee",), not_codes=("29881",)), False),
        (Applicability(indicators={"global_days": ("090",)}), True),
        (Applicability(indicators={"global_days": ("000", "010")}), False),
        (Applicability(tags=("knee",), indicators={"global_days": ("000",)}), False),
        (Applicability(indicators={"cosurgeon_indicator": ("1",)}), False),
    ],
)
def test_every_given_dimension_must_hold(to, expected):
    assert applies(to, **KNEE) is expected


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        (Applicability(), True),
        (Applicability(codes=("29881",)), True),
        (Applicability(indicators={"global_days": ("090",)}), True),
        (Applicability(tags=("knee",)), False),
        (Applicability(all_tags=("knee",)), False),
        (Applicability(not_tags=("add-on",)), False),
        (Applicability(codes=("29881",), not_tags=("add-on",)), False),
    ],
)
def test_of_a_code_that_is_not_classified_no_attribute_is_assumed_nor_its_absence(to, expected):
    assert applies(to, **{**KNEE, "tags": None}) is expected


def test_a_code_that_ends_in_a_letter_lies_in_no_range_of_digits():
    to = Applicability(ranges=(("20600", "20611"),))
    assert applies(to, hcpcs_code="20604", tags=(), values={})
    assert not applies(to, hcpcs_code="2060F", tags=(), values={})
