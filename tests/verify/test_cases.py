import re
from collections import Counter

import pytest

from pipeline.data import Label
from pipeline.verify import checker_version, load_rules, verify_text_claim
from tests.verify.worked import load_cases, make_context

LABELS = {"s": Label.SUPPORTED, "r": Label.REFUTED, "n": Label.NOT_ENOUGH_INFO}
CASES = [
    case for name in ("worked", "fresh", "attack", "paid", "told") for case in load_cases(f"cases_{name}.txt")
]


def judge(code, text):
    return verify_text_claim(
        text, context=make_context(code or None), rules=load_rules(), checker=checker_version()
    ).verdict


@pytest.mark.parametrize(("code", "letter", "text"), CASES)
def test_worked_claim_gets_its_label(code, letter, text):
    verdict = judge(code, text)
    assert verdict.label is LABELS[letter], (verdict.reason, verdict.checks)
    assert verdict.label is Label.NOT_ENOUGH_INFO or verdict.evidence_ids or verdict.checks


def test_cases_hold_enough_of_each_label():
    counts = Counter(letter for _, letter, _ in CASES)
    assert len(CASES) > 200
    assert min(counts.values()) >= 40


NEGATED = {
    "is": "is not",
    "are": "are not",
    "takes": "does not take",
    "pays": "does not pay",
    "has": "does not have",
}
# What a negation makes true again: a sentence that was right about something that is not so.
TAILS = (
    " in children",
    " for Medicaid",
    " except on Sundays",
    " if the patient is new",
    " plus 10%",
    " and modifier 22",
)


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, letter, text in CASES if letter == "s"])
def test_no_supported_claim_survives_a_change_of_meaning(code, text):
    changed = [text.rstrip(". ") + f"{tail}." for tail in TAILS]
    changed += ["Contrary to CMS, " + text, "Some hospitals say " + text]
    for match in re.finditer(r"\b(?:is|are|takes|pays|has)\b", text):
        changed.append(text[: match.start()] + NEGATED[match.group()] + text[match.end() :])
    for match in re.finditer(r"(?<!about \$)\b\d+[.,]\d+", text):
        wrong = match.group()[:-1] + str((int(match.group()[-1]) + 1) % 10)
        changed.append(text[: match.start()] + wrong + text[match.end() :])
    for sentence in changed:
        verdict = judge(code, sentence)
        assert verdict.label is not Label.SUPPORTED, (sentence, verdict.reason)


def test_refutation_comes_with_the_row_and_the_rule():
    verdict = judge("27447", "A separately identifiable same-day E/M requires modifier 25.")
    assert verdict.label is Label.REFUTED
    assert verdict.evidence_ids == ("e_RVU26D/27447/-/global_days",)
    assert "I-13" in verdict.reason


def test_carried_row_is_not_verified_for_the_new_year():
    assert judge("20970", "20970 has a 90-day global period.").label is Label.SUPPORTED
    assert judge("20970", "In 2026, 20970 has a 90-day global period.").label is Label.NOT_ENOUGH_INFO


def test_checker_version_names_rules():
    assert re.fullmatch(r"rules-[0-9a-f]{8}", checker_version())
