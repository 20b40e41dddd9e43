"""The terms of a sentence beside those of its source: all that other words may not change.

Plain words may be exchanged for others where a judge vouches for them. What turns a rule into another one may not:
figures, codes and modifiers, "not", "only" and "unless", "same" and "other", numbers in words, parts of the body, who
acts, and the conditions that the source sets.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from pipeline.verify.listed import counted_each, sorted_lists
from pipeline.verify.reading import Reading, codes_in, stem, vocabulary
from pipeline.verify.spoken import is_token, speak

# By what they say; the sentence may have none that its source has not, or the other way round, see `differences`.
_CONDITIONS = {
    "if": r"if|when|where|whenever|provided|in case|once",
    "unless": r"unless|except\w*",
    "only": r"only|solely",
    "may": r"(?:may|can|might|could)(?! (?:be |also |still |then )*pay#yes)",
    "first": r"first",
    "documented": r"documented|doc#\w+",
    "necessary": r"necess\w+|reasonabl\w+",
    "unrelated": r"unrelated",
}
_OBLIGATIONS = {
    "may": r"may|can|might|could",
    "must": r"must|shall|requires?|required|needs?|needed",
    "only": r"only|solely",
    "always": r"always",
    "each": r"each|every",
    "all": r"all",
    "any": r"any",
}
_OMISSIONS = {
    "left out": r"omit\w*|leav\w+ out|left out|skip\w*|drop\w*|lacks?|lacking|missing|exempt\w*|waiv\w+|optional\w*",
    "instead": r"instead|rather|in place of|in lieu of",
    "despite": r"despite|regardless|even|anyway|although|though",
    "unneeded": r"unnecessary|needless\w*|avoid\w*|refrain\w*|declin\w+|refus\w+|ignor\w+|barred|forb\w+",
    "hidden": r"hid(?:e|es|den)|conceal\w*|silent|with(?:holds?|held)|delet\w+|redact\w*",
    "at will": r"encourag\w+|invit\w+|courtesy|discretion|voluntar\w+|taste|suggest\w*|recommend\w*",
    "failing": r"fail\w*|miss|misses|missed",
}
_CONDITIONED, _OBLIGED, _OMITTED = (
    {kind: re.compile(rf"\b(?:{words})\b") for kind, words in kinds.items()}
    for kinds in (_CONDITIONS, _OBLIGATIONS, _OMISSIONS)
)
# One exchanged for another turns a rule round, so both must use the same ones.
_RELATION = re.compile(
    r"\b(?P<root>same|different|other|another|opposite|contralateral|ipsilateral|separate|distinct|both|either|before"
    r"|after|first|second|third|next|within|outside|inside|exclud|includ|medial|lateral|anterior|posterior"
    r"|left|right|upper|lower|open|closed|initial|subsequent|primary|secondary|new|old|internal|external|diagnostic"
    r"|therapeutic|unusual|planned|postop|preop|preoperative|intraoperative|earlier|later|prior|previous|major|minor"
    r"|above|below|more|less|large|small|before|after|beforehand|afterwards|exceed|equal|distant|local|general|regional"
    r"|useless|useful|agreeable|contrary|referr|cancel"
    r")(?:e?[sd]|ing|ly)?\b"
)
_NUMBER = re.compile(
    r"\b(?:zero|one(?! of\b)|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|forty"
    r"|fifty|sixty|seventy|eighty|ninety|hundred|thousand|half|quarter|twice|thrice|double[ds]?|triple[ds]?|dozen|fourth|fifth"
    r"|sixth|several|few|many)\b"
)
# Sameness is of something: "on the same toe at the same encounter" are two conditions.
_SAME = re.compile(r"\b(?:same|opposite|different|separate) \w+")
_PLACES = re.compile(r"(?:set|lab)#(?:fac|nonfac|asc|hopd)\b")
_STATUS = re.compile(r"\bstatus [a-z]\b")
_TIME = re.compile(
    r"\b(?:day|week|month|year|hour|minute|encounter|session|admission|stay|episode|dos)(?=s?\b)"
)
_POLARITY = re.compile(r"(?:yes|no|unread):mod#\w+|(?:pay|doc|cmp)#\w+")
# "when it is reported" says of what the rule is, and not that it is paid.
_REPORTED_IF = re.compile(r"(\b(?:if|when|where|whenever|that|which|who)\b[^,;.]{0,80}?) pay#yes\b")
_OR_LIST = re.compile(r"code#\w{5}(?:\s*,?\s*(?:\bor\b)?\s*code#\w{5})+")
_CLAUSE_IF = re.compile(
    rf"\b(?:(?:{_CONDITIONS['if']})|(?P<unless>{_CONDITIONS['unless']}))\b(?P<clause>[^,;]*)"
)
_COUNTED = ("cnt#", "num#", "pct#", "usd#", "gd#", "ind#", "yes:mod#", "no:mod#")
_AND, _OR = re.compile(r"\band\b"), re.compile(r"\b(?:or|nor)\b")
_AND_OR = re.compile(r"\b(?:and|or|nor)\b")
# What must come in the order of the source: exchanged, it is another rule in the same words.
_FIGURES = re.compile(
    r"(?:(?:yes|no|unread):)?(?:mod|code|range|cnt|num|pct|usd|gd|ind|adj|icd|date|yr)#\S*\w"
)
_ORDERED = re.compile(
    r"\b(?:same|different|other|another|before|after|first|second|third|next|medial|lateral|anterior|posterior|left"
    r"|right|upper|lower|open|closed|initial|subsequent|primary|secondary|addon|diagnostic|therapeutic|operating"
    r"|endoscop\w+|pay#\w+|not|never|no|more|less)\b"
)
# Shares of a sentence's words that may be new, and of its source's that may be missing.
_NEW, _GONE = 0.2, 0.4
_THIS_CODE = re.compile(r"\bthis (?:addon )?(?:code|procedure|operation|service)\b")


def differences(
    reading: Reading, source: Reading, *, left: Sequence[str], own_code: str | None
) -> Iterator[str]:
    """What the sentence says otherwise than its source, each in words; nothing where the terms are the same.

    `left` are the words and tokens of the sentence that no check accounted for.
    """
    reading, source = named_code(reading, own_code), named_code(source, own_code)
    ours, theirs = _stated(reading.canonical), _stated(source.canonical)
    yield from _other_tokens(reading, source, ours, theirs, left, own_code)
    if not _in_order(_figures(ours), _figures(theirs)):
        yield "it names codes, modifiers or figures in another order than the source"
    yield from _named("it leaves out", [f"code#{code}" for code in _codes_lost(reading, source, own_code)])
    yield from _other_relations(ours, theirs)
    yield from _other_logic(ours, theirs)
    said, meant = Counter(_NUMBER.findall(ours)), Counter(_NUMBER.findall(theirs))
    yield from _named("it says", (said - meant).elements())
    yield from _named("it leaves out", (meant - said).elements())
    for words in (_SAME, _PLACES):
        yield from _named("it leaves out", sorted(set(words.findall(theirs)) - set(words.findall(ours))))
    yield from _named("it counts each", sorted(set(counted_each(ours)) - set(counted_each(theirs))))
    for words in (_STATUS, _TIME, vocabulary().actors, vocabulary().other_payers, vocabulary().frequency):
        yield from _named("it says", sorted(set(words.findall(ours)) - set(words.findall(theirs))))
    for words in (vocabulary().anatomy, vocabulary().services):
        known = {match["root"] for match in words.finditer(theirs)}
        yield from _named("it says", [m.group() for m in words.finditer(ours) if m["root"] not in known])
    yield from _named("it leaves out the condition", _conditions_lost(reading, theirs))
    yield from _other_words(reading, source)


def _named(what: str, words: Iterable[str]) -> Iterator[str]:
    if said := ", ".join(f"“{speak(word)}”" for word in dict.fromkeys(words)):
        yield f"{what} {said}"


def _stated(canonical: str) -> str:
    """The sentence without the reporting that is only its condition."""
    return _REPORTED_IF.sub(r"\1", canonical)


def _other_tokens(
    reading: Reading, source: Reading, ours: str, theirs: str, left: Sequence[str], own_code: str | None
) -> Iterator[str]:
    """Figures, codes and modifiers: none that the source has not, none twice, all in its polarity."""
    held = set(source.words)
    strange = [f"code#{code.lower()}" for code in reading.codes if code not in (*source.codes, own_code)]
    unheld = [word for word in left if is_token(word) and word not in held and word != "pay#yes"]
    yield from _named("it says", [*strange, *unheld])
    said, meant = Counter(_POLARITY.findall(ours)), Counter(_POLARITY.findall(theirs))
    yield from _named("it says", (said - meant).elements())
    yield from _named("it leaves out", (meant - said).elements())
    tokens = Counter(filter(is_token, reading.words))
    again = tokens - Counter(filter(is_token, source.words))
    if again and max(tokens.values()) > 1:  # "1, 3 or 3" is another list than "1, 2 or 3"
        yield from _named("it names more often than the source", again)


def named_code(reading: Reading, own_code: str | None) -> Reading:
    """The sentence with "this code" written out, which is the page's own."""
    if own_code is None or not _THIS_CODE.search(reading.canonical):
        return reading
    return _written_out(reading.text, reading.canonical, own_code)


@lru_cache(maxsize=4_096)
def _written_out(text: str, canonical: str, own_code: str) -> Reading:
    return Reading(text=text, canonical=_THIS_CODE.sub(f"code#{own_code.lower()}", canonical))


def _figures(canonical: str) -> list[str]:
    """Figures, codes and modifiers in their order, those of a list in one order of their own."""
    return _FIGURES.findall(sorted_lists(canonical))


def _other_relations(ours: str, theirs: str) -> Iterator[str]:
    """Words of relation: the same, and in the same order: a rule turned round has the words of the rule."""
    own, related = _roots(_RELATION, ours), _roots(_RELATION, theirs)
    yield from _named("it says", [word for root, word in own.items() if root not in related])
    yield from _named("it leaves out", [word for root, word in related.items() if root not in own])
    if not _in_order(_ORDERED.findall(sorted_lists(ours)), _ORDERED.findall(sorted_lists(theirs))):
        yield "its words of relation, of payment or of negation stand in another order than in the source"


def _other_logic(ours: str, theirs: str) -> Iterator[str]:
    """Negations, duties, omissions, conditions; "and" for "or"."""
    negations = vocabulary().negations
    if len(negations.findall(ours)) != len(negations.findall(theirs)):
        yield "it has not as many negations (not, no, without, unless, …) as the source"
    for kinds in (_OBLIGED, _OMITTED):
        yield from _named("it says", sorted(_kinds(kinds, ours) - _kinds(kinds, theirs)))
    yield from _named("it leaves out", sorted(_kinds(_CONDITIONED, theirs) - _kinds(_CONDITIONED, ours)))
    if len(_OR.findall(ours)) > len(_OR.findall(theirs)):
        yield "it says “or” more often than the source"
    elif _OR.search(theirs) and len(_AND.findall(ours)) > len(_AND.findall(theirs)):
        yield "it says “and” where the source says “or”"


def _other_words(reading: Reading, source: Reading) -> Iterator[str]:
    """Plain words may be others, but not most of them: a sentence that shares few words is about something else."""
    ours, theirs = _content(reading), _content(source)
    new = [word for root, word in ours.items() if root not in theirs]
    gone = [word for root, word in theirs.items() if root not in ours]
    if len(new) > max(1, _NEW * len(ours)):
        yield from _named("too many of its words are not the source's:", new)
    if len(gone) > max(1, _GONE * len(theirs)):
        yield from _named("it leaves out much of what the source says:", gone)


def _content(reading: Reading) -> dict[str, str]:
    """The words that are neither tokens nor plain, by their stems."""
    plain = vocabulary().plain
    return {stem(word): word for word in reading.words if not is_token(word) and stem(word) not in plain}


def _in_order(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """Whether those of ours that are theirs too come in their order."""
    known, rest = set(theirs), iter(theirs)
    return all(one in rest for one in ours if one in known)


def _kinds(kinds: dict[str, re.Pattern[str]], canonical: str) -> set[str]:
    return {kind for kind, words in kinds.items() if words.search(canonical)}


def _roots(words: re.Pattern[str], canonical: str) -> dict[str, str]:
    """The words found, by their roots."""
    return {match["root"]: match.group() for match in words.finditer(canonical)}


def _codes_lost(reading: Reading, source: Reading, own_code: str | None) -> list[str]:
    """Codes of the source that the sentence does not name; of alternatives, the page's own may stand alone."""
    alternatives: set[str] = set()
    for match in _OR_LIST.finditer(source.canonical):
        listed = codes_in(match.group())
        if own_code in listed:
            alternatives.update(listed)
    spared = {*reading.codes, *alternatives, own_code}
    return [code for code in source.codes if code not in spared]


def _conditions_lost(reading: Reading, source: str) -> Iterator[str]:
    """Each part of a condition of the source ("… and …") of which the sentence has no word.

    A rule that holds under either of two conditions holds under one; one with two exceptions is wrong with one.
    """
    plain, named = vocabulary().plain, set(reading.words)
    for match in _CLAUSE_IF.finditer(source):
        parts = _AND_OR if match["unless"] else _AND
        for part in parts.split(match["clause"]):
            words = Reading(text=part, canonical=part.strip()).words
            figures = [word for word in words if word.startswith(_COUNTED)]
            content = [word for word in words if stem(word) not in plain]
            if any(word not in named for word in figures) or (
                content and not any(stem(word) in reading.stems for word in content)
            ):
                yield " ".join(map(speak, words))
