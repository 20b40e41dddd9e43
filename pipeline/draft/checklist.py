"""The dictation checklist hangs on the documentation requirements of the same draft."""

from __future__ import annotations

from collections.abc import Collection

from pipeline.data import QuoteEvidence
from pipeline.draft.records import Draft


def tie_checklist(draft: Draft, *, standing: Collection[str] = ()) -> Draft:
    """Point each checklist item at a documentation claim of this draft that rests on the same note.

    The extractive drafter's items already do; when a model wrote the section, its claims take that place, those
    `standing` (by id) before others. An item whose requirement was not drafted goes with it.
    """
    evidence = {item.id: item for item in draft.evidence}
    by_document: dict[str, str] = {}
    required = [claim for s in draft.statements if s.section_key == "documentation" for claim in s.claims]
    for claim in sorted(required, key=lambda claim: claim.id not in standing):
        for id_ in claim.evidence_ids:
            item = evidence[id_]
            if isinstance(item, QuoteEvidence):
                by_document.setdefault(item.document_id, claim.id)
    drafted = {claim.id for statement in draft.statements for claim in statement.claims}
    tied = []
    for statement in draft.statements:
        if statement.derived_from:
            document_id = statement.claims[0].subject.partition("#")[0]
            origin = by_document.get(document_id, statement.derived_from)
            if origin not in drafted:
                continue
            statement = statement.model_copy(update={"derived_from": origin})
        tied.append(statement)
    return draft.model_copy(update={"statements": tuple(tied)})
