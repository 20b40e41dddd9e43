"""Two texts compared word by word, and the typed values in them that differ."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal

from pipeline.data import FigureChange, WordChange, Words

_PIECE = re.compile(r"\s+|[$€§]?\w+(?:[.,'’/-]\w+)*%?|.", re.DOTALL)
_TOKEN = re.compile(r"(?<!\S)([a-z]+)#(\S+)")
NAMES_OF_RELEASES = frozenset(("rel", "yr", "date"))
"""Kinds of typed values that say when, not how much."""


def compare_words(part: str, old: str, new: str) -> WordChange:
    """The part's runs of words, in order; what stands only between two changed words goes with them."""
    first, second = _PIECE.findall(old), _PIECE.findall(new)
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    runs: list[list[str]] = []  # [same, out, in]
    for op, i1, i2, j1, j2 in matcher.get_opcodes():
        out, into = "".join(first[i1:i2]), "".join(second[j1:j2])
        if op == "equal":
            runs.append([out, "", ""])
        elif len(runs) >= 2 and not runs[-1][0].strip() and not runs[-2][0]:
            blank = runs.pop()[0]
            runs[-1][1] += blank + out
            runs[-1][2] += blank + into
        else:
            runs.append(["", out, into])
    return WordChange(part=part, words=tuple(_words(runs)))


def _words(runs: Sequence[Sequence[str]]) -> Iterator[Words]:
    ops: tuple[Literal["same", "out", "in"], ...] = ("same", "out", "in")
    for run in runs:
        for op, text in zip(ops, run, strict=True):
            if text:
                yield Words(op=op, text=text)


def compare_parts(old: Sequence[tuple[str, str]], new: Sequence[tuple[str, str]]) -> tuple[WordChange, ...]:
    """What differs between the parts of two claims, by name; a part that one side lacks is empty there."""
    before, after = dict(old), dict(new)
    names = dict.fromkeys((*after, *before))
    return tuple(
        compare_words(name, before.get(name, ""), after.get(name, ""))
        for name in names
        if before.get(name, "") != after.get(name, "")
    )


def compare_figures(
    old: str, new: str, *, mark: Callable[[str], str]
) -> tuple[bool, tuple[FigureChange, ...]]:
    """Whether two sentences are the same but for typed values, and if so the values that differ, in order.

    `mark` writes everything checkable in a sentence as one token `kind#value`.
    """
    before, after = mark(old), mark(new)
    if _mask(before) != _mask(after):
        return False, ()
    pairs = zip(_TOKEN.findall(before), _TOKEN.findall(after), strict=True)
    return True, tuple(
        dict.fromkeys(
            FigureChange(kind=kind, old=value, new=other)
            for (kind, value), (_, other) in pairs
            if value != other
        )
    )


def _mask(marked: str) -> list[str]:
    return _TOKEN.sub(lambda token: token[1] + "#", marked).split()
