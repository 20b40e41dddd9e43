"""Claims of two revisions matched one to one: which of the new ones is which of the old ones, and how that was seen.

In turn: the same subject in the same section; the same id; the same subject in another section; the same words, in
part. Only prose is matched by its words: a claim composed from rows is about its rows, and the edit with one code
never is the edit with another. Words are compared with what is checkable in them as typed tokens (`usd#40.10`,
`mod#57`), each counted three times: a sentence that speaks of the same codes and modifiers in better words is the same
claim, one in the same words about other codes is not. The likeliest pair goes first; of equals, the first in reading
order.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import NamedTuple

from pipeline.data import Claim, ClaimMatch, ClaimState, Record

# A sentence with everything checkable in it written as one token `kind#value` (`verify.mentions.mark_mentions`).
Mark = Callable[[str], str]

ALIKE = 0.6
"""Claims with less in common than this are two claims."""

_SAME_SECTION = 0.05
_TOKEN_WEIGHT = 3
_WORD = re.compile(r"[a-z]+#\S+|[^\W_]+(?:['’-][^\W_]+)*")
_PROSE = ("text:", "note:")
_COMMON = frozenset(
    "a an and are as at be by for from in is it of on or that the this to was were with".split()
)
# What a newer release changes in a sentence that stays the same claim.
_CHANGING = frozenset(("usd", "num", "pct", "rel", "yr", "date", "cnt"))
# What a sentence is about.
_NAMING = ("code#", "range#", "mod#", "gd#", "icd#", "apc#")


class Subject(Record):
    """What matching looks at of a claim."""

    claim_id: str
    section_key: str
    subject: str
    text: str


class Pair(NamedTuple):
    """The places, in their sequences, of an old and a new claim that are one."""

    old: int
    new: int
    match: ClaimMatch


def subject_of(state: ClaimState) -> Subject:
    """What of a shown claim is matched."""
    return Subject(
        claim_id=state.claim_id, section_key=state.section_key, subject=state.subject, text=state.text
    )


def subject_of_claim(claim: Claim, section_key: str) -> Subject:
    """What of a drafted claim is matched."""
    return Subject(claim_id=claim.id, section_key=section_key, subject=claim.subject, text=claim.text)


def match_claims(old: Sequence[Subject], new: Sequence[Subject], *, mark: Mark) -> list[Pair]:
    """Pairs in the order of the new claims; a claim of either side is in one pair at most."""
    left_old, left_new = dict(enumerate(old)), dict(enumerate(new))
    pairs: list[Pair] = []

    def take(found: Iterable[Pair]) -> None:
        for pair in found:
            del left_old[pair.old], left_new[pair.new]
            pairs.append(pair)

    take(_by_key(left_old, left_new, lambda one: (one.section_key, one.subject), ClaimMatch(how="subject")))
    take(_by_key(left_old, left_new, lambda one: one.claim_id, ClaimMatch(how="id")))
    take(_by_key(left_old, left_new, lambda one: one.subject, ClaimMatch(how="moved")))
    take(_by_words(left_old, left_new, mark))
    return sorted(pairs, key=lambda pair: pair.new)


def _by_key(
    old: dict[int, Subject], new: dict[int, Subject], key: Callable[[Subject], Hashable], match: ClaimMatch
) -> list[Pair]:
    waiting: dict[Hashable, deque[int]] = defaultdict(deque)
    for place, subject in old.items():
        waiting[key(subject)].append(place)
    return [
        Pair(waiting[key(subject)].popleft(), place, match)
        for place, subject in new.items()
        if waiting.get(key(subject))
    ]


def _by_words(old: dict[int, Subject], new: dict[int, Subject], mark: Mark) -> list[Pair]:
    """The most alike first; a pair that is less alike than ALIKE is none."""
    before, after = _weights(old, mark), _weights(new, mark)
    found = [
        (score, i, j)
        for i, first in before.items()
        for j, second in after.items()
        if (score := _alike(first, second) + _SAME_SECTION * (old[i].section_key == new[j].section_key))
        >= ALIKE
    ]
    pairs: list[Pair] = []
    used_old: set[int] = set()
    used_new: set[int] = set()
    for score, i, j in sorted(found, key=lambda item: (-item[0], item[1], item[2])):
        if i not in used_old and j not in used_new:
            used_old.add(i)
            used_new.add(j)
            pairs.append(Pair(i, j, ClaimMatch(how="words", score=round(min(score, 1.0), 3))))
    return pairs


def _weights(subjects: dict[int, Subject], mark: Mark) -> dict[int, Counter[str]]:
    prose = {place: one for place, one in subjects.items() if one.subject.startswith(_PROSE)}
    return {place: weigh(one.text, mark) for place, one in prose.items()}


def weigh(text: str, mark: Mark) -> Counter[str]:
    """The words of a claim and what is checkable in them, with the weight of each.

    A figure counts by its kind alone: a newer release changes its value, and it is the same claim.
    """
    weights: Counter[str] = Counter()
    for word in _WORD.findall(mark(text).lower()):
        kind, is_token, _ = word.partition("#")
        if is_token:
            weights[kind if kind in _CHANGING else word] += _TOKEN_WEIGHT
        elif word not in _COMMON:
            weights[word] += 1
    return weights


def _alike(first: Counter[str], second: Counter[str]) -> float:
    """Share of the weight of both that they have in common (the Dice coefficient), in [0, 1].

    None where each names codes or modifiers, and none of the other's.
    """
    named = [{word for word in weights if word.startswith(_NAMING)} for weights in (first, second)]
    if all(named) and not named[0] & named[1]:
        return 0.0
    total = first.total() + second.total()
    return 2 * (first & second).total() / total if total else 0.0
