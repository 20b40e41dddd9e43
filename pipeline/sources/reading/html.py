"""A page of the web made into blocks: its structure by walking its elements, what is its main text by trafilatura."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pipeline.data import BlockKind
from pipeline.errors import SourceError
from pipeline.sources.reading.blocks import ReadBlock
from pipeline.sources.reading.characters import clean, decode_html
from pipeline.sources.reading.html_tree import parse_page
from pipeline.sources.reading.html_walk import Found, walk

_LONGEST_JUDGED = 3_000_000
"""Characters of markup: trafilatura takes a second for two million of these, half a minute for twenty."""

_MOST = 0.5  # share of a page's words, those of links aside, that its main elements must have
_MOST_OUTSIDE = 0.25
"""Share of the text found that may be left out around it, links aside."""

_SHINGLE = 4
_WORD = re.compile(r"\w+")
_LINKS = (BlockKind.ITEM, BlockKind.PARAGRAPH)


def read_html_blocks(data: bytes, *, name: str) -> list[ReadBlock]:
    """Blocks of a page's main text, in order; the numbers and bullets that its lists show stand before their items.

    Nothing is fetched. Raises SourceError for a page without text, or nested beyond reason; `name` is for the message.
    """
    text = clean(decode_html(data))
    body = parse_page(text, name=name)
    found = _main_part(walk(body)) if body is not None else []
    if not any(char.isalnum() for one in found for char in one.block.text):
        raise SourceError(
            f"{name} holds no text (is it filled in by scripts?); open it in a browser, print it to a PDF and add that"
        )
    return [one.block for one in _main_text(found, text)]


def _main_part(found: list[Found]) -> list[Found]:
    """What stands in main or article elements, if that is half of the page or more."""
    inside = [one for one in found if one.inside]
    return inside if _length(inside) >= _MOST * _length(one for one in found if not one.linked) else found


def _main_text(found: list[Found], text: str) -> list[Found]:
    """From the first block that trafilatura keeps to the last, with the heading above and the lists at either end.

    Between them only links that it left out go: it drops tables, terms and short paragraphs of the text itself. Where
    much besides links would be left out at the ends, it has lost the text, and all is kept.
    """
    extracted = _Extracted(_extract(text))
    kept = [extracted.holds(one.block.text) for one in found]
    surely = [n for n, keep in enumerate(kept) if keep and len(_words(found[n].block.text)) >= _SHINGLE]
    if not surely:
        return found
    ends = [*surely, *(n for n, one in enumerate(found) if one.block.kind is BlockKind.ROW)]
    first, last = min(ends), max(ends)
    first = next((n for n in range(first) if _is_title(found[n].block)), first)
    while first and (kept[first - 1] or _leads(found[first - 1])):
        first -= 1
    while last + 1 < len(found) and (kept[last + 1] or _follows(found[last + 1])):
        last += 1
    outside = _length(one for one in [*found[:first], *found[last + 1 :]] if not one.linked)
    if outside > _MOST_OUTSIDE * _length(found[first : last + 1]):
        return found
    return [
        one
        for one, keep in list(zip(found, kept, strict=True))[first : last + 1]
        if keep or not one.linked or one.block.kind not in _LINKS
    ]


def _leads(one: Found) -> bool:
    return one.block.kind is BlockKind.HEADING or _follows(one)


def _follows(one: Found) -> bool:
    """Whether a block is an item, or goes on with one."""
    return one.block.kind in _LINKS and one.block.level > 0 and not one.linked


class _Extracted:
    """The text that trafilatura extracts, as runs of up to _SHINGLE words."""

    def __init__(self, text: str) -> None:
        words = _words(text)
        self._runs = {size: set(_runs(words, size)) for size in range(1, _SHINGLE + 1)}

    def holds(self, text: str) -> bool:
        """Whether most of the text is in it; wholly so, where it is short."""
        words = _words(text)
        size = min(_SHINGLE, len(words))
        own = set(_runs(words, size)) if size else set()
        return len(own & self._runs.get(size, set())) > 0.6 * len(own)


def _extract(text: str) -> str:
    if len(text) > _LONGEST_JUDGED:
        return ""
    from trafilatura import extract

    try:
        return extract(text, include_comments=False, include_tables=True, favor_recall=True) or ""
    except Exception:  # it raises whatever strange markup makes it; the walk alone then tells
        return ""


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _runs(words: Sequence[str], size: int) -> Iterable[tuple[str, ...]]:
    return zip(*(words[n:] for n in range(size)), strict=False)


def _length(found: Iterable[Found]) -> int:
    return sum(len(one.block.text) for one in found)


def _is_title(block: ReadBlock) -> bool:
    return block.kind is BlockKind.HEADING and block.level == 1
