"""NCCI edits between the lines of a claim: which line is denied beside another, and on what the others depend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from pipeline.data import Fact
from pipeline.facts.adjustments import DIGITS, SIDES
from pipeline.facts.answers import PairAnswer
from pipeline.facts.indicators import is_evaluation

if TYPE_CHECKING:
    from pipeline.facts.claims import ClaimLine

# Says what NCCI has on two codes on the day of the claim.
EditOf = Callable[[str, str], PairAnswer]

# NCCI manual, ch. I section E, p. I-14: the modifiers that may open an edit whose indicator is 1.
ANATOMIC = frozenset((*SIDES, *DIGITS, "LC", "LD", "RC", "LM", "RI"))
OF_EVALUATION = frozenset(("24", "25", "57"))  # they belong on an E/M service: pp. I-13 and I-16
NCCI_MODIFIERS = ANATOMIC | OF_EVALUATION | {"58", "78", "79", "27", "59", "91", "XE", "XS", "XP", "XU"}


class Denial(NamedTuple):
    """Why a line is denied, and the row of the edit."""

    reason: str
    edit: Fact


class LineEdits(NamedTuple):
    """`denied` by the line's place in the claim; `warnings` hold for the claim."""

    denied: dict[int, Denial]
    warnings: tuple[str, ...]


def find_line_edits(lines: Sequence[ClaimLine], edit_of: EditOf) -> LineEdits:
    """Every pair of lines with different codes. `lines` have their modifiers in capitals.

    A line in column two is denied where no modifier opens the edit, or none that may stands on either line (NCCI
    manual, ch. I, pp. I-3 and I-14). Whether an opened edit is rightly opened is for the record to show.
    """
    denied: dict[int, Denial] = {}
    warnings: list[str] = []
    unlisted: list[str] = []
    releases: set[str] = set()
    for (place, line), (other_place, other) in combinations(enumerate(lines), 2):
        if line.hcpcs_code == other.hcpcs_code:
            continue
        answer = edit_of(line.hcpcs_code, other.hcpcs_code)
        edit = answer.fact
        if edit is None:
            pair = f"{line.hcpcs_code} with {other.hcpcs_code}"
            if answer.settled:
                unlisted.append(pair)
                releases.add(answer.named_release)
            else:
                warnings.append(f"{pair}: {answer.answer}")
            continue
        opening = _opening(line, other)
        if edit.value == "1" and opening:
            warnings.append(
                f"{edit.partner} beside {edit.hcpcs_code}: an NCCI edit ({answer.named_release}) that "
                f"{' and '.join(opening)} may open, only where the record shows services that really are separate"
            )
            continue
        why = (
            "no modifier opens it"
            if edit.value == "0"
            else "it may be opened for separate services, and no modifier that does so is given"
        )
        column_two = place if line.hcpcs_code == edit.partner else other_place
        denied[column_two] = Denial(
            f"denied beside {edit.hcpcs_code} by an NCCI edit ({answer.named_release}): {why}", edit
        )
    if unlisted:
        warnings.append(
            f"no NCCI edit is listed for {', '.join(dict.fromkeys(unlisted))} "
            f"({'; '.join(sorted(releases))}), which is no permission to report both"
        )
    return LineEdits(denied, tuple(dict.fromkeys(warnings)))


def _opening(line: ClaimLine, other: ClaimLine) -> list[str]:
    """The modifiers of two lines that may open their edit.

    The same side or digit on both lines says nothing of separate sites.
    """
    found = NCCI_MODIFIERS.intersection((*line.modifiers, *other.modifiers))
    sites = ANATOMIC.intersection(line.modifiers)
    if sites == ANATOMIC.intersection(other.modifiers):
        found -= sites
    evaluations = [each for each in (line, other) if is_evaluation(each.hcpcs_code)]
    apart = OF_EVALUATION.difference(modifier for each in evaluations for modifier in each.modifiers)
    return sorted(found - apart)
