"""`python -m evals.verification.train_local_judge FOLDER`: train the local judge, print what it is worth, write it.

FOLDER holds the public sets (`wice/train.jsonl` …). Figures printed: of a judge trained on the train parts, on the dev
parts; and cross-validated over both, every group in one fold. The judge written is trained on both. `--vectors FILE`
keeps the embeddings between runs (four minutes on two cores); `--dry-run` writes nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evals.verification.boosting import Boosted, Floats, Settings, boost, log_odds
from evals.verification.public_sets import Row, area, balanced_accuracy, load_rows
from pipeline.index.embed import MiniLmEmbedder
from pipeline.verify.judge_features import Passage, features, read_passage
from pipeline.verify.judge_text import read, split_sentences

_OUT = Path(__file__).parents[2] / "pipeline" / "verify" / "local_judge.json"
_SETTINGS = Settings(trees=300, depth=4, rate=0.04)
_FOLDS = 5
_SEEN = 6
"""Sentences that a word must stand in to have a weight of its own."""

Vectors = Mapping[str, NDArray[np.float32]]
Mask = NDArray[np.bool_]


class Idf(NamedTuple):
    """Weights in tenths by stem, and that of all others."""

    weights: dict[str, int]
    rare: int


class Fitted(NamedTuple):
    """A judge: its trees and the two numbers that calibrate it."""

    model: Boosted
    slope: float
    offset: float

    def probability(self, x: Floats) -> Floats:
        """Of each row, calibrated."""
        return 1 / (1 + np.exp(-(self.slope * log_odds(self.model, x) + self.offset)))


def main() -> None:
    """Read, embed, train, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--vectors", type=Path, help="an .npz file that keeps the embeddings")
    parser.add_argument("--out", type=Path, default=_OUT)
    parser.add_argument("--dry-run", action="store_true")
    asked = parser.parse_args()
    rows = load_rows(asked.folder)
    vectors = embedded(rows, asked.vectors)
    y = np.array([row.label == "supported" for row in rows], dtype=float)
    weight = balanced(rows)
    train = np.array([row.part == "train" for row in rows])
    fold = folds_of(rows)

    idf = count_words([row for row in rows if row.part == "train"])
    names, x = table(rows, idf, vectors)
    chance = fit(x, y, weight, fold, train)[0].probability(x)
    dev = [number for number, row in enumerate(rows) if row.part == "dev"]
    show("Trained on train, measured on dev", rows, dev, chance, names, x)

    idf = count_words(rows)
    names, x = table(rows, idf, vectors)
    judge, held_out = fit(x, y, weight, fold, np.ones(len(rows), dtype=bool))
    show("Cross-validated over train and dev", rows, range(len(rows)), held_out, names, x)
    print_calibration(held_out, y, weight)
    if not asked.dry_run:
        text = written(judge, names, idf)
        asked.out.write_text(text, encoding="utf-8")
        print(
            f"wrote {asked.out.name}: {len(text):,} bytes, {hashlib.sha256(text.encode()).hexdigest()[:16]}"
        )


def embedded(rows: Sequence[Row], kept: Path | None) -> dict[str, NDArray[np.float32]]:
    """A vector of every claim and every sentence of evidence."""
    texts = {row.claim for row in rows}
    texts |= {text for row in rows for text in split_sentences(row.evidence) or [row.evidence]}
    ordered = sorted(texts, key=lambda text: (len(text), text))
    digest = hashlib.sha256("\0".join(ordered).encode("utf-8", "replace")).hexdigest()
    if kept and kept.exists():
        with np.load(kept, allow_pickle=False) as stored:
            if str(stored["digest"]) == digest:
                return dict(zip(ordered, stored["vectors"], strict=True))
    vectors = MiniLmEmbedder().embed(ordered)
    if kept:
        np.savez(kept, digest=digest, vectors=vectors)
    return dict(zip(ordered, vectors, strict=True))


def count_words(rows: Sequence[Row]) -> Idf:
    """How telling each stem is, from the sentences of the rows; labels are not looked at."""
    texts = {text for row in rows for text in (row.claim, *split_sentences(row.evidence))}
    seen = Counter(stem for text in texts for stem in read(text).held)
    tenths = {stem: round(10 * math.log(len(texts) / (1 + count))) for stem, count in seen.items()}
    return Idf(
        {stem: tenths[stem] for stem in sorted(seen) if seen[stem] >= _SEEN},
        round(10 * math.log(len(texts) / 2)),
    )


def table(rows: Sequence[Row], idf: Idf, vectors: Vectors) -> tuple[list[str], Floats]:
    """Names of the features, and their values, a row a pair."""
    passages: dict[str, Passage] = {}
    found: list[dict[str, float]] = []
    for row in rows:
        if row.evidence not in passages:
            passages[row.evidence] = read_passage(
                row.evidence, lambda texts: np.stack([vectors[text] for text in texts])
            )
        passage = passages[row.evidence]
        vector = vectors[row.claim]
        found.append(features(passage, row.claim, idf=idf.weights, rare=idf.rare, vector=vector))
    names = list(found[0])
    return names, np.array([[one[name] for name in names] for one in found])


def balanced(rows: Sequence[Row]) -> Floats:
    """A weight a row: within every subset supported and the rest weigh the same, its rows 1 on average."""
    size = Counter((row.key, row.part) for row in rows)
    same = Counter((row.key, row.part, row.label == "supported") for row in rows)
    return np.array(
        [size[row.key, row.part] / 2 / same[row.key, row.part, row.label == "supported"] for row in rows]
    )


def folds_of(rows: Sequence[Row]) -> NDArray[np.int64]:
    """The fold of each row; a group is in one."""
    return np.array(
        [int.from_bytes(hashlib.sha256(row.group.encode()).digest()[:4]) % _FOLDS for row in rows]
    )


def fit(x: Floats, y: Floats, weight: Floats, fold: NDArray[np.int64], part: Mask) -> tuple[Fitted, Floats]:
    """The judge of the rows of `part`, and the chance of each of them by trees that have not seen its fold."""
    score = np.zeros(len(y))
    for number in range(_FOLDS):
        known, asked = part & (fold != number), part & (fold == number)
        score[asked] = log_odds(boost(x[known], y[known], weight[known], _SETTINGS), x[asked])
    slope, offset = calibrated(score[part], y[part], weight[part])
    model = boost(x[part], y[part], weight[part], _SETTINGS)
    return Fitted(model, slope, offset), 1 / (1 + np.exp(-(slope * score + offset)))


def calibrated(score: Floats, y: Floats, weight: Floats) -> tuple[float, float]:
    """Platt's slope and offset, from scores of trees that had not seen the rows."""
    x = np.c_[score, np.ones(len(score))]
    line = np.array([1.0, 0.0])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-x @ line))
        curve = (x.T * (weight * chance * (1 - chance))) @ x
        line += np.linalg.solve(curve, x.T @ (weight * (y - chance)))
    return round(float(line[0]), 4), round(float(line[1]), 4)


def show(
    title: str, rows: Sequence[Row], chosen: Sequence[int], chance: Floats, names: list[str], x: Floats
) -> None:
    """Balanced accuracy at 0.5 and AUROC, a line a subset; baselines have the best threshold, known afterwards."""
    print(f"\n{title}\n{'':18} rows   balanced accuracy      AUROC                  containment      cosine")
    keys = dict.fromkeys([key for row in rows for key in (row.key.split("/")[0], row.key)])
    for key in sorted(keys):
        _line(key, rows, [n for n in chosen if f"{rows[n].key}/".startswith(f"{key}/")], chance, names, x)
    for key in ("negnli", "negnli/MNLI", "negnli/SNLI"):
        told = [n for n in chosen if f"{rows[n].key}/".startswith(f"{key}/")]
        told = [n for n in told if rows[n].label != "not_supported"]
        _line(f"{key} s/r", rows, told, chance, names, x)


def _line(
    key: str, rows: Sequence[Row], at: Sequence[int], chance: Floats, names: list[str], x: Floats
) -> None:
    part = [rows[number] for number in at]
    accuracy, auroc = balanced_accuracy(chance[at], part, above=0.5), area(chance[at], part)
    said = [f"{key:18} {len(at):5}  {accuracy!s:22} {auroc!s:22}"]
    for name in ("in_one", "cosine"):
        scores = x[at, names.index(name)]
        label = np.array([row.label == "supported" for row in part])
        best = max(
            ((scores > cut)[label].mean() + (scores <= cut)[~label].mean()) / 2 for cut in np.unique(scores)
        )
        said.append(f"{best:.2f} / {area(scores, part).value:.2f}     ")
    print(" ".join(said))


def print_calibration(chance: Floats, y: Floats, weight: Floats) -> None:
    """Said and found, by tenths, supported and the rest weighing the same."""
    print("\nCalibration (cross-validated): said, found, rows")
    for low in range(10):
        here = (chance >= low / 10) & (chance < low / 10 + 0.1)
        if here.any():
            said, found = (float((weight * value)[here].sum() / weight[here].sum()) for value in (chance, y))
            print(f"  {said:.2f}  {found:.2f}  {int(here.sum())}")


def written(judge: Fitted, names: Sequence[str], idf: Idf) -> str:
    """The weights as JSON, a tree a line."""
    by_weight: dict[int, list[str]] = {}
    for stem, weight in idf.weights.items():
        by_weight.setdefault(weight, []).append(stem)
    plain: Callable[[object], str] = lambda value: json.dumps(value, ensure_ascii=False)  # noqa: E731
    trees = ",\n".join(plain(tree._asdict()) for tree in judge.model.trees)
    words = ",\n".join(
        f"{plain(str(weight))}: {plain(' '.join(by_weight[weight]))}" for weight in sorted(by_weight)
    )
    return (
        f'{{"embedder": {plain(MiniLmEmbedder.name)},\n"features": {plain(list(names))},\n'
        f'"rare": {idf.rare}, "start": {judge.model.start}, "slope": {judge.slope}, "offset": {judge.offset},\n'
        f'"idf": {{\n{words}}},\n"trees": [\n{trees}]}}\n'
    )


if __name__ == "__main__":
    main()
