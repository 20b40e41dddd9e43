"""Which label a figure stands nearest to, and whether another stands about as near."""

from __future__ import annotations

import re
from typing import NamedTuple

_LABEL = re.compile(r"(?<!\S)\(?(?P<label>(?:lab|set|q)#\w+)")
_FIGURE = re.compile(r"(?:usd|num|apc|cnt|pct)#")
# A comma, semicolon or "and" between figure and label costs as much as three words, another figure as ten.
_SEPARATOR = re.compile(r"[,;]|\band\b|\bwith\b|\bplus\b")
_LIGHT = re.compile(
    r"^(?:of|is|are|in|a|an|the|for|at|pay#yes|lab#pay|lab#rvu|:|=|\(|\)|has|have|as|national)$"
)
_OWNED = re.compile(r"\s*(?:(?:of|is|are|:|=)\s+)?(?P<figure>(?:usd|num|ind|apc|pct)#)")
_OWNED_COST = 10.0
_SURE_COST = 9.0
_MARGIN = 1.5


class Label(NamedTuple):
    """A label of the clause and what lies between it and the figure, as a cost."""

    label: str
    cost: float


class Tie(NamedTuple):
    """The nearest label of those asked for. Sure: near, and no different one about as near."""

    label: str
    cost: float
    sure: bool


def labels_near(clause: str, figure: re.Match[str]) -> list[Label]:
    """All labels of the clause with their cost from the figure, nearest first.

    A label with a figure of its own right behind it ("MUE of 4 with MAI 3": the 3) is far from every other figure.
    """
    found = []
    for match in _LABEL.finditer(clause):
        if match.start() < figure.start():
            between = clause[match.end() : figure.start()]
        else:
            between = clause[figure.end() : match.start()]
        owned = _OWNED.match(clause, match.end())
        elsewhere = owned is not None and owned.start("figure") != figure.start("kind")
        found.append(Label(match["label"], _cost(between) + (_OWNED_COST if elsewhere else 0)))
    return sorted(found, key=lambda label: label.cost)


def nearest(labels: list[Label], wanted: set[str]) -> Tie | None:
    """The nearest label among `wanted`, or None."""
    fitting = [label for label in labels if label.label in wanted]
    if not fitting:
        return None
    best = fitting[0]
    rival = next((label for label in fitting if label.label != best.label), None)
    sure = best.cost <= _SURE_COST and (rival is None or rival.cost - best.cost >= _MARGIN)
    return Tie(best.label, best.cost, sure)


def _cost(between: str) -> float:
    words = between.replace(",", " ").split()
    heavy = sum(1 for word in words if not _LIGHT.match(word) and "#" not in word)
    light = len(words) - heavy
    return heavy + 0.2 * light + 3 * len(_SEPARATOR.findall(between)) + 10 * len(_FIGURE.findall(between))
