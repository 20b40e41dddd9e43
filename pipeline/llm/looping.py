"""Replies in which a model got stuck: the same words over and over.

Conservative: a list of different statements, a table and a column of equal words all pass, because one differing word
(an id, a code) in each round ends the cycle.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from operator import eq

_MIN_ROUNDS = 8
_MIN_CHARACTERS = 160
_MAX_PERIOD = 200
_LAST_WORDS = 20_000  # more than any reply of ours has; bounds the work on a hostile one


@lru_cache(maxsize=64)  # a reply is asked about by the journal, the meter and the one who reads it
def repeats_itself(text: str) -> bool:
    """Whether one run of words, of 1 to 200, comes eight times or more in a row and fills 160 characters or more.

    It has to hold a letter: rules and empty cells of tables are no speech.
    """
    words = text.split()[-_LAST_WORDS:]
    for period in range(1, min(_MAX_PERIOD, len(words) // _MIN_ROUNDS) + 1):
        needed = period * (_MIN_ROUNDS - 1)
        # Counting is much faster than looking for a run, and settles it for nearly every period.
        if sum(map(eq, words[period:], words)) >= needed and _has_cycle(words, period, needed):
            return True
    return False


def _has_cycle(words: Sequence[str], period: int, needed: int) -> bool:
    run = 0
    for end, word in enumerate(words[period:], period + 1):
        run = run + 1 if word == words[end - 1 - period] else 0
        if run >= needed:
            cycle = words[end - run - period : end]
            if sum(map(len, cycle)) >= _MIN_CHARACTERS and any(map(str.isalpha, "".join(cycle[:period]))):
                return True
    return False
