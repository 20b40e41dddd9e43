"""Where a quote stands in a stored text.

Two tries. Exact, then after one normalisation of both sides:

- a hyphen (or PDFium's U+FFFE) at a line end joins the two halves of the word; where that does not
  help, the hyphen is kept and only the line break dropped (non-facility);
- any run of white space is one blank, and blanks at the quote's ends are dropped;
- dashes and minus signs are `-`; curly, angle and low quotation marks and primes are `"` or `'`;
- soft hyphens, zero-width characters and byte-order marks are dropped.

Case, digits, punctuation and word order are never touched: a quote that differs in those is MISSING.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from pipeline.data import LocatedQuote, Match

_ALIKE = {"-": "‐‑‒–—―−﹘﹣－", '"': "“”„‟«»″〝〞＂", "'": "‘’‚‛‹›′´`＇"}
# Each way begins with its character, and ends in a group that only names it: so most places are passed by at a glance.
_IRREGULAR = re.compile(
    r"[-‐\xad\ufffe](?<=\w.)[ \t]*\r?\n\s*(?=[a-z])(?P<hyphen>)|\ufffe(?<=\w.)(?P<soft>)"
    r"|[\xad\u200b-\u200d\u2060\ufeff]+(?P<drop>)|[^\S ]\s*(?P<space>)| \s+(?P<spaces>)"
)
_SHORT = 4_000
"""Characters of a text that is normalised again rather than kept, so that it drives no document out."""

JOINTS = ("", "-")
"""What a hyphen at a line end may stand for: nothing, or a hyphen."""


class NormalisedText(NamedTuple):
    """`text` after normalisation; each cut says: from this normalised offset on, add this to get the original."""

    text: str
    cuts: tuple[tuple[int, int], ...]

    def original(self, offset: int) -> int:
        """Offset in the original text of the character at `offset` of the normalised one."""
        low, high = 0, len(self.cuts)
        while low < high:
            middle = (low + high) // 2
            if self.cuts[middle][0] <= offset:
                low = middle + 1
            else:
                high = middle
        return offset + (self.cuts[low - 1][1] if low else 0)


def locate_quote(quote: str, text: str) -> LocatedQuote:
    """Find `quote` in `text`; offsets into `text`, end exclusive; MISSING comes with offsets 0, 0.

    Of several places the first is taken. An empty quote is MISSING. The normalised form of the last few
    texts is kept, so that many quotes of one document cost one normalisation.
    """
    if not quote.strip():
        return LocatedQuote(0, 0, Match.MISSING)
    start = text.find(quote)
    if start >= 0:
        return LocatedQuote(start, start + len(quote), Match.EXACT)
    for joint in JOINTS:
        wanted = _normalise(quote.strip(), joint).text
        stored = normalised_document(text, joint)
        start = stored.text.find(wanted) if wanted else -1
        if start >= 0:
            last = stored.original(start + len(wanted) - 1)
            return LocatedQuote(stored.original(start), last + 1, Match.NORMALISED)
    return LocatedQuote(0, 0, Match.MISSING)


@lru_cache(maxsize=4_096)
def normalise_quote(text: str) -> str:
    """The text as quotes are compared: see the module's list."""
    return _normalise(text.strip(), "").text


def normalised_document(text: str, joint: str) -> NormalisedText:
    """A document as quotes are compared with it, each hyphen at a line end as the joint; the last few are kept."""
    return _kept(text, joint) if len(text) > _SHORT else _normalise(text, joint)


@lru_cache(maxsize=16)
def _kept(text: str, joint: str) -> NormalisedText:
    return _normalise(text, joint)


def _normalise(text: str, joint: str) -> NormalisedText:
    pieces: list[str] = []
    cuts: list[tuple[int, int]] = []
    position = length = 0
    written = {"hyphen": joint, "soft": joint, "drop": "", "space": " ", "spaces": " "}
    for match in _IRREGULAR.finditer(text):
        replacement = written[match.lastgroup or "drop"]
        pieces.append(text[position : match.start()])
        pieces.append(replacement)
        length += match.start() - position + len(replacement)
        position = match.end()
        cuts.append((length, position - length))
    pieces.append(text[position:])
    return NormalisedText(_alike("".join(pieces)), tuple(cuts))


def _alike(text: str) -> str:
    """Dashes, quotation marks and primes in one form; faster than `str.translate` where a text has few of them."""
    for plain, others in _ALIKE.items():
        for other in others:
            text = text.replace(other, plain)
    return text
