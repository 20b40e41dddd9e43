"""Sentences about a list of diagnoses that a page quotes beside it: all that say more than what the list supports."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

from pipeline.data import BlockKind, DocumentBlock
from pipeline.sources.diagnoses.icd10 import WrittenCode, codes_in, describes, description, without_codes
from pipeline.sources.diagnoses.ties import (
    CAVEAT,
    DENIAL,
    DOUBT,
    NEGATIVE,
    Place,
    names_others_only,
    plain_words,
    sentences,
    takes_back,
)

MOST_QUOTED = 40
"""Sentences about one list that a page quotes; a list with more is withheld."""

ELSEWHERE = "elsewhere"
"""Where a sentence stands that names no list."""

_HCPCS = r"(?:[0-9]{4}[0-9FTUM]|[A-V][0-9]{4})"

# Words with which a list says no more than which codes support which services.
_PLAIN_WORDS = frozenset(
    (
        "a an and applicable applies apply are article asterisk below by cm code codes considered coverage "
        "covered covers cpt cross-reference crosswalk description diagnoses diagnosis diagnostic dx es "
        "explanation following for group groups hcpcs icd in indicate indicates is it lcd list listed lists local "
        "medical medically medicare n/a necessary necessitate necessity of or paragraph procedure procedures "
        "provide provides reasonable s service services support supported supporting supports table that the "
        "these this those to which"
    ).split()
)
_WORD = re.compile(r"n/a\b|\w[\w-]*|[*†‡#%<>≤≥$]", re.IGNORECASE)
_BULLET = re.compile(r"[•●▪◦‣·]\s*")
# Names and numbers of codes, lists and groups. A number that is none of these says more: a date, an age, a count.
_NAMES = re.compile(
    rf"\bICD[-\s]?10(?:[-\s]?CM)?\b|\b{_HCPCS}(?:\s+through\s+{_HCPCS})?\b|\bgroups?\s+\d{{1,2}}\b"
    r"|\(\d{1,4}\s+codes?\)",
    re.IGNORECASE,
)
_NOTHING = re.compile(r"\W*(?:N/?A|none|not applicable)\W*", re.IGNORECASE)
_REST_OF_CAVEAT = frozenset("correct do does proper use using".split())

_DIAGNOSES = re.compile(
    r"\b(?:ICD|dx\b|diagnos(?:is|es|ed?)\b|(?:listed|covered|supporting|these|those|all|following)\s+(?:conditions|indications)\b"
    r"|(?:conditions|indications)\s+(?:listed|above|below|covered)\b)",
    re.IGNORECASE,
)
_CODES = re.compile(r"\bcodes?\b", re.IGNORECASE)
_OF_PROCEDURES = re.compile(
    rf"\b(?:CPT|HCPCS|procedures?|modifiers?|revenue|bill|type|unlisted|add-on|{_HCPCS})\b", re.IGNORECASE
)
_NEAR = 30
"""Characters on either side of "codes" that tell of which."""

_GOES_ON = re.compile(r"(?:it|its|they|their|this|these|those|such|otherwise|however|but)\b", re.IGNORECASE)
"""How a sentence begins that goes on with what the one before it is about."""

_OF_USE = re.compile(
    r"\b(?:must|only|requir\w+|(?:primary|secondary)\s+(?:dx|diagnos\w+|codes?)|report\w*|bill\w*|cover\w*|use\s+with"
    r"|in\s+addition|unless|documented)\b",
    re.IGNORECASE,
)
"""Words on the use of a code, which no description of one holds."""

_NUMBER = re.compile(r"\d+")
_WHOLE = re.compile(r"\b(?:all|any|every|each|both|either|article|policy|listed)\b", re.IGNORECASE)
_LACKING = re.compile(
    r"\b(?:without|lack\w*|other|others|unlisted|missing|absent|omit\w*|not\s+(?:\w+\s+){0,2}?listed)\b",
    re.IGNORECASE,
)


def says_more(sentence: str) -> bool:
    """Whether words about a list say more than which codes it supports."""
    if _NOTHING.fullmatch(sentence):
        return False
    plain = plain_words(sentence)
    bare = CAVEAT.sub("", plain)
    allowed = _PLAIN_WORDS | (_REST_OF_CAVEAT if bare != plain else frozenset())
    return any(word.lower() not in allowed for word in _WORD.findall(without_codes(_NAMES.sub(" ", bare))))


def find_sentences(text: str, place: Place) -> Iterator[Place]:
    """The sentences of a place, a bullet before it left out."""
    bullet = _BULLET.match(text, place.start, place.end)
    yield from (at for at, _ in sentences(text, Place(bullet.end() if bullet else place.start, place.end)))


def speaks_of_diagnoses(sentence: str) -> bool:
    """Whether words speak of diagnoses, or of codes that may be theirs."""
    if _DIAGNOSES.search(sentence):
        return True
    near = (sentence[max(0, at.start() - _NEAR) : at.end() + _NEAR] for at in _CODES.finditer(sentence))
    return any(not _OF_PROCEDURES.search(words) for words in near)


def find_concerning(
    text: str, blocks: Iterable[DocumentBlock], about: Callable[[str], bool]
) -> Iterator[Place]:
    """The sentences of blocks that are about something, and those that go on with it.

    These are sentences that begin with "it" or "these", and the items or rows below one that ends with a colon.
    """
    counts = leads = False
    for block in blocks:
        below = leads and block.kind in (BlockKind.ITEM, BlockKind.ROW)
        for at in find_sentences(text, Place(block.start, block.end)):
            sentence = text[at.start : at.end]
            counts = below or (counts and bool(_GOES_ON.match(sentence))) or about(sentence)
            leads = below or (counts and sentence.rstrip().endswith(":"))
            if counts:
                yield at


def says_use(words: str, codes: Sequence[WrittenCode]) -> bool:
    """Whether words beside codes say more than what the codes mean: how they are used, a denial, a number."""
    if len(codes) == 1 and describes(words, codes[0]):
        return False
    means = description(codes[0].codes[0]).lower() if len(codes) == 1 and codes[0].codes else ""
    doubted = any(match.group().lower() not in means for match in DOUBT.finditer(words))
    numbered = set(_NUMBER.findall(without_codes(words))) - set(_NUMBER.findall(means))
    return doubted or bool(numbered) or bool(_OF_USE.search(words))


_LETTERS = re.compile(r"[a-z]{3,}")
_SHARED = frozenset(
    "and the for with without due from not other unspecified specified left right bilateral unilateral side initial "
    "subsequent sequela encounter site sites multiple elsewhere classified".split()
)
_OBLIGES = re.compile(
    r"\b(?:must|should|shall|only|limited?|requir\w+|unless|until|if|when|after)\b", re.IGNORECASE
)


def concerns(sentence: str, listed: frozenset[str], hcpcs_code: str, *, whole: bool | None = False) -> bool:
    """Whether words from elsewhere in a document are about a list of these diagnoses.

    They name one of them, by its code or in words, or deny or restrict the HCPCS code, or speak of diagnoses and not of
    other services alone. With `whole` they speak of all diagnoses; None: only naming by code counts.
    """
    if codes_in(sentence) & listed:
        return True
    if whole is False and (_names_in_words(sentence, listed) or _restricts(sentence, hcpcs_code)):
        return True
    if whole is None or not speaks_of_diagnoses(sentence) or names_others_only(sentence, hcpcs_code):
        return False
    return not whole or bool(_WHOLE.search(sentence))


def _names_in_words(sentence: str, listed: frozenset[str]) -> bool:
    """Whether two words that tell a listed condition from others stand in the sentence."""
    words = frozenset(_stems(sentence))
    return any(len(words & _condition_words(code)) > 1 for code in listed)


@lru_cache(maxsize=4096)
def _condition_words(code: str) -> frozenset[str]:
    return frozenset(_stems(description(code)))


def _stems(text: str) -> Iterator[str]:
    """Its words without endings, less those that many conditions share."""
    for word in _LETTERS.findall(text.lower()):
        if word not in _SHARED:
            yield word[:7] if len(word) > 7 else word.removesuffix("s")


def _restricts(sentence: str, hcpcs_code: str) -> bool:
    named = re.search(rf"\b{hcpcs_code}\b", sentence) is not None
    return named and bool(NEGATIVE.search(sentence) or _OBLIGES.search(sentence))


def denies(sentence: str, listed: frozenset[str]) -> bool:
    """Whether words from elsewhere deny or end coverage of a list, and not of what it lacks."""
    plain = CAVEAT.sub("", plain_words(sentence))
    if takes_back(sentence):
        return not _LACKING.search(plain)
    return bool(DENIAL.search(plain)) and not (_LACKING.search(plain) and not codes_in(plain) & listed)
