"""The retrieval suite: does a search find the place in a document that answers a question, and say when none does?

A gold question holds anchors of every place that answers it, so that it does not depend on how documents are split. A
passage answers when it holds at least half of such a place, or is of a note that restates it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from pipeline.data import Anchor, Passage, Record
from pipeline.errors import SourceError
from pipeline.evaluate.metrics import Estimate, auroc, estimate, ndcg_at, recall_at, reciprocal_rank, wilson
from pipeline.index import Hit, PassageIndex
from pipeline.index.answering import chance_answered, likely_answered
from pipeline.json_lines import read_json_lines
from pipeline.sources.anchored import AnchoredWords
from pipeline.sources.anchors import AnchorState

Kind = Literal["exact", "paraphrase", "lay", "unanswerable"]
Part = Literal["development", "held"]
MEASURES = ("recall@5", "recall@10", "MRR", "nDCG@10")
_DEPTH = 10
_ENOUGH = 0.5


class GoldQuestion(Record):
    """A question with the places that answer it. `part`: weights were chosen on development, held is only measured."""

    id: str
    kind: Kind
    part: Part
    question: str
    answers: tuple[Anchor, ...] = ()
    notes: tuple[str, ...] = ()


class MethodScores(Record):
    """How one way of searching did on one set of questions."""

    method: str
    part: Part
    kind: str
    measures: dict[str, Estimate]


class Abstention(Record):
    """How well the search says that it found no answer. `kept`: answerable questions that it does answer."""

    part: Part
    auroc: float
    refused: Estimate
    kept: Estimate


class RetrievalReport(Record):
    """All of a run. `misses` are the answerable questions of the held part without an answer among the first five."""

    passages: int
    scores: tuple[MethodScores, ...]
    abstention: tuple[Abstention, ...]
    misses: tuple[str, ...] = Field(default=())


def load_gold(path: Path) -> list[GoldQuestion]:
    """The questions of a JSON Lines file. Raises SourceError naming the line at fault."""
    if not path.is_file():
        raise SourceError(f"{path} cannot be read (there is no such file)")
    return read_json_lines(path, GoldQuestion, called="gold question", mend="mend the line")


Search = Callable[[str], Sequence[Hit]]


def methods(index: PassageIndex) -> dict[str, Search]:
    """The ways of searching that are compared."""
    return {
        "words": lambda question: index.keyword_search(question, limit=_DEPTH),
        "meaning": lambda question: index.vector_search(question, limit=_DEPTH),
        "fusion": lambda question: index.search(question, limit=_DEPTH),
    }


def measure_retrieval(
    questions: Sequence[GoldQuestion],
    *,
    index: PassageIndex,
    words: AnchoredWords,
    progress: Callable[[str], None],
) -> RetrievalReport:
    """Ask every question in every way. Raises SourceError where a document with an answer is not held."""
    answering = _answering_passages(questions, passages=index.passages(), words=words)
    ranked: dict[str, dict[str, list[bool]]] = {}
    first: dict[str, Hit | None] = {}
    for name, search in methods(index).items():
        ranked[name] = {}
        for number, question in enumerate(questions, 1):
            progress(f"{name} {number}/{len(questions)}")
            hits = search(question.question)
            ranked[name][question.id] = [hit.passage.id in answering[question.id] for hit in hits]
            if name == "fusion":
                first[question.id] = hits[0] if hits else None
    parts: tuple[Part, ...] = ("development", "held")
    goal = ("exact", "paraphrase")
    groups = {"exact and paraphrase": goal, **{kind: (kind,) for kind in ("exact", "paraphrase", "lay")}}
    scores = [
        MethodScores(method=name, part=part, kind=group, measures=_measure(chosen, ranked[name], answering))
        for part in parts
        for group, kinds in groups.items()
        if (chosen := [q for q in questions if q.part == part and q.kind in kinds])
        for name in ranked
    ]
    misses = [
        question.id
        for question in questions
        if question.part == "held" and question.kind in goal and not any(ranked["fusion"][question.id][:5])
    ]
    return RetrievalReport(
        passages=len(index.passages()),
        scores=tuple(scores),
        abstention=tuple(_abstention(part, questions, first) for part in parts),
        misses=tuple(misses),
    )


def _measure(
    questions: Sequence[GoldQuestion], ranked: Mapping[str, list[bool]], answering: Mapping[str, set[str]]
) -> dict[str, Estimate]:
    lists = [(ranked[question.id], len(answering[question.id])) for question in questions]
    return {
        "recall@5": estimate([recall_at(found, 5) for found, _ in lists]),
        "recall@10": estimate([recall_at(found, 10) for found, _ in lists]),
        "MRR": estimate([reciprocal_rank(found) for found, _ in lists]),
        "nDCG@10": estimate([ndcg_at(found, 10, count) for found, count in lists]),
    }


def _abstention(part: Part, questions: Sequence[GoldQuestion], first: Mapping[str, Hit | None]) -> Abstention:
    """Questions that have no answer are to be refused; those in trade words that have one are to be kept."""
    of_part = [question for question in questions if question.part == part and question.kind != "lay"]
    empty = [first[q.id] for q in of_part if q.kind == "unanswerable"]
    full = [first[q.id] for q in of_part if q.kind != "unanswerable"]
    chances = [[chance_answered(hit) if hit else 0.0 for hit in hits] for hits in (full, empty)]
    return Abstention(
        part=part,
        auroc=auroc(*chances),
        refused=wilson(sum(hit is None or not likely_answered(hit) for hit in empty), len(empty)),
        kept=wilson(sum(hit is not None and likely_answered(hit) for hit in full), len(full)),
    )


def _answering_passages(
    questions: Sequence[GoldQuestion], *, passages: Sequence[Passage], words: AnchoredWords
) -> dict[str, set[str]]:
    by_document: dict[str, list[Passage]] = {}
    for passage in passages:
        by_document.setdefault(passage.document_id, []).append(passage)
    found: dict[str, set[str]] = {}
    for question in questions:
        ids = {p.id for note in question.notes for p in by_document.get(f"note:{note}", [])}
        for anchor in question.answers:
            ids |= _holding(anchor, by_document=by_document, words=words)
        if question.kind != "unanswerable" and not ids:
            raise SourceError(
                f"the gold question {question.id} has no answer in the index; its notes or spans are gone"
            )
        found[question.id] = ids
    return found


def _holding(
    anchor: Anchor, *, by_document: Mapping[str, Sequence[Passage]], words: AnchoredWords
) -> set[str]:
    documents = words.editions(anchor.document)
    if not documents:
        raise SourceError(
            f"the document with SHA-256 {anchor.document} answers gold questions and is not among yours; add it with "
            "`briefwright sources add` first"
        )
    document = documents[0]
    place = words.resolve(anchor, document)
    if place.state is AnchorState.NOT_FOUND:
        raise SourceError(
            f"page {anchor.page} of {document.title} does not have the words of a gold answer any more"
        )
    offset = document.page_starts[place.page - 1] if document.page_starts else 0
    start, end = offset + place.start, offset + place.end
    return {
        passage.id
        for passage in by_document.get(document.id, [])
        if min(end, passage.end) - max(start, passage.start) >= _ENOUGH * (end - start)
    }
