"""Characters that a reader does not see, or takes for others: a sentence with them is not the one that was read."""

from __future__ import annotations

import unicodedata

from pipeline.data import Check, Outcome
from pipeline.verify.context import Finding
from pipeline.verify.quotes import normalise_quote

CHECK = "characters"
_UNSEEN = frozenset(("Cc", "Cf", "Cn", "Co", "Cs", "Mn", "Me"))
# Greek is the sciences' ("μ"); letters of other alphabets look like Latin ones ("а" of "modаlity").
_ALPHABETS = ("LATIN", "GREEK", "MICRO", "FEMININE", "MASCULINE", "MODIFIER LETTER")


def check_characters(text: str) -> list[Finding]:
    """One failing finding where a sentence holds such characters; soft hyphens and blanks without width are none."""
    if text.isascii() and text.isprintable():
        return []
    strange = sorted({each for each in normalise_quote(text) if _is_strange(each)})
    if not strange:
        return []
    named = ", ".join(f"U+{ord(each):04X}" for each in strange[:8])
    check = Check(
        check=CHECK,
        outcome=Outcome.FAIL,
        reason=f"it holds characters that a reader does not see or takes for others: {named}",
        found=named,
    )
    return [Finding(check)]


def _is_strange(character: str) -> bool:
    category = unicodedata.category(character)
    if category in _UNSEEN:
        return True
    return category.startswith("L") and not unicodedata.name(character, "").startswith(_ALPHABETS)
