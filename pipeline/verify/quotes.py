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

_SINGLES = dict.fromkeys(map(ord, "‐‑‒–—―−﹘﹣－"), "-")
_SINGLES |= dict.fromkeys(map(ord, "“”„‟«»″〝〞＂"), '"')
_SINGLES |= dict.fromkeys(map(ord, "‘’‚‛‹›′´`＇"), "'")
_IRREGULAR = re.compile(
    r"(?P<hyphen>(?<=\w)[-‐\xad\ufffe][ \t]*\r?\n\s*(?=[a-z])|(?<=\w)\ufffe)|(?P<drop>[\xad\u200b-\u200d\u2060\ufeff]+)"
    r"|(?P<space>[^\S ]\s*|  \s*| [^\S ]\s*)"
)


class _Normalised(NamedTuple):
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
    for joint in ("", "-"):
        wanted = _normalise(quote.strip(), joint).text
        stored = _normalised_document(text, joint)
        start = stored.text.find(wanted) if wanted else -1
        if start >= 0:
            last = stored.original(start + len(wanted) - 1)
            return LocatedQuote(stored.original(start), last + 1, Match.NORMALISED)
    return LocatedQuote(0, 0, Match.MISSING)


@lru_cache(maxsize=4_096)
def normalise_quote(text: str) -> str:
    """The text as quotes are compared: see the module's list."""
    return _normalise(text.strip(), "").text


@lru_cache(maxsize=16)
def _normalised_document(text: str, joint: str) -> _Normalised:
    return _normalise(text, joint)


def _normalise(text: str, joint: str) -> _Normalised:
    pieces: list[str] = []
    cuts: list[tuple[int, int]] = []
    position = length = 0
    for match in _IRREGULAR.finditer(text):
        replacement = {"space": " ", "hyphen": joint}.get(match.lastgroup or "", "")
        pieces.append(text[position : match.start()])
        pieces.append(replacement)
        length += match.start() - position + len(replacement)
        position = match.end()
        cuts.append((length, position - length))
    pieces.append(text[position:])
    return _Normalised("".join(pieces).translate(_SINGLES), tuple(cuts))
