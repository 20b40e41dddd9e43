"""The AMA's descriptors inside other people's documents: left out of quotes, and recognised where they cannot be.

CMS's own words are public domain; the descriptors inside them are not, and a page prints none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

ELIDED = "(…)"
_CODE = r"(?:[0-9]{4}[0-9A-Z]|[A-Z][0-9]{4})"
_MODIFIER = r"[Mm]odifiers?\s+[0-9A-Z]{2}"
_CLOSING = {"(": ")", "[": "]"}

# What a bracket behind a code holds where it is the document's own remark: a count, a reference, a condition, codes.
_REMARK = re.compile(
    rf"\s*(?:[0-9]+\s*(?:units?|uos|days?|lines?|times)\b|see\b|e\.?g\b|i\.?e\b|if\b|when\b|unless\b|except\b|but\b"
    rf"|not\b|(?:and|or|plus|formerly|now|column)\s+(?:the\s+|CPT\s+|HCPCS\s+|codes?\s+)*(?:{_CODE}|one|two|1|2)\b"
    rf"|with(?:out)?\s+(?:a\s+)?modifiers?\b|(?:bilateral\s+)?modifiers?\b|(?:the\s+|CPT\s+|HCPCS\s+|codes?\s+)*{_CODE}\b"
    rf"|(?:section|chapter|appendix)\b|deleted\b|effective\b)",
    re.IGNORECASE,
)
_BRACKET = re.compile(rf"(?:\b{_CODE}|\b{_MODIFIER})\s*[(\[]")
# What follows a closing bracket when the manual forgot the outer one: the next code of the list.
_NEXT_CODE = re.compile(rf"[)\]]\s*(?:,|and|or)\s+(?:CPT\s+codes?\s+)?{_CODE}\b")
# Words up to a bracket that closes one too many: "94640 (a thing) (and more) device)".
_TAIL = re.compile(rf"(?:(?!\b{_CODE}\b|\.\s)[^()\[\]\n]|[(\[][^()\[\]\n]*[)\]])*[)\]]")

# "29881: Words", "29881 – Words", "29881 | Words": to the end of the sentence, or the next code.
_SEPARATED = re.compile(
    rf"(?P<code>\b{_CODE}\b)(?:\s*+[:|=]|\s++[-–—]++\s|\s*+[–—])\s*+(?![0-9(]|{_CODE}\b|[A-Z0-9]{{2}}\b)"
    rf"(?:(?!(?:[;,]\s*)?(?:(?:and|or|with)\s+)?(?:CPT\s+|HCPCS\s+|codes?\s+)*{_CODE}\b|\.\s|\.$)[^\n])+"
)
# Words in quotation marks where a code, a modifier or CPT is spoken of: a title of the codebook, unless it is a term
# of two or three words ("separate procedure").
_TITLE = r"(?:[^{marks}\n\s]+\s+){{3,}}[^{marks}\n]*|(?:[A-Z][^{marks}\n\s]*\s+){{2}}[A-Z][^{marks}\n]*"
_QUOTED = re.compile(
    rf"“(?:{_TITLE.format(marks='“”')})(?:”|$)|\"(?:{_TITLE.format(marks=chr(34))})(?:\"|$)", re.MULTILINE
)
_SPEAKS_OF_CPT = re.compile(rf"\b(?:{_CODE}|{_MODIFIER}|CPT)\b")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9(“\"])|\n")

# Where nothing tells an end: a title right behind a code, or in front of a bracketed one.
_VERB = (
    r"(?:is|are|was|were|be|been|may|can|shall|should|must|will|has|have|had|does|do|did|includes?|describes?|applies|"
    r"apply|requires?|reports?|reported|bills?|billed|represents?|allows?|denies|denied|pays|paid|becomes?|defines?)"
)
_TITLED_BEHIND = re.compile(
    rf"(?:^|[|•\n][ \t]*)(?:CPT\s+codes?\s+|HCPCS\s+codes?\s+)?{_CODE},?\s+(?!(?:{_VERB}|and|or|with|to|through)\b)"
    rf"[A-Z][a-z]+(?:,|;|\s+(?!{_VERB}\b)[\w/,;-]+){{1,}}",
)
_CODE_IN_BRACKETS = re.compile(rf"[(\[]\s*(?:CPT\s+|HCPCS\s+|codes?\s+)*{_CODE}\b")
_CLAUSE = re.compile(r"[.:|•\n()\[\]]")
_TITLE_OF_CODE = re.compile(
    rf"(?!(?:a|an|any|as|based|both|for|if|in|pursuant|similarly|some|the|therefore|these|thus|when)\b)"
    rf"(?!.*\b{_VERB}\b)[A-Z].*[,;]",
    re.IGNORECASE,
)

_WORD = re.compile(r"[^\W_]+")
_RUN = 5
_LONGEST = 1_500
"""Characters of a descriptor: no bracket or title is followed further."""


@lru_cache(maxsize=1_024)
def elide_descriptors(text: str) -> str:
    """The text with what may be a descriptor as `(…)`: behind a code or a modifier in brackets, or after a dash, a
    colon or a bar; in quotation marks in a sentence on CPT.

    Brackets inside are counted; one that is not closed ends before the next code of the list, else after 1,500
    characters.
    A remark that only the document can make ("1 unit", "see below", "with modifier 59") stays.
    """
    return _without_titles(_SEPARATED.sub(rf"\g<code> {ELIDED}", _without_brackets(text)))


def may_describe(text: str) -> bool:
    """Whether a text without its recognised descriptors may still hold one whose end nothing tells."""
    if _TITLED_BEHIND.search(text):
        return True
    before = (
        text[max(0, match.start() - _LONGEST) : match.start()] for match in _CODE_IN_BRACKETS.finditer(text)
    )
    return any(_TITLE_OF_CODE.match(_CLAUSE.split(words.replace("(s)", ""))[-1].strip()) for words in before)


def repeats_descriptor(text: str, descriptors: Iterable[str]) -> bool:
    """Whether five words running, or all of a shorter descriptor of at least three, stand in the text."""
    words = _words(text)
    held = {size: set(_runs(words, size)) for size in range(3, _RUN + 1)}
    for descriptor in descriptors:
        own = _words(descriptor)
        size = min(len(own), _RUN)
        if size >= min(held) and any(run in held[size] for run in _runs(own, size)):
            return True
    return False


class DescriptorRuns:
    """Runs of five words of many descriptors, to look for in a text whatever codes it names."""

    def __init__(self, descriptors: Iterable[str]):
        self._runs = frozenset(run for text in descriptors for run in _runs(_words(text), _RUN))

    def stand_in(self, text: str) -> bool:
        """Whether one of them stands in the text."""
        return any(run in self._runs for run in _runs(_words(text), _RUN))


def _without_brackets(text: str) -> str:
    kept, position = [], 0
    for match in _BRACKET.finditer(text):
        opening = match.end() - 1
        if opening < position or text.startswith(ELIDED, opening) or _REMARK.match(text, opening + 1):
            continue
        kept += [text[position:opening], ELIDED]
        closing = _closing(text, opening)
        # Where no bracket is open before the code, one that closes behind closes the descriptor's.
        before = text[max(0, opening - _LONGEST) : opening]
        tail = None if _depth(before) > 0 else _TAIL.match(text, closing, closing + _LONGEST)
        position = tail.end() if tail else closing
    return "".join([*kept, text[position:]])


def _depth(text: str) -> int:
    """How many brackets are open at the end of the text's last sentence."""
    last = _SENTENCE.split(text)[-1]
    return sum(last.count(mark) for mark in "([") - sum(last.count(mark) for mark in ")]")


def _closing(text: str, opening: int) -> int:
    begins, ends, depth = text[opening], _CLOSING[text[opening]], 0
    longest = min(len(text), opening + _LONGEST)
    for index in range(opening, longest):
        depth += {begins: 1, ends: -1}.get(text[index], 0)
        if depth == 0 or (text[index] == ends and _NEXT_CODE.match(text, index)):
            return index + 1
    return longest


def _without_titles(text: str) -> str:
    kept, position = [], 0
    for end in [*(match.start() for match in _SENTENCE.finditer(text)), len(text)]:
        sentence = text[position:end]
        kept.append(_QUOTED.sub("“…”", sentence) if _SPEAKS_OF_CPT.search(sentence) else sentence)
        position = end
    return "".join(kept)


def _words(text: str) -> list[str]:
    """Words without case and accents: "sailíng_barge" is "sailing barge"."""
    apart = text if text.isascii() else unicodedata.normalize("NFKD", text)
    return [
        word.casefold() for word in _WORD.findall("".join(c for c in apart if not unicodedata.combining(c)))
    ]


def _runs(words: list[str], size: int) -> Iterator[tuple[str, ...]]:
    return zip(*(words[start:] for start in range(size)), strict=False)
