"""The word lists of the local judge, and the form in which inflected words meet."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

from pipeline.verify.reading import stem


class Words(NamedTuple):
    """judge_words.toml, ready for look-up."""

    stop: frozenset[str]
    negation: frozenset[str]
    hedge: frozenset[str]
    universal: frozenset[str]
    partial: frozenset[str]
    excluded: dict[str, frozenset[str]]
    irregular: dict[str, str]
    scale: dict[str, float]
    small: dict[str, float]


@lru_cache(maxsize=1)
def words() -> Words:
    """The word lists, read once."""
    raw = tomllib.loads(resources.files("pipeline.verify").joinpath("judge_words.toml").read_text("utf-8"))
    irregular = dict(pair.split(":") for pair in raw["irregular"].split())
    excluded: dict[str, set[str]] = {}
    for line in raw["exclusive"]:
        group = line.split()
        for word in group:
            excluded.setdefault(word, set()).update(set(group) - {word})
    listed = (frozenset(raw[name].split()) for name in ("stop", "negation", "hedge", "universal", "partial"))
    return Words(
        *listed,
        excluded={word: frozenset(others) for word, others in excluded.items()},
        irregular=irregular,
        scale=raw["scale"],
        small={word: float(value) for word, value in (pair.split(":") for pair in raw["small"].split())},
    )


@lru_cache(maxsize=65_536)
def base(word: str) -> str:
    """The form in which plural, tense and a few irregular forms of a lower-case word meet."""
    word = words().irregular.get(word, word)
    cut = stem(word)
    return cut[:-1] if len(cut) > 3 and cut[-1] == cut[-2] and cut[-1] not in "sl" else cut


def is_content(word: str) -> bool:
    """Whether a lower-case token is a word that says something by itself; numbers in words are not."""
    known = words()
    return (
        word[0].isalpha()
        and word not in known.stop
        and word not in known.negation
        and word not in known.small
    )
