"""Blocks of a document as a reader finds them, and the one stored text they are composed into."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pipeline.data import BlockKind, DocumentBlock

PAGE_BREAK = "\f"
"""Inside a block's text: the next page begins here. No stored text holds one."""

_CLOSE = (BlockKind.ROW, BlockKind.ITEM, BlockKind.CONTENTS)


class ReadBlock(NamedTuple):
    """A heading, paragraph, item or table row, in reading order.

    `level`: of a heading from 1 down; of an item its nesting from 1; of a paragraph 0, or the level of the item it
    continues. `page` is the physical page it begins on, from 1, or None in a form without pages.
    """

    kind: BlockKind
    level: int
    text: str
    page: int | None = None


class Composed(NamedTuple):
    """The stored text, the offset at which each physical page begins (empty: no pages), and the blocks' spans."""

    text: str
    page_starts: tuple[int, ...]
    blocks: tuple[DocumentBlock, ...]


def compose(blocks: Iterable[ReadBlock], *, pages: int = 0) -> Composed:
    """Join the blocks: a blank line between them, a line end between items or rows that follow one another.

    A page begins where its first character stands, so that a sentence which runs over a page is whole in the text.
    """
    pieces: list[str] = []
    starts: list[int] = []
    spans: list[DocumentBlock] = []
    position = 0
    before: ReadBlock | None = None
    for block in blocks:
        words = block.text.replace(PAGE_BREAK, "")
        if not words.strip():
            continue
        if before is not None:
            joint = "\n" if before.kind is block.kind and block.kind in _CLOSE else "\n\n"
            pieces.append(joint)
            position += len(joint)
        before = block
        starts += [position] * ((block.page or 0) - len(starts))
        offset = position
        for number, part in enumerate(block.text.split(PAGE_BREAK)):
            if number and block.page:
                starts.append(offset)
            offset += len(part)
        spans.append(DocumentBlock(block.kind, block.level, position, offset))
        pieces.append(words)
        position = offset
    starts += [position] * (pages - len(starts))
    return Composed("".join(pieces), tuple(starts) if pages > 1 else (), tuple(spans))
