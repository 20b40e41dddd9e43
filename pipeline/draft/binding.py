"""A model's sentences bound to what they cite: each to located quotes, or visibly to none.

Nothing a model says is dropped in silence: a quote that is not in its passage, and a passage that was never given,
become evidence with match MISSING, which verification rejects; a reply that cannot become a statement is a failure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from pipeline.data import Claim, Evidence, Match, PagePlan, SectionSpec, Statement
from pipeline.draft.quoting import Locate, Offered, quote_passage
from pipeline.draft.records import Draft
from pipeline.draft.replies import DraftStatement
from pipeline.identity import claim_id, statement_id, text_subject

_QUESTIONS = "faqs"
_MOST_CITED = 3
_FEWEST_WORDS = 3
_SAME_WORDS = 0.85


class Bound(NamedTuple):
    """What became of one reply: its statement with its evidence, and what was found wrong on the way.

    `statement` None: the reply cannot become one, and a failure says why.
    """

    statement: Statement | None
    evidence: tuple[Evidence, ...]
    failures: tuple[str, ...]


class Binder:
    """Binds the replies about one section, one after another; it remembers what was said already.

    `repeats_descriptor` says of words whether they are those of a code's descriptor: none of these may be shown.
    """

    def __init__(
        self,
        plan: PagePlan,
        spec: SectionSpec,
        offered: Sequence[Offered],
        *,
        locate: Locate,
        split: Callable[[str], list[str]],
        repeats_descriptor: Callable[[str], bool],
    ):
        self._plan = plan
        self._spec = spec
        self._by_id = {item.passage.id: item for item in offered}
        self._locate = locate
        self._split = split
        self._repeats_descriptor = repeats_descriptor
        self._topics = {question.key for question in spec.must_answer}
        self._said: dict[str, Statement] = {}

    def forget(self, statement: Statement) -> None:
        """Let the words of a statement that is to be replaced be said again."""
        self._said.pop(statement.id, None)

    def remember(self, statement: Statement) -> None:
        """What was forgotten stays said after all."""
        self._said[statement.id] = statement

    def bind(self, reply: DraftStatement, *, drafter: str) -> Bound:
        """The statement of a reply: a claim a sentence, all on the same evidence. Only an answer has a question.

        It answers no topic that one of the notes it cites does not settle.
        """
        text = " ".join(reply.text.split())
        question = " ".join(reply.question.split()) if self._spec.key == _QUESTIONS else ""
        cited = [self._by_id[one.id] for one in reply.evidence if one.id in self._by_id]
        if self._repeats_descriptor(" ".join((question, text, *(one.quote for one in reply.evidence)))):
            return self._refused("used the words of a code's descriptor, which are not shown")
        if refused := self._cannot_stand(reply, question, cited):
            return self._refused(refused, text)
        evidence, failures = self._evidence(reply, text)
        known = self._topics.intersection(*(item.answers for item in cited)) if cited else set()
        if strange := [key for key in reply.answers if key not in known]:
            # An unknown topic is not repeated: it may hold anything.
            named = ", ".join(key for key in strange if key in self._topics) or "unknown ones"
            failures.append(self._failure(f"named topics that its notes do not settle ({named})", text))
        sentences = list(dict.fromkeys(self._split(text))) or [text]
        code, section = self._plan.hcpcs_code, self._spec.key
        # "No." is about what was asked: two such answers are two claims.
        subjects = [text_subject(f"{question} {sentence}".strip()) for sentence in sentences]
        statement = Statement(
            id=statement_id(code, section, subjects[0]),
            section_key=section,
            text=text,
            question=question,
            adjustment_codes=next((item.adjustment_codes for item in cited if item.adjustment_codes), ()),
            answers=tuple(key for key in dict.fromkeys(reply.answers) if key in known),
            drafter=drafter,
            claims=tuple(
                Claim(
                    id=claim_id(code, section, subject),
                    text=sentence,
                    subject=subject,
                    evidence_ids=tuple(item.id for item in evidence),
                    payer_scope=cited[0].document.payer_scope if cited else "",
                )
                for subject, sentence in zip(subjects, sentences, strict=True)
            ),
        )
        if self._repeats(statement):
            return self._refused("repeated itself, and the repetition is left out", text)
        self._said[statement.id] = statement
        return Bound(statement, evidence, tuple(failures))

    def _cannot_stand(self, reply: DraftStatement, question: str, cited: Sequence[Offered]) -> str:
        """Why a reply is no statement, whatever its words; empty where it may be one."""
        if self._spec.key == _QUESTIONS and not question:
            return "gave an answer without its question"
        if len({one.id for one in reply.evidence}) > _MOST_CITED:
            return f"cited more than {_MOST_CITED} passages"
        if any(len(one.quote.split()) < _FEWEST_WORDS for one in reply.evidence):
            return f"quoted fewer than {_FEWEST_WORDS} words"
        if len({item.document.payer_scope for item in cited}) > 1:
            return "mixed the rules of different payers"
        if len({item.adjustment_codes for item in cited if item.adjustment_codes}) > 1:
            return "mixed denial reasons of different adjustment codes"
        return ""

    def _evidence(self, reply: DraftStatement, text: str) -> tuple[tuple[Evidence, ...], list[str]]:
        """What the reply rests on, each once, and what is wrong with its quotes."""
        evidence, failures = list[Evidence](), list[str]()
        for cited in dict.fromkeys(reply.evidence):
            item = self._by_id.get(cited.id)
            quote = quote_passage(cited, item, self._locate)
            if quote.match is Match.MISSING:
                what = (
                    f"a quote that is not in its passage ({cited.id})"
                    if item
                    else "a passage not given to it"
                )
                failures.append(self._failure(f"cited {what}", text))
            evidence += [quote, *(item.basis if item else ())]
        return tuple({item.id: item for item in evidence}.values()), failures

    def _repeats(self, statement: Statement) -> bool:
        """Whether a sentence was said before, or nearly the whole was, on the same quote with the same figures."""
        subjects = {claim.subject for claim in statement.claims}
        words = _words(statement)
        for other in self._said.values():
            if subjects.intersection(claim.subject for claim in other.claims):
                return True
            if statement.claims[0].evidence_ids[0] != other.claims[0].evidence_ids[0]:
                continue
            earlier = _words(other)
            alike = SequenceMatcher(None, words, earlier, autojunk=False).ratio()
            if alike >= _SAME_WORDS and _figures(words) == _figures(earlier):
                return True
        return False

    def _refused(self, what: str, text: str = "") -> Bound:
        return Bound(None, (), (self._failure(what, text),))

    def _failure(self, what: str, text: str) -> str:
        return f"{self._spec.key}: the model {what}" + (f" for: {text}" if text else "")


def bind_all(binder: Binder, replies: Sequence[DraftStatement], *, drafter: str) -> Draft:
    """The draft of these replies, in their order."""
    found = [binder.bind(reply, drafter=drafter) for reply in replies]
    return Draft(
        statements=tuple(bound.statement for bound in found if bound.statement),
        evidence=tuple({item.id: item for bound in found for item in bound.evidence}.values()),
        failures=tuple(failure for bound in found for failure in bound.failures),
    )


def _words(statement: Statement) -> list[str]:
    return statement.text.lower().split()


def _figures(words: Sequence[str]) -> set[str]:
    return {word for word in words if not word.isalpha()}
