"""`python -m evals.retrieval.fit_answering`: the figures of `pipeline/index/answering.py`, from the development part.

Logistic regression by Newton's method with a small ridge; the manual has to be among the added documents.
"""

from __future__ import annotations

import numpy as np

from pipeline.evaluate.retrieval import load_gold
from pipeline.index.answering import features
from pipeline.index.embedders import load_embedder
from pipeline.retrieve import opened_index
from pipeline.settings import read_settings
from pipeline.workspace import Workspace

_RIDGE = 0.1


def main() -> None:
    """Fit and print: intercept, then the weights of similarity, log of 1 + BM25, and codes."""
    workspace = Workspace(read_settings())
    gold = load_gold(workspace.settings.root / "evals" / "retrieval" / "gold.jsonl")
    chosen = [one for one in gold if one.part == "development" and one.kind != "lay"]
    embedder = load_embedder(workspace.settings.embedder)
    with opened_index(workspace, embedder=embedder, progress=lambda _: None) as index:
        hits = [index.search(one.question, limit=1) for one in chosen]
    rows = [(1.0, *features(found[0])) for found in hits if found]
    answered = [one.kind != "unanswerable" for one, found in zip(chosen, hits, strict=True) if found]
    x, y = np.array(rows), np.array(answered, dtype=float)
    weights = np.zeros(x.shape[1])
    penalty = np.diag([0.0, *[_RIDGE] * (x.shape[1] - 1)])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-x @ weights))
        gradient = x.T @ (y - chance) - penalty @ weights
        weights += np.linalg.solve((x.T * (chance * (1 - chance))) @ x + penalty, gradient)
    print(", ".join(f"{value:.2f}" for value in weights))


if __name__ == "__main__":
    main()
