"""Words that a line end divides, made whole again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

_WORD = re.compile(r"\w+(?:-\w+)*")
_ENDS_DIVIDED = re.compile(r"(\w+(?:-\w+)*)[-‐\xad]$")
_LONGEST = 100  # characters of a word: a paragraph is not searched from its head for each of its lines
_OPEN = (" –", " -", "(–", "(-")  # a suffix such as "–ectomy" whose dash the line left behind
_FIRST_WORD = re.compile(r"\w+")
_SUSPENDED = re.compile(r"(?:and|or|to|versus|vs)\b(?!-)")  # "pre- and postoperative"
_PREFIXES = frozenset("anti co inter intra multi non peri post pre re semi self sub".split())
# A document with so many hyphens at line ends, of whose words it has so few whole elsewhere, divides no words.
_TELLING = 8
_FEW = 0.1


class Hyphens:
    """Decides from a document's own words whether a hyphen at a line end belongs to the word."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._words: Counter[str] = Counter()
        pairs: list[tuple[str, str]] = []
        first = ""
        for line in lines:
            words = [word.lower() for word in _WORD.findall(line)]
            if not words:
                continue
            if first:
                # Halves of a divided word are no words of their own.
                second = words.pop(0)
                if first.isalpha() and second.isalpha():
                    pairs.append((first, second))
            divided = _ENDS_DIVIDED.search(line.rstrip()[-_LONGEST:])
            first = divided[1].lower() if divided else ""
            self._words.update(words[:-1] if first else words)
        known = sum(self._words[first + second] > 0 for first, second in pairs)
        self._divides = known > 0
        self._never = len(pairs) >= _TELLING and known < _FEW * len(pairs)

    def join(self, above: str, below: str) -> str:
        """Two lines of a paragraph as one.

        A hyphen between lower-case letters is dropped where the document has the whole word, or at least does not
        have both halves as words of their own: "proce-" and "dure", but "face-to-" and "face". Where it has hardly
        any of these words whole, its hyphens are taken to be its words' own.
        """
        above, below = above.rstrip(), below.lstrip()
        if above.endswith(_OPEN):
            return above + below
        divided, next_word = _ENDS_DIVIDED.search(above[-_LONGEST:]), _FIRST_WORD.match(below)
        if not divided or not next_word or _SUSPENDED.match(below):
            return f"{above} {below}"
        kept = not (divided[1][-1].islower() and next_word[0].isalpha() and next_word[0].islower())
        return (above if kept or self._has_hyphen(divided[1].lower(), next_word[0]) else above[:-1]) + below

    def _has_hyphen(self, first: str, second: str) -> bool:
        whole, hyphenated = self._words[first + second], self._words[f"{first}-{second}"]
        if whole or hyphenated:
            return hyphenated > whole
        if "-" in first or self._never:
            return True
        has_first = first in _PREFIXES or bool(self._words[first])
        return bool(self._words[second]) and (has_first or not self._divides)
