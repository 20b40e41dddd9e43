"""A model's sentences bound to what they cite: each to located quotes, or visibly to none.

Nothing a model says is dropped in silence: a quote that is not in its passage, and a passage that was never given,
become evidence with match MISSING, which verification rejects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

from pipeline.data import (
    Claim,
    Evidence,
    LocatedQuote,
    Match,
    PagePlan,
    Passage,
    QuoteEvidence,
    SectionSpec,
    SourceDocument,
    Statement,
)
from pipeline.draft.records import Draft
from pipeline.draft.replies import CitedQuote, DraftStatement
from pipeline.identity import claim_id, evidence_id, statement_id, text_subject

# Quote and text in; offsets into that text out, with match MISSING where it is not there.
Locate = Callable[[str, str], LocatedQuote]

_NO_DOCUMENT = ""
_QUESTIONS = "faqs"


class Offered(NamedTuple):
    """A passage that the model may cite, and the document it stands in.

    Whoever cites it also cites its `basis`: the words a note is anchored in, the rows by which it applies to the code.
    `adjustment_codes` are those of a note's denial reasons.
    """

    passage: Passage
    document: SourceDocument
    basis: tuple[Evidence, ...] = ()
    adjustment_codes: tuple[str, ...] = ()


class Bound(NamedTuple):
    """What became of one reply: its statement with its evidence, and what was found wrong on the way.

    `statement` None: it repeats another of the section, or is an answer without a question.
    """

    statement: Statement | None
    evidence: tuple[Evidence, ...]
    failures: tuple[str, ...]


class Binder:
    """Binds the replies about one section, one after another; it remembers what was said already."""

    def __init__(
        self,
        plan: PagePlan,
        spec: SectionSpec,
        offered: Sequence[Offered],
        *,
        drafter: str,
        locate: Locate,
        split: Callable[[str], list[str]],
    ):
        self._plan = plan
        self._spec = spec
        self._by_id = {item.passage.id: item for item in offered}
        self._drafter = drafter
        self._locate = locate
        self._split = split
        self._topics = {question.key for question in spec.must_answer}
        self._taken: set[str] = set()

    def forget(self, statement: Statement) -> None:
        """Let the words of a statement that is to be replaced be said again."""
        self._taken.difference_update(claim.subject for claim in statement.claims)

    def bind(self, reply: DraftStatement) -> Bound:
        """The statement of a reply: a claim a sentence, all on the same evidence. Only an answer has a question."""
        text, failures = " ".join(reply.text.split()), list[str]()
        question = " ".join(reply.question.split()) if self._spec.key == _QUESTIONS else ""
        if self._spec.key == _QUESTIONS and not question:
            return Bound(None, (), (self._failure("gave an answer without its question", text),))
        sentences = list(dict.fromkeys(self._split(text))) or [text]
        subjects = [text_subject(sentence) for sentence in sentences]
        if self._taken.intersection(subjects):
            return Bound(None, (), (self._failure("repeated itself, and the repetition is left out", text),))
        self._taken.update(subjects)
        evidence: list[Evidence] = []
        for cited in dict.fromkeys(reply.evidence):
            item = self._by_id.get(cited.id)
            quote = _locate_quote(cited, item, self._locate)
            if quote.match is Match.MISSING:
                what = "a quote that is not in its passage" if item else "a passage that was not given to it"
                failures.append(self._failure(f"cited {what} ({cited.id:.80})", text))
            evidence += [quote, *(item.basis if item else ())]
        unknown = [key for key in reply.answers if key not in self._topics]
        if unknown:
            failures.append(self._failure(f"named unknown topics ({', '.join(unknown):.80})", text))
        ids = tuple(dict.fromkeys(item.id for item in evidence))
        code, section = self._plan.hcpcs_code, self._spec.key
        statement = Statement(
            id=statement_id(code, section, subjects[0]),
            section_key=section,
            text=text,
            question=question,
            adjustment_codes=tuple(self._adjustment_codes(reply)),
            answers=tuple(key for key in dict.fromkeys(reply.answers) if key in self._topics),
            drafter=self._drafter,
            claims=tuple(
                Claim(
                    id=claim_id(code, section, subject),
                    text=sentence,
                    subject=subject,
                    evidence_ids=ids,
                    payer_scope=self._payer_scope(reply),
                )
                for subject, sentence in zip(subjects, sentences, strict=True)
            ),
        )
        return Bound(statement, tuple({item.id: item for item in evidence}.values()), tuple(failures))

    def _failure(self, what: str, text: str) -> str:
        return f"{self._spec.key}: the model {what} for: {text}"

    def _cited(self, reply: DraftStatement) -> Iterator[Offered]:
        for cited in reply.evidence:
            if item := self._by_id.get(cited.id):
                yield item

    def _adjustment_codes(self, reply: DraftStatement) -> list[str]:
        """Those of the notes cited, in a section of denial reasons: a model types none."""
        return list(dict.fromkeys(code for item in self._cited(reply) for code in item.adjustment_codes))

    def _payer_scope(self, reply: DraftStatement) -> str:
        return next((item.document.payer_scope for item in self._cited(reply)), "")


def bind_all(binder: Binder, replies: Sequence[DraftStatement]) -> Draft:
    """The draft of these replies, in their order."""
    found = [binder.bind(reply) for reply in replies]
    return Draft(
        statements=tuple(bound.statement for bound in found if bound.statement),
        evidence=tuple({item.id: item for bound in found for item in bound.evidence}.values()),
        failures=tuple(failure for bound in found for failure in bound.failures),
    )


def _locate_quote(cited: CitedQuote, item: Offered | None, locate: Locate) -> QuoteEvidence:
    """The quote where it stands; the stored words replace the model's where they differ in blanks or case.

    MISSING evidence keeps the model's words and the id it cited, and lies at the start of its passage, or of nothing
    where there is no such passage.
    """
    where = locate(cited.quote, item.passage.text) if item else LocatedQuote(0, 0, Match.MISSING)
    if item is None or where.match is Match.MISSING:
        start = item.passage.start if item else 0
        return QuoteEvidence(
            id=evidence_id("missing", cited.id, cited.quote),
            document_id=item.document.id if item else _NO_DOCUMENT,
            passage_id=cited.id,
            quote=cited.quote,
            start=start,
            end=start,
            match=Match.MISSING,
            level="document" if item is None else _level(item.document),
        )
    start, end = item.passage.start + where.start, item.passage.start + where.end
    return QuoteEvidence(
        id=evidence_id(item.document.id, item.document.sha256, start, end),
        document_id=item.document.id,
        passage_id=item.passage.id,
        quote=item.passage.text[where.start : where.end],
        start=start,
        end=end,
        page=item.document.page_of(start) or item.passage.page,
        match=where.match,
        level=_level(item.document),
    )


def _level(document: SourceDocument) -> Literal["document", "note"]:
    return "note" if document.id.startswith("note:") else "document"
