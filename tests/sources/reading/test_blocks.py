"""Blocks composed into one text: their spans, the joints between them, and where pages begin."""

from pipeline.data import BlockKind
from pipeline.sources.reading.blocks import PAGE_BREAK, ReadBlock, compose

H, P, I, R = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.ITEM, BlockKind.ROW  # noqa: E741


def test_each_span_holds_its_words_and_joints_show_what_belongs_together():
    blocks = [
        ReadBlock(H, 1, "Invented rules"),
        ReadBlock(P, 0, "They follow."),
        ReadBlock(I, 1, "1. One."),
        ReadBlock(I, 1, "2. Two."),
        ReadBlock(R, 0, "a | b"),
        ReadBlock(R, 0, "c | d"),
    ]
    composed = compose(blocks)
    assert composed.text == "Invented rules\n\nThey follow.\n\n1. One.\n2. Two.\n\na | b\nc | d"
    assert [composed.text[span.start : span.end] for span in composed.blocks] == [one.text for one in blocks]
    assert [(span.kind, span.level) for span in composed.blocks] == [(one.kind, one.level) for one in blocks]
    assert composed.page_starts == ()


def test_a_page_begins_inside_the_block_that_runs_over_it():
    blocks = [
        ReadBlock(P, 0, "First page.", 1),
        ReadBlock(P, 0, f"It begins here {PAGE_BREAK}and ends there.", 1),
        ReadBlock(P, 0, "Second page.", 2),
    ]
    composed = compose(blocks, pages=2)
    assert PAGE_BREAK not in composed.text
    assert composed.text[composed.page_starts[1] :].startswith("and ends there.")
    assert [composed.text[span.start : span.end] for span in composed.blocks] == [
        "First page.",
        "It begins here and ends there.",
        "Second page.",
    ]


def test_empty_pages_begin_where_the_next_words_stand():
    composed = compose([ReadBlock(P, 0, "Third page.", 3)], pages=4)
    assert composed.page_starts == (0, 0, 0, len("Third page."))


def test_a_block_may_run_over_several_pages():
    composed = compose([ReadBlock(P, 0, f"one {PAGE_BREAK}two {PAGE_BREAK}three", 1)], pages=3)
    assert [composed.text[start:] for start in composed.page_starts] == [
        "one two three",
        "two three",
        "three",
    ]


def test_blocks_without_words_are_left_out():
    composed = compose([ReadBlock(P, 0, "  "), ReadBlock(P, 0, "Words."), ReadBlock(P, 0, PAGE_BREAK)])
    assert (composed.text, len(composed.blocks)) == ("Words.", 1)
