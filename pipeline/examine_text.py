"""The claims of any text, examined: taken apart where one is compound, and judged where the checks leave one open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from string import ascii_lowercase
from typing import NamedTuple

from pipeline.data import Claim, Judgement, Label, Outcome, Passage, QuoteEvidence
from pipeline.identity import digest, text_subject
from pipeline.sources.descriptors import elide_descriptors
from pipeline.verify import (
    Catalogue,
    ClaimContext,
    CounterEvidence,
    Examined,
    InputClaim,
    about_what,
    checker_version,
    find_evidence,
    load_rules,
    quote_in_context,
    split_compound,
    verify_text_claim,
)
from pipeline.verify.corpus import Corpus
from pipeline.verify.judges import Opinion, Pair, PairJudge
from pipeline.verify.support import CHECK as SUPPORT

_SHOWN = 6  # passages that a judge is shown beside a claim


class TextClaim(NamedTuple):
    """A claim, or a part of one, and what was found; `failure` says why a judge that was asked gave no opinion."""

    claim: InputClaim
    examined: Examined
    failure: str = ""


class TextExaminer:
    """Examines the claims of one text. What was examined once stays known."""

    def __init__(
        self,
        context: ClaimContext,
        corpus: Corpus,
        *,
        search: Callable[[str, int], list[Passage]],
        judge: PairJudge | None = None,
    ) -> None:
        self._context, self._search, self._judge = context, search, judge
        self._rules, self._checker = load_rules(), checker_version()
        self._catalogue = Catalogue(context)
        self._counter = CounterEvidence(corpus, context, self._rules)
        self._known: dict[str, Examined] = {}

    def examine(self, claims: Sequence[InputClaim], *, whole: bool = False) -> list[list[TextClaim]]:
        """Each claim in order, in its parts where some part is decided and the whole is not; open ones judged together.

        `whole`: none is taken apart. Raises ModelError where a judging model's endpoint fails.
        """
        found = [self._apart(claim, whole) for claim in claims]
        return self._judged(found) if self._judge else found

    def _apart(self, claim: InputClaim, whole: bool) -> list[TextClaim]:
        examined = self._examine(claim)
        if whole or examined.verdict.label is not Label.NOT_ENOUGH_INFO:
            return [TextClaim(claim, examined)]
        parts = [TextClaim(part, self._examine(part)) for part in parts_of(claim)]
        decided = any(part.examined.verdict.label is not Label.NOT_ENOUGH_INFO for part in parts)
        return parts if decided else [TextClaim(claim, examined)]

    def _examine(self, claim: InputClaim, judgement: Judgement | None = None) -> Examined:
        if judgement is None and claim.text in self._known:
            return self._known[claim.text]
        examined = verify_text_claim(
            claim.text,
            context=self._context,
            rules=self._rules,
            checker=self._checker,
            search=self._search,
            claim_id=claim.id,
            catalogue=self._catalogue,
            judgement=judgement,
        )
        asserted = Claim(id=claim.id, text=claim.text, subject=text_subject(claim.text))
        examined = self._counter.weigh(asserted, examined)
        if judgement is None:
            self._known[claim.text] = examined
        return examined

    def _judged(self, found: Sequence[Sequence[TextClaim]]) -> list[list[TextClaim]]:
        pairs: dict[str, Pair] = {}
        for one in chain.from_iterable(found):
            if _is_open(one.examined) and (evidence := self._evidence(one.claim.text)):
                pairs[one.claim.id] = Pair(evidence, one.claim.text)
        opinions = self._judge.judge(list(pairs.values())) if self._judge and pairs else []
        said = dict(zip(pairs, opinions, strict=True))
        return [
            [
                self._with(one, pairs[one.claim.id], said[one.claim.id]) if one.claim.id in said else one
                for one in parts
            ]
            for parts in found
        ]

    def _evidence(self, text: str) -> str:
        offered = find_evidence(text, context=self._context, search=self._search, limit=_SHOWN)
        quotes = [item for item in offered if isinstance(item, QuoteEvidence)]
        shown = (quote_in_context(item, self._context.documents[item.document_id]) for item in quotes)
        return "\n\n".join(dict.fromkeys(map(elide_descriptors, shown)))

    def _with(self, one: TextClaim, pair: Pair, opinion: Opinion) -> TextClaim:
        if opinion.label is None:
            return one._replace(failure=f"the judge failed: {opinion.failure}")
        label, reason = opinion.label, opinion.reason
        if label is Label.SUPPORTED and not opinion.sure:
            label, reason = Label.NOT_ENOUGH_INFO, "likely supported, but not surely enough to stand"
        if opinion.chance is not None:
            reason = (
                f"{reason + '; ' if reason else ''}chance that its passages support it: {opinion.chance:.2f}"
            )
        judgement = Judgement(
            about=f"j_{digest(list(pair))[:12]}",
            label=label,
            reason=reason,
            model=self._judge.name if self._judge else "",
            prompt_hash="",
        )
        return one._replace(examined=self._examine(one.claim, judgement))


def _is_open(examined: Examined) -> bool:
    """Undecided, and for nothing but its words."""
    verdict = examined.verdict
    failed = [check for check in verdict.checks if check.outcome is Outcome.FAIL]
    return verdict.label is Label.NOT_ENOUGH_INFO and all(check.check == SUPPORT for check in failed)


def parts_of(claim: InputClaim) -> list[InputClaim]:
    """The claims that a compound one is made of, `1.2a`, `1.2b` …, each about the code it goes on about; else none."""
    before, bracket, text = claim.text.partition("] ") if claim.text.startswith("[") else ("", "", claim.text)
    pieces = split_compound(text)
    if not 1 < len(pieces) <= len(ascii_lowercase):
        return []
    parts: list[InputClaim] = []
    about = about_what(pieces)
    for letter, piece, code in zip(ascii_lowercase, pieces, about, strict=False):
        head = f"{before}{bracket}" if before and not any(about[: len(parts) + 1]) else ""
        shown = f"[{code}] {piece}" if code else f"{head}{piece}"
        parts.append(
            InputClaim(
                id=f"{claim.id}{letter}",
                statement_id=claim.statement_id,
                text=shown,
                sentence=claim.sentence or text,
                headings=() if parts else claim.headings,
            )
        )
    return parts
