"""A page verified again from its ledger: every claim from the evidence recorded with it, and nothing else needed.

Four questions, each a check of its own. `record`: does the ledger hold together, ids and all? `again`: do the checks,
given the recorded evidence, come to the recorded verdict? `wording` and the like: is each statement what its claims
say? `held`: where this installation has the row or the document, does it say what the ledger says of it?

Whatever contradicts the record refutes the claim; what only cannot be seen here leaves it undecided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from pipeline.check_text import MAX_BYTES, CheckedClaim
from pipeline.data import (
    Check,
    Claim,
    CodeProfile,
    Currency,
    Evidence,
    Fact,
    JudgeFailure,
    Judgement,
    Label,
    Outcome,
    Page,
    QuoteEvidence,
    RowEvidence,
    SourceDocument,
    Statement,
    Verdict,
)
from pipeline.draft.records import Draft
from pipeline.examine import Examiner
from pipeline.facts.releases import newer_on
from pipeline.identity import claim_id, evidence_id, judged_id, statement_id
from pipeline.page.layout import statements_of
from pipeline.page.ledger import load_ledger
from pipeline.sources.diagnoses import SUBJECT_KINDS as LISTED
from pipeline.verify import Corpus, checker_version
from pipeline.verify.consistency import CHECK as CONSISTENCY
from pipeline.verify.counter_evidence import CHECK as COUNTER_EVIDENCE
from pipeline.verify.entailment import CHECK as JUDGED
from pipeline.verify.recorded import recorded_context
from pipeline.workspace import Workspace

_RECORD, _AGAIN, _HELD = "record", "again", "held"
_SURE = 0.99
_SCHEMA = '"schema_version"'


class Held(NamedTuple):
    """What the installation has: documents by id, profiles by code, a code's rows of a release by field.

    `corpus`: the sentences that may speak against a claim.
    """

    documents: Mapping[str, SourceDocument]
    profiles: Mapping[str, CodeProfile]
    rows: Callable[[str, str], Mapping[str, Fact]]
    corpus: Corpus | None = None


def held_by(workspace: Workspace) -> Held:
    """What a workspace has at hand."""
    return Held(workspace.documents, workspace.profiles, workspace.facts.of_release, workspace.corpus)


def read_ledger_file(path: Path) -> Page | None:
    """The ledger that a file is; None for any other file. Raises SourceError for a damaged ledger."""
    try:
        if not path.is_file() or path.stat().st_size > MAX_BYTES:
            return None
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None  # whatever it is, it is read, and refused, as a text
    return load_ledger(text) if text.lstrip().startswith("{") and _SCHEMA in text else None


def check_ledger(page: Page, *, held: Held) -> Iterator[CheckedClaim]:
    """Every claim that stands on the page, in reading order and each once, with what was found about it."""
    statements = tuple(statements_of(page))
    context = recorded_context(page, documents=held.documents, profiles=held.profiles)
    known = [_as_checked(one, page, held) for one in statements if _evidence_at_hand(one, page)]
    draft = Draft(
        statements=tuple(known),
        evidence=tuple(page.evidence.values()),
        judgements=tuple(_judgements(known, page)),
    )
    outcomes, _ = Examiner(context, corpus=held.corpus).examine(draft)
    of_evidence = {id_: tuple(_of_evidence(id_, item, page, held)) for id_, item in page.evidence.items()}
    seen: set[tuple[str, str]] = set()
    for statement in statements:
        for claim in statement.claims:
            if (claim.id, claim.text) in seen:
                continue
            seen.add((claim.id, claim.text))
            found = [*_of_record(statement, claim, page)]
            found += [check for id_ in _named(claim, page) for check in of_evidence.get(id_, ())]
            found += _of_outcome(claim, outcomes.get(claim.id), page)
            yield _checked(statement, claim, page, found, outcomes.get(claim.id), documents=held.documents)


def _evidence_at_hand(statement: Statement, page: Page) -> bool:
    return all(id_ in page.evidence for claim in statement.claims for id_ in claim.evidence_ids)


def _as_checked(statement: Statement, page: Page, held: Held) -> Statement:
    """A source's question is in no quote: where a document is not at hand, the answer is checked without it."""
    cited = (page.evidence[id_] for claim in statement.claims for id_ in claim.evidence_ids)
    quoted = {item.document_id for item in cited if isinstance(item, QuoteEvidence)}
    return statement if quoted <= held.documents.keys() else statement.model_copy(update={"question": ""})


def _judgements(statements: Iterable[Statement], page: Page) -> Iterator[Judgement]:
    """A judge is not asked again: its recorded word is heard again, under the checks that bound it the first time."""
    for statement in statements:
        verdicts = [page.verdicts[claim.id] for claim in statement.claims if claim.id in page.verdicts]
        judged = next((one for one in verdicts if one.model), None)
        if judged is not None:
            passed = [
                check.outcome is Outcome.PASS
                for one in verdicts
                for check in one.checks
                if check.check == JUDGED
            ]
            yield Judgement(
                about=judged_id(statement),
                label=(Label.SUPPORTED if all(passed) else Label.NOT_ENOUGH_INFO) if passed else None,
                model=judged.model,
                prompt_hash=judged.prompt_hash,
            )


def _named(claim: Claim, page: Page) -> list[str]:
    verdict = page.verdicts.get(claim.id)
    return list(dict.fromkeys((*claim.evidence_ids, *(verdict.evidence_ids if verdict else ()))))


def _of_record(statement: Statement, claim: Claim, page: Page) -> Iterator[Check]:
    """What does not hold together in the ledger itself."""
    verdict = page.verdicts.get(claim.id)
    code, section = page.hcpcs_code, statement.section_key
    if verdict is None:
        yield _against(_RECORD, "the ledger has no verdict on the claim")
    elif verdict.label is not Label.SUPPORTED:
        yield _against(
            _RECORD,
            f"the claim stands on the page, and its verdict is {verdict.label.value}",
            expected=Label.SUPPORTED.value,
            found=verdict.label.value,
        )
    if verdict is not None and verdict.claim_id != claim.id:
        yield _against(_RECORD, "the verdict is another claim's", expected=claim.id, found=verdict.claim_id)
    if claim.id != claim_id(code, section, claim.subject):
        yield _against(
            _RECORD,
            "the claim's id is not that of its subject",
            expected=claim_id(code, section, claim.subject),
            found=claim.id,
        )
    first = statement.claims[0].subject
    if statement.id != statement_id(code, section, first):
        yield _against(
            _RECORD,
            "the statement's id is not that of its subject",
            expected=statement_id(code, section, first),
            found=statement.id,
        )
    for id_ in _named(claim, page):
        if id_ not in page.evidence:
            yield _against(_RECORD, "the claim names evidence that the ledger lacks", expected=id_)
    if not _named(claim, page):
        yield _against(_RECORD, "the claim names no evidence")


def _of_evidence(id_: str, item: Evidence, page: Page, held: Held) -> Iterator[Check]:
    """What is wrong with a piece of evidence, by itself and beside what the installation has of it."""
    if item.id != id_:
        yield _against(_RECORD, "the evidence is kept under another id", expected=item.id, found=id_)
    if isinstance(item, RowEvidence):
        yield from _of_row(item, page, held)
    else:
        yield from _of_quote(item, page, held)


def _of_row(item: RowEvidence, page: Page, held: Held) -> Iterator[Check]:
    fact = item.fact
    if item.id != evidence_id(fact.key, fact.value):
        yield _against(
            _RECORD, f"the row's id is not that of {fact.key} = {fact.value}", found=item.id, evidence=item.id
        )
    if item.level == "classification":
        profile = held.profiles.get(fact.hcpcs_code)
        if profile is not None and profile.summary != fact.value:
            yield _against(
                _HELD,
                f"the classification at hand says otherwise of {fact.hcpcs_code}",
                expected=profile.summary,
                found=fact.value,
                evidence=item.id,
            )
        return
    newer = newer_on(fact.release, page.as_of)
    carried = Currency.CARRIED if newer else Currency.IN_FORCE
    if item.currency is not Currency.EARLIER and item.currency is not carried:
        yield _against(
            _RECORD,
            f"{fact.release} is shown as {item.currency.value} on {page.as_of}",
            expected=carried.value,
            found=item.currency.value,
            evidence=item.id,
        )
    stored = held.rows(fact.hcpcs_code, fact.release).get(fact.field)
    if stored is not None and stored != fact:
        yield _against(
            _HELD,
            f"the loaded {fact.release} has {stored.value} for {fact.hcpcs_code or 'the release'} {fact.field}, "
            f"the ledger {fact.value}"
            if stored.value != fact.value
            else f"the row of {fact.key} is not the loaded one",
            expected=stored.value,
            found=fact.value,
            evidence=item.id,
        )


def _of_quote(item: QuoteEvidence, page: Page, held: Held) -> Iterator[Check]:
    if item.document_id not in page.documents:
        yield _against(
            _RECORD, f"the ledger does not describe {item.document_id}, which it quotes", evidence=item.id
        )
    document = held.documents.get(item.document_id)
    if document is not None and item.id != evidence_id(document.id, document.sha256, item.start, item.end):
        yield _undecided(
            _HELD,
            f"{document.title} changed since, or the quote's place did",
            found=item.id,
            evidence=item.id,
        )


def _of_outcome(claim: Claim, outcome: Verdict | JudgeFailure | None, page: Page) -> Iterator[Check]:
    """Whether the checks come to the recorded verdict again."""
    recorded = page.verdicts.get(claim.id)
    if outcome is None or recorded is None or isinstance(outcome, JudgeFailure):
        return
    if not (outcome.label is Label.SUPPORTED is recorded.label and recorded.checker == checker_version()):
        return
    for name, said, found in (
        ("confidence", str(recorded.confidence), str(outcome.confidence)),
        ("evidence", " ".join(recorded.evidence_ids), " ".join(outcome.evidence_ids)),
        ("reason", *(_own_reason(one) for one in (recorded, outcome))),
        ("checks", *(" ".join(map(str, _own_checks(one))) for one in (recorded, outcome))),
    ):
        if said != found:
            reason = f"the recorded verdict has another {name} than the checks give"
            yield _against(_AGAIN, reason, expected=found, found=said)


def _own_checks(verdict: Verdict) -> list[Check]:
    """Its checks but those of what is no part of the claim: other sources, and other claims of the page."""
    return [check for check in verdict.checks if check.check not in (COUNTER_EVIDENCE, CONSISTENCY)]


def _own_reason(verdict: Verdict) -> str:
    others = (check.reason for check in verdict.checks if check.check == COUNTER_EVIDENCE)
    reason = verdict.reason
    for other in others:
        reason = reason.replace(_sentence(other), "")
    return reason.strip()


def _checked(
    statement: Statement,
    claim: Claim,
    page: Page,
    found: list[Check],
    outcome: Verdict | JudgeFailure | None,
    *,
    documents: Mapping[str, SourceDocument],
) -> CheckedClaim:
    checks = (*found, *(outcome.checks if outcome else ()))
    evidence = tuple(page.evidence[id_] for id_ in _named(claim, page) if id_ in page.evidence)
    shown = CheckedClaim(
        id=claim.id,
        statement_id=statement.id,
        claim=claim.text,
        label=Label.REFUTED,
        confidence=_SURE,
        reason="",
        evidence=evidence,
        checks=checks,
    )
    against = [check for check in found if check.outcome is Outcome.FAIL]
    if against:
        return shown.model_copy(update={"reason": _sentence(against[0].reason)})
    if isinstance(outcome, JudgeFailure) or outcome is None:
        why = outcome.failure if outcome else "a claim of its statement names evidence that the ledger lacks"
        return shown.model_copy(update={"label": None, "confidence": None, "failure": why})
    if outcome.label is Label.SUPPORTED:
        unseen = [check for check in found if check.outcome is Outcome.SILENT]
        if unseen:
            return shown.model_copy(
                update={
                    "label": Label.NOT_ENOUGH_INFO,
                    "confidence": 0.5,
                    "reason": _sentence(unseen[0].reason),
                }
            )
        return shown.model_copy(
            update={"label": outcome.label, "confidence": outcome.confidence, "reason": outcome.reason}
        )
    kind, _, rest = claim.subject.partition(":")
    if kind in LISTED and rest.partition("/")[0] not in documents:
        why = "the list it is composed from stands in a document that is not stored here; add it and verify again"
        return shown.model_copy(update={"label": None, "confidence": None, "failure": why})
    reason = f"Verified again, it does not stand: {outcome.reason}"
    failed = {check.check for check in outcome.checks if check.outcome is Outcome.FAIL}
    if failed == {
        COUNTER_EVIDENCE
    }:  # the record may be as it was made; a source that came since is against it
        return shown.model_copy(
            update={"label": outcome.label, "confidence": outcome.confidence, "reason": reason}
        )
    return shown.model_copy(update={"reason": reason})


def _against(check: str, reason: str, *, expected: str = "", found: str = "", evidence: str = "") -> Check:
    return Check(
        check=check,
        outcome=Outcome.FAIL,
        reason=reason,
        expected=expected,
        found=found,
        evidence_ids=(evidence,) if evidence else (),
    )


def _undecided(check: str, reason: str, *, found: str = "", evidence: str = "") -> Check:
    return _against(check, reason, found=found, evidence=evidence).model_copy(
        update={"outcome": Outcome.SILENT}
    )


def _sentence(reason: str) -> str:
    return reason[:1].upper() + reason[1:].rstrip(".") + "."
