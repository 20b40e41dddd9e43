"""The starter set's guidance notes: what every note keeps to, and that its rule stands where it says."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import SourceError
from pipeline.sources.anchors import AnchorState, resolve_anchor
from pipeline.sources.notes import TOPICS, Note, load_note, load_notes
from pipeline.sources.pdf import read_pages

NOTES = Path(__file__).parents[2] / "sources" / "starter" / "notes"
MANUALS = ("manuals/ncci_policy_manual_2026.pdf", "pfs/rvu25d_oct2025/RVU25D.pdf")
# Words that say how often something happens: none may stand where no source counts.
FREQUENCY = re.compile(
    r"\b(usual(ly)?|typical(ly)?|common(ly)?|often|frequent(ly)?|generally|rare(ly)?(?! exceptions?\b)|seldom"
    r"|mostly|most (?!recent|specific)|majority|almost always|nearly all)\b",
    re.IGNORECASE,
)
# CARC codes that DOMAIN rules tie to a denial reason of these pages.
ADJUSTMENT_CODES = {"4", "11", "16", "18", "29", "50", "54", "59", "97", "107", "119", "151", "197", "236"}

HEAD = """---
publisher: Invented Agency
title: Invented manual
edition: "1"
locator: p. 1
url: https://example.org/manual
payer_scope: Medicare FFS
authority: cms
licence: public domain
valid_from: 2026-01-01
owner: editorial
next_review: 2027-01-15
applies_to: {indicators: {global_days: ["090"]}}
answers: [same_day_em]
{codes}anchor: {document: "%s", page: 1, start: 0, end: 9, words: 2, digest: "0123456789abcdef"}
---
""" % ("0" * 64)


def broken_rules(note: Note) -> list[str]:
    """What one note does against the house rules, empty when nothing."""
    sections = [part.section_key for part in note.parts]
    problems = [f"'{match.group()}'" for part in note.parts for match in FREQUENCY.finditer(part.text)]
    if "checklist" in sections and "documentation" not in sections:
        problems.append("checklist without documentation")
    if "denials" in sections and not note.adjustment_codes:
        problems.append("denials without adjustment codes")
    if note.adjustment_codes and "denials" not in sections:
        problems.append("adjustment codes without denials")
    problems += [f"adjustment code {code}" for code in note.adjustment_codes if code not in ADJUSTMENT_CODES]
    problems += [f"line {line!r} is too long for a note" for line in note.body.split("\n") if len(line) > 400]
    return problems


def repeated_texts(notes: list[Note]) -> list[tuple[str, str]]:
    """Pairs of notes that hold a part with the same section and words."""
    first: dict[tuple[str, str, str], str] = {}
    pairs = []
    for note in notes:
        for part in note.parts:
            key = (part.section_key, part.question.lower(), " ".join(part.text.lower().split()))
            if first.setdefault(key, note.id) != note.id:
                pairs.append((first[key], note.id))
    return pairs


@pytest.fixture(scope="module")
def notes() -> list[Note]:
    return load_notes(NOTES)


@pytest.fixture
def invented(tmp_path: Path) -> Callable[..., Note]:
    """Writes a note with this body and loads it."""

    def write(body: str, *, name: str = "invented", codes: str = "", head: str = HEAD) -> Note:
        path = tmp_path / f"{name}.md"
        path.write_text(head.replace("{codes}", f"adjustment_codes: [{codes}]\n" if codes else "") + body)
        return load_note(path)

    return write


def test_every_starter_note_keeps_the_house_rules(notes: list[Note]):
    assert notes
    assert {note.id: broken_rules(note) for note in notes if broken_rules(note)} == {}


def test_ids_are_unique_and_no_part_is_written_twice(notes: list[Note]):
    assert len({note.id for note in notes}) == len(notes)
    assert repeated_texts(notes) == []


def test_every_starter_note_answers_known_topics(notes: list[Note]):
    assert {topic for note in notes for topic in note.answers} <= set(TOPICS)


def test_a_decision_for_major_surgery_is_never_tied_to_minor_procedures(notes: list[Note]):
    for note in notes:
        text = " ".join(part.text for part in note.parts)
        days = note.applies_to.indicators.get("global_days", ())
        if "modifier 57" in text.lower():
            assert days == ("090",), note.id
        if "modifier 25" in text.lower():
            assert set(days) <= {"000", "010"} and days, note.id


@pytest.mark.parametrize(
    ("body", "codes", "problem"),
    [
        ("## coverage\n\nThis is usually included.\n", "", "'usually'"),
        ("## coverage\n\nMost payers include it.\n", "", "'Most '"),
        ("## checklist\n\nRecord the side.\n", "", "checklist without documentation"),
        ("## denials\n\nA second visit fails.\n", "", "denials without adjustment codes"),
        ("## coverage\n\nIt is included.\n", "97", "adjustment codes without denials"),
        ("## denials\n\nA second visit fails.\n", "999", "adjustment code 999"),
    ],
)
def test_the_house_rules_reject(invented: Callable[..., Note], body: str, codes: str, problem: str):
    assert problem in broken_rules(invented(body, codes=codes))


def test_a_sentence_written_twice_is_found(invented: Callable[..., Note]):
    first = invented("## coverage\n\nThe visit is included.\n", name="first")
    second = invented("## coverage\n\nThe visit is\nincluded.\n", name="second")
    assert repeated_texts([first, second]) == [("first", "second")]


def test_an_unknown_topic_is_refused_with_its_line(invented: Callable[..., Note]):
    with pytest.raises(SourceError, match=r"invented\.md:14: answers\.1: .*unknown topic.*same_day_visit"):
        invented(
            "## coverage\n\nIt is included.\n",
            head=HEAD.replace("answers: [same_day_em]", "answers: [units, same_day_visit]"),
        )


@pytest.mark.realdata
def test_every_anchor_stands_where_the_note_says(notes: list[Note], shared_data: Path):
    pages = {}
    for name in MANUALS:
        data = (shared_data / name).read_bytes()
        pages[hashlib.sha256(data).hexdigest()] = read_pages(data, name=name)
    strays = {note.id: note.anchor.document for note in notes if note.anchor.document not in pages} | {
        note.id: resolved.state
        for note in notes
        if note.anchor.document in pages
        and (resolved := resolve_anchor(note.anchor, pages[note.anchor.document])).state
        is not AnchorState.MATCHED
    }
    assert strays == {}
    shifted = notes[0].anchor.model_copy(update={"start": notes[0].anchor.start + 40})
    assert resolve_anchor(shifted, pages[shifted.document]).state is AnchorState.MOVED
