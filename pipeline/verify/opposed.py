"""Whether two sentences contradict each other: all but the same words about the same thing, and one turn between them.

The turn is another figure, another modifier, a "not", or payment where the other has none. Everything that says what
a sentence is about has to agree: codes, conditions, words of relation, parts of the body, services, actors, settings
and times. Two turns at once ("0 means no, 1 means yes") are two rules, not a contradiction.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import NamedTuple

from pipeline.verify.reading import Reading, codes_in, read_sentence, stem, vocabulary
from pipeline.verify.spoken import is_token, speak

# Of the words that are neither tokens nor plain: at least so many, and this share of both, stand in both sentences.
_FEWEST, _SHARED = 3, 0.75
_THIS = re.compile(r"\bthis\b")
_ANSWER = re.compile(r"^(?:no|yes)[.,:;] +")
# Words that make another rule of the same words, each group read as one.
_ABOUT = (
    re.compile(
        r"\b(?:(?P<c>if|when|where|whenever|provided|once)|(?P<u>unless|except)\w*|only|solely|until|before|after)\b"
    ),
    re.compile(
        r"\b(?:same|different|other|another|opposite|contralateral|ipsilateral|separate|distinct|both|either|each|every"
        r"|all|any|first|second|third|next|within|outside|inside|medial|lateral|anterior|posterior|left|right|upper"
        r"|lower|open|closed|initial|subsequent|primary|secondary|internal|external|diagnostic|therapeutic|unusual"
        r"|planned|unplanned|staged|related|unrelated|major|minor|single|multiple|more|less|alone|together)\b"
    ),
    re.compile(r"\b(?:day|week|month|year|hour|minute|encounter|session|admission|stay|episode)s?\b"),
    re.compile(r"\b(?:set|lab|q|rel|yr|date|loc|adj|icd|range|col)#\S*\w"),
    re.compile(r"\b(?:dos|line#|postop|rtor|em|addon)(?!\w)"),
)
_FIGURE = re.compile(r"(?<!\S)\(?(?P<kind>usd|num|pct|cnt|gd|apc|ind|cmp)#(?P<value>[^\s,;()]*[^\s,;().:])")
_NUMBER = re.compile(
    r"\b(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|twelve|half|twice|several|few|many)\b"
)
_MODIFIER = re.compile(r"(?P<polarity>yes|no):mod#(?P<name>\w+)")
_STANCE = re.compile(r"\b(?P<kind>pay|doc)#(?P<value>\w+)")
_UNREAD = re.compile(r"unread:mod#")
_SCOPED = re.compile(r"\b(?P<root>includ|exclud)\w*")


# What a sentence is about, words of each group with how often they stand in it; equal for equal subjects.
Subject = tuple[frozenset[tuple[str, int]], ...]


class Opposition(NamedTuple):
    """How two sentences contradict: `figure`, `modifier`, `payment`, …; and what each says."""

    kind: str
    ours: str
    theirs: str


class _Parts(NamedTuple):
    """A sentence taken apart: what it is about, its plain words, and what it says."""

    about: Subject
    codes: frozenset[str]
    this: bool
    words: frozenset[str]
    figures: Counter[tuple[str, str]]
    modifiers: Counter[tuple[str, str]]
    stances: frozenset[tuple[str, str]]
    scopes: tuple[str, ...]
    negations: int


def opposition(ours: Reading, theirs: Reading, *, own_code: str | None) -> Opposition | None:
    """The one thing in which two sentences contradict each other, or None; "this code" is `own_code` in both."""
    if ours.canonical == theirs.canonical:
        return None
    one, two = _parts(ours.text), _parts(theirs.text)
    if one is None or two is None or one.about != two.about:
        return None
    own = frozenset({own_code}) if own_code else frozenset[str]()
    codes = [each.codes | own if each.this else each.codes for each in (one, two)]
    if not codes[0] ^ codes[1] <= own:
        return None
    grounded = all(codes)
    if not _alike(one.words, two.words, fewest=1 if grounded else _FEWEST):
        return None
    turns = [
        _figures(one, two, grounded=grounded),
        _modifiers(one, two),
        _scopes(one, two),
        *_stances(one, two),
    ]
    turns = [turn for turn in turns if turn]
    if (one.negations - two.negations) % 2:
        # Beside a modifier or a payment that has its own polarity, what a "not" belongs to is not clear.
        said = one.stances or two.stances or one.modifiers or two.modifiers
        turns.append(
            _UNCLEAR
            if said
            else Opposition("negation", *("denied" if each.negations % 2 else "said" for each in (one, two)))
        )
    elif one.negations != two.negations:
        return None
    return turns[0] if len(turns) == 1 and turns[0].kind else None


def subject_of(text: str) -> Subject | None:
    """What a sentence is about beside its codes and plain words: where two differ in it, neither contradicts the other.

    None where it asserts nothing.
    """
    parts = _parts(text)
    return parts.about if parts else None


def _alike(ours: frozenset[str], theirs: frozenset[str], *, fewest: int) -> bool:
    shared = len(ours & theirs)
    return shared >= fewest and shared >= _SHARED * max(len(ours), len(theirs))


@lru_cache(maxsize=32_768)
def _parts(text: str) -> _Parts | None:
    """None where the sentence asserts nothing, or its polarity is not read safely."""
    reading = read_sentence(text)
    if not reading.asserted or _UNREAD.search(reading.canonical):
        return None
    canonical = _ANSWER.sub("", reading.canonical)
    known = vocabulary()
    plain = known.plain
    named = (known.anatomy, known.services)
    spelt = [Counter(_spelt(words, canonical)) for words in _ABOUT]
    roots = [Counter(set(_roots(words, canonical))) for words in named]
    others = [Counter(words.findall(canonical)) for words in (known.other_payers, known.frequency)]
    return _Parts(
        about=tuple(frozenset(found.items()) for found in (*spelt, *roots, *others)),
        codes=frozenset(codes_in(canonical)),
        this=_THIS.search(canonical) is not None,
        words=frozenset(
            stem(word)
            for word in reading.words
            if not is_token(word)
            and stem(word) not in plain
            and not known.negations.fullmatch(word)
            and not _SCOPED.fullmatch(word)
        ),
        figures=Counter(
            [
                *((match["kind"], match["value"]) for match in _FIGURE.finditer(canonical)),
                *(("cnt", word) for word in _NUMBER.findall(canonical)),
            ]
        ),
        modifiers=Counter((match["name"], match["polarity"]) for match in _MODIFIER.finditer(canonical)),
        stances=frozenset((match["kind"], match["value"]) for match in _STANCE.finditer(canonical)),
        scopes=tuple(_roots(_SCOPED, canonical)),
        negations=len(known.negations.findall(canonical)),
    )


def _spelt(words: re.Pattern[str], canonical: str) -> list[str]:
    """The words found; those that mean the same under one name."""
    return [match.lastgroup or match.group().rstrip("s") for match in words.finditer(canonical)]


# "not denied" is not read as paid, but it is not denied.
_CONTRARY = ({"yes", "no"}, {"no", "unclear"}, {"need", "none"})
# Two turns in one place, or one that is none: no contradiction can be read.
_UNCLEAR = Opposition("", "", "")


def _roots(words: re.Pattern[str], canonical: str) -> list[str]:
    return [match["root"] for match in words.finditer(canonical)]


def _figures(one: _Parts, two: _Parts, *, grounded: bool) -> Opposition | None:
    if one.figures == two.figures:
        return None
    ours, theirs = (
        list((a - b).elements()) for a, b in ((one.figures, two.figures), (two.figures, one.figures))
    )
    if len(ours) != 1 or len(theirs) != 1 or ours[0][0] != theirs[0][0]:
        return _UNCLEAR
    kind, said, found = ours[0][0], ours[0][1], theirs[0][1]
    if said.partition(":")[2] != found.partition(":")[2]:  # other units
        return _UNCLEAR
    if kind in ("ind", "gd", "num") and not grounded:  # a rule may be told of each value in turn
        return _UNCLEAR
    return Opposition("figure", speak(f"{kind}#{said}"), speak(f"{kind}#{found}"))


def _modifiers(one: _Parts, two: _Parts) -> Opposition | None:
    if one.modifiers == two.modifiers:
        return None
    ours, theirs = set(one.modifiers - two.modifiers), set(two.modifiers - one.modifiers)
    if len(ours) != 1 or len(theirs) != 1:
        return _UNCLEAR
    (name, polarity), (other, turned) = ours.pop(), theirs.pop()
    if (name == other) == (polarity == turned):  # neither another modifier nor the same one denied
        return _UNCLEAR
    said = [speak(f"{each}:mod#{which}") for each, which in ((polarity, name), (turned, other))]
    return Opposition("modifier", *said)


def _scopes(one: _Parts, two: _Parts) -> Opposition | None:
    """What one includes, the other excludes."""
    if one.scopes == two.scopes:
        return None
    if len(one.scopes) == len(two.scopes) == 1:
        return Opposition("inclusion", *(f"{each.scopes[0]}ed" for each in (one, two)))
    return _UNCLEAR


def _stances(one: _Parts, two: _Parts) -> list[Opposition]:
    """Payment, and documentation, of which one says the contrary of the other."""
    found = []
    for kind, title in (("pay", "payment"), ("doc", "documentation")):
        ours, theirs = ({v for k, v in each.stances if k == kind} for each in (one, two))
        if ours == theirs:
            continue
        contrary = {*ours, *theirs} in _CONTRARY
        if len(ours) == len(theirs) == 1 and contrary:
            found.append(Opposition(title, *(speak(f"{kind}#{next(iter(v))}") for v in (ours, theirs))))
        else:
            found.append(_UNCLEAR)
    return found
