"""Pages of the web as bytes: encodings, unseen characters, pages without text, and what hostile ones cost."""

import pytest

from pipeline.data import BlockKind
from pipeline.errors import SourceError
from pipeline.sources.reading.html import read_html_blocks
from tests.sources.reading.test_html import MORE, WORDS, read

P = BlockKind.PARAGRAPH


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ('<meta charset="iso-8859-1">', "cp1252"),
        ("<meta http-equiv=content-type content='text/html; charset=ISO-8859-2'>", "iso8859-2"),
        ('<meta charset="utf-8">', "utf-8"),
        ('<meta charset="windows-1252">', "utf-8-sig"),
        ("", "utf-16"),
        ("", "utf-8"),
        ("", "cp1252"),
        ('<meta charset="rot13">', "utf-8"),
    ],
)
def test_the_encoding_is_respected(head, encoding):
    page = f"<html><head>{head}</head><body><p>Größe: § 3</p></body></html>"
    (block,) = read_html_blocks(page.encode(encoding), name="invented.html")
    assert block.text == "Größe: § 3"


def test_control_and_unseen_characters_are_removed():
    assert read("<p>In\x00vent\x07ed&#8203; wo&shy;rds&#x202e;&nbsp;here.</p>") == [
        (P, 0, "Invented words here.")
    ]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<div id=root></div><script>start()</script><noscript>Switch on scripts.</noscript>",
        "<p>&nbsp;</p>",
    ],
)
def test_a_page_without_text_is_refused(body):
    with pytest.raises(SourceError, match=r"^invented\.html holds no text .*print it to a PDF and add that$"):
        read(body)


@pytest.mark.parametrize(
    "opened", ["<div>", "<ul><li>", "<table><tr><td>", "<blockquote><p>", "<x-y>", "<svg><g>"]
)
def test_deep_markup_is_read(opened):
    blocks = read(f"<p>{WORDS}</p>{opened * 5_000}{MORE}")
    assert blocks[0] == (P, 0, WORDS)
    assert "svg" in opened or blocks[-1][2].endswith(MORE)


def test_markup_deeper_than_can_be_parsed_in_time_is_refused():
    with pytest.raises(
        SourceError, match=r"^the elements of invented\.html are nested more than 10,000 deep"
    ):
        read("<div>" * 200_000)


def test_broken_markup_and_entity_bombs_are_read():
    bomb = '<!DOCTYPE html [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;">]>'
    texts = [
        one.text
        for one in read_html_blocks(f"{bomb}<p>&b; <b>bold<i> both</b> {WORDS}".encode(), name="x.html")
    ]
    assert any(text.endswith(f"bold both {WORDS}") for text in texts)


def test_cells_that_span_many_rows_stay_small():
    rows = "<tr><td>z</td></tr>" * 3_000
    spanning = f"<td rowspan=65000>{'y' * 190}</td>" * 50
    assert sum(len(text) for _, _, text in read(f"<table><tr>{spanning}</tr>{rows}</table>")) < 2_000_000


def test_a_large_page_is_read():
    blocks = read("<main>" + "".join(f"<p>Sentence {n}: {WORDS}</p>" for n in range(40_000)) + "</main>")
    assert len(blocks) == 40_000
