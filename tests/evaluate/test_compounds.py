"""No part of a compound sentence stands where the whole is said of another payer or time, or is only reported."""

import pytest

from evals.verification.claims import Starter
from evals.verification.compounds import (
    FRAMES,
    UNFRAMED,
    Compound,
    make_compounds,
    measure_compounds,
    standing_lines,
)


class FewCodes(Starter):
    """The starter set with two of its codes, for speed."""

    def codes(self) -> list[str]:
        return ["20610", "29881"]


@pytest.fixture(scope="module")
def standing():
    starter = FewCodes()
    return measure_compounds(make_compounds(starter), starter)


def test_without_a_frame_parts_stand(standing):
    assert standing.tried[UNFRAMED] == standing.supported[UNFRAMED] == 4


@pytest.mark.parametrize("frame", FRAMES)
def test_within_a_frame_no_part_stands(standing, frame):
    assert standing.tried[frame] == 4
    assert [part for compound, part in standing.wrong if compound.frame == frame] == []


def test_a_payer_before_two_clauses_governs_both():
    text = "For Medicaid, 20610 is covered, and it pays $68.81 in the office."
    found = measure_compounds([Compound("20610", "For Medicaid, {}", text)], FewCodes())
    assert not found.wrong


def test_what_stands_is_counted_and_shown():
    true = Compound("20610", "In 2019, {}", "20610 has 0.77 work RVUs.")  # no frame at all: has to be seen
    found = measure_compounds([true], FewCodes())
    assert found.wrong == [(true, true.text)]
    lines = "\n".join(standing_lines(found))
    assert "In 2019, …" in lines and "1 of 1" in lines and "supported: '20610 has 0.77 work RVUs.'" in lines
