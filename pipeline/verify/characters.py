"""Characters that a reader does not see, or takes for others: a sentence with them is not the one that was read."""

from __future__ import annotations

import re
import unicodedata

from pipeline.data import Check, Outcome
from pipeline.verify.context import Finding
from pipeline.verify.quotes import normalise_quote

CHECK = "characters"
_UNSEEN = frozenset(("Cc", "Cf", "Cn", "Co", "Cs", "Mn", "Me"))
# Figures and signs of other scripts, pictures, and signs of logic, but for these.
_SIGNS, _KNOWN_SIGNS = frozenset(("Nd", "So", "Sm")), frozenset("×±≤≥−°©®™→")
# Greek is the sciences' ("μ"); letters of other alphabets look like Latin ones ("а" of "modаlity").
_ALPHABETS = ("LATIN", "GREEK", "MICRO")
_MIXED = re.compile(r"\b(?=\w*[A-Za-z])\w*[^\W\d_a-zA-Z]\w*\b")
_DISGUISED = re.compile(r"\b[a-z]+\d[a-z]+\b")


def check_characters(text: str) -> list[Finding]:
    """One failing finding where a sentence holds such characters; soft hyphens and blanks without width are none."""
    plain = normalise_quote(text)
    found = _DISGUISED.findall(plain)
    if not (text.isascii() and text.isprintable()):
        strange = {each for each in plain if _is_strange(each)}
        strange |= {each for word in _MIXED.findall(plain) for each in word if not _is_latin(each)}
        found += [f"U+{ord(each):04X}" for each in sorted(strange)]
    if not found:
        return []
    named = ", ".join(found[:8])
    check = Check(
        check=CHECK,
        outcome=Outcome.FAIL,
        reason=f"it holds characters that a reader does not see or takes for others: {named}",
        found=named,
    )
    return [Finding(check)]


def _is_latin(character: str) -> bool:
    """A letter of the alphabet, with or without an accent, or of "µm"; "ɘ" and "ο" are none."""
    return character in "µμ_" or unicodedata.normalize("NFKD", character)[0].isascii()


def _is_strange(character: str) -> bool:
    category = unicodedata.category(character)
    if category in _UNSEEN or (category in _SIGNS and not character.isascii()):
        return character not in _KNOWN_SIGNS
    return category.startswith("L") and not unicodedata.name(character, "").startswith(_ALPHABETS)
