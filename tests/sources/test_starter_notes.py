"""The starter set's guidance notes: what every note keeps to, and that its rule stands where it says."""

import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import pytest

from pipeline.data.sources import page_texts
from pipeline.errors import SourceError
from pipeline.facts.profiles import load_profiles
from pipeline.facts.table import read_facts
from pipeline.sources.anchors import AnchorResolver, AnchorState
from pipeline.sources.applicability import applies
from pipeline.sources.documents import hash_file
from pipeline.sources.notes import TOPICS, Note, load_note, load_notes
from pipeline.sources.reading.apart import read_apart

STARTER = Path(__file__).parents[2] / "sources" / "starter"
REACH = Path(__file__).with_name("starter_reach.txt")
MANUALS = ("manuals/ncci_policy_manual_2026.pdf", "pfs/rvu25d_oct2025/RVU25D.pdf")
# Words that say how often something happens: none may stand where no source counts.
FREQUENCY = re.compile(
    r"\b(usual(ly)?|typical(ly)?|common(ly)?|often|frequent(ly)?|generally|rare(ly)?(?! exceptions?\b)|seldom"
    r"|mostly|most (?!recent|specific)|majority|almost always|nearly all)\b",
    re.IGNORECASE,
)
# The code reported is itself the wrong one here, or one that Medicare does not pay at all, or documentation is missing;
# no adjustment code of the list below names that.
WITHOUT_ADJUSTMENT_CODE = {
    "assistant-with-documentation",
    "cosurgeons-with-documentation",
    "status-not-covered",
    "status-not-valid",
}
# For codes outside the starter set: none of its codes has status I or N.
BEYOND_THE_STARTER_SET = {"status-not-covered", "status-not-valid"}
# Indicators of codes that are not classified, in the shape of the fee schedule's rows.
UNPAID = {
    "27215": {"status_code": "I", "global_days": "090", "nonfac_na": "NA", "pctc_indicator": "9"},
    "2060F": {"status_code": "I", "global_days": "XXX", "nonfac_na": "none", "pctc_indicator": "9"},
    "22526": {"status_code": "N", "global_days": "010", "nonfac_na": "none", "pctc_indicator": "9"},
    "22527": {"status_code": "N", "global_days": "ZZZ", "nonfac_na": "none", "pctc_indicator": "9"},
    "22841": {"status_code": "B", "global_days": "XXX", "nonfac_na": "none", "pctc_indicator": "9"},
}
PAYMENT_INDICATORS = (
    "multiple_procedure_indicator",
    "bilateral_indicator",
    "assistant_indicator",
    "cosurgeon_indicator",
    "team_indicator",
)
# Adjustment codes (CARC) that a denial reason may carry.
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
{codes}anchor: {document: "%s", page: 1, start: 0, end: 9, words: 2, opening: "0123456789abcdef",
  digest: "0123456789abcdef"}
---
""" % ("0" * 64)


def broken_rules(note: Note) -> list[str]:
    """What one note does against the house rules, empty when nothing."""
    sections = [part.section_key for part in note.parts]
    problems = [f"'{match.group()}'" for part in note.parts for match in FREQUENCY.finditer(part.text)]
    if "checklist" in sections and "documentation" not in sections:
        problems.append("checklist without documentation")
    if "denials" in sections and not note.adjustment_codes and note.id not in WITHOUT_ADJUSTMENT_CODE:
        problems.append("denials without adjustment codes")
    if note.adjustment_codes and "denials" not in sections:
        problems.append("adjustment codes without denials")
    problems += [f"adjustment code {code}" for code in note.adjustment_codes if code not in ADJUSTMENT_CODES]
    problems += [f"line {line!r} is too long for a note" for line in note.body.split("\n") if len(line) > 400]
    return problems


def repeated_texts(notes: list[Note], reach: Mapping[str, Collection[str]]) -> list[tuple[str, str]]:
    """Pairs of notes with the same words in the same section of one page; `reach` maps note ids to codes."""
    seen: dict[tuple[str, str, str], list[str]] = {}
    pairs = []
    for note in notes:
        for part in note.parts:
            key = (part.section_key, part.question.lower(), " ".join(part.text.lower().split()))
            earlier = seen.setdefault(key, [])
            pairs += [(other, note.id) for other in earlier if set(reach[other]) & set(reach[note.id])]
            earlier.append(note.id)
    return pairs


@pytest.fixture(scope="module")
def notes() -> list[Note]:
    return load_notes(STARTER / "notes")


@pytest.fixture(scope="module")
def reach(notes: list[Note]) -> dict[str, list[str]]:
    """The starter codes each note applies to."""
    values: dict[str, dict[str, str]] = {}
    for fact in read_facts(STARTER / "facts.csv"):
        values.setdefault(fact.hcpcs_code, {})[fact.field] = fact.value
    profiles = load_profiles(STARTER / "codes.toml")
    return {
        note.id: [
            code
            for code, profile in profiles.items()
            if applies(note.applies_to, hcpcs_code=code, tags=profile.tags, values=values.get(code, {}))
        ]
        for note in notes
    }


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


def test_ids_are_unique_and_no_page_says_a_sentence_twice(notes: list[Note], reach: dict[str, list[str]]):
    assert len({note.id for note in notes}) == len(notes)
    assert repeated_texts(notes, reach) == []


def test_every_starter_note_applies_to_some_starter_code(reach: dict[str, list[str]]):
    assert {note for note, codes in reach.items() if not codes} == BEYOND_THE_STARTER_SET


def reach_lines(reach: Mapping[str, Collection[str]]) -> list[str]:
    """One line a note: its id, then the starter codes whose pages it is on."""
    return [f"{note}: {' '.join(sorted(codes))}".strip() for note, codes in sorted(reach.items())]


def unclassified(notes: list[Note], code: str, values: Mapping[str, str]) -> set[str]:
    """The notes that apply to a code nobody classified."""
    return {note.id for note in notes if applies(note.applies_to, hcpcs_code=code, tags=None, values=values)}


@pytest.mark.parametrize("indicator", ["9", "0", "1", "2", "3"])
@pytest.mark.parametrize("code", UNPAID)
def test_a_code_that_medicare_does_not_pay_gets_no_guidance_on_its_payment(
    notes: list[Note], code, indicator
):
    values = {**dict.fromkeys(PAYMENT_INDICATORS, indicator), **UNPAID[code]}
    expected = {"I": "status-not-valid", "N": "status-not-covered", "B": "status-bundled"}
    assert unclassified(notes, code, values) == {expected[values["status_code"]]}


@pytest.mark.parametrize("code", ["23412", "23120", "23929", "29805", "29826", "29828"])
def test_a_shoulder_code_is_not_told_that_a_rationale_opens_an_edit_on_the_same_side(notes: list[Note], code):
    found = unclassified(notes, code, {"status_code": "A", "bilateral_indicator": "1"})
    assert "paired-structures" not in found
    assert "shoulder-pairs-other-side" in found


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("27447", "bilateral-reporting"),
        ("20610", "bilateral-reporting"),
        ("29881", "bilateral-reporting"),
        ("20604", "bilateral-or-digit-modifiers"),
        ("26516", "bilateral-or-digit-modifiers"),
        ("28505", "bilateral-or-digit-modifiers"),
        ("28285", None),
    ],
)
def test_both_sides_or_each_digit_where_a_code_may_be_for_fingers_or_toes(notes: list[Note], code, expected):
    found = unclassified(notes, code, {"status_code": "A", "bilateral_indicator": "1"})
    assert found & {"bilateral-reporting", "bilateral-or-digit-modifiers"} == (
        {expected} if expected else set()
    )


def test_the_five_pages_of_this_slice_get_their_own_notes(reach: dict[str, list[str]]):
    of = {
        code: {note for note, codes in reach.items() if code in codes}
        for code in ("20970", "20610", "22612", "27447", "29881")
    }
    assert "cosurgeons-with-documentation" in of["20970"] and "cosurgeons-permitted" in of["22612"]
    assert "em-with-minor-procedure" in of["20610"] and "em-with-minor-procedure" not in of["27447"]
    assert "multiple-procedures-endoscopy" in of["29881"] and "facility-only" not in of["20610"]
    assert "microscope-not-separate" in of["20970"] and "microscope-not-separate" not in of["29881"]
    assert all(of[one] != of[other] for one in of for other in of if one < other)


def test_every_starter_note_answers_known_topics(notes: list[Note]):
    assert {topic for note in notes for topic in note.answers} <= set(TOPICS)


def test_a_decision_for_major_surgery_is_never_tied_to_minor_procedures(notes: list[Note]):
    for note in notes:
        text = " ".join(part.text for part in note.parts)
        days = note.applies_to.indicators.get("global_days", ())
        if "modifier 57" in text.lower():
            assert days == ("090",), note.id
        if "modifier 25" in text.lower():
            denied = days == ("090",) and "does not take modifier 25" in text.lower()
            assert denied or (set(days) <= {"000", "010"} and days), note.id


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
    assert repeated_texts([first, second], {"first": ["27447"], "second": ["27447", "29881"]}) == [
        ("first", "second")
    ]
    assert repeated_texts([first, second], {"first": ["27447"], "second": ["29881"]}) == []


def test_an_unknown_topic_is_refused_with_its_line(invented: Callable[..., Note]):
    with pytest.raises(SourceError, match=r"invented\.md:14: answers\.1: .*unknown topic.*same_day_visit"):
        invented(
            "## coverage\n\nIt is included.\n",
            head=HEAD.replace("answers: [same_day_em]", "answers: [units, same_day_visit]"),
        )


@pytest.mark.realdata
def test_every_anchor_stands_where_the_note_says(notes: list[Note], shared_data: Path):
    resolvers = {}
    for name in MANUALS:
        composed = read_apart(shared_data / name)
        pages = page_texts(composed.text, composed.page_starts)
        resolvers[hash_file(shared_data / name)] = AnchorResolver(pages)
    states = {
        note.id: resolvers[note.anchor.document].resolve(note.anchor).state
        if note.anchor.document in resolvers
        else f"no document {note.anchor.document}"
        for note in notes
    }
    assert {id_: state for id_, state in states.items() if state is not AnchorState.MATCHED} == {}
    shifted = notes[0].anchor.model_copy(update={"start": notes[0].anchor.start + 40})
    assert resolvers[shifted.document].resolve(shifted).state is AnchorState.MOVED


def test_each_note_is_on_the_pages_where_it_was_read_and_on_no_other(reach: dict[str, list[str]]):
    """A line that changed is read against the document first, then written into `starter_reach.txt`."""
    assert reach_lines(reach) == REACH.read_text(encoding="utf-8").splitlines()
