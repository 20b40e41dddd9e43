"""The diagnoses that the user's documents tie to a code: a few sentences a document, and a row a condition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from pipeline.data import Authority, Claim, PagePlan, QuoteEvidence, SourceDocument, Statement
from pipeline.draft.records import Draft, merge_drafts
from pipeline.identity import claim_id, statement_id
from pipeline.sources.allowance import QuoteAllowance
from pipeline.sources.descriptors import repeats_descriptor
from pipeline.sources.diagnoses import DiagnosisSentence, compose_diagnoses, quote_place

DRAFTER = "tables"
_ANSWERS = "diagnosis_link"
_REASONS = 3  # that a gap gives
_RANK = {authority: place for place, authority in enumerate(Authority)}


def draft_diagnoses(
    plan: PagePlan,
    section_key: str,
    documents: Iterable[SourceDocument],
    *,
    allowance: QuoteAllowance,
    descriptors: Callable[[str], Iterable[str]] = lambda text: (),
) -> Draft:
    """Statements out of the documents in force on the plan's day, in order of authority, then title and edition.

    `descriptors` are the known CPT descriptors of the codes that a text names: a list whose words repeat one stays out.
    `open_because` says why documents that list diagnoses tie none of them to the code, or may not be quoted further.
    """
    drafts: list[Draft] = []
    reasons: list[str] = []
    in_force = (document for document in documents if document.in_force(plan.as_of))
    for document in sorted(in_force, key=lambda one: (_RANK[one.authority], one.title, one.edition, one.id)):
        composed = compose_diagnoses(document, plan.hcpcs_code)
        reasons += composed.reasons
        if not composed.rows:
            continue
        above = _statement(plan, section_key, document, composed.above)
        # A row does not stand without what is said of its list: conditions, and what the list lacks.
        origin = above.statements[0].claims[0].id
        listed = [
            above,
            *(_statement(plan, section_key, document, (row,), origin=origin) for row in composed.rows),
        ]
        quotes = [one for draft in listed for one in draft.evidence if isinstance(one, QuoteEvidence)]
        words = " ".join(one.quote for one in quotes)
        if repeats_descriptor(words, descriptors(words)):
            reasons.append(f"{document.title}: its words beside the list hold a CPT descriptor")
        elif allowance.take(document, quotes):
            drafts += listed
        else:
            reasons.append(
                f"{document.title}: what may be quoted of {document.publisher} on one page is used up"
            )
    why = "; ".join(dict.fromkeys(reasons[:_REASONS]))
    return merge_drafts([*drafts, Draft(open_because={f"{section_key}/{_ANSWERS}": why} if why else {})])


def _statement(
    plan: PagePlan,
    section_key: str,
    document: SourceDocument,
    sentences: Sequence[DiagnosisSentence],
    *,
    origin: str = "",
) -> Draft:
    """One statement of these sentences; with an `origin`, the claim that it stands or falls with, it answers."""
    evidence = {place: quote_place(document, place) for sentence in sentences for place in sentence.places}
    claims = tuple(
        Claim(
            id=claim_id(plan.hcpcs_code, section_key, sentence.subject),
            text=sentence.text,
            subject=sentence.subject,
            evidence_ids=tuple(dict.fromkeys(evidence[place].id for place in sentence.places)),
            payer_scope=document.payer_scope,
        )
        for sentence in sentences
    )
    statement = Statement(
        id=statement_id(plan.hcpcs_code, section_key, claims[0].subject),
        section_key=section_key,
        text=" ".join(claim.text for claim in claims),
        cells=sentences[0].cells,
        answers=(_ANSWERS,) if origin else (),
        derived_from=origin,
        drafter=DRAFTER,
        claims=claims,
    )
    return Draft(statements=(statement,), evidence=tuple(evidence.values()))
