"""What other words may not change: each term of a source, and a sentence that changes it."""

import pytest

from pipeline.verify.reading import read_sentence
from pipeline.verify.spoken import speak
from pipeline.verify.terms import differences

REMOVAL = (
    "Removal, 20680, may be reported with this procedure on the same wrist if it is medically reasonable and necessary "
    "and performed in two compartments where no other procedure is performed."
)


def unlike(text: str, source: str, own_code: str = "29881") -> list[str]:
    reading = read_sentence(text)
    left = [word for word in reading.words if word != f"code#{own_code}"]
    return list(differences(reading, read_sentence(source), left=left, own_code=own_code))


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (
            "If 2 codes are billed, the record shows each side treated.",
            "When 2 codes are billed, the record shows every side treated.",
        ),
        (
            "When 22830 is reported, the record says why it was.",
            "If 22830 is also billed, the record shows why it was.",
        ),
        ("20680 is denied with this code.", "20680 is denied with 29880, 29881 or 29882."),
        (
            "One unit is denied if the joint was replaced.",
            "One unit is denied if the joint was replaced or revised.",
        ),
        ("The graft was taken from the same bone.", "The graft comes from the same bone."),
    ],
)
def test_other_words_for_the_same_are_no_difference(text: str, source: str):
    assert unlike(text, source) == []


@pytest.mark.parametrize(
    ("text", "source", "found"),
    [
        ("50% for each of the next five.", "50% for each of the next four.", "five"),
        ("Modifier twenty-five is used.", "Modifier 25 is used.", "twenty"),
        ("The report omits the side.", "The report gives the side.", "left out"),
        ("The report gives the side anyway.", "The report gives the side.", "despite"),
        ("The report gives the patellofemoral part.", "The report gives the medial part.", "patellofemoral"),
        ("Exploration of the wound is part of it.", "Debridement of the wound is part of it.", "Exploration"),
        ("Paid for the assistant.", "Paid for the surgeon.", "assistant"),
        ("It is reported for the other side.", "It is reported for the same side.", "other"),
        ("It is always reported with 20680.", "It is reported with 20680.", "always"),
        ("20680 is denied with this code.", "20680 is denied with 29880 and 29881.", "code 29880"),
        ("22612 is reported, not 22633.", "22633 is reported, not 22612.", "another order"),
        (
            "29880 is for the medial side; both are 29881.",
            "This code is for the medial side; both are 29880.",
            "order",
        ),
        ("50% for the first, 100% for the rest.", "100% for the first, 50% for the rest.", "another order"),
        ("A closed treatment done open is open.", "An open treatment done closed is open.", "another order"),
        ("The note may name each joint.", "The note names each joint.", "may"),
        ("It shows why or when it was done.", "It shows why and when it was done.", "or"),
        ("It takes 59 and XS on the same side.", "It takes 59 or XS on the same side.", "and"),
        ("It is reported once a week.", "It is reported once a day.", "week"),
        ("The report hides the donor bone.", "The report names the donor bone.", "hidden"),
        (
            "The surgeon signs each page in blue ink.",
            "The report names the donor bone and the skin.",
            "too many",
        ),
        (
            "20680 is denied unless they differ in site.",
            "20680 is denied unless they differ in site or encounter.",
            "encounter",
        ),
        ("Lines 1, 3 and 3 are paid.", "Lines 1, 2 and 3 are paid.", "more often"),
        ("It is payable.", "It is not payable.", "paid or reported"),
        ("Modifier 59 is never used.", "Modifier 59 is used.", "not modifier 59"),
        ("An employer pays for the visit.", "A payer pays for the visit.", "employer"),
        ("Aetna pays for the visit.", "Medicare pays for the visit.", "aetna"),
    ],
)
def test_a_changed_term_is_a_difference(text: str, source: str, found: str):
    assert any(found.lower() in one.lower() for one in unlike(text, source)), unlike(text, source)


@pytest.mark.parametrize(
    ("left_out", "found"),
    [
        (("medically reasonable and necessary and ",), "medically reasonable"),
        (
            ("if it is medically reasonable and necessary and performed in two compartments ",),
            "2 compartment",
        ),
        (("two", "one"), "1 compartment"),
        (("no other", "another"), "other"),
        (("same wrist", "wrist"), "same"),
    ],
)
def test_a_condition_of_the_source_is_missed(left_out: tuple[str, ...], found: str):
    text = REMOVAL.replace(left_out[0], left_out[1] if len(left_out) > 1 else "")
    assert text != REMOVAL and unlike(REMOVAL, REMOVAL) == []
    assert any(found in one for one in unlike(text, REMOVAL)), unlike(text, REMOVAL)


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("yes:mod#57", "modifier 57"),
        ("no:mod#xs", "not modifier XS"),
        ("cnt#2:compartment", "2 compartment"),
        ("code#g0289", "code G0289"),
        ("pay#no", "that it is not paid or not reported"),
        ("bone", "bone"),
    ],
)
def test_a_token_is_spoken_as_a_person_would(token: str, said: str):
    assert speak(token) == said


def test_a_code_that_is_named_is_not_taken_for_a_verb():
    assert "code#g0289" in read_sentence("When may G0289 be reported?").words
    assert "code#22612" in read_sentence("It is reported with 22633, not 22612.").words
