"""A model as a judge of pairs: the judge of statements (`entailment.py`), asked about a claim and a text each.

It is asked by the prompt that pages are judged by, one pair a call, so that what is measured is what judges.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date

from pipeline.data import (
    Authority,
    Claim,
    Judgement,
    Label,
    Match,
    QuoteEvidence,
    SourceDocument,
    Statement,
)
from pipeline.llm import ModelClient, Steps, run_many
from pipeline.prompts import Prompt
from pipeline.verify.entailment import Judge
from pipeline.verify.judges import Opinion, Pair

_NOWHERE = {"hcpcs_code": "(none in particular)", "as_of": "(not said)", "facts": "(none)"}
"""What the prompt says of a code where there is none."""


class ModelJudge:
    """`model` judges by `prompt`; `client` answers, at most `concurrency` calls at a time. It gives no chance."""

    def __init__(self, model: str, prompt: Prompt, client: ModelClient, *, concurrency: int = 1) -> None:
        self._model = model
        self._prompt = prompt
        self._client = client
        self._concurrency = concurrency

    @property
    def name(self) -> str:
        """The model."""
        return self._model

    def prepare(self, evidence: Sequence[str]) -> None:
        """Nothing is kept of evidence."""

    def judge(self, pairs: Sequence[Pair]) -> list[Opinion]:
        """See `PairJudge.judge`. Raises ModelError where the endpoint fails."""
        found = run_many(self._asked(pairs), self._client, concurrency=self._concurrency)
        return [_opinion(judgements) for _, judgements in found]

    def _asked(self, pairs: Sequence[Pair]) -> Iterator[tuple[int, Steps[tuple[Judgement, ...]]]]:
        for number, pair in enumerate(pairs):
            document = _document(pair.evidence)
            quote = _whole(document)
            judge = Judge(self._model, self._prompt, {document.id: document})
            statement = _statement(pair.claim, quote)
            yield (
                number,
                judge.judge([statement], {quote.id: quote}, about=_NOWHERE, label="eval/pairs/judge"),
            )


def _opinion(judgements: tuple[Judgement, ...] | None) -> Opinion:
    if judgements is None:
        return Opinion(label=None, failure="no reply came yet")
    (judgement,) = judgements
    return Opinion(
        label=judgement.label,
        sure=judgement.label is Label.SUPPORTED,
        reason=judgement.reason,
        failure=judgement.failure,
    )


def _document(text: str) -> SourceDocument:
    return SourceDocument(
        id="evidence",
        url="",
        publisher="",
        title="",
        edition="",
        authority=Authority.VENDOR,
        licence="",
        payer_scope="",
        valid_from=date.min,
        sha256=hashlib.sha256(text.encode("utf-8", "replace")).hexdigest(),
        text=text,
    )


def _whole(document: SourceDocument) -> QuoteEvidence:
    return QuoteEvidence(
        id="evidence",
        document_id=document.id,
        passage_id="",
        quote=document.text,
        start=0,
        end=len(document.text),
        match=Match.EXACT,
        level="document",
    )


def _statement(text: str, quote: QuoteEvidence) -> Statement:
    claim = Claim(id="claim", text=text, subject="", evidence_ids=(quote.id,))
    return Statement(id="statement", section_key="", text=text, drafter="", claims=(claim,))
