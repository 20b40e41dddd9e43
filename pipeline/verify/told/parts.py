"""What the readers of free wording share: the sentence in their spelling, and what each of them found in it."""

from __future__ import annotations

import itertools
import re
import tomllib
from decimal import Decimal
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

from pipeline.data import Fact
from pipeline.verify.reading import stem

NUMBER_WORDS = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen".split()
    )
} | {"twenty-three": 23}


def spell(canonical: str) -> str:
    """The sentence with places and payees as tokens, whatever way they are put."""
    for token, find in _wording()["spelling"].items():
        canonical = pattern(str(find)).sub(f" {token} ", canonical)
    return " ".join(canonical.split())


@lru_cache(maxsize=1)
def _wording() -> dict[str, dict[str, object]]:
    text = resources.files("pipeline.verify.told").joinpath("wording.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@lru_cache(maxsize=256)
def pattern(find: str) -> re.Pattern[str]:
    """A pattern, compiled once."""
    return re.compile(find)


class Wording:
    """One table of wording.toml: patterns by name, `{name}` in them filled in, and sets of stems."""

    def __init__(self, table: str) -> None:
        self._table = _wording()[table] | {
            "number_words": "|".join(sorted(NUMBER_WORDS, key=len, reverse=True))
        }

    def text(self, name: str) -> str:
        """The pattern called `name`, alternatives joined."""
        found = self._table[name]
        return self._filled("|".join(found) if isinstance(found, list) else str(found))

    def pattern(self, name: str) -> re.Pattern[str]:
        """The same, compiled."""
        return pattern(self.text(name))

    def patterns(self, name: str) -> tuple[re.Pattern[str], ...]:
        """A list of patterns, each by itself."""
        found = self._table[name]
        return tuple(
            pattern(self._filled(str(one))) for one in (found if isinstance(found, list) else [found])
        )

    def stems(self, name: str) -> frozenset[str]:
        """A list of words, by their stems."""
        return frozenset(stem(word) for word in str(self._table[name]).split())

    def tables(self, name: str) -> dict[str, dict[str, str]]:
        """Tables within the table."""
        found = self._table[name]
        return found if isinstance(found, dict) else {}

    def _filled(self, find: str) -> str:
        return _NAMED.sub(lambda match: self.text(match[1]), find)


_NAMED = re.compile(r"\{([a-z_]+)\}")


class Told(NamedTuple):
    """One thing the sentence says and rows confirm.

    The tokens it accounts for, the stems it explains, its rows, what it is in words, and the pieces of the sentence
    that it read whole: a negation or condition outside such a piece is explained by nothing.
    """

    used: frozenset[str]
    words: frozenset[str]
    facts: tuple[Fact, ...]
    reason: str
    pieces: tuple[str, ...] = ()


class Figure(NamedTuple):
    """An amount or number with the words around it: its own, and all before those."""

    token: str
    kind: str
    value: str
    about: bool
    own: str
    before: str


_FIGURE = re.compile(r"(?<!\S)\(?(?P<kind>usd|num)#(?P<value>\d+(?:\.\d+)?)(?P<scale>k|thousand|million)?")
_CUT = re.compile(
    r"(?:,|;|\(|\)|\.(?=\s|$)|:(?=\s)|\b(?:or|and|but|versus|vs|against|whereas|while|so|compared|instead)\b)"
)


def figures_of(text: str) -> list[Figure]:
    """Dollars and decimal numbers in order, each with what is said of it.

    The words between two of them belong to the first up to a comma, "and" and the like, from there to the second;
    without such a cut all of them to the first.
    """
    matches = [
        match
        for match in _FIGURE.finditer(text)
        if not match["scale"] and (match["kind"] == "usd" or "." in match["value"])
    ]
    starts, ends = [0], list[int]()
    for match, following in itertools.pairwise(matches):
        cut = _CUT.search(text, match.end(), following.start())
        ends.append(cut.start() if cut else following.start())
        starts.append(cut.end() if cut else following.start())
    ends.append(len(text))
    return [
        Figure(
            token=f"{match['kind']}#{match['value']}",
            kind=match["kind"],
            value=match["value"],
            about=text[: match.start()].endswith("cmp#about "),
            own=text[start:end],
            before=text[:start],
        )
        for match, start, end in zip(matches, starts, ends, strict=False)
    ]


def number(token: str) -> Decimal | None:
    """The value of a number, as a token or a word."""
    word = token.rpartition("#")[2]
    return Decimal(NUMBER_WORDS[word]) if word in NUMBER_WORDS else Decimal(word) if word.isdigit() else None
