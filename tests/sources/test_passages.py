"""Passages: rules whole, under their headings, where they stand; nothing of the text left out but contents."""

import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.data import Applicability, BlockKind, SourceDocument
from pipeline.sources.passages import split_passages
from pipeline.sources.reading.blocks import PAGE_BREAK, ReadBlock
from tests.sources.invented import C, H, I, P, R, document


def texts(document: SourceDocument) -> list[str]:
    return [passage.text for passage in split_passages(document)]


def sentences(count: int, what: str = "joint") -> str:
    return " ".join(f"Sentence {n} speaks of the {what}." for n in range(count))


RULE = (
    ReadBlock(H, 1, "Chapter I", 1),
    ReadBlock(H, 2, "A. Joints", 1),
    ReadBlock(I, 1, "6. Report one unit for each joint,", 1),
    ReadBlock(I, 2, f"a. not for each needle, {PAGE_BREAK}nor for each drug,", 1),
    ReadBlock(P, 1, "The rule goes on below its list.", 2),
    ReadBlock(I, 1, "7. Another rule.", 2),
)


def test_a_numbered_rule_with_its_sub_items_stays_one_passage_over_a_page():
    first, second = split_passages(document(*RULE, pages=2))
    assert first.text == (
        "6. Report one unit for each joint,\na. not for each needle, nor for each drug,\n\n"
        "The rule goes on below its list."
    )
    assert second.text == "7. Another rule."
    assert (first.page, second.page) == (1, 2)
    assert first.heading_path == second.heading_path == ("An invented guide", "Chapter I", "A. Joints")


@pytest.mark.parametrize(("one", "two"), [("1.", "2."), ("a)", "b)"), ("A.", "B.")])
def test_short_rules_are_not_run_together_whatever_their_mark(one, two):
    assert len(texts(document(ReadBlock(I, 1, f"{one} One rule."), ReadBlock(I, 1, f"{two} Another.")))) == 2


@pytest.mark.parametrize("mark", ["•", "o", "-", "–", "(1)"])
def test_short_bullets_and_short_paragraphs_make_one_passage(mark):
    blocks = (
        ReadBlock(P, 0, "Record these:"),
        ReadBlock(I, 1, f"{mark} the side,"),
        ReadBlock(I, 1, f"{mark} the joint."),
    )
    assert texts(document(*blocks)) == [f"Record these:\n\n{mark} the side,\n{mark} the joint."]


def test_a_long_paragraph_stands_by_itself():
    blocks = (
        ReadBlock(P, 0, sentences(20, "hip")),
        ReadBlock(P, 0, sentences(20, "knee")),
        ReadBlock(P, 0, "A short one."),
    )
    assert texts(document(*blocks)) == [blocks[0].text, f"{blocks[1].text}", "A short one."]


def test_headings_end_where_one_of_their_level_or_above_begins():
    blocks = (
        ReadBlock(P, 0, "Before all."),
        ReadBlock(H, 1, "One"),
        ReadBlock(H, 3, "Deep"),
        ReadBlock(P, 0, "In deep."),
        ReadBlock(H, 2, "Flat"),
        ReadBlock(P, 0, "In flat."),
        ReadBlock(H, 1, "Two"),
        ReadBlock(P, 0, "In two."),
    )
    assert [passage.heading_path[1:] for passage in split_passages(document(*blocks))] == [
        (),
        ("One", "Deep"),
        ("One", "Flat"),
        ("Two",),
    ]


def test_a_heading_with_nothing_below_it_is_a_passage_itself():
    blocks = (
        ReadBlock(H, 1, "Payment"),
        ReadBlock(H, 2, "Amount = work × factor"),
        ReadBlock(H, 2, "Reserved"),
        ReadBlock(H, 1, "Last word"),
    )
    found = split_passages(document(*blocks))
    assert [(one.heading_path[1:], one.text) for one in found] == [
        (("Payment",), "Amount = work × factor\n\nReserved"),
        ((), "Last word"),
    ]


def test_contents_are_left_out_and_nothing_is_joined_over_them():
    blocks = (
        ReadBlock(P, 0, "Above."),
        ReadBlock(H, 1, "Contents"),
        ReadBlock(C, 0, "Joints .......... 7"),
        ReadBlock(H, 1, "Joints"),
        ReadBlock(P, 0, "Below."),
        ReadBlock(C, 0, "Hips .......... 9"),
        ReadBlock(P, 0, "Below that."),
    )
    assert texts(document(*blocks)) == ["Above.", "Below.", "Below that."]


def test_rows_go_together_and_from_the_second_group_on_carry_the_row_that_names_the_columns():
    rows = [ReadBlock(R, 0, f"{n} | {sentences(4)}") for n in range(40)]
    found = split_passages(document(ReadBlock(H, 1, "Table"), ReadBlock(R, 0, "Unit | Meaning"), *rows))
    assert len(found) > 2 and "Unit | Meaning" in found[0].text
    assert found[0].heading_path == ("An invented guide", "Table")
    for passage in found[1:]:
        assert passage.heading_path == ("An invented guide", "Table", "Unit | Meaning")
        assert len(passage.text) < 2000 and passage.text.split("\n")[0].split(" | ")[0].isdigit()


def test_a_rule_beyond_all_length_is_divided_between_its_paragraphs():
    parts = [f"Part {n}. " + sentences(60, "spine") for n in range(8)]
    rule = [ReadBlock(I, 1, f"1. {parts[0]}"), *(ReadBlock(P, 1, part) for part in parts[1:])]
    found = texts(document(*rule))
    assert len(found) > 1 and all(len(text) <= 8_000 for text in found)
    assert all(text.startswith(("1. Part", "Part ")) and text.endswith("the spine.") for text in found)
    assert len(texts(document(*rule[:3]))) == 1


def test_a_paragraph_beyond_all_length_is_divided_between_its_sentences():
    found = texts(document(ReadBlock(P, 0, sentences(200))))
    assert len(found) > 3 and all(len(text) <= 1_500 for text in found)
    assert all(text.startswith("Sentence ") and text.endswith(".") for text in found)


def test_an_id_stays_where_text_before_it_changes():
    before = {one.text: one.id for one in split_passages(document(*RULE, pages=2))}
    preface = ReadBlock(P, 0, "A new preface, which moves all that follows.", 1)
    after = {one.text: one.id for one in split_passages(document(preface, *RULE, pages=2))}
    assert before.items() < after.items()


def test_an_id_changes_with_the_words_and_with_their_headings_and_is_unique():
    block = ReadBlock(P, 0, "The same words.")
    blocks = (
        ReadBlock(H, 1, "One"),
        block,
        ReadBlock(H, 1, "Two"),
        block,
        ReadBlock(H, 1, "Two"),
        block,
    )
    ids = [one.id for one in split_passages(document(*blocks))]
    assert len(set(ids)) == 3 and ids[2] == f"{ids[1]}-2"
    (other,) = split_passages(document(ReadBlock(H, 1, "One"), ReadBlock(P, 0, "Other words.")))
    assert other.id not in ids


def test_codes_are_those_of_the_text_and_those_of_the_nearest_heading_that_names_any():
    blocks = (
        ReadBlock(H, 1, "Chapter IV (CPT codes 20000–29999)"),
        ReadBlock(H, 2, "A. Introduction"),
        ReadBlock(P, 0, "Neither 29881 nor 29877 is told apart."),
        ReadBlock(H, 2, "B. Injections: 20600 to 20611"),
        ReadBlock(P, 0, "Once a joint."),
    )
    one, two = split_passages(document(*blocks, applies_to=Applicability(codes=("20610",))))
    assert one.codes == (("29877", "29877"), ("29881", "29881"))
    assert (one.chapter_codes, two.chapter_codes) == ((("20000", "29999"),), (("20600", "20611"),))
    assert one.applies_to.codes == two.applies_to.codes == ("20610",)


words = st.text(string.ascii_letters + "  .;0123456789é•", min_size=1, max_size=80).filter(str.strip)
kinds = st.sampled_from([H, P, P, I, I, R, C])
blocks_of_chance = st.lists(
    st.builds(
        lambda kind, level, mark, text, times: ReadBlock(
            kind,
            max(level, 1) if kind in (H, I) else level if kind is P else 0,
            (mark if kind is I else "") + text * times,
        ),
        kinds,
        st.integers(0, 3),
        st.sampled_from(["• ", "1. ", "(2) ", "a. ", "o "]),
        words,
        st.sampled_from([1, 1, 1, 8, 40, 150]),
    ),
    max_size=30,
)


@settings(max_examples=150, deadline=None)
@given(blocks_of_chance)
@example([ReadBlock(H, 1, "x"), ReadBlock(C, 0, "y"), ReadBlock(I, 2, "1. z")])
def test_every_passage_points_at_its_words_and_all_words_are_in_one(blocks):
    made = document(*blocks)
    passages = split_passages(made)
    covered = bytearray(len(made.text))
    for passage in passages:
        assert made.text[passage.start : passage.end] == passage.text == passage.text.strip() != ""
        assert not any(covered[passage.start : passage.end])
        covered[passage.start : passage.end] = b"\1" * len(passage.text)
    assert len({passage.id for passage in passages}) == len(passages)
    assert [passage.start for passage in passages] == sorted(passage.start for passage in passages)
    paths = {heading for passage in passages for heading in passage.heading_path}
    for number, block in enumerate(made.blocks):
        text = made.text[block.start : block.end]
        inside = [covered[block.start + n] for n, char in enumerate(text) if not char.isspace()]
        if block.kind is BlockKind.CONTENTS:
            assert not any(inside)
        elif block.kind is BlockKind.HEADING:
            below = next(
                (one.kind for one in made.blocks[number:] if one.kind is not BlockKind.HEADING), None
            )
            assert all(inside) or " ".join(text.split()) in paths or below is BlockKind.CONTENTS
        else:
            assert all(inside)
