"""Words around a list of diagnoses: conditions are quoted beside it, or it is withheld, as one tied to another is."""

import pytest

from pipeline.sources.diagnoses import compose_diagnoses
from pipeline.sources.diagnoses.companions import calls_for_another
from pipeline.sources.diagnoses.provisos import says_more
from tests.sources.articles import (
    BACK,
    LEFT_KNEE,
    PROCEDURES,
    RIGHT_KNEE,
    SUPPORT,
    article,
    from_html,
    from_markdown,
    from_text,
    group,
)

TWO = group(1, PROCEDURES) + group(2, [("27447", "Invented")])
FURTHER = "words about it may call for another diagnosis beside one of its own"
UNQUOTED = "words about it may set a condition and cannot be quoted"


def compose(held, code="20610"):
    return compose_diagnoses(held, code)


def tied(words, *others, rows=(RIGHT_KNEE,), **caps):
    """An article whose Group 1 is tied to 20610 by its words."""
    return from_html(article(group(1, rows, words), *others, procedures=TWO), **caps)


def quoted(held, code="20610"):
    """The sentences on what is said about a list, each checked to hold its place of the document word for word."""
    found = [one for one in compose(held, code).above if one.subject.startswith("diagnosis_proviso:")]
    for one in found:
        (place,) = one.places
        assert f"“{' '.join(held.text[place.start : place.end].split())}”" in one.text
    return [one.text for one in found]


@pytest.mark.parametrize(
    "words",
    [
        "The following ICD-10-CM codes support medical necessity and provide coverage for CPT codes 20610, 20611:",
        "These diagnoses support 20610.",
        "CPT 20610 (Invented words with guidance) is covered for:",
        "CPT/HCPCS codes 20610-20611",
    ],
)
def test_a_list_without_conditions_is_shown_whole_and_without_further_words(words):
    composed = compose(tied(words, rows=[RIGHT_KNEE, BACK]))
    assert len(composed.rows) == 2 and composed.reasons == ()
    assert [one.subject.partition(":")[0] for one in composed.above] == ["diagnosis_source"]
    assert "subject to" not in composed.above[0].text


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("For 20610, only when care has failed.", "For 20610, only when care has failed."),
        ("For 20610. The pain shall have lasted.", "The pain shall have lasted."),
        ("For 20610. Must be reported with modifier 50.", "Must be reported with modifier 50."),
        ("For 20610. It must be reported with CPT code 20611.", "It must be reported with CPT code 20611."),
        ("20610 is covered for patients with a diagnosis of pain.", "20610 is covered for patients with a"),
        (
            "The following diagnoses are covered for 20610 when an image shows why:",
            "The following diagnoses are covered for 20610 when an image shows why:",
        ),
        (
            "20610 is covered when billed with one of the ICD-10-CM codes listed below.",
            "20610 is covered when billed with one of the ICD-10-CM codes listed below.",
        ),
    ],
)
def test_a_condition_above_the_list_stands_above_the_table_in_its_own_words(words, expected):
    held = tied(words)
    composed = compose(held)
    assert composed.rows and composed.above[0].text.partition(". The codes")[0].endswith(
        "subject to the words quoted here"
    )
    (text,) = quoted(held)
    assert text.startswith(f"It says of Group 1: “{expected}")


def test_every_sentence_that_says_more_than_the_list_is_quoted_in_order():
    held = tied("Care has failed. These support 20610. Images are on file; nothing else is asked!")
    assert quoted(held) == [
        "It says of Group 1: “Care has failed.”",
        "It says of Group 1: “Images are on file; nothing else is asked!”",
    ]


def test_words_above_all_groups_among_the_codes_and_above_the_procedures_are_quoted_too():
    rows = [("M17.11*", RIGHT_KNEE[1]), ("* only after care has failed", ""), ("Failed care:", ""), BACK]
    above = "<p>Long care comes before.</p><ul><li>A note must say so.</li></ul>"
    procedures = group(1, PROCEDURES, "Note: modifier 50 only when both knees are done.")
    held = from_html(article(above, group(1, rows), procedures=procedures))
    assert quoted(held) == [
        "It says of its procedure codes of Group 1: “Note: modifier 50 only when both knees are done.”",
        "It says of Group 1: “Long care comes before.”",
        "It says of Group 1: “A note must say so.”",
        "It says among the codes of Group 1: “* only after care has failed”.",
        "It says among the codes of Group 1: “Failed care:”.",
    ]


def test_words_above_two_lists_are_quoted_once_for_both():
    held = from_html(
        article(
            "<p>Long care comes before.</p>", group(1, [RIGHT_KNEE], "For 20610"), group(2, [BACK], "20610")
        )
    )
    assert quoted(held) == ["It says of Group 1 and of Group 2: “Long care comes before.”"]
    assert len(compose(held).rows) == 2


@pytest.mark.parametrize(
    "words",
    [
        "For 20610: only when care has failed.",
        "For 20610 Arthroinvention, invented, when care has failed:",
        "Arthroinvention, invented (20610), is covered if care has failed:",
        "For 20610 arthroinvention only if care has failed.",
    ],
)
def test_a_condition_beside_what_may_be_a_descriptor_withholds_the_list(words):
    composed = compose(tied(words))
    assert composed.rows == () and UNQUOTED in composed.reasons[0] and "descriptor" in composed.reasons[0]


def test_only_what_the_article_itself_says_behind_a_code_of_procedures_is_left_out():
    composed = compose(tied(f"20610 {PROCEDURES[0][1]}: these are covered."))
    assert len(composed.rows) == len(composed.above) == 1
    for words in ("20610 Arthroinvention, invented: these are covered.", "For 20610, acute presentations:"):
        composed = compose(tied(words))
        assert composed.rows == () and UNQUOTED in composed.reasons[0]
    revised = compose(tied(f"20610 {PROCEDURES[0][1]}, revised: these are covered."))
    assert revised.rows == ()


def test_a_condition_that_the_caps_leave_no_room_for_withholds_the_list():
    words = "For 20610, only after long care has failed."
    short = compose(tied(words, quote_words=7, page_words=100))
    assert short.rows == () and UNQUOTED in short.reasons[0] and "cap on quotes" in short.reasons[0]
    page = compose(tied(words, quote_words=8, page_words=7))
    assert page.rows == () and "cap on quotes leaves no room" in page.reasons[0]
    assert len(compose(tied(words, quote_words=8, page_words=15)).rows) == 1


def test_an_exception_behind_a_dash_takes_the_list_back():
    composed = compose(tied("20610 – never covered"))
    assert composed.rows == () and "set an exception" in composed.reasons[0]


CALLS = [
    "These are secondary; a primary diagnosis from Group 2 is required.",
    "Secondary diagnosis codes",
    "Must be billed with a code from Group 2.",
    "Must be billed with one of the following.",
    "These codes must be reported with one of the codes below.",
    "Must be reported with a diagnosis of pain.",
    "A dual diagnosis is required.",
    "Report one from each.",
    "Report one code from each group.",
    "To be used only as a second code.",
    "Only as secondary.",
    "In addition to one of these, pain is coded.",
    "In addition, a code for pain is asked.",
    "Both a code for pain and one of these are asked.",
    "Two diagnoses must be on the claim.",
    "At least 2 ICD-10-CM codes must be reported.",
    "Another diagnosis must be reported.",
    "These may not be billed alone.",
    "Code first the underlying disease.",
    "See also Groups 2-4.",
    "Either Group 2 or Group 3 goes with these.",
    "Use a combination with pain.",
    "These go along with pain.",
    "Any of the other groups comes first.",
]


@pytest.mark.parametrize("words", CALLS)
def test_a_list_that_its_words_may_tie_to_another_is_withheld(words):
    held = from_html(article(group(1, [RIGHT_KNEE], words)))
    composed = compose(held)
    assert composed.rows == () and composed.above == ()
    named = f"{held.title}: Group 1: "
    assert composed.reasons[0].removeprefix(named) in (FURTHER, "the words above it set an exception")


@pytest.mark.parametrize("words", CALLS)
def test_so_is_one_whose_procedures_or_notes_may_tie_it(words):
    among = compose(from_html(article(group(1, [RIGHT_KNEE, (words, ""), LEFT_KNEE]))))
    above = compose(from_html(article(group(1, [RIGHT_KNEE]), procedures=group(1, PROCEDURES, words))))
    assert among.rows == above.rows == ()


@pytest.mark.parametrize(
    "words",
    [
        "Group 1 codes support 20610.",
        "The ICD-10-CM codes below support the CPT codes in Group 2.",
        "These support CPT 20610 and 20611 of Group 2.",
        "Primary osteoarthritis of both knees is covered when care has failed.",
        "It is ordered by the primary care physician.",
        "Must be reported with CPT code 20611 in addition to modifier 50.",
        "20610 is covered when billed with one of the following diagnosis codes:",
        "Use this in conjunction with the related LCD.",
        "Covered for all age groups.",
    ],
)
def test_words_that_speak_of_services_patients_or_the_list_itself_tie_nothing(words):
    assert not calls_for_another(words, "1")


def test_a_list_that_words_elsewhere_tie_to_another_is_withheld():
    plain = article(group(1, [RIGHT_KNEE], "For 20610:"), group(2, [BACK], "For 27447:"), procedures=TWO)
    assert compose(from_html(plain)).rows
    other = plain.replace("For 27447:", "For 27447. To be billed with a diagnosis from Group 1.")
    guided = [
        plain.replace("This invented", f"{words} This invented")
        for words in (
            "A primary diagnosis from Group 1 and a secondary one from Group 2 are required.",
            "Two diagnoses must be reported, a primary and a secondary.",
            "A secondary diagnosis is needed for 20610.",
            "Codes of all groups must be accompanied by pain.",
        )
    ]
    for page in (other, *guided):
        composed = compose(from_html(page))
        assert composed.rows == () and FURTHER in composed.reasons[0]


def test_a_condition_of_the_group_that_stands_elsewhere_is_quoted_too():
    held = tied(
        "For 20610:", group(2, [BACK], "For 27447. Those of Group 1 are covered when care has failed.")
    )
    assert quoted(held) == ["It says of Group 1: “Those of Group 1 are covered when care has failed.”"]
    page = article(group(1, [RIGHT_KNEE]))
    words = "Group 1 diagnoses are covered only after long care. Group 2 is covered at once."
    held = from_html(page.replace("This invented", f"{words} This invented"))
    assert quoted(held) == ["It says of Group 1: “Group 1 diagnoses are covered only after long care.”"]
    marked = page.replace("This invented", "Group 1 Paragraph: when to bill. This invented")
    assert quoted(from_html(marked)) == []


def test_procedures_that_are_not_covered_have_no_diagnoses():
    procedures = group(1, PROCEDURES, "The following codes are not covered.")
    composed = compose(from_html(article(group(1, [RIGHT_KNEE], "For 20610:"), procedures=procedures)))
    assert composed.rows == () and "above its procedure codes set an exception" in composed.reasons[0]


@pytest.mark.parametrize(
    "words",
    [
        "A secondary diagnosis is needed for 27447.",
        "A primary diagnosis from Group 2 and a secondary one from Group 3 are required.",
        "A primary CPT code of Group 1 procedures must be billed.",
    ],
)
def test_what_is_said_elsewhere_of_other_codes_and_groups_ties_nothing(words):
    page = article(group(1, [RIGHT_KNEE], "For 20610:"), procedures=TWO)
    assert compose(from_html(page.replace("This invented", f"{words} This invented"))).rows


def test_a_history_of_revisions_ties_nothing():
    page = article(group(1, [RIGHT_KNEE]))
    was = "Group 1 paragraph: the secondary diagnosis from Group 2 is no longer required."
    assert compose(from_html(page.replace("M25.561 was added.", was))).rows
    text = "CPT/HCPCS Codes\n\nGroup 1 Codes:\n20610 Invented\n\n"
    text += f"{SUPPORT}\n\nGroup 1 Codes\nM17.11 {RIGHT_KNEE[1]}\n\n"
    history = f"Revision History Information\n\n{was}\n\n"
    assert compose(from_text(f"{text}{history}")).rows
    after = "Coding Table Information\n\nA code of Group 1 must be billed with one of Group 2.\n"
    assert not compose(from_text(f"{text}{history}{after}")).rows


@pytest.mark.parametrize(
    "row",
    [
        (*RIGHT_KNEE, "only with pain"),
        (RIGHT_KNEE[0], f"{RIGHT_KNEE[1]} (must be second)"),
        (RIGHT_KNEE[0], "Use only as secondary diagnosis"),
    ],
)
def test_a_row_that_says_how_its_code_is_used_leaves_the_list_out(row):
    composed = compose(from_html(article(group(1, [row, BACK]))))
    assert composed.rows == () and "its rows say more than codes" in composed.reasons[0]


def test_lists_that_are_not_shown_are_named_above_those_that_are():
    held = tied(
        "These support 20610.",
        group(2, [BACK], "For 20610. Secondary; a primary diagnosis is required."),
        group(3, [BACK]),
        group(4, [BACK], "These support 27447."),
        group(5, [BACK], "For CPT codes 20000-29999."),
        group(6, [("M17.12 or worse", "x")], "For 20610:"),
        group(7, [("As attached", "")], "For 20610:"),
        group(8, [LEFT_KNEE], "For 20610: when care has failed."),
    )
    composed = compose(held)
    assert [row.cells[0] for row in composed.rows] == ["Primary osteoarthritis, knee"]
    assert composed.rows[0].cells[1:3] == ("M17.11", "not listed")
    source, skipped = composed.above
    assert skipped.subject == f"diagnosis_skipped:{held.id}"
    parts = skipped.text.removeprefix("Not shown: ").removesuffix(".").split("; Group ")
    assert parts == [
        f"Group 2, because {FURTHER}",
        "3, because its words do not say which procedure codes it goes with",
        "5, because its words name a range of codes too wide to say so of 20610",
        "6, because its list of diagnoses could not be read whole",
        "7, because its list of diagnoses could not be read whole",
        f"8, because {UNQUOTED}: they may hold a descriptor of CPT",
    ]
    words = [held.text[place.start : place.end] for place in skipped.places]
    assert words[:3] == ["Group 2", "Secondary; a primary diagnosis is required.", "Group 3"]
    assert "Group 2" not in source.text


def test_what_is_not_shown_is_said_where_the_caps_leave_room_for_the_list_alone():
    others = [group(number, [BACK]) for number in range(2, 18)]
    held = tied("20610", *others, quote_words=1, page_words=2)
    composed = compose(held)
    source, skipped = composed.above
    assert len(composed.rows) == 1 and skipped.places == source.places
    whole = compose(tied("20610", *others))
    assert whole.above[1].text.endswith("goes with and 4 more.")


HEADED = """# Diagnoses by CPT code

## 20610

{words}

| ICD-10-CM | Meaning | {head} |
|---|---|---|
| M17.11 | Invented | {cell} |
"""


@pytest.mark.parametrize(
    ("words", "cell", "expected"),
    [
        ("", "yes", ""),
        ("The codes for it.", "yes", ""),
        ("Only when care has failed.", "yes", "It says of its table: “Only when care has failed.”"),
    ],
)
def test_words_above_a_table_are_quoted_with_it(words, cell, expected):
    held = from_markdown(HEADED.format(words=words, head="Supports", cell=cell))
    assert len(compose(held).rows) == 1
    assert quoted(held) == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("words", "cell", "why"),
    [
        ("A secondary diagnosis is required.", "yes", "may call for another diagnosis"),
        ("", "with a primary code", "may call for another diagnosis"),
        ("", "when care has failed", "has conditions in another column"),
        ("20611: when care has failed.", "yes", "cannot be quoted"),
        ("These are not covered.", "yes", "set an exception"),
    ],
)
def test_a_table_whose_conditions_cannot_be_shown_is_withheld(words, cell, why):
    composed = compose(from_markdown(HEADED.format(words=words, head="Remarks", cell=cell)))
    assert composed.rows == () and why in composed.reasons[0]


def test_a_heading_that_may_set_a_condition_or_be_a_descriptor_withholds_its_table():
    text = HEADED.format(words="", head="Supports", cell="yes")
    composed = compose(from_markdown(text.replace("## 20610", "## 20610 Arthroinvention with invention")))
    assert composed.rows == () and "descriptor" in composed.reasons[0]
    among = text + "| After failed care | | |\n| M54.50 | Invented | yes |\n"
    assert compose(from_markdown(among)).rows == ()


@pytest.mark.parametrize(
    "words", ["N/A", "Group 1 Paragraph", "(7 Codes)", "ICD-10-CM codes for 20610-20611"]
)
def test_words_of_the_layout_say_nothing_more(words):
    assert not says_more(words)


def test_the_same_document_is_composed_the_same_way_again():
    held = tied("For 20610, only when care has failed.", group(2, [BACK]))
    assert compose(held) == compose(held.model_copy(update={"id": held.id}))
