"""A plain text made into blocks by its blank lines, marks and indents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.data import BlockKind
from pipeline.errors import SourceError
from pipeline.sources.reading.blocks import PAGE_BREAK, ReadBlock
from pipeline.sources.reading.characters import clean
from pipeline.sources.reading.hyphens import Hyphens
from pipeline.sources.reading.plain_items import Items, indent_of, is_ended
from pipeline.sources.reading.plain_parts import read_heading, read_rows

_LONG = 200
"""Characters; a longer line was not wrapped, so it is a paragraph by itself."""


def read_plain_blocks(text: str, *, name: str) -> list[ReadBlock]:
    """Blocks of a text in order; where it has form feeds, each says on which page it begins, counted by them.

    Raises SourceError for a text without words; `name` is for the message.
    """
    blocks = plain_blocks(text)
    if not any(char.isalnum() for block in blocks for char in block.text):
        raise SourceError(f"{name} holds no text; check that it is the right file, and saved as UTF-8 text")
    return blocks


def plain_blocks(text: str) -> list[ReadBlock]:
    """Blocks of a text in order, none where it has no words."""
    pages = [clean(page).split("\n") for page in text.split(PAGE_BREAK)]
    lines = sorted(len(line) for page in pages for line in page if line.strip() and len(line) <= _LONG)
    width = lines[-1 - len(lines) // 10] if lines else 0
    builder = _Builder(Hyphens(line for page in pages for line in page), Items(width=width))
    for number, page in enumerate(pages, 1):
        builder.begin_page(number if len(pages) > 1 else None)
        for lines_together in _together(page):
            builder.take(lines_together)
    return builder.end()


def _together(lines: Sequence[str]) -> Iterator[list[str]]:
    """Lines that stand without a blank line between them; one that was not wrapped stands by itself."""
    together: list[str] = []
    for line in [*lines, ""]:
        alone = len(line) > _LONG
        if together and (alone or not line.strip()):
            yield together
            together = []
        if alone:
            yield [line.rstrip()]
        elif line.strip():
            together.append(line.rstrip())


class _Builder:
    """Takes lines that stand together, and closes a block where the next line cannot belong to it."""

    def __init__(self, hyphens: Hyphens, items: Items) -> None:
        self._hyphens = hyphens
        self._items = items
        self._blocks: list[ReadBlock] = []
        self._kind, self._level = BlockKind.PARAGRAPH, 0
        self._words: list[str] = []  # of the open block, line by line
        self._page: int | None = None
        self._begun: int | None = None  # page on which the open block began
        self._turned = 0  # pages turned since its last line
        self._hang = -1

    def begin_page(self, page: int | None) -> None:
        self._page = page
        self._turned += 1

    def end(self) -> list[ReadBlock]:
        self._close()
        return self._blocks

    def take(self, lines: list[str]) -> None:
        """Read lines that stand together, from the top."""
        before = ""
        at = 0
        while at < len(lines):
            used = 1
            if rows := read_rows(lines, at):
                self._close()
                self._blocks += [ReadBlock(BlockKind.ROW, 0, row, self._page) for row in rows if row]
                used, before = len(rows), ""
            elif heading := read_heading(lines[at : at + 3], before=before):
                self._close()
                self._items.clear()
                self._blocks.append(ReadBlock(BlockKind.HEADING, heading.level, heading.text, self._page))
                used, before = heading.lines, ""
            elif not any(char.isalnum() for char in lines[at]):  # a rule between parts
                self._close()
                before = ""
            else:
                line = lines[at].expandtabs(8)
                self._take_line(line, before)
                before = line
            at += used

    def _take_line(self, line: str, before: str) -> None:
        marker = self._items.begins(line, before=before, hang=self._hang)
        words = " ".join(line.split())
        if marker is not None:
            self._close()
            self._open(BlockKind.ITEM, self._items.open(marker, line), words)
        elif before or self._runs_over(words):
            self._append(words)
            self._hang = indent_of(line)
        else:
            self._close()
            self._open(BlockKind.PARAGRAPH, self._items.level(line), words)

    def _runs_over(self, words: str) -> bool:
        """Whether the first line of a page goes on with the last sentence of the page before."""
        return self._turned > 0 and bool(self._words) and not is_ended(self._words[-1]) and words[0].islower()

    def _open(self, kind: BlockKind, level: int, words: str) -> None:
        self._kind, self._level, self._words, self._begun = kind, level, [words], self._page
        self._turned, self._hang = 0, -1

    def _append(self, words: str) -> None:
        joined = self._hyphens.join(self._words[-1], words)
        self._words[-1] = joined[: len(joined) - len(words)] + PAGE_BREAK * self._turned
        self._words.append(words)
        self._turned = 0

    def _close(self) -> None:
        if self._words:
            self._blocks.append(ReadBlock(self._kind, self._level, "".join(self._words), self._begun))
        self._words, self._turned = [], 0
