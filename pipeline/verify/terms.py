"""The terms of a sentence beside those of its source: all that other words may not change.

Plain words may be exchanged for others where a judge vouches for them. What turns a rule into another one may not:
figures, codes and modifiers, "not", "only" and "unless", "same" and "other", numbers in words, parts of the body, who
acts, and the conditions that the source sets.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from pipeline.verify.reading import Reading, stem, vocabulary

# By what they say; the sentence may have none that its source has not, or the other way round, see `differences`.
_CONDITIONS = {
    "if": r"if|when|where|whenever|provided|in case|once",
    "unless": r"unless|except\w*",
    "only": r"only|solely",
    "may": r"may|can|might|could",
    "first": r"first",
    "documented": r"documented|doc#\w+",
    "necessary": r"necess\w+|reasonabl\w+",
    "unrelated": r"unrelated",
}
_OBLIGATIONS = {
    "must": r"must|shall|requires?|required|needs?|needed",
    "only": r"only|solely",
    "always": r"always",
    "each": r"each|every",
    "all": r"all",
    "any": r"any",
}
_OMISSIONS = {
    "left out": r"omit\w*|leav\w+ out|left out|skip\w*|drop\w*|lacks?|lacking|missing|exempt\w*|waiv\w+|optional\w*",
    "instead": r"instead|rather|in place of",
    "despite": r"despite|regardless|even|anyway|although|though",
    "unneeded": r"unnecessary|needless\w*|avoid\w*|refrain\w*|declin\w+|refus\w+|ignor\w+",
    "failing": r"fail\w*|miss|misses|missed",
}
# One exchanged for another turns a rule round, so both must use the same ones.
_RELATION = re.compile(
    r"\b(?P<root>same|different|other|another|opposite|contralateral|ipsilateral|separate|distinct|both|either|before"
    r"|after|first|second|third|next|within|outside|inside|exclud|includ|medial|lateral|anterior|posterior"
    r"|left|right|upper|lower|open|closed|initial|subsequent|primary|secondary|new|old)(?:e[sd]|ing)?\b"
)
_NUMBER = re.compile(
    r"\b(?:zero|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|forty|fifty|sixty"
    r"|seventy|eighty|ninety|hundred|thousand|half|quarter|twice|thrice|double[ds]?|triple[ds]?|dozen|fourth|fifth"
    r"|sixth|several|few|many)\b"
)
_POLARITY = re.compile(r"(?:yes|no|unread):mod#\w+|(?:pay|doc|cmp)#\w+")
# "when it is reported" says of what the rule is, and not that it is paid.
_REPORTED_IF = re.compile(r"(\b(?:if|when|where|whenever|that|which|who)\b[^,;.]{0,80}?) pay#yes\b")
_OR_LIST = re.compile(r"code#\w{5}(?:\s*,?\s*(?:\bor\b)?\s*code#\w{5})+")
_CLAUSE_IF = re.compile(
    rf"\b(?:(?:{_CONDITIONS['if']})|(?P<unless>{_CONDITIONS['unless']}))\b(?P<clause>[^,;]*)"
)
_FIGURES = ("cnt#", "num#", "pct#", "usd#", "gd#", "ind#", "yes:mod#", "no:mod#")
_AND, _AND_OR = re.compile(r"\band\b"), re.compile(r"\b(?:and|or|nor)\b")
_SPOKEN = {
    "code": "code {}", "range": "codes {}", "mod": "modifier {}", "num": "{}", "pct": "{}%", "usd": "${}",
    "gd": "global period {}", "apc": "APC {}", "ind": "indicator {}", "adj": "adjustment code {}", "date": "{}",
    "yr": "{}", "icd": "diagnosis {}", "lab": "the figure's name ({})", "set": "the setting ({})",
}  # fmt: skip
_PHRASES = {
    "pay#yes": "that it is paid or reported",
    "pay#no": "that it is not paid or not reported",
    "pay#unclear": "whether it is paid",
    "cmp#max": "at most",
    "cmp#min": "at least, or more than",
    "doc#need": "that documentation is required",
    "doc#none": "that no documentation is required",
    "doc#with": "with documentation",
    "doc#unless": "unless documented",
}


def is_token(word: str) -> bool:
    """Whether a word of a reading stands for something checkable."""
    return "#" in word


def speak(word: str) -> str:
    """A word or token of a reading as a person would write it."""
    if not is_token(word):
        return word
    polarity, _, bare = word.rpartition(":") if ":mod#" in word else ("", "", word)
    if bare in _PHRASES:
        return _PHRASES[bare]
    kind, _, value = bare.partition("#")
    if kind == "cnt":
        number, _, unit = value.partition(":")
        return f"{number} {unit}".strip()
    said = _SPOKEN.get(kind, "{}").format(value.upper() if kind in ("code", "range", "mod", "icd") else value)
    return f"not {said}" if polarity == "no" else said


def differences(
    reading: Reading, source: Reading, *, left: Sequence[str], own_code: str | None
) -> Iterator[str]:
    """What the sentence says otherwise than its source, each in words; nothing where the terms are the same.

    `left` are the words and tokens of the sentence that no check accounted for.
    """
    ours, theirs = _stated(reading.canonical), _stated(source.canonical)
    held = set(source.words)
    yield from _named("it says", [w for w in left if is_token(w) and w not in held and w != "pay#yes"])
    said, meant = Counter(_POLARITY.findall(ours)), Counter(_POLARITY.findall(theirs))
    yield from _named("it says", (said - meant).elements())
    yield from _named("it leaves out", (meant - said).elements())
    yield from _named("it leaves out", [f"code#{code}" for code in _codes_lost(reading, source, own_code)])
    tokens = Counter(filter(is_token, reading.words))
    if tokens - Counter(filter(is_token, source.words)) and max(tokens.values()) > 1:
        yield "it names one thing more often than the source"  # "1, 3 or 3" is another list than "1, 2 or 3"
    negations = vocabulary().negations
    if len(negations.findall(ours)) != len(negations.findall(theirs)):
        yield "the number of negations (not, no, without, unless, …) is not that of the source"
    own, related = _relations(ours), _relations(theirs)
    yield from _named("it says", [word for root, word in own.items() if root not in related])
    yield from _named("it leaves out", [word for root, word in related.items() if root not in own])
    for words in (_NUMBER, vocabulary().actors, vocabulary().other_payers):
        yield from _named("it says", sorted(set(words.findall(ours)) - set(words.findall(theirs))))
    for words in (vocabulary().anatomy, vocabulary().services):
        known = {match["root"] for match in words.finditer(theirs)}
        strange = [match.group() for match in words.finditer(ours) if match["root"] not in known]
        yield from _named("it says", strange)
    for kinds in (_OBLIGATIONS, _OMISSIONS):
        yield from _named("it says", sorted(_kinds(kinds, ours) - _kinds(kinds, theirs)))
    yield from _named("it leaves out", sorted(_kinds(_CONDITIONS, theirs) - _kinds(_CONDITIONS, ours)))
    yield from _named("it leaves out the condition", _conditions_lost(reading, theirs))


def _named(what: str, words: Iterable[str]) -> Iterator[str]:
    if said := ", ".join(f"“{speak(word)}”" for word in dict.fromkeys(words)):
        yield f"{what} {said}"


def _stated(canonical: str) -> str:
    """The sentence without the reporting that is only its condition."""
    return _REPORTED_IF.sub(r"\1", canonical)


def _relations(canonical: str) -> dict[str, str]:
    """The words of relation by their roots."""
    return {match["root"]: match.group() for match in _RELATION.finditer(canonical)}


def _kinds(kinds: dict[str, str], canonical: str) -> set[str]:
    return {kind for kind, words in kinds.items() if re.search(rf"\b(?:{words})\b", canonical)}


def _codes_lost(reading: Reading, source: Reading, own_code: str | None) -> list[str]:
    """Codes of the source that the sentence does not name; of alternatives, the page's own may stand alone."""
    alternatives: set[str] = set()
    for match in _OR_LIST.finditer(source.canonical):
        listed = re.findall(r"code#(\w{5})", match.group().upper().replace("CODE#", "code#"))
        if own_code in listed:
            alternatives.update(listed)
    spared = {*reading.codes, *alternatives, own_code}
    return [code for code in source.codes if code not in spared]


def _conditions_lost(reading: Reading, source: str) -> Iterator[str]:
    """Each part of a condition of the source ("… and …") of which the sentence has no word.

    A rule that holds under either of two conditions holds under one; one with two exceptions is wrong with one.
    """
    plain, named = vocabulary().plain, set(reading.words)
    ours = {stem(word) for word in named}
    for match in _CLAUSE_IF.finditer(source):
        parts = _AND_OR if match["unless"] else _AND
        for part in parts.split(match["clause"]):
            words = Reading(text=part, canonical=part.strip()).words
            figures = [word for word in words if word.startswith(_FIGURES)]
            content = [word for word in words if stem(word) not in plain]
            if any(word not in named for word in figures) or (
                content and not any(stem(word) in ours for word in content)
            ):
                yield " ".join(map(speak, words))
