"""What the local judge looks at: a claim beside the sentences of its evidence that say most of it, as numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.verify.judge_quantities import compare_quantities
from pipeline.verify.judge_text import Sentence, read, split_sentences
from pipeline.verify.judge_words import words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.floating[Any]]

EmbedFunction = Callable[[Sequence[str]], "Vectors"]
"""Texts to vectors of length 1, one a text, in order."""

_SHOWN = 3
_TAKEN = -(10**9)


class Passage(NamedTuple):
    """Evidence read once: its sentences, all their stems, a vector a sentence, and its length in characters."""

    sentences: tuple[Sentence, ...]
    held: frozenset[str]
    vectors: Vectors
    length: int


def read_passage(evidence: str, embed: EmbedFunction) -> Passage:
    """Read evidence; keep the result where more than one claim is judged by it."""
    texts = tuple(split_sentences(evidence)) or (evidence,)
    sentences = tuple(read(text) for text in texts)
    held = frozenset().union(*(one.held for one in sentences))
    return Passage(sentences, held, embed(texts), len(evidence))


def features(
    passage: Passage, claim: str, *, idf: Mapping[str, int], rare: int, vector: Vectors
) -> dict[str, float]:
    """The features by name. `rare` is the weight of a word that `idf` lacks; `vector` is the claim's.

    Weights are whole numbers, so that a sum of them does not depend on the order of a set.
    """
    said = read(claim)
    weights = {stem: idf.get(stem, rare) for stem in said.held}
    total = sum(weights.values()) or 1
    order = _best(passage.sentences, weights)
    best = passage.sentences[order[0]]
    shown = [passage.sentences[number] for number in order]
    two = frozenset().union(*(one.held for one in shown[:2]))
    three = frozenset().union(*(one.held for one in shown))
    found: dict[str, float] = {
        "in_one": sum(weights[stem] for stem in said.held & best.held) / total,
        "in_two": sum(weights[stem] for stem in said.held & two) / total,
        "in_three": sum(weights[stem] for stem in said.held & three) / total,
        "in_all": sum(weights[stem] for stem in said.held & passage.held) / total,
        "count_in_one": len(said.held & best.held) / max(1, len(said.held)),
        "missing_one": len(said.held - best.held),
        "missing_three": len(said.held - three),
        "missing_all": len(said.held - passage.held),
        "claim_words": len(said.held),
        "best_words": len(best.held),
        "covered_of_best": len(said.held & best.held) / max(1, len(best.held)),
        "sentences": math.log(len(passage.sentences)),
        "evidence_length": math.log(1 + passage.length),
    }
    missing = [*sorted((weights[stem] for stem in said.held - three), reverse=True), 0, 0]
    found["rarest_missing"], found["next_missing"] = missing[0], missing[1]
    found["rarest_missing_one"] = max((weights[stem] for stem in said.held - best.held), default=0)
    found["alike"] = _alike(said.held - three, three - said.held)
    found |= _order(said, best)
    found |= _negation(said, best, three)
    found |= _names(said, passage, three)
    found |= compare_quantities(
        said.quantities,
        [quantity for one in shown for quantity in one.quantities],
        [quantity for one in passage.sentences for quantity in one.quantities],
    )
    found |= _wording(said, best, shown)
    found |= _nearness(passage, vector, order)
    return {name: round(float(value), 4) for name, value in found.items()}


def _best(sentences: Sequence[Sentence], weights: Mapping[str, int]) -> list[int]:
    """Numbers of up to three sentences, each the one that adds most of the claim to those before it."""
    left = dict(weights)
    chosen: list[int] = []
    for _ in range(min(_SHOWN, len(sentences))):
        # Of two that say the same of the claim, the shorter.
        gains = [5 * sum(left[stem] for stem in one.held & left.keys()) - len(one.held) for one in sentences]
        for number in chosen:
            gains[number] = _TAKEN
        top = max(range(len(sentences)), key=gains.__getitem__)
        chosen.append(top)
        for stem in sentences[top].held:
            left.pop(stem, None)
    return chosen


def _alike(missing: frozenset[str], others: frozenset[str]) -> float:
    """The share of missing words that begin as another word of the evidence does."""
    if not missing:
        return 1.0
    starts = {word[:4] for word in others if len(word) >= 4}
    return sum(word[:4] in starts for word in missing if len(word) >= 4) / len(missing)


def _order(said: Sentence, best: Sentence) -> dict[str, float]:
    shared = [stem for stem in said.stems if stem in best.held]
    row = [0] * (len(best.stems) + 1)
    for word in shared:
        previous = 0
        for index, other in enumerate(best.stems, 1):
            previous, row[index] = (
                row[index],
                previous + 1 if word == other else max(row[index], row[index - 1]),
            )
    pairs = set(zip(said.stems, said.stems[1:], strict=False))
    theirs = set(zip(best.stems, best.stems[1:], strict=False))
    return {
        "in_order": row[-1] / len(shared) if shared else 0.0,
        "pairs": len(pairs & theirs) / max(1, len(pairs)),
        "starts": float(bool(said.stems) and said.stems[0] in best.held),
        "ends": float(bool(said.stems) and said.stems[-1] in best.held),
    }


def _negation(said: Sentence, best: Sentence, three: frozenset[str]) -> dict[str, float]:
    shared = said.held & best.held
    turned = (said.negated ^ best.negated) & shared
    ours, theirs = said.cues % 2, best.cues % 2
    return {
        "negated": float(said.cues > 0),
        "negated_best": float(best.cues > 0),
        "one_negated": float(ours != theirs),
        "both_negated": float(bool(said.cues and best.cues)),
        "turned": len(turned) / max(1, len(shared)),
        "turned_words": len(turned),
        "head_turned": float(
            bool((said.heads & (best.held - best.negated)) | (best.heads & (said.held - said.negated)))
        ),
        "head_kept": float(bool((said.heads & best.negated) | (best.heads & said.negated))),
        "head_here": float(bool(said.heads & three)),
        "head_missing": float(bool(said.heads - three)),
        "denied_here": float(bool(best.heads & said.held)),
        "denied_elsewhere": float(bool(best.heads - said.held)),
        "denied_share": len(said.held & best.negated) / max(1, len(shared)),
        "denies_missing": len(said.negated - best.held) / max(1, len(said.held)),
        "one_negated_pairs": (ours != theirs) * len(shared) / max(1, len(said.held)),
    }


def _names(said: Sentence, passage: Passage, three: frozenset[str]) -> dict[str, float]:
    absent = said.names - passage.held
    return {
        "names": len(said.names),
        "names_absent": len(absent),
        "names_absent_share": len(absent) / max(1, len(said.names)),
        "names_far": len(said.names - three) / max(1, len(said.names)),
    }


def _wording(said: Sentence, best: Sentence, shown: Sequence[Sentence]) -> dict[str, float]:
    known = words()
    ours, theirs = said.words, frozenset().union(*(one.words for one in shown))
    against = sum(
        1 for word in ours - theirs if word in known.excluded and known.excluded[word] & best.words & theirs
    )
    return {
        "exclusive": against,
        "hedge_gap": len(known.hedge & best.words) - len(known.hedge & ours),
        "hedged_claim": len(known.hedge & ours),
        "universal_gap": len(known.universal & ours) - len(known.universal & best.words),
        "partial_claim": len(known.partial & ours),
        "asks": float("?" in best.words),
    }


def _nearness(passage: Passage, vector: Vectors, order: Sequence[int]) -> dict[str, float]:
    near = [round(float(value), 3) for value in passage.vectors @ vector]  # the last digits differ by batch
    ranked = sorted(near, reverse=True)
    return {
        "cosine": ranked[0],
        "cosine_best": near[order[0]],
        "cosine_next": ranked[1] if len(ranked) > 1 else 0.0,
    }
