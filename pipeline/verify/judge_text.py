"""A sentence as the local judge reads it: stems, names, quantities with their bounds, and what is negated.

General English, unlike `reading.py`, which knows the words of billing alone.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from pipeline.verify.judge_quantities import Quantity, read_quantities
from pipeline.verify.judge_words import base, is_content, words

_TOKEN = re.compile(
    r"n't\b|\d[\d,]*(?:\.\d+)?|[^\W\d_]+(?:\.[^\W\d_])+\.?|(?:(?!n't\b)[^\W\d_])+|[%$€£]|[,;.?!:]"
)
_BREAK = re.compile(r"(?<=[.!?])[\"'”’)\]]*\s+(?=[\"'“‘(\[]?[A-Z0-9$])|\s*\n+\s*")
_LONGEST = 400
"""Characters; a longer piece without a full stop is cut."""
_SCOPE = 6


class Sentence(NamedTuple):
    """`stems` in order, function words left out; `names` begin with a capital inside the sentence."""

    stems: tuple[str, ...]
    held: frozenset[str]
    negated: frozenset[str]
    heads: frozenset[str]
    cues: int
    names: frozenset[str]
    quantities: tuple[Quantity, ...]
    words: frozenset[str]


def split_sentences(text: str) -> list[str]:
    """The sentences and lines of a text that hold a word, none longer than 400 characters."""
    pieces = (
        piece[at : at + _LONGEST] for piece in _BREAK.split(text) for at in range(0, len(piece), _LONGEST)
    )
    return [piece for piece in pieces if any(char.isalnum() for char in piece)]


@lru_cache(maxsize=16_384)
def read(text: str) -> Sentence:
    """Read one sentence."""
    raw = _TOKEN.findall(text.replace("’", "'"))
    lower = [token.lower() for token in raw]
    content = [is_content(word) for word in lower]
    stems = tuple(base(word) for word, keep in zip(lower, content, strict=True) if keep)
    negated, heads, cues = _negations(lower, content)
    names = frozenset(
        base(word)
        for number, (token, word) in enumerate(zip(raw, lower, strict=True))
        if number and token[0].isupper() and content[number] and raw[number - 1] not in ".?!:"
    )
    quantities = tuple(read_quantities(lower, content))
    return Sentence(stems, frozenset(stems), negated, heads, cues, names, quantities, frozenset(lower))


def _negations(lower: list[str], content: list[bool]) -> tuple[frozenset[str], frozenset[str], int]:
    negated: set[str] = set()
    heads: set[str] = set()
    cues = 0
    for number, word in enumerate(lower):
        if word not in words().negation:
            continue
        cues += 1
        head = True
        for at in range(number + 1, min(number + 1 + 2 * _SCOPE, len(lower))):
            if lower[at] in ",;.?!:" or lower[at] in ("but", "because", "although"):
                break
            if content[at]:
                negated.add(base(lower[at]))
                if head:
                    heads.add(base(lower[at]))
                head = False
    return frozenset(negated), frozenset(heads), cues
