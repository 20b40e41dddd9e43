"""Markdown into blocks."""

import pytest

from pipeline.data import BlockKind
from pipeline.errors import SourceError
from pipeline.sources.reading.markdown import read_markdown_blocks

H, P, I, R = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.ITEM, BlockKind.ROW  # noqa: E741


def read(text: str) -> list[tuple[BlockKind, int, str]]:
    return [(one.kind, one.level, one.text) for one in read_markdown_blocks(text, name="invented.md")]


def test_headings_and_inline_markup():
    text = "# An *invented* guide\n\nWords, `code` and\n[a **link**](/x) &amp; a\\* star.\n\nPart\n----\n"
    assert read(text) == [
        (H, 1, "An invented guide"),
        (P, 0, "Words, code and a link & a* star."),
        (H, 2, "Part"),
    ]


def test_items_keep_their_marks_and_nesting():
    text = "7. Seventh\n8. Eighth\n\n   More of it.\n\n   - a bullet\n     1) deep\n9. Ninth\n\n* Apart\n"
    assert read(text) == [
        (I, 1, "7. Seventh"),
        (I, 1, "8. Eighth"),
        (P, 1, "More of it."),
        (I, 2, "• a bullet"),
        (I, 3, "1) deep"),
        (I, 1, "9. Ninth"),
        (I, 1, "• Apart"),
    ]


def test_tables_code_quotes_and_breaks():
    table = "| Code | Work |\n|---|---|\n| 10001 | **joint** |\n| 10002 | |\n"
    code, quote = "```\na = 1\n\nb\n```\n", "> Quoted\n> words.  \n> Broken<br>line.\n"
    text = f"{table}\n{code}\n{quote}"
    assert read(text) == [
        (R, 0, "Code | Work"),
        (R, 0, "10001 | joint"),
        (R, 0, "10002"),
        (P, 0, "a = 1\nb"),
        (P, 0, "Quoted words. Broken line."),
    ]


def test_html_inside_is_read():
    text = "Words.\n\n<table><tr><th>Code</th><td>10001</td></tr></table>\n\n<!-- unseen -->\n"
    assert read(text) == [(P, 0, "Words."), (R, 0, "Code | 10001")]


def test_front_matter_is_skipped():
    assert read("---\ntitle: An invented guide\n---\n\nWords.") == [(P, 0, "Words.")]


def test_a_rule_at_the_top_is_no_front_matter():
    assert read("---\n\nWords between rules.\n\n---\n\nMore.") == [
        (P, 0, "Words between rules."),
        (P, 0, "More."),
    ]


def test_control_characters_are_removed():
    assert read("In\x00vent\x07ed\u200b words.") == [(P, 0, "Invented words.")]


@pytest.mark.parametrize("text", ["", "---\ntitle: x\n---\n", "![](picture.png)\n\n<!-- unseen -->"])
def test_a_text_without_words_is_refused(text):
    with pytest.raises(SourceError, match=r"^invented\.md holds no text; check"):
        read_markdown_blocks(text, name="invented.md")


@pytest.mark.parametrize("text", ["> " * 5_000 + "x", "\n".join("  " * n + "- x" for n in range(300))])
def test_what_is_nested_too_deep_is_refused_not_lost(text):
    with pytest.raises(SourceError, match=r"^lists or quotes of invented\.md are nested"):
        read_markdown_blocks(text, name="invented.md")


def test_what_is_nested_deep_is_read():
    assert read("\n".join("  " * n + f"- x{n}" for n in range(30)))[-1] == (I, 30, "• x29")
