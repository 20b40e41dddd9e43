"""The retrieval suite: what counts as an answer, what is refused; and its own gold stands in the manual."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.data import BlockKind, SourceDocument
from pipeline.data.sources import page_texts
from pipeline.errors import SourceError
from pipeline.evaluate.report import render_report, table_lines
from pipeline.evaluate.retrieval import GoldQuestion, RetrievalReport, load_gold, measure_retrieval
from pipeline.index import HashingEmbedder, IndexedDocument, build_index, open_index
from pipeline.settings import read_settings
from pipeline.sources.anchored import AnchoredWords
from pipeline.sources.anchors import AnchorResolver, AnchorState, make_anchor
from pipeline.sources.documents import hash_file
from pipeline.sources.passages import split_passages
from pipeline.sources.reading.apart import read_apart
from pipeline.sources.reading.blocks import ReadBlock
from tests.sources.articles import document

GOLD = read_settings().root / "evals" / "retrieval" / "gold.jsonl"
RULES = (
    "1. Wobbling of the knee is inspected before any screw is turned by the surgeon.",
    "2. A splint for the thumb is never billed beside the gluing of a bone.",
    "3. Ten needles in one shoulder are a single unit of the pricking service.",
)


@pytest.fixture
def held() -> SourceDocument:
    blocks = [ReadBlock(BlockKind.HEADING, 1, "Knees", 1)]
    return document([*blocks, *(ReadBlock(BlockKind.ITEM, 1, rule, 2) for rule in RULES)])


def ask(held: SourceDocument, folder: Path, *questions: GoldQuestion) -> RetrievalReport:
    indexed = IndexedDocument(
        id=held.id,
        digest="one",
        authority=held.authority,
        payer_scope=held.payer_scope,
        valid_from=held.valid_from,
        valid_to=None,
        passages=lambda: split_passages(held),
    )
    build_index([indexed], folder=folder, embedder=HashingEmbedder())
    with open_index(folder, embedder=HashingEmbedder()) as index:
        return measure_retrieval(
            questions, index=index, words=AnchoredWords([held]), progress=lambda message: None
        )


def question(held: SourceDocument, text: str, answer: str, *, name: str = "q") -> GoldQuestion:
    anchor = make_anchor(held.sha256, held.page_texts(), 2, answer)
    return GoldQuestion(id=name, kind="exact", part="held", question=text, answers=(anchor,))


def test_a_passage_that_holds_the_place_answers_and_another_does_not(held: SourceDocument, tmp_path: Path):
    right = question(held, "a splint for the thumb beside gluing", "never billed beside the gluing of a bone")
    report = ask(held, tmp_path / "right", right)
    (row,) = [one for one in report.scores if (one.kind, one.method) == ("exact", "words")]
    assert (row.measures["recall@5"].value, row.measures["MRR"].value, report.misses) == (1.0, 1.0, ())
    wrong = question(held, "a splint for the thumb beside gluing", "Ten needles in one shoulder")
    (row,) = [
        one
        for one in ask(held, tmp_path / "wrong", wrong).scores
        if (one.kind, one.method) == ("exact", "words")
    ]
    assert row.measures["MRR"].value < 1.0


def test_the_report_prints_goals_and_a_chart(held: SourceDocument, tmp_path: Path):
    report = ask(
        held, tmp_path / "index", question(held, "needles in one shoulder", "Ten needles in one shoulder")
    )
    lines = "\n".join(table_lines(report))
    assert "goal recall@5 ≥ 0.95: 1.000" in lines and "reached" in lines
    assert "<svg" in render_report(report)


def test_a_question_whose_document_or_words_are_gone_is_refused(held: SourceDocument, tmp_path: Path):
    asked = question(held, "needles", "Ten needles in one shoulder")
    elsewhere = asked.answers[0].model_copy(update={"document": "f" * 64})
    with pytest.raises(SourceError, match="add it with"):
        ask(held, tmp_path / "a", asked.model_copy(update={"answers": (elsewhere,)}))
    changed = asked.answers[0].model_copy(update={"digest": "0" * 16})
    with pytest.raises(SourceError, match="does not have the words"):
        ask(held, tmp_path / "b", asked.model_copy(update={"answers": (changed,)}))
    with pytest.raises(SourceError, match="has no answer in the index"):
        ask(held, tmp_path / "c", asked.model_copy(update={"answers": ()}))


def test_a_line_that_is_no_question_is_named(tmp_path: Path):
    path = tmp_path / "gold.jsonl"
    path.write_text('{"id": "a", "kind": "exact", "part": "held", "question": "q"}\n{"id": 1}\n')
    with pytest.raises(SourceError, match=r"gold\.jsonl, line 2, is no gold question"):
        load_gold(path)
    with pytest.raises(SourceError, match="cannot be read"):
        load_gold(tmp_path / "none.jsonl")


def test_the_suite_has_enough_questions_of_each_kind():
    kinds = [one.kind for one in load_gold(GOLD)]
    assert len(kinds) >= 150 and all(
        kinds.count(kind) >= 50 for kind in ("exact", "paraphrase", "unanswerable")
    )
    assert len({one.id for one in load_gold(GOLD)}) == len(kinds)


@pytest.mark.realdata
def test_every_gold_answer_stands_in_the_manual_where_it_says(shared_data: Path):
    path = shared_data / "manuals" / "ncci_policy_manual_2026.pdf"
    if not path.exists():
        pytest.skip("the NCCI manual is not beside this checkout")
    composed, sha256 = read_apart(path), hash_file(path)
    resolver = AnchorResolver(page_texts(composed.text, composed.page_starts))
    anchors = [(one.id, anchor) for one in load_gold(GOLD) for anchor in one.answers]
    assert len(anchors) > 100 and {anchor.document for _, anchor in anchors} == {sha256}
    assert [
        name for name, anchor in anchors if resolver.resolve(anchor).state is not AnchorState.MATCHED
    ] == []
