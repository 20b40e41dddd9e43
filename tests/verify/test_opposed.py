import pytest

from pipeline.verify.opposed import opposition, subject_of
from pipeline.verify.reading import read_sentence

CODE = "27447"


def kind(one, two, own_code=CODE):
    ours, theirs = read_sentence(one), read_sentence(two)
    found, back = opposition(ours, theirs, own_code=own_code), opposition(theirs, ours, own_code=own_code)
    assert (found is None) == (back is None)
    assert found is None or back is None or (found.ours, found.theirs) == (back.theirs, back.ours)
    return found.kind if found else None


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        (
            "A drained wound seroma is not separately payable.",
            "A drained wound seroma is separately payable.",
            "payment",
        ),
        (
            "An unplanned return for a bleeding wound takes modifier 78.",
            "An unplanned return for a bleeding wound takes modifier 79.",
            "modifier",
        ),
        (
            "An unplanned return for a bleeding wound takes modifier 78.",
            "An unplanned return for a bleeding wound never takes modifier 78.",
            "modifier",
        ),
        (
            "The wobble code is reported for 2 levels treated with invented cement.",
            "The wobble code is reported for 3 levels treated with invented cement.",
            "figure",
        ),
        ("The global period of this code is 090.", "The global period of 27447 is 010.", "figure"),
        (
            "Removal of the wobble from this joint has a 090-day global period.",
            "Removal of the wobble from this joint has a 010-day global period.",
            "figure",
        ),
        (
            "The package includes dressings of the wobble wound.",
            "The package excludes dressings of the wobble wound.",
            "inclusion",
        ),
        (
            "The record shows the wobble cement and its invented maker.",
            "The record does not show the wobble cement and its invented maker.",
            "negation",
        ),
        (
            "A strapped wobble splint is denied with the casting.",
            "A strapped wobble splint is not denied with the casting.",
            "payment",
        ),
    ],
)
def test_one_turn_between_two_sentences(one, two, expected):
    assert kind(one, two) == expected


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("A drained wound seroma is not payable.", "A drained wound seroma is never paid."),
        ("No. A drained wound seroma is not payable.", "A drained wound seroma is not payable."),
        # Another condition, actor, relation, part of the body, setting or payer is another subject.
        (
            "A drained wound seroma is payable if cultured.",
            "A drained wound seroma is not payable.",
        ),
        (
            "A drained wound seroma of the knee is payable.",
            "A drained wound seroma of the hip is not payable.",
        ),
        (
            "A drained wound seroma is payable on the same day.",
            "A drained wound seroma is not payable on another day.",
        ),
        (
            "Aetna pays a drained wound seroma.",
            "A drained wound seroma is not payable.",
        ),
        # Two turns are two rules.
        (
            "A modifier indicator of 0 means the wobble edit opens for no invented reason.",
            "A modifier indicator of 1 means the wobble edit opens for an invented reason.",
        ),
        # Another code is another rule.
        (
            "29881 takes the wobble cement as separately payable.",
            "29880 takes the wobble cement as not payable.",
        ),
        ("Is a drained wound seroma payable?", "A drained wound seroma is not payable."),
    ],
)
def test_no_contradiction(one, two):
    assert kind(one, two) is None


def test_this_code_is_the_pages_code_and_no_other():
    one = "This code pays the wobble cement separately."
    two = "27447 does not pay the wobble cement separately."
    assert kind(one, two) == "payment"
    assert kind(one, two, own_code="29881") is None


def test_a_subject_is_equal_only_for_what_can_contradict():
    assert subject_of("A seroma is payable.") == subject_of("A seroma is not payable.")
    assert subject_of("A seroma of the knee is payable.") != subject_of("A seroma is payable.")
    assert subject_of("Is it payable?") is None
