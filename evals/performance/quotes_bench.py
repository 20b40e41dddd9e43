"""Locating quotes: as stored, in other blanks and marks, and with one word changed, in a chapter and in a manual."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from difflib import SequenceMatcher
from itertools import cycle
from pathlib import Path
from random import Random
from statistics import median, quantiles
from typing import NamedTuple

from evals.performance.caches import forget
from pipeline.data import Authority, Match
from pipeline.sources.documents import Description, read_document
from pipeline.verify.nearest import find_nearest
from pipeline.verify.quotes import locate_quote, normalise_quote

_MANUAL = Path(__file__).parents[3] / "shared/data/cms/manuals/ncci_policy_manual_2026.pdf"
_CHAPTER = 57_000
_PLACES = 200
_LENGTHS = (8, 12, 20, 40, 80)  # words
_SEED = 57
_LETTERS = "etaoinshrdlucmfwypvbgk"
_OTHER = "zzyzx"
_WORD = re.compile(r"\w+(?:[^\w\s]\w+)*")


class _Place(NamedTuple):
    """A place of a text, from its first word's start to its last word's end, with the spans of its words."""

    text: str
    words: tuple[tuple[int, int], ...]

    def changed(self, number: int, new: str = "") -> str:
        """With `new` for a word; with nothing, the word is dropped."""
        start, end = self.words[number]
        return self.text[:start] + new + self.text[end:]

    def added(self, number: int, new: str) -> str:
        """With `new` before a word."""
        start, _ = self.words[number]
        return f"{self.text[:start]}{new} {self.text[start:]}"


def run() -> list[tuple[str, str]]:
    """Rows of (what, measured), times in CPU. Goals: at most 1 ms in a chapter; all found, with a word changed too."""
    rows = [*_measured("invented chapter", invented_chapter())]
    if not _MANUAL.is_file():
        return [*rows, ("NCCI manual", "not beside this checkout: nothing measured")]
    text = _manual()
    middle = len(text) // 2
    rows += _measured("57,000 characters of the manual", text[middle : middle + _CHAPTER])
    return [*rows, *_measured(f"manual, {len(text):,} characters", text)]


def invented_chapter(length: int = _CHAPTER, *, seed: int = _SEED) -> str:
    """Random words, few of them frequent as in prose, in lines, with curly quotation marks and dashes."""
    random = Random(seed)  # noqa: S311 - reproducible text, no secret
    known = ["".join(random.choices(_LETTERS, k=random.randint(2, 9))) for _ in range(3_000)]
    weights = [1 / rank for rank in range(1, len(known) + 1)]
    lines: list[str] = []
    while sum(map(len, lines)) < length:
        words = random.choices(known, weights, k=12)
        words[3], words[7] = f"“{words[3]}”", f"{words[7]} – {random.randint(1, 99)}"
        lines.append(" ".join(words) + ".\n")
    return "".join(lines)[:length]


def _measured(name: str, text: str) -> Iterator[tuple[str, str]]:
    random = Random(_SEED)  # noqa: S311 - a sample, not a secret
    spans = [match.span() for match in _WORD.finditer(text)]
    places = [
        _place(text, spans, (len(spans) - size) * number // (_PLACES - 1), size)
        for number, size in zip(range(_PLACES), cycle(_LENGTHS), strict=False)
    ]
    raw_s = median(_seconds(lambda each=each: text.find(each.text + _OTHER)) for each in places)
    yield f"{name}: str.find of what is not there", f"{raw_s * 1000:.3f} ms"
    forget()
    cold_s = _seconds(lambda: locate_quote(places[-1].text + _OTHER, text))
    yield f"{name}: first of all quotes, text normalised", f"{cold_s * 1000:.1f} ms"

    def located(quote: str) -> str:
        found = locate_quote(quote, text)
        return text[found.start : found.end]

    def near(quote: str) -> str:
        if locate_quote(quote, text).match is not Match.MISSING:
            return quote  # a wrong quote that counts as found: not right
        found = find_nearest(quote, text)
        return text[found.start : found.end] if found else ""

    inner = [(each, random.randrange(1, len(each.words) - 1)) for each in places]
    jumbled = [" ".join(random.choice(places).text.split()[0] for _ in each.words) for each in places]
    for kind, quotes, search, apart in (
        ("as stored", [each.text for each in places], located, 0),
        ("other blanks and marks", [normalise_quote(each.text) for each in places], located, 0),
        ("one word changed", [each.changed(at, _OTHER) for each, at in inner], near, 1),
        ("first word changed", [each.changed(0, _OTHER) for each in places], near, 1),
        ("last word changed", [each.changed(-1, _OTHER) for each in places], near, 1),
        ("one word added", [each.added(at, _OTHER) for each, at in inner], near, 1),
        ("one word dropped", [each.changed(at) for each, at in inner], near, 1),
        ("words from anywhere, found nowhere", jumbled, near, None),
    ):
        yield f"{name}: {kind}", _row(quotes, search, apart, raw_s)


def _place(text: str, spans: Sequence[tuple[int, int]], begin: int, size: int) -> _Place:
    chosen = spans[begin : begin + size]
    start, end = chosen[0][0], chosen[-1][1]
    return _Place(text[start:end], tuple((left - start, right - start) for left, right in chosen))


def _row(quotes: Sequence[str], search: Callable[[str], str], apart: int | None, raw_s: float) -> str:
    """How many are right, found so many words `apart` from the quote (None: not found at all), and in what time."""
    took: list[float] = []
    right = 0
    for quote in quotes:
        began = time.process_time()
        stored = search(quote)
        took.append(time.process_time() - began)
        right += not stored if apart is None else bool(stored) and _apart(stored, quote) == apart
    middle, late = median(took) * 1000, quantiles(took, n=20)[-1] * 1000
    factor = middle / raw_s / 1000
    return f"{right} of {len(quotes)}, median {middle:.2f} ms, p95 {late:.2f} ms, {factor:.0f} × find"


def _apart(stored: str, quote: str) -> int:
    """Words that differ between two texts."""
    ours, theirs = (_WORD.findall(normalise_quote(text)) for text in (stored, quote))
    codes = SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes()
    return sum(max(j - i, m - k) for what, i, j, k, m in codes if what != "equal")


def _manual() -> str:
    described = Description(
        publisher="CMS",
        title="Manual",
        edition="2026",
        authority=Authority.NCCI,
        licence="public domain",
        valid_from=date(2026, 1, 1),
    )
    return read_document(_MANUAL, described, retrieved_on=date(2026, 11, 25)).text


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
