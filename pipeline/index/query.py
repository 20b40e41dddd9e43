"""Any text of a user or a document, made into a full-text query that cannot be a syntax error."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from functools import cache
from importlib import resources

MAX_WORDS = 200
"""Words asked for; a longer query is cut, after repeated words are dropped."""

_EDGES = "?.,;:!()[]{}'\"“”‘’"
_STOP_WORDS = frozenset(
    """a about after all also an and any are as at be because been before being but by can could did do does doing
    during for from get got had has have he her him his how i if in into is it its just may me might more most must my
    no nor not of off on only or our out own she should so some such than that the their them then there these they
    this those to too under up us was we were what when where which while who whom whose why will with would you
    your""".split()
)


def match_expression(text: str) -> str:
    """An FTS5 expression for passages that hold any word of `text`; empty when there is no word."""
    return any_of(telling_words(text))


def any_of(words: Sequence[str]) -> str:
    """An FTS5 expression for passages that hold any of the words.

    Each stands in double quotes, so no operator, column name or star in it means anything to FTS5; a word with inner
    punctuation (M17.11, CO-97, 27000-27999) matches as a phrase of its parts.
    """
    return " OR ".join(f'"{word}"' for word in words)


def telling_words(text: str) -> list[str]:
    """The words of `text`, each once, without double quotes; at most MAX_WORDS.

    Words that say nothing by themselves are left out, unless there are no others: half of all passages hold one.
    """
    clean = "".join(
        " " if char == '"' or unicodedata.category(char) in ("Cc", "Cs") else char for char in text
    )
    words = [word for word in clean.split() if any(char.isalnum() for char in word)]
    telling = [word for word in words if word.strip(_EDGES).lower() not in _STOP_WORDS]
    return list(dict.fromkeys(telling or words))[:MAX_WORDS]


def in_manual_words(text: str) -> str:
    """The words that manuals write where `text` says it as offices do (`terms.toml`), each once; empty where none."""
    said = " " + re.sub(r"[^\w&-]+", " ", text) + " "
    lowered = said.lower()
    added = (
        word
        for term, words in _terms().items()
        if f" {term} " in (said if term.isupper() else lowered)
        for word in words.split()
    )
    return " ".join(dict.fromkeys(added))


@cache
def _terms() -> dict[str, str]:
    text = resources.files("pipeline.index").joinpath("terms.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["terms"]
