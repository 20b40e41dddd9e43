"""A Markdown text made into blocks: CommonMark with tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.data import BlockKind
from pipeline.errors import SourceError
from pipeline.sources.reading.blocks import ReadBlock
from pipeline.sources.reading.characters import clean

if TYPE_CHECKING:
    from markdown_it.token import Token

_BULLET = "• "
_MOST_NESTED = 100
"""Levels of lists, items and quotes; markdown-it goes down by recursion, and leaves out what is deeper."""

_FRONT_MATTER = re.compile(r"---[ ]*\n.*?^(?:---|\.\.\.)[ ]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_MAPPING = re.compile(r"[\w\"'-][^:\n]*:(?:\s|$)|#")


def read_markdown_blocks(text: str, *, name: str) -> list[ReadBlock]:
    """Blocks of a Markdown text in order, marks of lists kept ("7. ", "• "), other markup reduced to its words.

    Front matter is left out. Raises SourceError for a text without words, or nested deeper than can be read; `name` is
    for the message.
    """
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"maxNesting": _MOST_NESTED}).enable("table")
    tokens = parser.parse(_without_front_matter(clean(text)))
    if any(token.level >= _MOST_NESTED - 1 for token in tokens):
        raise SourceError(
            f"lists or quotes of {name} are nested more than {_MOST_NESTED // 2} deep; save it as plain text (.txt) "
            "and add that"
        )
    blocks = _Builder(name).read(tokens)
    if not any(char.isalnum() for block in blocks for char in block.text):
        raise SourceError(f"{name} holds no text; check that it is the right file, and saved as UTF-8 text")
    return blocks


def _without_front_matter(text: str) -> str:
    """A text may begin with a rule as well; front matter is a mapping."""
    head = _FRONT_MATTER.match(text)
    if head and _MAPPING.match(head[0].split("\n", 1)[1].lstrip()):
        return text[head.end() :]
    return text


class _Builder:
    """Goes through markdown-it's tokens, which open and close."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._blocks: list[ReadBlock] = []
        self._lists = 0
        self._mark = ""  # of an item whose first words have not come yet
        self._cells: list[str] | None = None
        self._heading = 0

    def read(self, tokens: Sequence[Token]) -> list[ReadBlock]:
        for token in tokens:
            match token.type:
                case "bullet_list_open" | "ordered_list_open":
                    self._lists += 1
                case "bullet_list_close" | "ordered_list_close":
                    self._lists -= 1
                case "list_item_open":
                    self._mark = f"{token.info}{token.markup} " if token.info else _BULLET
                case "list_item_close":
                    self._mark = ""
                case "heading_open":
                    self._heading = int(token.tag[1:])
                case "heading_close":
                    self._heading = 0
                case "tr_open":
                    self._cells = []
                case "tr_close":
                    self._add_row()
                case "inline" if self._cells is not None:
                    self._cells.append(_words(token))
                case "inline":
                    self._add(_words(token))
                case "fence" | "code_block":
                    self._add("\n".join(line.rstrip() for line in token.content.split("\n") if line.strip()))
                case "html_block":
                    self._add_html(token.content)
        return self._blocks

    def _add(self, text: str) -> None:
        if not text:
            return
        if self._heading:
            self._blocks.append(ReadBlock(BlockKind.HEADING, self._heading, text))
            return
        kind = BlockKind.ITEM if self._mark else BlockKind.PARAGRAPH
        self._blocks.append(ReadBlock(kind, self._lists, self._mark + text))
        self._mark = ""

    def _add_row(self) -> None:
        row = " | ".join(self._cells or []).rstrip(" |")
        self._cells = None
        if row:
            self._blocks.append(ReadBlock(BlockKind.ROW, 0, row))

    def _add_html(self, content: str) -> None:
        from pipeline.sources.reading.html_tree import parse_page
        from pipeline.sources.reading.html_walk import walk

        body = parse_page(content, name=self._name)
        self._blocks += [one.block for one in walk(body)] if body is not None else []


def _words(inline: Token) -> str:
    """What a reader sees of inline markup; pictures and tags are left out."""
    pieces: list[str] = []
    for token in inline.children or []:
        if token.type in ("text", "code_inline", "text_special"):
            pieces.append(token.content)
        elif token.type in ("softbreak", "hardbreak") or token.content.lower().startswith("<br"):
            pieces.append(" ")
    return " ".join("".join(pieces).split())
