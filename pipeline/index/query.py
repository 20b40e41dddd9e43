"""Any text of a user or a document, made into a full-text query that cannot be a syntax error."""

from __future__ import annotations

import unicodedata

MAX_WORDS = 200
"""Words asked for; a longer query is cut, after repeated words are dropped."""


def match_expression(text: str) -> str:
    """An FTS5 expression for passages that hold any word of `text`; empty when there is no word.

    Each word stands in double quotes, so no operator, column name or star in it means anything to FTS5; a word
    with inner punctuation (M17.11, CO-97, 27000-27999) matches as a phrase of its parts.
    """
    clean = "".join(
        " " if char == '"' or unicodedata.category(char) in ("Cc", "Cs") else char for char in text
    )
    words = [word for word in clean.split() if any(char.isalnum() for char in word)]
    return " OR ".join(f'"{word}"' for word in list(dict.fromkeys(words))[:MAX_WORDS])
