"""The place of a text that a quote most likely means, where the quote itself does not stand in it.

A quote with a word changed, added or dropped is a wrong quote, and stands nowhere. But whoever mends it needs the place
and the difference. Where a quote has at most n such words and is cut into n + 1 pieces, one of them is whole: it is
looked for as plain text, in the normalised text that `quotes` keeps, and its neighbours are compared word by word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import islice, pairwise
from typing import NamedTuple

from pipeline.data import SourceDocument
from pipeline.sources.descriptors import elide_descriptors
from pipeline.verify.quotes import JOINTS, normalise_quote, normalised_document

_LEAST, _LONGEST = 4, 1_000
"""Words of a quote: fewer stand anywhere with one of them changed, more are whole pages."""
_MOST = 3
_PLACES = 100
"""Places looked at for one piece; one that stands in more is a phrase of the whole text."""
_SLACK = 60
"""Characters that a place may be longer than the quote, before and behind the piece."""
_SHOWN = 80
"""Characters of a change that are shown; three words seldom have more."""
_CUT = re.compile(r"\s*(?:…|\.\.\.)$")
_WORD = re.compile(r"\w+(?:[^\w\s]\w+)*")

_Words = Sequence[re.Match[str]]


class Change(NamedTuple):
    """Words of the quote, and what the text has in their place; one of them may be empty."""

    quoted: str
    stored: str

    def __str__(self) -> str:
        """What the text does, as a sentence about it goes on."""
        quoted, stored = (text[:_SHOWN] + "…" * (len(text) > _SHOWN) for text in self)
        if not quoted:
            return f"has “{stored}” besides"
        return f"says “{stored}” instead of “{quoted}”" if stored else f"lacks “{quoted}”"


class NearQuote(NamedTuple):
    """A place nearly as quoted: offsets into the text, end exclusive, and all words that differ, in order.

    Without changes it is the place of a quote that ends in an ellipsis, up to there, or that differs in marks.
    """

    start: int
    end: int
    changes: tuple[Change, ...]


def find_nearest(quote: str, text: str) -> NearQuote | None:
    """Where `text` has the quote but for a few words: one, or up to a quarter of them and three.

    Marks and blanks between words do not count. Of several places the least different is taken, then the first. None
    where there is none, and for a quote of less than four words or more than 1,000.
    """
    whole = normalise_quote(quote)
    wanted = _CUT.sub("", whole)
    words = list(_WORD.finditer(wanted))
    if not _LEAST <= len(words) <= _LONGEST:
        return None
    for most in range(int(wanted == whole), min(_MOST, len(words) // _LEAST) + 1):
        for joint in JOINTS:
            stored = normalised_document(text, joint)
            if place := min(_places(wanted, words, stored.text, most), default=None):
                start, last = stored.original(place.start), stored.original(place.end - 1)
                return NearQuote(start, last + 1, _changes(words, stored.text[place.start : place.end]))
    return None


def describe_nearest(quote: str, document: SourceDocument) -> str:
    """Where in a document a quote nearly stands and what differs there, as a clause; empty where it does so nowhere.

    Of the document's words it shows none but those that differ, and none beside a descriptor.
    """
    near = find_nearest(quote, document.text)
    if near is None:
        return ""
    page, stored = document.page_of(near.start), document.text[near.start : near.end]
    differs = ", ".join(map(str, near.changes))
    if elide_descriptors(stored) != stored:
        differs = "has other words beside a descriptor"
    elif not differs:
        differs = "has its first words" if _CUT.search(quote.strip()) else "has these words with other marks"
    return f"the nearest place{f', page {page},' if page else ''} {differs}"


class _Place(NamedTuple):
    """How many words differ, and offsets into the normalised text."""

    differ: int
    start: int
    end: int


def _places(wanted: str, words: _Words, text: str, most: int) -> Iterator[_Place]:
    """Places that differ in up to `most` words: for each piece of the quote the first."""
    cuts = [len(words) * number // (most + 1) for number in range(most + 2)]
    for begin, end in pairwise(cuts):
        piece = wanted[words[begin].start() : words[end - 1].end()]
        ahead, behind = words[begin].start() + _SLACK, len(wanted) - words[end - 1].end() + _SLACK
        for offset in islice(_offsets(piece, text), _PLACES):
            stop = offset + len(piece)
            right = list(_WORD.finditer(text, stop, stop + behind))
            ends = _fewest(words[end:], right, most)
            if ends is None:
                continue
            left = list(_WORD.finditer(text, max(0, offset - ahead), offset))[::-1]
            starts = _fewest(words[:begin][::-1], left, most - ends.differ)
            if starts is not None:
                start = left[starts.length - 1].start() if starts.length else offset
                stop = right[ends.length - 1].end() if ends.length else stop
                yield _Place(starts.differ + ends.differ, start, stop)
                break


def _offsets(piece: str, text: str) -> Iterator[int]:
    """Where whole words of the text are the piece."""
    offset = text.find(piece)
    while offset >= 0:
        stop = offset + len(piece)
        inside = (offset and text[offset - 1].isalnum()) or (stop < len(text) and text[stop].isalnum())
        if not inside:
            yield offset
        offset = text.find(piece, offset + 1)


class _Beside(NamedTuple):
    """How many words differ and how many are the same, and how many of the text's stand for those of the quote."""

    differ: int
    same: int
    length: int


def _fewest(quoted: _Words, stored: _Words, most: int) -> _Beside | None:
    """All the quote's words beside the first of the text's, with fewest differing; None where more than `most` do."""
    same = 0
    for ours, theirs in zip(quoted, stored, strict=False):
        if ours[0] != theirs[0]:
            break
        same += 1
    if same == len(quoted):
        return _Beside(0, same, same)
    if most == 0:
        return None
    ways: list[_Beside] = []
    for ours, theirs in ((1, 1), (1, 0), (0, 1)):  # changed, added to the quote, dropped from it
        if same + theirs <= len(stored):
            rest = _fewest(quoted[same + ours :], stored[same + theirs :], most - 1)
            if rest is not None:
                ways.append(_Beside(rest.differ + 1, same + rest.same, same + theirs + rest.length))
    return min(ways, key=lambda way: (way.differ, -way.same), default=None)


def _changes(words: _Words, stored: str) -> tuple[Change, ...]:
    ours, theirs = [word[0] for word in words], _WORD.findall(stored)
    return tuple(
        Change(" ".join(ours[i:j]), " ".join(theirs[k:m]))
        for what, i, j, k, m in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes()
        if what != "equal"
    )
