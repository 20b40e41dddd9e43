"""The pairs of the mutation suite: true claims, each with a mutation of one type, drawn by a seed.

A mutation is kept only where it is false, or says what no source at hand says: never where it is the same again, stands
on the page of a code that it names, or is what the loaded rows of that code compose.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from random import Random

from evals.verification.by_codes import BY_CODES, CODE
from evals.verification.by_facts import BY_FACTS
from evals.verification.by_words import BY_WORDS
from evals.verification.claims import Origin, Starter
from evals.verification.swaps import load_swaps, swapped
from pipeline.evaluate.mutations import GOALS, REWORDINGS, Pair, TrueClaim
from pipeline.identity import digest

SEED = 20_970
# From notes, and as many from rows of tables.
PER_TYPE, PER_REWORDING = 110, 60
# Of what is said in the same words of several codes, and of one kind of table row.
_OF_A_TEXT, _OF_A_KIND = 2, 14

_MADE_BY = {**BY_FACTS, **BY_CODES, **BY_WORDS}


def make_pairs(starter: Starter, *, seed: int = SEED) -> list[Pair]:
    """All pairs, mutations and then harmless rewordings, by type: the same for the same seed, up to half from notes."""
    claims = [claim for code in starter.codes() for claim in starter.of(code).claims]
    pairs: list[Pair] = []
    for type_ in (*GOALS, *REWORDINGS):
        random = Random(f"{seed}/{type_}")  # noqa: S311 - a sample, not a secret
        taken: Counter[str] = Counter()
        for claim in random.sample(claims, len(claims)):
            kind = _kind(claim)
            most = PER_REWORDING if type_ in REWORDINGS else PER_TYPE
            if taken[claim.basis] == most or taken[kind] >= (
                _OF_A_TEXT if claim.basis == "notes" else _OF_A_KIND
            ):
                continue
            texts = sorted(set(changed(type_, claim, starter, random)))
            texts = random.sample(texts, len(texts))
            text = next((each for each in texts if is_pair(type_, each, claim, starter)), None)
            if text is not None:
                taken.update((kind, claim.basis))
                pairs.append(_pair(type_, claim, text))
    return pairs


def changed(type_: str, claim: TrueClaim, starter: Starter, random: Random) -> Iterator[str]:
    """What mutations or rewordings of a type make of a claim."""
    if make := _MADE_BY.get(type_):
        yield from make(Origin(claim, starter.of(claim.hcpcs_code), starter, random))
    swaps = load_swaps("rewordings" if type_ in REWORDINGS else "swaps")
    yield from swapped(claim.claim.text, swaps.get(type_, ()))


def is_pair(type_: str, text: str, claim: TrueClaim, starter: Starter) -> bool:
    """Whether it is another sentence and, of a mutation, none that a code it is about is said to be true of."""
    if text == claim.claim.text or type_ in REWORDINGS:
        return text != claim.claim.text
    named = {claim.hcpcs_code, *CODE.findall(text)} & set(starter.codes())
    return not any(starter.of(code).says(text, of_any_release=type_ != "date") for code in named)


def _kind(claim: TrueClaim) -> str:
    """The same for claims that say the same of different codes."""
    if claim.basis == "notes":
        return claim.claim.text.replace(claim.hcpcs_code, "#")
    kind, _, rest = claim.claim.subject.partition(":")
    return kind if CODE.search(rest) else claim.claim.subject


def _pair(type_: str, claim: TrueClaim, text: str) -> Pair:
    return Pair(
        id=f"m_{digest([type_, claim.claim.id, text])[:12]}",
        type=type_,
        harmless=type_ in REWORDINGS,
        hcpcs_code=claim.hcpcs_code,
        claim_id=claim.claim.id,
        original=claim.claim.text,
        text=text,
        evidence_ids=claim.claim.evidence_ids,
    )
