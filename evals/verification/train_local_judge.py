"""`python -m evals.verification.train_local_judge FOLDER`: train the local judge, print what it is worth, write it.

FOLDER holds the public sets (`wice/train.jsonl` …); our own pairs (`domain_pairs.py`) come to them. Figures printed:
of a judge trained on the train parts, on the dev parts; and cross-validated over both, every group in one fold: also of
its calibration and of the threshold from which it may be sure. The judge written is trained on both, or with `--part
train` on the train parts alone, so that `briefwright eval verification --judge local:FILE` measures it on rows that it
has not seen. `--vectors FILE` keeps the embeddings of the public sets between runs (four minutes on two cores);
`--dry-run` writes nothing.
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
from evals.verification.calibrating import (
    OWN_WEIGHT,
    PRECISION,
    Held,
    choose_sure,
    line,
    platt,
    print_calibration,
    print_threshold,
)
from evals.verification.claims import Starter
from evals.verification.domain_pairs import own_pairs
from evals.verification.public_sets import OWN, Row, load_rows
from pipeline.evaluate.calibration import balanced
from pipeline.evaluate.grouped import Cases, area, balanced_accuracy
from pipeline.evaluate.judging_report import shown
from pipeline.index.embed import MiniLmEmbedder
from pipeline.store import write_atomically
from pipeline.verify.judge_features import Passage, features, read_passage
from pipeline.verify.judge_text import read, split_sentences
from pipeline.verify.judges import Pair
from pipeline.verify.local_judge import mark

_OUT = Path(__file__).parents[2] / "pipeline" / "verify" / "local_judge.json"
_SETTINGS = Settings(trees=300, depth=4, rate=0.04)
_FOLDS = 5
_SEEN = 6
"""Sentences that a word must stand in to have a weight of its own."""

Vectors = Mapping[str, NDArray[np.float32]]


class Idf(NamedTuple):
    """Weights in tenths by stem, and that of all others."""

    weights: dict[str, int]
    rare: int


class Fitted(NamedTuple):
    """A judge: its trees, the two numbers that calibrate it, and from where on it may be sure."""

    model: Boosted
    slope: float
    offset: float
    threshold: float

    def probability(self, x: Floats) -> Floats:
        """Of each row, calibrated."""
        return line(self.slope, self.offset)(log_odds(self.model, x))


def main() -> None:
    """Read, embed, train, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--vectors", type=Path, help="an .npz file that keeps the embeddings")
    parser.add_argument("--out", type=Path, default=_OUT)
    parser.add_argument(
        "--part", choices=("all", "train"), default="all", help="what the judge written has seen"
    )
    parser.add_argument("--dry-run", action="store_true")
    asked = parser.parse_args()
    if asked.part == "train" and asked.out == _OUT:
        parser.error("--part train is for measuring: name another file with --out")
    public, own = load_rows(asked.folder), own_rows()
    rows = [*public, *own]
    vectors = embedded(public, asked.vectors) | embedded(own, None)

    train = [row for row in rows if row.part == "train"]
    idf = count_words(train)
    names, x = table(rows, idf, vectors)
    known = np.array([row.part == "train" for row in rows])
    judge, _ = fit(x[known], train)
    dev = np.flatnonzero(~known).tolist()
    show("Trained on train, measured on dev", rows, dev, judge.probability(x), names, x)
    if asked.part == "train":
        write(written(judge, names, idf, train), asked.out, dry=asked.dry_run)
        return

    idf = count_words(rows)
    names, x = table(rows, idf, vectors)
    judge, held = fit(x, rows)
    chance = line(judge.slope, judge.offset)(held.score)
    show("Cross-validated over train and dev", rows, range(len(rows)), chance, names, x)
    print_calibration(held)
    print_threshold(held)
    write(written(judge, names, idf, rows), asked.out, dry=asked.dry_run)


def own_rows() -> list[Row]:
    """Our own pairs, a third of them, by their passage, as a dev part."""
    return [
        Row(
            key=f"{OWN}/{pair.subset}",
            part="dev" if hashlib.sha256(pair.evidence.encode()).digest()[0] % 3 == 0 else "train",
            group=f"{OWN}|{pair.evidence}",
            evidence=pair.evidence,
            claim=pair.claim,
            label=pair.label,
        )
        for pair in own_pairs(Starter())
    ]


def write(text: str, path: Path, *, dry: bool) -> None:
    """Write the weights and say so."""
    if not dry:
        write_atomically(path, text)
        print(f"wrote {path.name}: {len(text):,} bytes, {hashlib.sha256(text.encode()).hexdigest()[:16]}")


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


def weights_of(rows: Sequence[Row]) -> Floats:
    """A weight a row: within every subset supported and the rest weigh the same, its rows 1 on average; ours less."""
    supported = np.array([row.label == "supported" for row in rows])
    own = np.array([row.balanced_in == OWN for row in rows])
    return balanced(supported, [f"{row.balanced_in}|{row.part}" for row in rows]) * np.where(
        own, OWN_WEIGHT, 1.0
    )


def folds_of(rows: Sequence[Row]) -> NDArray[np.int64]:
    """The fold of each row; a group is in one."""
    return np.array(
        [int.from_bytes(hashlib.sha256(row.group.encode()).digest()[:4]) % _FOLDS for row in rows]
    )


def fit(x: Floats, rows: Sequence[Row]) -> tuple[Fitted, Held]:
    """The judge of the rows, and the log odds of each by trees that have not seen its fold."""
    y, weight, fold = (
        np.array([float(row.label == "supported") for row in rows]),
        weights_of(rows),
        folds_of(rows),
    )
    score = np.zeros(len(y))
    for number in range(_FOLDS):
        known, asked = fold != number, fold == number
        score[asked] = log_odds(boost(x[known], y[known], weight[known], _SETTINGS), x[asked])
    held = Held(rows, score, fold)
    threshold = choose_sure(held)
    return Fitted(boost(x, y, weight, _SETTINGS), *platt(score, y, weight), threshold), held


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
    label = np.array([row.label == "supported" for row in part])
    cases = Cases(label.tolist(), [row.group for row in part])
    accuracy, auroc = balanced_accuracy((chance[at] > 0.5).tolist(), cases), area(chance[at].tolist(), cases)
    said = [f"{key:18} {len(at):5}  {shown(accuracy):22} {shown(auroc):22}"]
    for name in ("in_one", "cosine") if accuracy else ():
        scores = x[at, names.index(name)]
        best = max(
            ((scores > cut)[label].mean() + (scores <= cut)[~label].mean()) / 2 for cut in np.unique(scores)
        )
        found = area(scores.tolist(), cases)
        said.append(f"{best:.2f} / {found.value if found else 0:.2f}     ")
    print(" ".join(said))


def written(judge: Fitted, names: Sequence[str], idf: Idf, rows: Sequence[Row]) -> str:
    """The weights as JSON, a tree a line."""
    by_weight: dict[int, list[str]] = {}
    for stem, weight in idf.weights.items():
        by_weight.setdefault(weight, []).append(stem)
    plain: Callable[[object], str] = lambda value: json.dumps(value, ensure_ascii=False)  # noqa: E731
    trees = ",\n".join(plain(tree._asdict()) for tree in judge.model.trees)
    words = ",\n".join(
        f"{plain(str(weight))}: {plain(' '.join(by_weight[weight]))}" for weight in sorted(by_weight)
    )
    seen = "".join(sorted(mark(Pair(row.evidence, row.claim)) for row in rows))
    return (
        f'{{"embedder": {plain(MiniLmEmbedder.name)},\n"features": {plain(list(names))},\n'
        f'"rare": {idf.rare}, "start": {judge.model.start}, "slope": {judge.slope}, "offset": {judge.offset},\n'
        f'"threshold": {judge.threshold}, "precision": {PRECISION},\n"seen": {plain(seen)},\n'
        f'"idf": {{\n{words}}},\n"trees": [\n{trees}]}}\n'
    )


if __name__ == "__main__":
    main()
