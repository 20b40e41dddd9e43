"""PDFs into blocks: columns, running heads, divided words, items, headings, contents."""

import pytest

from pipeline.data import BlockKind
from pipeline.sources.reading.blocks import PAGE_BREAK, ReadBlock, compose
from pipeline.sources.reading.pdf_blocks import read_pdf_blocks
from tests.sources.reading.pdfs import (
    BOLD,
    STEP,
    Put,
    make_pdf,
    prose,
    set_lines,
    wrap,
)

LEFT, RIGHT = set_lines(wrap(prose(1), 220), x=60), set_lines(wrap(prose(2), 220), x=330)
FULL = 440.0


def read(*pages) -> list[ReadBlock]:
    """The blocks of a PDF; that each span holds its block's words is asserted for every one."""
    blocks, count = read_pdf_blocks(make_pdf(*pages), name="invented.pdf")
    assert count == len(pages)
    composed = compose(blocks, pages=count)
    stated = [composed.text[span.start : span.end] for span in composed.blocks]
    assert stated == [one.text.replace(PAGE_BREAK, "") for one in blocks]
    return blocks


def said(blocks: list[ReadBlock], kind: BlockKind | None = None) -> list[str]:
    return [one.text.replace(PAGE_BREAK, "") for one in blocks if kind is None or one.kind is kind]


@pytest.mark.parametrize("interleaved", [False, True])
def test_columns_are_read_one_after_the_other(interleaved):
    columns = (
        [one for pair in zip(LEFT, RIGHT, strict=True) for one in pair] if interleaved else [*LEFT, *RIGHT]
    )
    title = Put(60, 740, "An invented guide that runs across", 18, BOLD)
    assert said(read([title, *columns])) == [title.words, prose(1), prose(2)]


@pytest.mark.parametrize("lines", [1, 2, 5])
def test_a_last_column_may_be_short(lines):
    *_, left, right = said(read([*LEFT, *RIGHT], [*LEFT, *RIGHT[:lines]]))
    assert (left, right) == (prose(1), " ".join(one.words for one in RIGHT[:lines]))


def headed(number: int, *, head: str = "Invented House Guide", foot: str = "Page {}") -> list[Put]:
    body = set_lines(wrap(prose(number, 5), FULL), top=720)
    return [Put(72, 760, head), *body, Put(300, 30, foot.format(number))]


def test_running_heads_and_page_numbers_are_left_out():
    blocks = read(*(headed(n) for n in range(1, 6)))
    assert " ".join(said(blocks)) == " ".join(prose(n, 5) for n in range(1, 6))


def test_heads_that_alternate_are_left_out():
    heads = ["Invented surgery", "Invented House"]
    blocks = read(*(headed(n, head=heads[n % 2], foot="IV-{}") for n in range(1, 7)))
    assert " ".join(said(blocks)) == " ".join(prose(n, 5) for n in range(1, 7))


def test_of_two_pages_the_page_numbers_are_left_out():
    assert not any("Page" in text for text in said(read(headed(1), headed(2))))


def test_a_heading_that_comes_twice_is_kept():
    pages = [[Put(72, 740, "Overview", 14, BOLD), *set_lines(wrap(prose(n), FULL), top=710)] for n in (1, 2)]
    third = set_lines(wrap(prose(3), FULL))
    assert said(read(*pages, third), BlockKind.HEADING) == ["Overview", "Overview"]


def test_rows_at_the_edge_of_a_page_are_no_running_heads():
    def page(n: int) -> list[Put]:
        rows = [(str(10000 + 37 * n + k), str(20000 + 11 * n * k), str(n * k % 3)) for k in range(30)]
        return [
            Put(x, 760 - 24 * k, cell)
            for k, row in enumerate(rows)
            for x, cell in zip((72, 200, 400), row, strict=True)
        ]

    blocks = read(*(page(n) for n in range(1, 6)))
    assert len(said(blocks, BlockKind.ROW)) == len(blocks) == 150


def test_divided_words_are_made_whole():
    lines = [
        "Each page of this invented account describes the proce-",
        "dure of a reader who meets another reader face-to-",
        "face, and asks for codes 10000-",
        "10099 in that order.",
    ]
    (text,) = said(read(set_lines(lines)))
    assert "the procedure of" in text and "face-to-face," in text and "10000-10099" in text


def rule(mark: str, text: str, y: float, *, x: float = 72) -> list[Put]:
    """A mark, and its words hanging behind it."""
    return [Put(x, y, mark), *set_lines(wrap(text, 400), x=x + 24, top=y)]


def test_items_keep_their_numbers_and_nesting():
    marks = [("1.", 72), ("2.", 72), ("a.", 100), ("b.", 100), ("•", 124), ("•", 124), ("3.", 72)]
    page, y = [], 700.0
    for n, (mark, x) in enumerate(marks, 1):
        page += rule(mark, prose(n, 2), y, x=x)
        y -= STEP * len(wrap(prose(n, 2), 400)) + 4
    blocks = read(page)
    assert [(one.kind, one.level) for one in blocks] == [(BlockKind.ITEM, n) for n in (1, 1, 2, 2, 3, 3, 1)]
    assert said(blocks) == [f"{mark} {prose(n, 2)}" for n, (mark, _) in enumerate(marks, 1)]


def test_an_item_that_runs_over_a_page_is_one():
    lines = wrap(prose(9, 3), 400)
    first = [*rule("7.", prose(1, 2), 130), Put(72, 80, "8."), *set_lines(lines[:2], x=96, top=80)]
    second = [*set_lines(lines[2:], x=96, top=720), *rule("9.", prose(2, 2), 720 - STEP * len(lines))]
    blocks = read(first, second)
    assert said(blocks) == [f"7. {prose(1, 2)}", f"8. {prose(9, 3)}", f"9. {prose(2, 2)}"]
    assert [one.page for one in blocks] == [1, 1, 2]
    composed = compose(blocks, pages=2)
    assert composed.text[composed.page_starts[1] :].startswith(lines[2])


def test_a_number_inside_a_sentence_begins_no_item():
    lines = ["An invented rule of ours speaks of everybody up to the age of", "12. It goes on in this line."]
    assert said(read(set_lines(lines))) == [" ".join(lines)]


def test_headings_have_levels():
    page = [
        Put(72, 740, "CHAPTER IV", 20, BOLD),
        *set_lines(wrap(prose(1, 3), FULL), top=700),
        Put(72, 620, "A. Introduction", 11, BOLD),
        *set_lines(wrap(prose(2, 3), FULL), top=600),
        Put(72, 520, "A larger heading", 14),
        *set_lines(wrap(prose(3, 3), FULL), top=495),
        Put(72, 420, "A bold heading", 11, BOLD),
        *set_lines(wrap(prose(4, 3), FULL), top=400),
        *set_lines(wrap(prose(5, 3), FULL), top=320, font=BOLD),
    ]
    blocks = read(page)
    assert [(one.level, one.text) for one in blocks if one.kind is BlockKind.HEADING] == [
        (1, "CHAPTER IV"),
        (2, "A. Introduction"),
        (2, "A larger heading"),
        (3, "A bold heading"),
    ]
    assert blocks[-1] == ReadBlock(BlockKind.PARAGRAPH, 0, prose(5, 3), 1)  # bold, but a paragraph


@pytest.mark.parametrize("leaders", [True, False])
def test_a_table_of_contents_is_known(leaders):
    page = [Put(72, 730, "Contents", 14, BOLD)]
    for n in range(9):
        y, topic = 700 - 15 * n, f"{chr(65 + n)}. Invented topic"
        page += (
            [Put(72, y, f"{topic} {'.' * 40} {n + 3}")]
            if leaders
            else [Put(72, y, topic), Put(500, y, f"IV-{n + 3}")]
        )
    blocks = read(page, set_lines(wrap(prose(1), FULL)))
    assert [one.kind for one in blocks] == [BlockKind.CONTENTS] * 10 + [BlockKind.PARAGRAPH]


def test_page_numbers_count_physical_pages():
    first, last = [*wrap(prose(1, 4), FULL), "It ends."], wrap(prose(2, 4), FULL)
    blocks = read(set_lines(first), [], set_lines(last))
    assert [one.page for one in blocks] == [1, 3]
    begins = len(" ".join(first)) + 2
    assert compose(blocks, pages=3).page_starts == (0, begins, begins)
