"""Which ICD-10-CM codes say the same of different sides: right, left, both, and a side that is not named."""

from __future__ import annotations

import re
from collections import Counter
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from pipeline.sources.diagnoses.icd10 import billable_codes, description, sibling_key


class Side(StrEnum):
    """What a code says of the side, in the order a page shows it."""

    RIGHT = "right"
    LEFT = "left"
    BILATERAL = "bilateral"
    UNSPECIFIED = "unspecified side"


class Condition(NamedTuple):
    """Codes that differ by side alone, and what they all say; `sides` is empty for a code without sides.

    `key` is the first of the codes. A side that is not among `sides` has no code of its own in ICD-10-CM.
    """

    key: str
    name: str
    sides: dict[Side, str]

    @property
    def codes(self) -> tuple[str, ...]:
        """Its codes, in the order of sides."""
        return tuple(self.sides.values()) or (self.key,)


_SIDES = {side.value: side for side in (Side.RIGHT, Side.LEFT, Side.BILATERAL)}
_SIDE_WORDS = frozenset((*_SIDES, "unilateral"))
_SMALL = frozenset("of the in side sided".split())
_SIDE_WORD = re.compile(r"\b(?:right|left|bilateral|unilateral)\b\s*", re.IGNORECASE)

_Family = dict[Side, list[str]]


def named_sides(text: str) -> set[Side]:
    """The sides that a text names in words."""
    return {_SIDES[word] for word in re.findall(r"[a-z]+", text.lower()) if word in _SIDES}


def condition_of(code: str) -> Condition:
    """The condition that a billable code is one side of."""
    found = _conditions(code[:3]).get(code)
    return found or Condition(code, description(code), {})


@cache
def _conditions(category: str) -> dict[str, Condition]:
    """Conditions with sides of a three-character category, by each of their codes."""
    result = {}
    for family in _families(category):
        sides = {side: family[side][0] for side in Side if side in family}
        shown = description(next(iter(sides.values())))
        condition = Condition(min(sides.values()), _without_side(shown), sides)
        result |= dict.fromkeys(sides.values(), condition)
    return result


def _families(category: str) -> list[_Family]:
    families: dict[tuple[str, ...], _Family] = {}
    unsided: list[str] = []
    for code in billable_codes(category):
        words = _words(code)
        sides = [_SIDES[word] for word in words if word in _SIDES]
        if len(sides) == 1:
            families.setdefault(_bag(words), {}).setdefault(sides[0], []).append(code)
        elif not sides:
            unsided.append(code)
    for code in unsided:
        words = _words(code)
        bag = Counter(_bag(words))
        if bag["unspecified"]:
            bag["unspecified"] -= 1
        elif "unilateral" not in words:
            continue
        family = families.get(tuple(sorted(bag.elements())))
        if family is not None:
            family.setdefault(Side.UNSPECIFIED, []).append(code)
    split = [part for family in families.values() for part in _without_doubles(family)]
    return _joined(split)


def _without_doubles(family: _Family) -> list[_Family]:
    """The family, or where two codes of it say the same of a side, those that stand together in the list."""
    if all(len(codes) == 1 for codes in family.values()):
        return [family]
    anchor = family.get(Side.RIGHT) or family.get(Side.LEFT) or []
    others = {side: codes for side, codes in family.items() if side is not Side.UNSPECIFIED}
    if len(anchor) == 1 and all(len(codes) == 1 for codes in others.values()):
        near = [c for c in family[Side.UNSPECIFIED] if sibling_key(c) == sibling_key(anchor[0])]
        return [{**others, Side.UNSPECIFIED: near} if len(near) == 1 else others]
    parts: dict[tuple[str, str], _Family] = {}
    for side, codes in family.items():
        for code in codes:
            parts.setdefault(_place(code), {}).setdefault(side, []).append(code)
    return [part for part in parts.values() if all(len(codes) == 1 for codes in part.values())]


def _joined(families: list[_Family]) -> list[_Family]:
    """Families of two codes or more. A side whose code is worded another way joins the one that lacks it.

    Where it cannot be told which of several lacks it, none of these says that it has no such code: they are left out.
    """
    whole = [family for family in families if len(family) > 1]
    for single in (family for family in families if len(family) == 1):
        ((side, (code,)),) = single.items()
        near = [
            one for one in whole if side not in one and _place(next(iter(one.values()))[0]) == _place(code)
        ]
        worded = [one for one in near if _near(code, next(iter(one.values()))[0])]
        if len(worded) == 1:
            worded[0][side] = [code]
        else:
            whole = [one for one in whole if one not in near]
    return whole


def _place(code: str) -> tuple[str, str]:
    """Where a code stands in the list, and the letter for the encounter that it ends in."""
    return sibling_key(code), code[7:] if code[7:].isalpha() else ""


def _near(one: str, other: str) -> bool:
    """Whether two descriptions differ by one word besides the side."""
    left, right = Counter(_bag(_words(one))), Counter(_bag(_words(other)))
    return (left - right).total() + (right - left).total() <= 1


def _words(code: str) -> list[str]:
    words = re.findall(r"[a-z0-9]+", description(code).lower())
    return [
        word[:-1] if len(word) > 3 and word.endswith("s") and word[-2] not in "su" else word for word in words
    ]


def _bag(words: list[str]) -> tuple[str, ...]:
    return tuple(sorted(word for word in words if word not in _SIDE_WORDS and word not in _SMALL))


def _without_side(text: str) -> str:
    """The description less its side: `Primary osteoarthritis, knee`."""
    bare = " ".join(_SIDE_WORD.sub("", text).split()).replace(" ,", ",").strip(" ,")
    bare = re.sub(r",(?:\s*,)+", ",", bare)
    return bare[:1].upper() + bare[1:]
