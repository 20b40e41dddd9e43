"""The Markdown page: footnotes that resolve, and text that no reader takes for markup."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from selectolax.parser import HTMLParser

from pipeline.data import Page
from pipeline.errors import PublishError
from pipeline.page.layout import lay_out
from pipeline.page.markdown import escape, render_markdown
from pipeline.page.text import one_line, visible
from tests.page.sample import sample_page

HOSTILE = (
    "<script>alert(1)</script> [^1]: [click](javascript:alert(3)) ![i](x) **b** `c` ~~d~~ | a | "
    "<https://evil.example> https://evil.example www.evil.example a@evil.example &lt; $x$ \u202eo"
    "\n\n# Heading\n\n- item\n\n    code\n\n---\n>"
)
READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def test_same_page_gives_same_bytes_and_one_line_break_ends_it() -> None:
    text = render_markdown(sample_page())
    assert text == render_markdown(sample_page())
    assert text.endswith("\n") and not text.endswith("\n\n")


def test_every_mark_has_its_footnote_once() -> None:
    text = render_markdown(sample_page())
    notes = re.findall(r"^\[\^(\d+)\]: ", text, re.MULTILINE)
    marks = re.findall(r"\[\^(\d+)\](?!:)", text)
    assert sorted(marks) == sorted(notes) == sorted(str(number) for number in range(1, len(notes) + 1))
    assert len(notes) > 15


def test_it_names_carried_values_withheld_reasons_and_publisher_blocks() -> None:
    text = render_markdown(sample_page())
    assert "**Global days**: 090 (Major surgery) *(RVU25D, not confirmed for 2026)*[^4]" in text
    assert "Modifier 25 belongs" not in text
    assert "*From the publisher, not a verified claim.*" in text
    assert "- [ ] Name the donor bone and the side. (from the requirement at footnote 6)" in text
    assert "**CARC 97**" in text


def _marks(page: Page) -> int:
    shown = lay_out(page)
    inside = [item for part in shown.sections for item in part.statements]
    return sum(
        len(item.carried) + sum(p.carried for cell in item.cells for p in cell) for item in inside
    ) + sum(len(item.carried) for item in shown.strip)


def test_hostile_text_stays_text() -> None:
    calm = HTMLParser(READER.render(render_markdown(sample_page())))
    wild = HTMLParser(READER.render(render_markdown(sample_page(hostile=HOSTILE))))
    for tag in ("script", "img", "h1", "h2", "h3", "code", "s", "table", "td", "hr", "pre", "strong"):
        assert len(wild.css(tag)) == len(calm.css(tag)), tag
    # Whether a statement carries a mark depends on its words; nothing else may be emphasised.
    marks = [_marks(sample_page()), _marks(sample_page(hostile=HOSTILE))]
    assert len(calm.css("em")) - marks[0] == len(wild.css("em")) - marks[1]
    assert not any("evil" in (node.attributes["href"] or "") for node in wild.css("a"))
    assert not wild.css('a[href^="javascript"]')


def test_bare_addresses_are_broken_up_for_readers_that_link_them() -> None:
    assert escape("https://evil.example www.evil.example a@b.example") == (
        "https\\://evil.example www\\.evil.example a\\@b.example"
    )


@given(st.text(max_size=60))
def test_a_reader_shows_escaped_text_as_it_is(text: str) -> None:
    shown = READER.render(escape(text))
    tree = HTMLParser(shown)
    assert tree.body is not None
    assert {node.tag for node in tree.body.traverse()} <= {"body", "p"}
    assert tree.body.text().strip() == visible(one_line(text)).strip()


def test_unsupported_claims_stop_the_rendering() -> None:
    with pytest.raises(PublishError):
        render_markdown(sample_page().model_copy(update={"verdicts": {}}))
