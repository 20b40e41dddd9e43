"""A checked text as it was written, cut where its claims begin and end."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from pipeline.check_text import CheckedClaim

_ABOUT = re.compile(r"\[[^\]]*\] ")


class Piece(NamedTuple):
    """Words of the text: of the claim with that number, counted from 1; None between the parts of a sentence."""

    text: str
    number: int | None


class Marked(NamedTuple):
    """A block of the text: the headings that stand over it and state nothing, then its words in order."""

    headings: tuple[str, ...]
    pieces: tuple[Piece, ...]


def marked_text(claims: Sequence[CheckedClaim]) -> list[Marked]:
    """The blocks that the claims stand in, in order. Where claims do not know their sentence, it is their own words."""
    numbered = enumerate(claims, 1)
    return [
        _block(list(block)) for _, block in groupby(numbered, key=lambda numbered: numbered[1].statement_id)
    ]


def _block(claims: Sequence[tuple[int, CheckedClaim]]) -> Marked:
    pieces: list[Piece] = []
    sentence, at = "", 0
    for number, claim in claims:
        said = _as_written(claim)
        found = sentence.find(said, at) if claim.sentence == sentence else -1
        if found < 0:  # no part of the sentence begun, behind the part before: another begins
            pieces += _between(sentence[at:] + " " if pieces else "")
            sentence = claim.sentence if said in claim.sentence else said
            at, found = 0, sentence.find(said)
        pieces += _between(sentence[at:found])
        pieces.append(Piece(said, number))
        at = found + len(said)
    pieces += _between(sentence[at:])
    headings = tuple(heading for _, claim in claims for heading in claim.headings)
    return Marked(headings, tuple(pieces))


def _between(text: str) -> Iterator[Piece]:
    if text:
        yield Piece(text, None)


def _as_written(claim: CheckedClaim) -> str:
    """The claim's words without the code that it was read with."""
    if not claim.sentence or claim.claim in claim.sentence:
        return claim.claim
    return _ABOUT.sub("", claim.claim, count=1)
