"""Lists in a sentence: "A or B" says what "B or A" does, and "each joint or bursa" speaks of joints and of bursae."""

from __future__ import annotations

import re
from collections.abc import Iterator

_BY_ORDER = re.compile(r"\brespectively\b|\bin that order\b|\bcolumn\b|col#")


def _list_of(item: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Items with nothing but commas, "and" and "or" between them, and the item."""
    between = r"(?:\s*,?\s*(?:and|or|nor)\b\s*|\s*,\s*)(?:(?:the|one with|with) )?"
    return re.compile(rf"{item}(?:{between}{item})+"), re.compile(item)


_LISTS = (
    _list_of(r"\bcode#\w+"),
    _list_of(r"\b(?:yes|no|unread):mod#\w+"),
    _list_of(r"\b(?:medial|lateral|anterior|posterior|left|right|upper|lower)\b"),
)
_EACH_LIST = re.compile(r"\b(?:each|per|every) (?P<listed>\w+(?: (?:or|and) \w+)*)")
_WORDS = re.compile(r"\w+")


def sorted_lists(canonical: str) -> str:
    """ "A or B" says what "B or A" does, unless the sentence goes by the order: "respectively"."""
    if _BY_ORDER.search(canonical):
        return canonical
    for listed, item in _LISTS:
        canonical = listed.sub(
            lambda found, item=item: " , ".join(sorted(item.findall(found.group()))), canonical
        )
    return canonical


def counted_each(canonical: str) -> Iterator[str]:
    """What the sentence speaks of one by one: "each joint or bursa" of joints, and of bursae."""
    for match in _EACH_LIST.finditer(canonical):
        yield from _WORDS.findall(match["listed"])
