"""Passages of a document: its own units. A numbered rule stays whole, with what belongs to it; prose by paragraphs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from pipeline.data import BlockKind, DocumentBlock, Passage, SourceDocument
from pipeline.identity import digest
from pipeline.sources.codes_named import CodeRange, codes_named
from pipeline.sources.reading.structure import read_marker

_ENOUGH = 450
"""Characters from which a paragraph stands as a passage of its own."""

_MOST = 1_500
"""Characters of a passage that is made of several small ones, and of a list kept with the words that lead to it."""

_LONGEST = 8_000
"""Characters beyond which even one rule is divided, between its paragraphs."""

_SENTENCE = re.compile(r"(?<=[.!?;])[\"”’)\]]*\s+(?=[\"“‘(\[]?[A-Z0-9•])")


class _Unit(NamedTuple):
    """What is cut as one: blocks in order, under a path of headings."""

    headings: tuple[str, ...]
    blocks: tuple[DocumentBlock, ...]
    whole: bool

    @property
    def start(self) -> int:
        return self.blocks[0].start

    @property
    def end(self) -> int:
        return self.blocks[-1].end


def split_passages(document: SourceDocument) -> list[Passage]:
    """The passages of a document in order; offsets into its text, tables of contents left out.

    An id depends on the document, the headings and the words, not on the place: it stays where text before it changes.
    """
    seen: dict[str, int] = {}
    passages = []
    for headings, start, end in _spans(document):
        text = document.text[start:end]
        key = digest([headings, text])[:16]
        seen[key] = seen.get(key, 0) + 1
        passages.append(
            Passage(
                id=f"{document.id}#{key}" + (f"-{seen[key]}" if seen[key] > 1 else ""),
                document_id=document.id,
                heading_path=headings,
                start=start,
                end=end,
                page=document.page_of(start),
                text=text,
                applies_to=document.applies_to,
                codes=codes_named(text),
                chapter_codes=_chapter_codes(headings),
            )
        )
    return passages


def _chapter_codes(headings: Sequence[str]) -> tuple[CodeRange, ...]:
    """The codes that the nearest heading which names any says its text is about."""
    return next((found for heading in reversed(headings[1:]) if (found := codes_named(heading))), ())


def _spans(document: SourceDocument) -> Iterator[tuple[tuple[str, ...], int, int]]:
    held: _Unit | None = None
    for unit in _units(document):
        if held is not None and _fit(held, unit) and not document.text[held.end : unit.start].strip():
            held = held._replace(blocks=(*held.blocks, *unit.blocks))
            continue
        if held is not None:
            yield from _cut(document, held)
        held = unit
    if held is not None:
        yield from _cut(document, held)


def _fit(one: _Unit, other: _Unit) -> bool:
    """Whether two neighbours are so short that they make one passage."""
    small = one.end - one.start < _ENOUGH and other.end - one.start < _MOST
    return small and one.headings == other.headings and not one.whole and not other.whole


def _units(document: SourceDocument) -> Iterator[_Unit]:
    path: list[tuple[int, str]] = []
    blocks, position = document.blocks, 0
    while position < len(blocks):
        block, end = blocks[position], _unit_end(blocks, position)
        if block.kind is BlockKind.HEADING:
            path = [one for one in path if one[0] < block.level]
        headings = (document.title, *(text for _, text in path))
        if block.kind is BlockKind.HEADING:
            if _stands_alone(block, blocks[end : end + 1]):
                yield _Unit(headings, (block,), whole=False)
            path.append((block.level, " ".join(document.text[block.start : block.end].split())))
        elif block.kind is not BlockKind.CONTENTS:
            yield from _make(document, headings, blocks[position:end])
        position = end


def _stands_alone(heading: DocumentBlock, following: Sequence[DocumentBlock]) -> bool:
    """Whether nothing stands below a heading: it is then a passage itself, as its words stand in no path."""
    return all(one.kind is BlockKind.HEADING and one.level <= heading.level for one in following)


def _unit_end(blocks: Sequence[DocumentBlock], start: int) -> int:
    """Where the unit that begins at `start` ends: a rule takes in all that is nested in it; rows go together."""
    first, end = blocks[start], start + 1
    if first.kind is BlockKind.ROW:
        while end < len(blocks) and blocks[end].kind is BlockKind.ROW:
            end += 1
    elif first.kind is BlockKind.ITEM:
        while end < len(blocks) and _inside(blocks[end], first.level):
            end += 1
    return end


def _inside(block: DocumentBlock, level: int) -> bool:
    if block.kind is BlockKind.ITEM:
        return block.level > level
    return block.kind is BlockKind.PARAGRAPH and block.level >= level > 0


def _make(
    document: SourceDocument, headings: tuple[str, ...], blocks: Sequence[DocumentBlock]
) -> Iterator[_Unit]:
    first = blocks[0]
    if first.kind is BlockKind.ROW:
        yield from _tables(document, headings, blocks)
        return
    words = document.text[first.start : first.end]
    marker = read_marker(words)
    # "(1)" counts the parts of a sentence, "o" is a bullet: neither is a rule's number.
    numbered = words[0].isalnum() and (marker is None or marker.style != "bullet")
    yield _Unit(headings, tuple(blocks), whole=numbered and first.kind is BlockKind.ITEM)


def _tables(
    document: SourceDocument, headings: tuple[str, ...], rows: Sequence[DocumentBlock]
) -> Iterator[_Unit]:
    """Rows in groups; from the second on, the table's first row stands in the headings, as it names the columns."""
    title = " ".join(document.text[rows[0].start : rows[0].end].split())
    for number, group in groupby(rows, key=lambda row: (row.start - rows[0].start) // _MOST):
        yield _Unit((*headings, title) if number else headings, tuple(group), whole=True)


def _cut(document: SourceDocument, unit: _Unit) -> Iterator[tuple[tuple[str, ...], int, int]]:
    """The unit's span; where it is longer than any rule, between its paragraphs, else between sentences."""
    most = _LONGEST if unit.whole else _MOST
    start, end = unit.start, unit.start
    for stop in _stops(document, unit, most):
        if stop - start > most and end > start:
            yield (unit.headings, *_trimmed(document, start, end))
            start = end
        end = stop
    if document.text[start:end].strip():
        yield (unit.headings, *_trimmed(document, start, end))


def _stops(document: SourceDocument, unit: _Unit, most: int) -> Iterator[int]:
    for block in unit.blocks:
        if block.end - block.start > most:
            text = document.text[block.start : block.end]
            yield from (block.start + match.end() for match in _SENTENCE.finditer(text))
        yield block.end


def _trimmed(document: SourceDocument, start: int, end: int) -> tuple[int, int]:
    text = document.text[start:end]
    return start + len(text) - len(text.lstrip()), end - len(text) + len(text.rstrip())
