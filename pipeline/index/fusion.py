"""One score out of three signals: words, meaning, and the codes that a question names.

BM25 is taken as a share of the best score of the search, since its scale depends on the query; cosine similarity and
the share of codes have scales of their own. The weights were chosen on the development part of `evals/retrieval`, where
this beats the fusion of ranks (Cormack, Clarke and Buettcher, SIGIR 2009) that stood here before: see the README.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from pipeline.data import Passage, Record
from pipeline.selector import in_range

_WORD = re.compile(r"\w+")
# People type g0289, 0213t and 29881rt; 5000m is a distance, and M1711 the diagnosis M17.11 (`sources.codes_named`).
_CODE = re.compile(
    r"(?<![\w$.,-])(?!(?i:G5|M1[5-9]|M[2-9]|Q[67]))([0-9]{4}[0-9FTUMf]|0[0-9]{3}[tum]|[A-CEGHJ-MP-Va-ceghj-mp-v][0-9]{4})"
    r"(?i:LT|RT|TC|AS)?(?![\w%]|[.,][0-9])"
)
_ALIKE = 0.8
"""Share of common words from which two passages say the same: manuals repeat a rule in every chapter."""

IN_RANGE = 0.7
_NAMED, _IN_CHAPTER = 1.0, 0.1


class Weights(Record):
    """What each signal counts for, beside a similarity that counts 1."""

    words: float = 0.4
    codes: float = 0.5
    meaning: float = 1.0


WEIGHTS = Weights()


class Signals(NamedTuple):
    """What speaks for a passage: BM25 score, cosine similarity, and the share of the question's codes it speaks of.

    `codes` is 1 for a question without codes.
    """

    words: float
    meaning: float
    codes: float


def told_codes(text: str) -> tuple[str, ...]:
    """The HCPCS codes that a question names, each once, in capitals."""
    return tuple(dict.fromkeys(code.upper() for code in _CODE.findall(text)))


def speaks_of(passage: Passage, codes: Sequence[str]) -> float:
    """How far a passage is about the codes, 0 to 1: by name, in a range, or in a chapter about a range.

    What a note applies to it is about.
    """
    if not codes:
        return 1.0
    return sum(_nearest(passage, code) for code in codes) / len(codes)


def _nearest(passage: Passage, code: str) -> float:
    if code in passage.applies_to.codes or _is_named(passage, code):
        return _NAMED
    ranges = (*passage.codes, *passage.applies_to.ranges)
    for pairs, share in ((ranges, IN_RANGE), (passage.chapter_codes, _IN_CHAPTER)):
        if any(in_range(code, first, last) for first, last in pairs):
            return share
    return 0.0


def _is_named(passage: Passage, code: str) -> bool:
    # The codes of a document's passage were read from it; those of a note stand in its text alone.
    if passage.codes:
        return (code, code) in passage.codes
    return re.search(rf"\b{re.escape(code)}\b", passage.text) is not None


def fuse(signals: Mapping[int, Signals], weights: Weights = WEIGHTS) -> dict[int, float]:
    """The score of each passage, by number; higher is better."""
    best = max((one.words for one in signals.values()), default=0.0)
    return {
        number: weights.meaning * one.meaning
        + weights.words * (one.words / best if best > 0 else 0.0)
        + weights.codes * one.codes
        for number, one in signals.items()
    }


def spread(ordered: Sequence[int], passage: Callable[[int], Passage], *, limit: int) -> list[int]:
    """The first `limit` of `ordered`; of passages that say the same, the first stands for all while others are left."""
    chosen: list[int] = []
    told: list[frozenset[str]] = []
    repeated: list[int] = []
    for number in ordered:
        if len(chosen) >= limit:
            return chosen
        words = frozenset(_WORD.findall(passage(number).text.lower()))
        if any(len(words & other) >= _ALIKE * len(words | other) for other in told):
            repeated.append(number)
        else:
            chosen.append(number)
            told.append(words)
    return [*chosen, *repeated][:limit]
