"""Text as a reader may safely see it: control characters made visible, dates spelled out, links limited."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from urllib.parse import urlsplit

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_UNSEEN = "\u00ad\u200b\u2060\ufeff"


def visible(text: str) -> str:
    """`text` with control and direction-changing characters written out, as `[U+202E]`.

    Left in place, such characters could show a reader other words than the ones that were verified. Odd blanks become a
    space, soft hyphens and zero-width blanks go.
    """
    if text.isprintable():  # holds none of them
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) not in (
        "Cc",
        "Cf",
        "Cs",
        "Cn",
        "Co",
        "Zl",
        "Zp",
    ):
        return character
    if character in _UNSEEN:
        return ""
    return " " if character.isspace() else f"[U+{ord(character):04X}]"


def one_line(text: str) -> str:
    """`text` with every run of blanks as one space."""
    return " ".join(text.split())


def shortened(text: str, limit: int) -> str:
    """`text` on one line, cut at a word to at most `limit` characters, an ellipsis included."""
    line = one_line(text)
    if len(line) <= limit:
        return line
    head = line[: limit - 1]
    return (head.rsplit(" ", 1)[0] if " " in head else head).rstrip(",;:. ") + "…"


def long_date(day: date) -> str:
    """`November 3, 2026`, whatever the locale."""
    return f"{_MONTHS[day.month - 1]} {day.day}, {day.year}"


def web_link(url: str) -> str:
    """`url` where it is a plain http or https address with a host, else empty: nothing else becomes a link."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    plain = re.fullmatch(r"[!#-;=?-\[\]_a-z~]+", url.strip(), re.ASCII)
    return url.strip() if plain and parts.scheme in ("http", "https") and parts.hostname else ""
