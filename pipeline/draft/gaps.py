"""What a model left open and a note answers: the extract's own statement takes its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pipeline.data import SectionSpec, Statement
from pipeline.draft.records import Draft, merge_drafts


def fill_gaps(
    written: Draft, extract: Callable[[], Draft], spec: SectionSpec, *, standing: Iterable[Statement]
) -> Draft:
    """The written section with the first extracted statement for each question that no `standing` one answers.

    So a page by a model answers no question less than one without; where nothing of a section stands, the whole
    extract takes its place. `extract` is made only where it is needed.
    """
    standing = list(standing)
    if not standing:
        return merge_drafts([written, extract()])
    answered = {key for statement in standing for key in statement.answers}
    wanted = {question.key for question in spec.must_answer} - answered
    if not wanted:
        return written
    extracted, added = extract(), list[Statement]()
    for statement in extracted.statements:
        if wanted.intersection(statement.answers):
            wanted -= set(statement.answers)
            added.append(statement)
    cited = {id_ for statement in added for claim in statement.claims for id_ in claim.evidence_ids}
    return written.model_copy(
        update={
            "statements": (*written.statements, *added),
            "evidence": (*written.evidence, *(item for item in extracted.evidence if item.id in cited)),
        }
    )
