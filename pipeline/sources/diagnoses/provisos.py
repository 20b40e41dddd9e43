"""Sentences about a list of diagnoses that a page quotes beside it: all that say more than what the list supports."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pipeline.sources.diagnoses.ties import CAVEAT, NEGATIVE, Place, plain_words, sentences

_HCPCS = r"(?:[0-9]{4}[0-9FTUM]|[A-V][0-9]{4})"

# Words with which a list says no more than which codes support which services.
_PLAIN_WORDS = frozenset(
    (
        "a an and applicable applies apply are article asterisk below by cm code codes considered coverage covered "
        "covers cpt description diagnoses diagnosis diagnostic es explanation following for group groups hcpcs icd "
        "icd-10 icd-10-cm icd10 in indicate indicates is lcd list listed lists local medical medically medicare n/a "
        "necessary necessity necessitate of or paragraph procedure procedures provide provides reasonable s service "
        "services support supported supporting supports table that the these this those through to which"
    ).split()
)
_WORD = re.compile(r"n/a\b|[A-Za-z][\w-]*|[*†‡#]", re.IGNORECASE)
_BULLET = re.compile(r"[•●▪◦‣·]\s*")
_CODES = re.compile(rf"\b{_HCPCS}\b")
_NOTHING = re.compile(r"\W*(?:N/?A|none|not applicable)\W*", re.IGNORECASE)
_REST_OF_CAVEAT = frozenset("correct do does proper use using".split())

_CONDITION = re.compile(
    r"\b(?:when|if|only|unless|where|must|secondary|primary|combination|together|addition\w*|along|plus|both|requir\w+"
    r"|limit\w*|provided|with|without|first|second|following failure|after|before|prior|previous\w*|while|until|during"
    r"|within|should|shall|need\w*|subject|fail\w*|at (?:least|most)|as long as|in case|patients?|document\w*"
    r"|criteri\w+|trial|per|maxim\w+|minim\w+|every|history|restrict\w*|exception\w*)\b|\*",
    re.IGNORECASE,
)


def sets_conditions(text: str) -> bool:
    """Whether words about a list may set conditions for what it holds."""
    return any(
        bool(_CONDITION.search(plain := CAVEAT.sub("", plain_words(sentence))) or NEGATIVE.search(plain))
        for _, sentence in sentences(text, Place(0, len(text)))
    )


def says_more(sentence: str) -> bool:
    """Whether a sentence above a list says more than which codes the list supports."""
    if _NOTHING.fullmatch(sentence):
        return False
    plain = plain_words(sentence)
    bare = CAVEAT.sub("", plain)
    allowed = _PLAIN_WORDS | (_REST_OF_CAVEAT if bare != plain else frozenset())
    return any(word.lower() not in allowed for word in _WORD.findall(_CODES.sub("", bare)))


def find_sentences(text: str, places: Iterable[Place]) -> Iterator[Place]:
    """The sentences of all these places that say more than which codes a list supports."""
    for place in places:
        bullet = _BULLET.match(text, place.start, place.end)
        words = Place(bullet.end() if bullet else place.start, place.end)
        yield from (at for at, sentence in sentences(text, words) if says_more(sentence))
