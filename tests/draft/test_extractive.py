"""The extractive drafter: the order of a section, and adjustment codes that only an edit earns."""

from collections.abc import Callable
from datetime import date

import pytest

from pipeline.data import PagePlan, Statement
from pipeline.draft.extractive import draft_notes
from pipeline.settings import read_settings
from pipeline.verify import split_claims
from pipeline.workspace import Workspace

ON = date(2026, 11, 24)
WORKSPACE = Workspace(read_settings())
SPECS = {spec.key: spec for spec in WORKSPACE.sections}


def drafted(
    section: str, *note_ids: str, reach: dict[str, int] | None = None, is_paired: Callable[[str], bool] = bool
) -> tuple[Statement, ...]:
    notes = [note for note in WORKSPACE.notes if note.id in note_ids]
    assert len(notes) == len(note_ids)
    return draft_notes(
        PagePlan(hcpcs_code="25609", as_of=ON, sections=()),
        SPECS[section],
        notes,
        reach=reach or dict.fromkeys(note_ids, 2),
        rank={},
        split=split_claims,
        resolve=lambda anchor: None,
        rows={},
        is_paired=is_paired,
    ).statements


@pytest.mark.parametrize(
    ("note", "paired", "codes"),
    [
        ("distal-radius-median-nerve", "64721", ("97", "236")),
        ("distal-radius-median-nerve", "", ("97",)),  # 64721 is in no edit with this code
        ("trigger-finger-same-finger", "", ("236",)),  # the only one that the note has
    ],
)
def test_the_adjustment_code_of_edits_goes_with_an_edit(note: str, paired: str, codes: tuple[str, ...]):
    (statement,) = drafted("denials", note, is_paired=lambda other: other == paired)
    assert statement.adjustment_codes == codes


def test_a_range_of_codes_leaves_open_which_of_them_are_paired():
    (statement,) = drafted("denials", "fracture-debridement-in-field", is_paired=lambda other: False)
    assert statement.adjustment_codes == ("97", "236")


def test_a_section_opens_with_what_answers_its_first_question_for_few_codes():
    # distal-radius-joint-and-fragments answers it; the median nerve is for fewer codes, the implant for most.
    ids = (
        "distal-radius-median-nerve",
        "distal-radius-joint-and-fragments",
        "operation-includes-implant-removal",
    )
    wide: dict[str, int] = dict(zip(ids, (1, 2, 40), strict=True))
    texts = [statement.text for statement in drafted("documentation", *ids, reach=wide)]
    assert [WORDS in text for text, WORDS in zip(texts, ("fragments", "nerve", "20670"), strict=True)] == [
        True
    ] * 3
    general: dict[str, int] = dict(zip(ids, (1, 40, 40), strict=True))
    first, *_ = drafted("documentation", *ids, reach=general)
    assert "nerve" in first.text
