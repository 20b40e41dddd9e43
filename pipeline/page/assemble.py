"""Assembling a page: what stands goes in, what does not is withheld with its reasons, what is missing is a gap."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

from pipeline.data import (
    Applicability,
    Authority,
    Claim,
    CodeProfile,
    Currency,
    Descriptor,
    Evidence,
    Gap,
    JudgeFailure,
    Label,
    Page,
    PagePlan,
    QuoteEvidence,
    RowEvidence,
    Section,
    SectionSpec,
    SiteBlock,
    SourceUse,
    Statement,
    Verdict,
    Withheld,
    is_supported,
)
from pipeline.page.layout import statements_of

Outcome = Verdict | JudgeFailure
# Says whether a must-answer question applies to the plan's code.
Applies = Callable[[Applicability], bool]
# Describes the source of a piece of evidence for the references list.
Describe = Callable[[Evidence], SourceUse]

_CAUTION = (Currency.CARRIED, Currency.IN_FORCE, Currency.EARLIER)
_APART = ("strip", "summary")
# The check whose evidence speaks against a claim: it is kept with the page, so that the conflict is seen.
_AGAINST = "counter_evidence"


def assemble_page(
    plan: PagePlan,
    statements: Sequence[Statement],
    evidence: Mapping[str, Evidence],
    outcomes: Mapping[str, Outcome],
    *,
    profile: CodeProfile,
    applies: Applies,
    describe: Describe,
    previous: Page | None,
    today: date,
    fingerprint: str,
    checker: str,
    drafter: str,
    failures: tuple[str, ...] = (),
    open_because: Mapping[str, str] | None = None,
    descriptor: Descriptor | None = None,
    site_blocks: tuple[SiteBlock, ...] = (),
) -> Page:
    """Make the page. A claim that is unchanged since `previous` keeps its verified date; others get `today`.

    `open_because` says by `SECTION/QUESTION` key why a question stays open, where more is known than that no source
    answers it.
    """
    standing = [statement for statement in statements if _stands(statement, outcomes)]
    standing = _with_their_origin(standing)
    kept_ids = {statement.id for statement in standing}
    earlier = {c.id: c for s in statements_of(previous) for c in s.claims} if previous else {}
    verdicts = {
        claim.id: _dated(outcome, claim, evidence, previous, earlier, today)
        for statement in standing
        for claim in statement.claims
        if isinstance(outcome := outcomes[claim.id], Verdict)
    }
    used = _used_evidence(standing, verdicts, evidence)
    withheld = tuple(
        Withheld(statement=statement, verdicts=tuple(outcomes[claim.id] for claim in statement.claims))
        for statement in statements
        if statement.id not in kept_ids
    )
    uses = {item.id: describe(item) for item in used.values()}
    return Page(
        hcpcs_code=plan.hcpcs_code,
        as_of=plan.as_of,
        drafter=drafter,
        checker=checker,
        fingerprint=fingerprint,
        verified_on=max((v.verified_on for v in verdicts.values() if v.verified_on), default=today),
        category=profile.category,
        region=profile.region,
        summary=next((s for s in standing if s.section_key == "summary"), None),
        descriptor=descriptor,
        fact_strip=tuple(s for s in standing if s.section_key == "strip"),
        sections=tuple(
            Section(
                key=spec.key, heading=spec.heading, intro=spec.intro, columns=spec.columns, statements=inside
            )
            for spec in plan.sections
            if (inside := tuple(s for s in standing if s.section_key == spec.key))
        ),
        evidence=used,
        verdicts=verdicts,
        gaps=tuple(_gaps(plan.sections, standing, withheld, applies, open_because or {})),
        withheld=withheld,
        failures=failures,
        sources=_references(uses.values()),
        documents={
            item.document_id: uses[item.id] for item in used.values() if isinstance(item, QuoteEvidence)
        },
        site_blocks=site_blocks,
    )


def _stands(statement: Statement, outcomes: Mapping[str, Outcome]) -> bool:
    found = [outcomes[claim.id] for claim in statement.claims]
    return bool(found) and all(map(is_supported, found))


def _with_their_origin(standing: list[Statement]) -> list[Statement]:
    """Drop a derived statement, such as a checklist item, whose origin did not stand."""
    claims = {claim.id for statement in standing for claim in statement.claims}
    return [s for s in standing if not s.derived_from or s.derived_from in claims]


def _dated(
    verdict: Verdict,
    claim: Claim,
    evidence: Mapping[str, Evidence],
    previous: Page | None,
    earlier: Mapping[str, Claim],
    today: date,
) -> Verdict:
    """The verdict with its date: that of the previous revision where claim, evidence and checker are the same."""
    before = previous.verdicts.get(claim.id) if previous else None
    unchanged = (
        before is not None
        and previous is not None
        and before.checker == verdict.checker
        and before.evidence_ids == verdict.evidence_ids
        and claim == earlier.get(claim.id)
        and all(
            previous.evidence.get(id_) == evidence[id_]
            for id_ in (*claim.evidence_ids, *verdict.evidence_ids)
        )
    )
    kept = before.verified_on if before and unchanged and before.verified_on else today
    return verdict.model_copy(update={"verified_on": min(kept, today)})  # no page says what is yet to come


def _used_evidence(
    standing: Sequence[Statement], verdicts: Mapping[str, Verdict], evidence: Mapping[str, Evidence]
) -> dict[str, Evidence]:
    ids = {id_ for statement in standing for claim in statement.claims for id_ in claim.evidence_ids}
    ids.update(id_ for verdict in verdicts.values() for id_ in verdict.evidence_ids)
    against = (check for verdict in verdicts.values() for check in verdict.checks if check.check == _AGAINST)
    ids.update(id_ for check in against for id_ in check.evidence_ids)
    return {id_: evidence[id_] for id_ in sorted(ids)}


def _gaps(
    specs: Sequence[SectionSpec],
    standing: Sequence[Statement],
    withheld: Sequence[Withheld],
    applies: Applies,
    open_because: Mapping[str, str],
) -> list[Gap]:
    gaps = []
    for spec in specs:
        answered = {key for s in standing if s.section_key == spec.key for key in s.answers}
        held_back = {
            key for w in withheld if w.statement.section_key == spec.key for key in w.statement.answers
        }
        for question in spec.must_answer:
            if question.key in answered or not applies(question.when):
                continue
            reason = (
                "a drafted answer did not pass verification"
                if question.key in held_back
                else open_because.get(f"{spec.key}/{question.key}", "no source loaded here answers it")
            )
            gaps.append(
                Gap(section_key=spec.key, key=question.key, question=question.question, reason=reason)
            )
    return gaps


def _references(uses: Iterable[SourceUse]) -> tuple[SourceUse, ...]:
    """One entry a source edition (its id), locators joined, in order of authority, then title and edition."""
    merged: dict[str, SourceUse] = {}
    for use in uses:
        before = merged.get(use.id, use)
        merged[use.id] = use.model_copy(
            update={
                "locators": tuple(sorted({*before.locators, *use.locators})),
                "present": use.present or before.present,
                "currency": min(
                    filter(None, (use.currency, before.currency)), default=None, key=_CAUTION.index
                ),
                "in_force_release": max(use.in_force_release, before.in_force_release),
            }
        )
    rank = {authority: place for place, authority in enumerate(Authority)}
    return tuple(sorted(merged.values(), key=lambda use: (rank[use.authority], use.title, use.edition)))


def carried_releases(page: Page) -> list[tuple[str, str]]:
    """The releases whose values are carried over, each with the release in force, sorted."""
    return sorted(
        {
            (item.fact.release, item.in_force_release)
            for item in page.evidence.values()
            if isinstance(item, RowEvidence) and item.in_force_release != item.fact.release
        }
    )


def count_claims(page: Page) -> dict[str, int]:
    """Claims by label, standing and withheld together; failures to obtain a verdict under `failed`."""
    counts = {label.value: 0 for label in Label} | {"failed": 0}
    held = [outcome for withheld in page.withheld for outcome in withheld.verdicts]
    for outcome in (*page.verdicts.values(), *held):
        counts[outcome.label.value if isinstance(outcome, Verdict) else "failed"] += 1
    return counts


def count_written(page: Page) -> int:
    """How many claims on the page a model wrote; all of them are supported."""
    return sum(len(s.claims) for s in statements_of(page) if s.by_model)
