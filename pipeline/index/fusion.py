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
_CODE = re.compile(r"(?<![\w$.,-])(?:[0-9]{4}[0-9FTUM]|[A-CEGHJ-MP-V][0-9]{4})(?![\w%]|[.,][0-9])")
_ALIKE = 0.8
"""Share of common words from which two passages say the same: manuals repeat a rule in every chapter."""

_NAMED, _IN_RANGE, _IN_CHAPTER = 1.0, 0.7, 0.1


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
    """The HCPCS codes that a question names, each once."""
    return tuple(dict.fromkeys(_CODE.findall(text)))


def speaks_of(passage: Passage, codes: Sequence[str]) -> float:
    """How far a passage is about the codes, 0 to 1: by name, in a range, or in a chapter about a range."""
    if not codes:
        return 1.0
    return sum(_nearest(passage, code) for code in codes) / len(codes)


def _nearest(passage: Passage, code: str) -> float:
    if any(first == code == last for first, last in passage.codes):
        return _NAMED
    for ranges, share in ((passage.codes, _IN_RANGE), (passage.chapter_codes, _IN_CHAPTER)):
        if any(in_range(code, first, last) for first, last in ranges):
            return share
    return 0.0


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
