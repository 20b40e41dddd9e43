"""A walk over a page: its headings, paragraphs, items and table rows, each with where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pipeline.data import BlockKind
from pipeline.sources.reading.blocks import ReadBlock
from pipeline.sources.reading.characters import clean
from pipeline.sources.reading.html_lists import BULLET, Lists
from pipeline.sources.reading.html_tables import is_data_table, read_caption, read_rows
from pipeline.sources.reading.html_tree import APART, LEFT_OUT, steps
from pipeline.sources.reading.plain import plain_blocks

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_FRAME = frozenset(("header", "footer"))
_FRAME_ROLES = frozenset("navigation banner contentinfo complementary search dialog alertdialog".split())
_LISTS = frozenset("ul ol menu dir dl li dt dd".split())
_MAIN = frozenset(("main", "article"))
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_OF_A_TEXT = frozenset("p table main article pre".split()) | _HEADINGS.keys()
_BREAK = "\v"  # a line break among the pending words; no stored text holds one
_SHORT = 100
_CLAUSE_END = (".", ";", ",", ":")


class Found(NamedTuple):
    """A block; whether it stands in the page's main or article element, and whether most of it is links."""

    block: ReadBlock
    inside: bool
    linked: bool


def walk(root: LexborNode) -> list[Found]:
    """Every block below `root`; left out are navigation, asides, the site's header and footer, and controls.

    A `header` or `footer` inside the page's main or article element is part of its text.
    """
    walker = _Walker()
    for node, begins in steps(root, enters=walker.enters):
        if begins:
            walker.begin(node)
        else:
            walker.end(node)
    walker.flush()
    return walker.found


class _Walker:
    """Collects words until an element that stands apart begins or ends, then closes a block."""

    def __init__(self) -> None:
        self.found: list[Found] = []
        self._words: list[str] = []
        self._lists = Lists()
        self._term = ""
        self._heading = 0  # level of the one that is open, 0: none
        self._last_heading = 1
        self._inside = self._links = self._bolds = 0  # how many of these elements are open
        self._linked = self._bold = self._all = 0  # characters pending

    def enters(self, node: LexborNode) -> bool:
        """Whether to go into an element. Tables of data and preformatted texts are read whole, here."""
        tag = node.tag or ""
        if tag in LEFT_OUT or (tag in _FRAME and not self._inside):
            return False
        if tag == "button":  # an accordion's heading is one; else a control
            return bool(self._heading or self._lists.term)
        if tag == "form":
            return _holds_text(node)
        if tag == "table" and is_data_table(node):
            self.flush()
            self._add_table(node)
            return False
        if tag == "pre":
            self.flush()
            self._add_preformatted(node)
            return False
        role = node.attributes.get("role") if tag in APART else None
        return (role or "").lower() not in _FRAME_ROLES

    def begin(self, node: LexborNode) -> None:
        """Take in a text, or that an element begins."""
        if node.is_text_node:
            self._add_words(node.text_content or "")
            return
        tag = node.tag or ""
        if tag in APART:
            self.flush()
        if tag == "br":
            if _BREAK in "".join(self._words[-2:]).rstrip(" \t\n")[-1:]:  # two in a row part paragraphs
                self.flush()
            else:
                self._words.append(_BREAK)
        elif tag in _LISTS:
            if tag == "dt":
                self._add_term()
            self._lists.begin(node)
        self._heading = _HEADINGS.get(tag, self._heading)
        self._count(tag, 1)

    def end(self, node: LexborNode) -> None:
        """Take in that an element ends."""
        tag = node.tag or ""
        if tag in APART:
            self.flush()
        if tag == "dl":
            self._add_term()
        if tag in _LISTS:
            self._lists.end(node)
        if tag in _HEADINGS:
            self._heading = 0
        self._count(tag, -1)

    def flush(self) -> None:
        """Close the block that the pending words make, if there are any."""
        text = " ".join(clean("".join(self._words).replace(_BREAK, " ")).split())
        linked, bold = self._linked > 0.7 * self._all, self._bold == self._all
        self._words, self._linked, self._bold, self._all = [], 0, 0, 0
        if not text:
            return
        if self._heading:
            self._last_heading = self._heading
            self._add(BlockKind.HEADING, self._heading, text, linked=linked)
        elif self._lists.term:
            self._term = f"{self._term}, {text}" if self._term else text
        else:
            if self._term:
                text = f"{self._term}{'' if self._term.endswith((':', '?')) else ':'} {text}"
                self._term = ""
            kind, level, text = self._lists.place(text)
            if bold and kind is BlockKind.PARAGRAPH and not level and _stands_as_heading(text):
                self._add(BlockKind.HEADING, min(self._last_heading + 1, 6), text, linked=linked)
            else:
                self._add(kind, level, text, linked=linked)

    def _add(self, kind: BlockKind, level: int, text: str, *, linked: bool = False) -> None:
        self.found.append(Found(ReadBlock(kind, level, text), bool(self._inside), linked))

    def _add_words(self, text: str) -> None:
        self._words.append(text)
        characters = len(text) - text.count(" ") if text.strip() else 0
        self._all += characters
        self._linked += characters if self._links else 0
        self._bold += characters if self._bolds else 0

    def _add_term(self) -> None:
        """A term without a meaning."""
        if self._term:
            self._add(BlockKind.ITEM, self._lists.level, BULLET + self._term)
            self._term = ""

    def _add_table(self, table: LexborNode) -> None:
        caption = read_caption(table)
        if caption:
            self._add(BlockKind.PARAGRAPH, self._lists.level, caption)
        for row in read_rows(table):
            self._add(BlockKind.ROW, 0, row)

    def _add_preformatted(self, node: LexborNode) -> None:
        pieces = [
            step.node.text_content or "" if step.node.is_text_node else "\n" * (step.node.tag == "br")
            for step in steps(node, enters=lambda one: one.tag not in LEFT_OUT)
            if step.begins
        ]
        for block in plain_blocks("".join(pieces)):
            self._add(block.kind, block.level, block.text)

    def _count(self, tag: str, one: int) -> None:
        self._inside += one * (tag in _MAIN)
        self._links += one * (tag == "a")
        self._bolds += one * (tag in ("b", "strong"))


def _holds_text(form: LexborNode) -> bool:
    """Some sites put the whole page into a form."""
    inside = steps(form, enters=lambda one: one.tag not in LEFT_OUT)
    return any(step.node.tag in _OF_A_TEXT for step in inside)


def _stands_as_heading(text: str) -> bool:
    return len(text) <= _SHORT and not text.endswith(_CLAUSE_END) and any(char.isalpha() for char in text)
