"""Compound sentences taken apart: each part is a claim that can be checked by itself, in its own words.

Only where that changes nothing: a condition, a negation over both halves, a comparison or a list binds the parts
together, and such a sentence stays whole. A part that goes on about "it" is read with the code that it follows.
"""

from __future__ import annotations

import re

from pipeline.verify.mentions import find_mentions
from pipeline.verify.pairs import has_verb
from pipeline.verify.reading import read_sentence

# What may govern more than its own half of the sentence.
_BINDING = re.compile(
    r"\b(?:if|unless|when|whenever|where|wherever|whether|except|only|until|provided|because|since|so that|therefore"
    r"|thus|although|though|neither|nor|either|both|respectively|instead|rather|than|as well as|not only|former|latter"
    r"|same|another|other|also|then|such)\b|[?\"“”]",
    re.IGNORECASE,
)
_CUT = re.compile(r"(?P<semicolon>;\s+)|(?P<joint>,\s+(?:and|but|while|whereas|yet)\s+)", re.IGNORECASE)
_GOES_ON = re.compile(r"(?:it|its|this code|this procedure|the code|the procedure)\b", re.IGNORECASE)
_MIN_WORDS = 3
# What is said of all that follows: for whom, when, or that it is not so.
_FRAME = re.compile(
    r"^(?:for|under|in|on|at|with|before|after|since|by|during|according|contrary|our|some)\b[^,;]*,|:"
    r"|\b(?:false|wrong|untrue|incorrect|mistake|myth|following|figures? below|says?|said|claims?|guide|article|advice"
    r"|previous|old|former)\b",
    re.IGNORECASE,
)


def split_compound(sentence: str) -> list[str]:
    """The parts of a sentence in order, each a piece of it; the sentence itself where it is to stay whole."""
    reading = read_sentence(sentence)
    if _BINDING.search(sentence) or _FRAME.search(sentence) or reading.other_payers or not reading.asserted:
        return [sentence]
    if any(token.startswith(("yr#", "date#", "rel#")) for token in reading.tokens):
        return [sentence]
    parts: list[str] = []
    start = 0
    for match in _CUT.finditer(sentence):
        before, after = sentence[start : match.start()], sentence[match.end() :]
        if _stands(before) and _goes_on(after) and _stands(_up_to_cut(after)):
            parts.append(before.strip())
            start = match.end()
    parts.append(sentence[start:].strip())
    return parts


def about_what(parts: list[str]) -> list[str]:
    """The code that each part goes on about: "" where it names one itself, or where it is not clear which."""
    about: list[str] = []
    known: tuple[str, ...] = ()
    for part in parts:
        named = tuple(dict.fromkeys(m.value for m in find_mentions(part) if m.kind == "code"))
        about.append(known[0] if not named and len(known) == 1 and about_other(part) else "")
        known = named or known
    return about


def about_other(part: str) -> bool:
    """Whether a part takes its subject from what stands before it."""
    return _GOES_ON.match(part) is not None


def _goes_on(after: str) -> bool:
    """Whether it is clear which code a part is about: it names one, or goes on about the one before."""
    part = _up_to_cut(after)
    return about_other(part) or any(mention.kind == "code" for mention in find_mentions(part))


def _up_to_cut(text: str) -> str:
    cut = _CUT.search(text)
    return text[: cut.start()] if cut else text


def _stands(text: str) -> bool:
    """Whether it could be a sentence: a verb, and words enough."""
    return len(text.split()) >= _MIN_WORDS and has_verb(text)
