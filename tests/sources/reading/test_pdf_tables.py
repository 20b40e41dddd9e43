"""Tables of a PDF, with rules and without."""

import pytest

from pipeline.data import BlockKind
from pipeline.sources.reading.pdf_blocks import read_pdf_blocks
from tests.sources.reading.pdfs import Put, make_pdf, prose, rule_grid, set_grid, set_lines, wrap

ROWS = [
    ["Code", "What it stands for", "Units"],
    ["10001", "Invented joint work", "2"],
    ["10002", "Invented graft", "1"],
    ["10003", "Invented cast", "4"],
]
BEFORE = Put(72, 700, "Codes follow in this invented table:")
AFTER = set_lines(wrap(prose(3), 440), top=540)


@pytest.mark.parametrize("ruled", [False, True])
def test_each_row_is_a_block(ruled):
    rules = rule_grid(4, xs=(72, 160, 400, 500), top=660) if ruled else []
    page = [BEFORE, *set_grid(ROWS, xs=(76, 164, 404), top=660), *rules, *AFTER]
    blocks, _ = read_pdf_blocks(make_pdf(page), name="invented.pdf")
    assert [one.text for one in blocks] == [BEFORE.words, *(" | ".join(row) for row in ROWS), prose(3)]
    assert [one.kind for one in blocks] == [
        BlockKind.PARAGRAPH,
        *[BlockKind.ROW] * len(ROWS),
        BlockKind.PARAGRAPH,
    ]


def test_a_ruled_cell_of_several_lines_is_one():
    rows = [["Code", "What it stands for"], ["10001", "Invented work on"], ["10002", "Invented graft"]]
    rules = rule_grid(3, xs=(72, 160, 400), top=660, step=32)
    second = Put(164, 660 - 32 - 13, "a joint of ours")
    page = [BEFORE, *set_grid(rows, xs=(76, 164), top=660, step=32), second, *rules, *AFTER]
    blocks, _ = read_pdf_blocks(make_pdf(page), name="invented.pdf")
    assert [one.text for one in blocks if one.kind is BlockKind.ROW] == [
        "Code | What it stands for",
        "10001 | Invented work on a joint of ours",
        "10002 | Invented graft",
    ]
