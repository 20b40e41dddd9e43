"""The local judge: how likely it is that evidence supports a claim, without a network.

Boosted trees over the features of `judge_features.py`; `local_judge.json` holds them, and is written by
`python -m evals.verification.train_local_judge`. It knows general English, and of billing what our own mutations teach:
a judgement of what the other checks leave undecided, never against them. It tells supported from the rest, not refuted
from unsaid.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, FiniteFloat, ValidationError, model_validator

from pipeline.data import Label, Record
from pipeline.errors import SourceError
from pipeline.verify.judge_features import EmbedFunction, Passage, features, read_passage
from pipeline.verify.judges import Opinion, Pair
from pipeline.verify.kept_vectors import KeptVectors

if TYPE_CHECKING:
    from pipeline.verify.judge_features import Vectors

_PASSAGES = 512
_FURTHEST = 30.0  # log odds
_MARK = (
    6  # hexadecimal digits: of 16,777,216 marks, so that a pair is taken for one of 5,000 once in 3,000 times
)


class Tree(Record):
    """A full tree, breadth first: right where the feature is above its cut; leaves from the left, in log odds."""

    feature: tuple[Annotated[int, Field(ge=0)], ...]
    cut: tuple[FiniteFloat, ...]
    leaves: tuple[FiniteFloat, ...]


class Weights(Record):
    """What training wrote.

    `idf`: weight in tenths → words, space-separated; `rare` is the weight of all others. The probability is
    1 / (1 + exp(-(slope × log odds + offset))), calibrated for evidence of which half supports its claim.
    `threshold` was chosen so that of the pairs from it up a share of `precision` is supported, where half of all are:
    of the public ones it was trained on, cross-validated. Of free wording about billing fewer are.
    `seen`: the marks of the pairs it was trained on, sorted, run together; see `mark`.
    """

    embedder: str
    features: tuple[str, ...]
    idf: dict[int, str]
    rare: int = Field(ge=0)
    start: FiniteFloat
    trees: tuple[Tree, ...] = Field(min_length=1)
    slope: FiniteFloat = Field(gt=0)
    offset: FiniteFloat
    threshold: float = Field(ge=0.5, lt=1)
    precision: float = Field(gt=0.5, le=1)
    seen: str = Field(pattern=rf"^(?:[0-9a-f]{{{_MARK}}})*$")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for tree in self.trees:
            size = len(tree.feature)
            if not size or size & (size + 1) or len(tree.cut) != size or len(tree.leaves) != size + 1:
                raise ValueError("a tree is not full")
            if max(tree.feature) >= len(self.features):
                raise ValueError("a tree asks for a feature that is not listed")
        return self


class LocalJudge:
    """`embed` must be the embedder that the weights name, e.g. `MiniLmEmbedder().embed`.

    The vectors of sentences are kept, so that a sentence is embedded once, whichever evidence it stands in.
    """

    name = "local"

    def __init__(self, weights: Weights, embed: EmbedFunction) -> None:
        self._weights = weights
        self._embed = embed
        self._idf = {word: weight for weight, said in weights.idf.items() for word in said.split()}
        self._embed_sentences = KeptVectors(embed)
        self._read = lru_cache(maxsize=_PASSAGES)(self._read_passage)

    @property
    def threshold(self) -> float:
        """The chance from which on a claim may be called supported without a person."""
        return self._weights.threshold

    def prepare(self, evidence: Sequence[str]) -> None:
        """Read these texts, of which the last few hundred are kept."""
        for text in evidence:
            self._read(text)

    def judge(self, pairs: Sequence[Pair]) -> list[Opinion]:
        """See `PairJudge.judge`: supported where that is likelier than not, sure of it from the threshold up."""
        return [
            Opinion(
                label=Label.SUPPORTED if chance > 0.5 else Label.NOT_ENOUGH_INFO,
                chance=chance,
                sure=chance >= self.threshold,
            )
            for chance in self.probabilities(pairs)
        ]

    def probability(self, evidence: str, claim: str, *, prior: float = 0.5) -> float:
        """How likely it is that the evidence supports the claim, 0 to 1; see `probabilities`."""
        return self.probabilities([Pair(evidence, claim)], prior=prior)[0]

    def probabilities(self, pairs: Sequence[Pair], *, prior: float = 0.5) -> list[float]:
        """One probability a pair, in order; claims are embedded together.

        `prior`: the share of pairs like these that are supported, above 0 and below 1.
        """
        if not pairs:
            return []
        shift = math.log(prior / (1 - prior))
        vectors = self._embed([pair.claim for pair in pairs])
        said = self._weights
        odds = [
            said.slope * self._log_odds(self._read(pair.evidence), pair.claim, vector) + said.offset + shift
            for pair, vector in zip(pairs, vectors, strict=True)
        ]
        return [1 / (1 + math.exp(-max(-_FURTHEST, min(_FURTHEST, one)))) for one in odds]

    def _read_passage(self, evidence: str) -> Passage:
        return read_passage(evidence, self._embed_sentences)

    def _log_odds(self, passage: Passage, claim: str, vector: Vectors) -> float:
        found = features(passage, claim, idf=self._idf, rare=self._weights.rare, vector=vector)
        row = [found[name] for name in self._weights.features]
        total = self._weights.start
        for tree in self._weights.trees:
            node, inner = 0, len(tree.feature)
            while node < inner:
                node = 2 * node + 1 + (row[tree.feature[node]] > tree.cut[node])
            total += tree.leaves[node - inner]
        return total


def mark(pair: Pair) -> str:
    """What `Weights.seen` has of a pair."""
    words = "\0".join(pair).encode("utf-8", "replace")
    return hashlib.sha256(words).hexdigest()[:_MARK]


def seen_in_training(pairs: Sequence[Pair], weights: Weights) -> int:
    """How many of the pairs the judge was trained on: of these it remembers the answer."""
    marks = {weights.seen[start : start + _MARK] for start in range(0, len(weights.seen), _MARK)}
    return sum(mark(pair) in marks for pair in pairs)


def load_weights(path: Path | None = None) -> Weights:
    """The weights shipped, or those of a file. Raises SourceError where they cannot be used."""
    source = path or resources.files("pipeline.verify").joinpath("local_judge.json")
    try:
        weights = Weights.model_validate(json.loads(source.read_text(encoding="utf-8")))
        if unknown := set(weights.features) - _known_features():
            raise ValueError(f"unknown feature {min(unknown)!r:.40}")
    except OSError as error:
        raise _unusable(source.name, error.strerror or "not readable") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise _unusable(source.name, f"{where:.60}: {first['msg']}") from error
    except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, or of another version
        raise _unusable(source.name, str(error)) from error
    return weights


@lru_cache(maxsize=1)
def _known_features() -> frozenset[str]:
    import numpy as np

    passage = read_passage("a", lambda texts: np.zeros((len(texts), 1)))
    return frozenset(features(passage, "a", idf={}, rare=1, vector=np.zeros(1)))


def _unusable(name: str, why: str) -> SourceError:
    return SourceError(
        f"the weights of the local judge, {name}, cannot be used ({why}); restore the file, or run "
        "`python -m evals.verification.train_local_judge`"
    )
