"""Whether a search found an answer at all, or only the nearest thing there was."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from pipeline.index.fusion import IN_RANGE, speaks_of, told_codes
from pipeline.index.query import telling_words

if TYPE_CHECKING:
    from pipeline.index.search import Hit

# Logistic regression on the best hit of the development questions: `python -m evals.retrieval.fit_answering` prints
# these figures. Similarity and the share of codes are as they are; BM25 grows without bound, so its logarithm is taken.
_INTERCEPT, _SIMILARITY, _WORDS, _CODES = -11.87, 6.47, 2.70, 2.30
_THRESHOLD = 0.5
_WORD = re.compile(r"\w+")
_NAME_A_CODE = {"cpt", "hcpcs", "code"}


def features(hit: Hit) -> tuple[float, float, float]:
    """What the chance is made of: similarity, log of 1 + BM25, share of the question's codes that the passage names."""
    return hit.similarity, math.log1p(max(hit.words, 0.0)), hit.codes


def chance_answered(hit: Hit) -> float:
    """How likely the first hit of a search answers the question, 0 to 1."""
    similarity, words, codes = features(hit)
    return 1 / (1 + math.exp(-(_INTERCEPT + _SIMILARITY * similarity + _WORDS * words + _CODES * codes)))


def likely_answered(hit: Hit) -> bool:
    """Whether the chance is above the threshold."""
    return chance_answered(hit) >= _THRESHOLD


def warning(question: str, first: Hit) -> str:
    """What a reader is to know before the hits of a search; empty where the first of them is likely an answer.

    The chance was fitted to whole questions: BM25 of a few words is low. A topic ("modifier 59") or a code alone is no
    question, and has its answer in a passage that speaks of all of it.
    """
    codes = told_codes(question)
    about = first.passage
    spoken = {code.lower() for code in codes if speaks_of(about, (code,)) >= IN_RANGE} | _NAME_A_CODE
    asked = _words(" ".join(telling_words(question)))
    held = _words(" ".join((*about.heading_path, about.text))) | spoken
    if likely_answered(first) or (asked and asked <= held):
        return ""
    if codes and asked <= {code.lower() for code in codes} | _NAME_A_CODE:
        return f"no source was found that speaks of {', '.join(codes)}; the nearest:"
    return "probably not answered by any source; the nearest:"


def _words(text: str) -> set[str]:
    """Its words; singular and plural are one."""
    return {word.rstrip("s") or word for word in _WORD.findall(text.lower())}
