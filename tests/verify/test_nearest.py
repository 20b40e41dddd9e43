import time
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.data import Match
from pipeline.verify import locate_quote
from pipeline.verify.nearest import Change, describe_nearest, find_nearest
from tests.verify.worked import make_document

TEXT = (
    "A visit on the day of a procedure. When the decision for the operation was made at that visit, "
    "append modifier 57 to it. Two units are payable in one day."
)


@pytest.mark.parametrize(
    ("quote", "place", "changes"),
    [
        ("append modifier 25 to it.", "append modifier 57 to it", [("25", "57")]),
        ("Three units are payable in one day.", "Two units are payable in one day", [("Three", "Two")]),
        (
            "Two units are payable in one session.",
            "Two units are payable in one day",
            [("session", "day")],
        ),
        ("No visit on the day", "A visit on the day", [("No", "A")]),
        ("the decision for operation was made", "the decision for the operation was made", [("", "the")]),
        ("at that very visit, append modifier", "at that visit, append modifier", [("very", "")]),
        ("append append modifier 57 to it.", None, [("append", "visit")]),
        ("on the day of of a procedure", "on the day of a procedure", [("of", "")]),
        (
            "on the Day of a procedure,",
            "on the day of a procedure",
            [("Day", "day")],
        ),
        ("When the decision for the operation was …", "When the decision for the operation was", []),
    ],
)
def test_the_place_and_the_difference_are_told(quote, place, changes):
    assert locate_quote(quote, TEXT).match is Match.MISSING
    near = find_nearest(quote, TEXT)
    assert near is not None
    assert near.changes == tuple(Change(*change) for change in changes)
    assert place is None or TEXT[near.start : near.end] == place


@pytest.mark.parametrize(
    "quote",
    ["", "…", "append modifier 25", "units payable", "Nothing here is like the text at all, of course."],
)
def test_short_and_unrelated_quotes_are_near_nothing(quote):
    assert find_nearest(quote, TEXT) is None
    assert find_nearest(quote, "") is None


def test_offsets_are_those_of_the_text_as_stored():
    text = "Some words. It is separ-\nately  payable in a non-\nfacility\u00a0setting – “always”."
    near = find_nearest('It is separately payable in a facility setting - "always".', text)
    assert near is not None
    assert near.changes == (Change("facility", "nonfacility"),)
    assert text[near.start : near.end] == text[len("Some words. ") : -2]
    kept = find_nearest("payable in every non-facility setting", text)
    assert kept is not None
    assert kept.changes == (Change("every", "a"),)


def test_other_marks_are_told_as_such():
    document = make_document("Use it (once a day) only.")
    assert locate_quote("Use it, once a day) only", document.text).match is Match.MISSING
    said = describe_nearest("Use it, once a day) only", document)
    assert said == "the nearest place has these words with other marks"


def test_the_least_different_of_several_places_is_taken_then_the_first():
    text = "one two three four five six. / one two three 4 5 six. / one two three 4 five six."
    near = find_nearest("one two three 5 five six.", text)
    assert near is not None
    assert near.start == 0
    near = find_nearest("one two three four 5 six.", text)
    assert near is not None
    assert (near.start, near.changes) == (0, (Change("5", "five"),))


WORDS = st.text(alphabet="abcdefghijklmnopqrstuvwxyzäß0123456789", min_size=1, max_size=9)


@given(
    st.lists(WORDS, min_size=8, max_size=120, unique=True),
    st.data(),
    st.sampled_from(["changed", "added", "dropped"]),
)
def test_one_other_word_in_eight_or_more_is_found_where_it_is(words, data, what):
    begin = data.draw(st.integers(0, len(words) - 8))
    end = data.draw(st.integers(begin + 8, len(words)))
    at = data.draw(st.integers(begin + 1, end - 2))
    other = [] if what == "dropped" else ["OTHER"]
    quote = " ".join([*words[begin:at], *other, *words[at + (what != "added") : end]])
    text = " ".join(words)
    start = len(" ".join(words[:begin])) + (begin > 0)
    near = find_nearest(quote, text)
    assert near is not None
    assert (near.start, near.end) == (start, start + len(" ".join(words[begin:end])))
    assert len(near.changes) == 1


@given(st.lists(WORDS, max_size=120), st.lists(WORDS.map(str.upper), min_size=4, max_size=40))
def test_words_that_the_text_has_not_are_near_nothing(words, others):
    text = " ".join(words)
    foreign = [f"{word}#" for word in others]
    assert find_nearest(" ".join(foreign), text) is None


@pytest.mark.parametrize("text", ["word " * 200_000, "ab " * 300_000, "x" * 1_000_000, "a\n" * 500_000])
def test_a_hostile_text_takes_no_longer_than_a_long_one(text):
    quotes = [
        "word " * 900 + "other",
        "word word word word wrong word word word",
        "a " * 500 + "b c d e " + "a " * 400,
        "x" * 100_000 + " a a a",
        " ".join(["ab"] * 7 + ["cd"] * 7 + ["ab"] * 7),
    ]
    find_nearest("four words of warning", text)
    began = time.process_time()
    for quote in quotes:
        find_nearest(quote, text)
    assert time.process_time() - began < 5


def test_a_chapter_is_searched_in_about_a_millisecond():
    random = Random(7)
    words = ["".join(random.choices("etaoinshrdlu", k=random.randint(2, 9))) for _ in range(9_000)]
    text = " ".join(words)[:57_000]
    quote = " ".join([*words[5_000:5_020], "changed", *words[5_021:5_040]])
    find_nearest(quote, text)
    took: list[float] = []
    for _ in range(9):
        began = time.perf_counter()
        near = find_nearest(quote, text)
        took.append(time.perf_counter() - began)
        assert near is not None
        assert near.changes == (Change("changed", words[5_020]),)
    assert min(took) < 0.005


def test_the_difference_in_words():
    document = make_document(TEXT).model_copy(update={"page_starts": (0, 36)})
    said = describe_nearest("append modifier 25 to it.", document)
    assert said == "the nearest place, page 2, says “57” instead of “25”"
    assert describe_nearest("nothing of this stands there", document) == ""
    unpaged = make_document(TEXT)
    assert describe_nearest("on the day of procedure.", unpaged) == "the nearest place has “a” besides"
    assert describe_nearest("at that very visit, append", unpaged) == "the nearest place lacks “very”"
    assert describe_nearest("Two units are payable …", unpaged) == "the nearest place has its first words"
    long = describe_nearest(f"append modifier {'9' * 500} to it.", unpaged)
    assert len(long) < 200


def test_no_word_of_a_descriptor_is_shown():
    document = make_document("It is code 99991 (invented thing) that applies to the second knee.")
    said = describe_nearest("It is code 99991 (…) that applies to the second knee.", document)
    assert said == "the nearest place has other words beside a descriptor"
