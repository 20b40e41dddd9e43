"""Plain texts into blocks."""

import pytest

from pipeline.data import BlockKind
from pipeline.errors import SourceError
from pipeline.sources.reading.blocks import PAGE_BREAK, compose
from pipeline.sources.reading.plain import read_plain_blocks

H, P, I, R = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.ITEM, BlockKind.ROW  # noqa: E741


def read(text: str) -> list[tuple[BlockKind, int, str]]:
    return [(one.kind, one.level, one.text) for one in read_plain_blocks(text, name="invented.txt")]


def test_wrapped_lines_are_joined_and_blank_lines_part():
    text = "An invented rule that was wrapped at its proce-\r\ndure, and ends\there.\r\n\r\n\r\nAnother."
    assert read(text) == [
        (P, 0, "An invented rule that was wrapped at its procedure, and ends here."),
        (P, 0, "Another."),
    ]


def test_a_line_that_was_not_wrapped_is_a_paragraph():
    first, second = "An invented sentence. " * 12, "Another sentence of ours. " * 12
    assert read(f"{first}\n{second}\nShort.") == [
        (P, 0, first.strip()),
        (P, 0, second.strip()),
        (P, 0, "Short."),
    ]


def test_items_nest_by_indent_and_mark():
    text = """\
1. First rule of this invented list, long enough to be wrapped
   to a second line.
   a. A part of it.
   b. Another part.
      - a bullet
      - a second bullet that goes on
        below itself
2. Second rule.

   More about the second rule.

10. Tenth rule.

No rule.
"""
    assert read(text) == [
        (I, 1, "1. First rule of this invented list, long enough to be wrapped to a second line."),
        (I, 2, "a. A part of it."),
        (I, 2, "b. Another part."),
        (I, 3, "- a bullet"),
        (I, 3, "- a second bullet that goes on below itself"),
        (I, 1, "2. Second rule."),
        (P, 1, "More about the second rule."),
        (I, 1, "10. Tenth rule."),
        (P, 0, "No rule."),
    ]


def test_a_list_without_hanging_lines_or_full_stops():
    text = "1. First of three invented rules, wrapped onto\na second line of its own\n2. Second\n3. Third"
    assert [kind for kind, _, _ in read(text)] == [I, I, I]


@pytest.mark.parametrize(
    "text",
    [
        "An invented rule of ours applies to everybody up to the age of\n12. It goes on after that.",
        "11. An invented rule of ours applies to everybody up to an age\n12. It goes on after that, and it goes on.",
        "The invented account was written by the careful and learned Dr.\nJ. Heron of the house.",
        "J. Heron wrote this invented account of a rule, and wrapped it\nto two lines.",
    ],
)
def test_a_number_or_letter_inside_a_sentence_is_no_mark(text):
    assert len(read(text)) == 1


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("INVENTED RULES", 3),
        ("1. SCOPE OF RULES", 2),
        ("Section 3", 2),
        ("A. Introduction", 2),
        ("Chapter IV", 1),
        ("Chapter IV - Invented surgery", 1),
    ],
)
def test_evident_headings(line, level):
    assert read(f"Words before.\n\n{line}\n\nWords behind.")[1] == (H, level, line)


@pytest.mark.parametrize(
    "line",
    ["A short line", "INVENTED WORDS, ALL OF THEM.", "A. A sentence.", "LT - 10001", "Part B pays for work"],
)
def test_what_is_no_evident_heading(line):
    assert H not in [kind for kind, _, _ in read(f"Words before.\n\n{line}\n\nWords behind.")]


def test_underlined_headings():
    text = "Invented guide\n==============\n\nFirst part\n----------\nWords of it.\n\n---\n\nMore words."
    assert read(text) == [
        (H, 1, "Invented guide"),
        (H, 2, "First part"),
        (P, 0, "Words of it."),
        (P, 0, "More words."),
    ]


def test_rows_of_a_table():
    text = "Code    Work       Units\n----    ----       -----\n10001   joint      2\n10002   graft      1\n"
    assert read(text) == [
        (R, 0, row) for row in ("Code | Work | Units", "10001 | joint | 2", "10002 | graft | 1")
    ]


def test_form_feeds_count_pages():
    blocks = read_plain_blocks(
        "First.\n\nIt runs over\n\fthe page.\n\nSecond.\n\f\fFourth.\n", name="invented.txt"
    )
    assert [(one.page, one.text.replace(PAGE_BREAK, "")) for one in blocks] == [
        (1, "First."),
        (1, "It runs over the page."),
        (2, "Second."),
        (4, "Fourth."),
    ]
    composed = compose(blocks, pages=4)
    assert [composed.text[start:][:9] for start in composed.page_starts] == [
        "First.\n\nI",
        "the page.",
        "Fourth.",
        "Fourth.",
    ]


def test_without_form_feeds_there_are_no_pages():
    (block,) = read_plain_blocks("Words.", name="invented.txt")
    assert block.page is None


def test_control_characters_are_removed():
    assert read("In\x00vent\x07ed\u200b wo\xadrds\u202e.") == [(P, 0, "Invented words.")]


@pytest.mark.parametrize("text", ["", " \n\f\n", "-----\n\n* * *\n"])
def test_a_text_without_words_is_refused(text):
    with pytest.raises(SourceError, match=r"^invented\.txt holds no text; check"):
        read_plain_blocks(text, name="invented.txt")


def test_reading_takes_time_in_proportion():
    text = "An invented line that has no end to it\n" * 40_000
    (block,) = read_plain_blocks(text, name="invented.txt")
    assert len(block.text) == len(text) - 1
