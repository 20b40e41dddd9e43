"""What a document says beyond its list of diagnoses stands beside the list, or the list is not shown."""

import time

import pytest

from pipeline.sources.diagnoses import compose_diagnoses
from pipeline.sources.diagnoses.companions import calls_for_another
from pipeline.sources.diagnoses.icd10 import codes_in, read_codes, read_list
from pipeline.sources.diagnoses.provisos import MOST_QUOTED, says_more
from tests.sources.articles import (
    BACK,
    LEFT_KNEE,
    RIGHT_KNEE,
    article,
    from_html,
    from_markdown,
    group,
    table,
)

CELLS = """# Diagnoses by CPT code

| CPT | ICD-10-CM | {head} |
|---|---|---|
| 20610 | M17.11 | {cell} |
| 20610 | M54.50 | |
"""
UNDER = """# Diagnoses by CPT code

{before}

## {heading}

{above}

| ICD-10-CM | Description |
|---|---|
| M17.11 | {meaning} |

{below}

## {other}

{elsewhere}
"""


def compose(text, code="20610"):
    return compose_diagnoses(from_html(text) if "<html>" in text else from_markdown(text), code)


def under(**changed):
    plain = dict.fromkeys(("before", "above", "below", "elsewhere"), "")
    plain |= {"heading": "20610", "meaning": RIGHT_KNEE[1], "other": "Index"}
    return compose(UNDER.format(**(plain | changed)))


def quoted(composed):
    return [one.text for one in composed.above if one.subject.startswith("diagnosis_proviso:")]


def test_a_plain_table_is_shown_whole_and_without_further_words():
    for cell in ("", "yes", "covered", "N/A", "–"):
        composed = compose(CELLS.format(head="Notes", cell=cell))
        assert len(composed.rows) == 2 and quoted(composed) == [] and composed.reasons == ()
    composed = under(above="The following diagnoses support 20610:", below="N/A")
    assert len(composed.rows) == 1 and quoted(composed) == []


@pytest.mark.parametrize(
    ("head", "cell"),
    [
        ("Notes", "facility claims"),
        ("Notes", "WC payers"),
        ("Notes", "Aged 65 and over"),
        ("Notes", "2024 list"),
        ("Notes", "65+"),
        ("Notes", "knee"),
        ("Experimental", "yes"),
        ("Ages", "covered"),
        ("Terms", "inpatients"),
    ],
)
def test_a_cell_that_says_more_withholds_the_list(head, cell):
    composed = compose(CELLS.format(head=head, cell=cell))
    assert composed.rows == () and composed.reasons


def test_only_a_column_behind_one_of_codes_holds_meanings():
    text = (
        "# Diagnoses\n\n| ICD-10-CM | CPT | Notes | Meaning |\n|---|---|---|---|\n| M17.11 | 20610 | | {} |\n"
    )
    assert len(compose(text.format("")).rows) == 1
    assert "another column" in compose(text.format("for adults")).reasons[0]


def test_a_row_that_may_be_denied_is_not_shown():
    for cell in ("no", "denied", "pending", "under review", "investigational"):
        composed = compose(CELLS.format(head="Notes", cell=cell))
        assert [row.cells[0] for row in composed.rows] == ["Low back pain, unspecified: M54.50"]
    blank = compose(CELLS.format(head="Supports", cell="yes"))
    assert [row.cells[0] for row in blank.rows] == ["Primary osteoarthritis, knee"]


@pytest.mark.parametrize(
    "words",
    [
        "Diagnoses that lead to a denial of 20610:",
        "Diagnoses under audit, pended for medical review:",
        "Investigational uses:",
        "Diagnoses considered experimental:",
        "Codes that we reject:",
        "These diagnoses expired.",
        "Coverage ended.",
    ],
)
def test_words_around_a_table_that_deny_it_or_hold_it_back_withhold_it(words):
    for where in ("above", "below"):
        composed = under(**{where: words})
        assert composed.rows == () and "set an exception" in composed.reasons[0]


@pytest.mark.parametrize("heading", ["Pending review for 20610", "20610: audited", "Denied with 20610"])
def test_a_heading_that_denies_withholds_its_table_and_says_so(heading):
    composed = under(heading=heading)
    assert composed.rows == () and "a heading above it denies it" in composed.reasons[0]
    other = UNDER.format(
        before="", heading=heading, above="", meaning=RIGHT_KNEE[1], below="", other="20610", elsewhere="{}"
    )
    rows = "| ICD-10-CM | Description |\n|---|---|\n| M54.50 | Low back pain, unspecified |"
    composed = compose(other.format(rows))
    assert [row.cells[0] for row in composed.rows] == ["Low back pain, unspecified: M54.50"]
    assert any("Not shown: a table for 20610, because a heading" in one.text for one in composed.above)


def test_a_heading_that_may_be_a_descriptor_or_a_condition_withholds_its_table():
    for heading in ("20610 - inpatients", "CPT 20610 adults"):
        composed = under(heading=heading)
        assert composed.rows == () and "cannot be quoted" in composed.reasons[0]


@pytest.mark.parametrize(
    ("where", "words", "of"),
    [
        ("above", "Knees of adults:", "of its table"),
        ("below", "The list above is for inpatients over 18 years of age.", "of its table"),
        ("below", "Rows hold until 12/31/2027.", "of its table"),
        ("before", "All lists here are for inpatients.", "elsewhere"),
        ("elsewhere", "Note: rows of this table hold for hyaluronic acid drugs.", "elsewhere"),
        ("elsewhere", "M17.11 is for adults aged over 18 years.", "elsewhere"),
        ("elsewhere", "M17.0 through M17.2 are payable from age 50 upward.", "elsewhere"),
        ("other", "Diagnoses are those of adults", "elsewhere"),
    ],
)
def test_other_words_on_a_table_are_quoted_with_it(where, words, of):
    composed = under(**{where: words})
    assert len(composed.rows) == 1
    assert quoted(composed) == [f"It says {of}: “{words}”{'' if words.endswith('.') else '.'}"]


def test_a_heading_that_says_of_whom_is_quoted_and_the_title_too():
    text = UNDER.format(
        before="", heading="20610", above="", meaning=RIGHT_KNEE[1], below="", other="Index", elsewhere=""
    )
    composed = compose(text.replace("## 20610", "## Inpatients\n\nAdults.\n\n### 20610"))
    assert quoted(composed) == ["It says of its table: “Inpatients”.", "It says of its table: “Adults.”"]
    composed = compose(text.replace("# Diagnoses by CPT code", "# Diagnoses of inpatients"))
    assert quoted(composed) == ["It says of its table: “Diagnoses of inpatients”."]


@pytest.mark.parametrize(
    "meaning",
    ["Arthritis, aged 65", "Arthritis; report only once", "Arthritis (denied)", "Arthritis until 2027"],
)
def test_a_meaning_that_says_how_its_code_is_used_withholds_the_list(meaning):
    assert under(meaning=meaning).rows == ()
    held = compose(article(group(1, [(RIGHT_KNEE[0], meaning), BACK])))
    assert held.rows == () and "its rows say more than codes" in held.reasons[0]


@pytest.mark.parametrize("row", ["| Investigational uses | |", "| Aged 65 and over | |", "| | | adults |"])
def test_words_among_the_rows_of_a_table_withhold_all_of_it(row):
    for text in (CELLS.replace("| 20610 | M54.50 | |", row), CELLS + row):
        composed = compose(text.format(head="Notes", cell=""))
        assert composed.rows == () and "could not be read whole" in composed.reasons[0]


def test_heads_say_no_more_than_what_a_column_holds():
    for head in ("Primary ICD-10-CM", "ICD-10-CM of adults", "ICD-10-CM under review"):
        assert compose(CELLS.format(head="Notes", cell="").replace("ICD-10-CM", head)).rows == ()
    other = under(above="The following support 29881:")
    assert other.rows == () and "other codes than 20610" in other.reasons[0]


PLAIN = article(group(1, [RIGHT_KNEE, LEFT_KNEE]))


def said(words, page=PLAIN):
    return compose(
        page.replace("<h3>Additional ICD-10", f"<h2>Guidance</h2><p>{words}</p><h3>Additional ICD-10")
    )


def test_a_plain_article_is_shown_without_further_words():
    for words in ("N/A", "M17.11 supports 20610.", "Bill CPT codes 20610 and 20611 once a day."):
        composed = said(words)
        assert len(composed.rows) == 1 and quoted(composed) == [] and composed.reasons == ()


@pytest.mark.parametrize(
    "words",
    [
        "M17.11 through M17.12 are payable from age 50 upward.",
        "M17 is for adults.",
        "M17.1- holds for adults.",
        "An ICD-10 code of pain is payable solely for a first injection.",
        "M17.11 is for adults aged over 18 years.",
        "Conservative therapy of six weeks is expected for all diagnoses of this article.",
        "The diagnosis alone does not establish necessity.",
        "Claims for repeat injections must show a prior response, whatever the diagnosis.",
        "The listed conditions count toward necessity in mature adults.",
        "Claims with the sprain codes below are payable in the acute phase.",
        "These diagnoses apply to 12/31/2027.",
        "Claims without a diagnosis of the list are denied.",
    ],
)
def test_words_elsewhere_on_the_diagnoses_of_an_article_are_quoted(words):
    composed = said(words)
    assert len(composed.rows) == 1 and quoted(composed) == [f"It says elsewhere: “{words}”"]
    history = PLAIN.replace("M25.561 was added.", words)
    assert quoted(compose(history)) == []
    documents = PLAIN.replace("</main>", f"<h2>Associated Documents</h2><p>{words}</p></main>")
    assert quoted(compose(documents)) == []


@pytest.mark.parametrize(
    "words",
    [
        "Coverage of these diagnoses ended on 12/31/2025.",
        "The codes of osteoarthritis above are covered in hospitals and never in an office.",
        "M17.11 is denied without records.",
        "Diagnoses of this article are no longer payable.",
        "M17.11 must be billed with a diagnosis of pain.",
    ],
)
def test_words_elsewhere_that_deny_or_tie_the_list_withhold_it(words):
    composed = said(words)
    assert composed.rows == () and "Group 1: words" in composed.reasons[0]


def test_words_elsewhere_that_cannot_be_quoted_withhold_the_list():
    for words in (
        "For 20610 Arthroinvention, all diagnoses are those of adults.",
        "For 20610, use of the knee osteoarthritis codes is limited to four a year.",
    ):
        composed = said(words)
        assert composed.rows == () and "cannot be quoted" in composed.reasons[0]
    page = PLAIN.replace(
        "<h3>Additional", "<p>All diagnoses here are those of adults alone.</p><h3>Additional"
    )
    short = compose_diagnoses(from_html(page, quote_words=7, page_words=100), "20610")
    assert short.rows == () and "cannot be quoted" in short.reasons[0]
    many = " ".join(f"Diagnoses hold for patients aged {age}." for age in range(MOST_QUOTED + 1))
    composed = said(many)
    assert composed.rows == () and f"more than {MOST_QUOTED} sentences" in composed.reasons[0]


def test_sentences_and_items_that_go_on_with_it_are_quoted_as_well():
    items = "<p>For all diagnoses of this article:</p><ul><li>Care has failed.</li></ul><p>Bill once.</p>"
    composed = compose(PLAIN.replace("<h3>Additional", f"{items}<h3>Additional"))
    assert [text.partition(": ")[2] for text in quoted(composed)] == [
        "“For all diagnoses of this article:”.",
        "“Care has failed.”",
    ]
    composed = said("M17.11 is listed. It is for adults. Bill once.")
    assert quoted(composed) == ["It says elsewhere: “It is for adults.”"]


def test_all_that_stands_above_among_and_behind_the_codes_of_a_group_is_quoted():
    rows = [RIGHT_KNEE, ("Adults", ""), LEFT_KNEE]
    procedures = group(1, [("20610", "Invented")], "Inpatient services:")
    assert quoted(compose(article(group(1, rows), procedures=procedures))) == [
        "It says of its procedure codes of Group 1: “Inpatient services:”.",
        "It says among the codes of Group 1: “Adults”.",
    ]
    third = [("20610", "Invented", "inpatients")]
    composed = compose(article(group(1, [RIGHT_KNEE]), procedures=group(1, third)))
    assert composed.rows == ()


def test_a_heading_behind_the_title_of_a_history_ends_it():
    page = PLAIN.replace(
        "<h3>Additional", "<p>Revision History</p><h4>Use</h4><p>M17.11 is for adults.</p><h3>Additional"
    )
    assert compose(page).rows == () or quoted(compose(page))


def test_rows_of_other_tables_of_an_article_are_quoted():
    page = PLAIN.replace("</main>", f"<h2>Use</h2>{table([('M17.11', '4 a year')], head=('A', 'B'))}</main>")
    assert quoted(compose(page)) == ["It says elsewhere: “M17.11 | 4 a year”."]


@pytest.mark.parametrize(
    ("words", "more"),
    [
        ("These diagnoses are covered.", False),
        ("M17.11 supports 20610.", False),
        ("ICD-10-CM codes of Group 2 (17 codes) for 20600 through 20611", False),
        ("These diagnoses are covered to 12/31/2025.", True),
        ("Covered diagnoses 65", True),
        ("Diagnoses für 20610", True),
    ],
)
def test_a_number_or_a_word_of_its_own_says_more(words, more):
    assert says_more(words) == more


def test_codes_that_running_text_names():
    assert codes_in("Use M17.11, M17.12. Never vitamin B12 or J7321.") == {"M17.11", "M17.12"}
    assert {"M17.0", "M17.11"} < codes_in("M17.0 through M17.2 and M25.56-.")
    assert "M25.561" in codes_in("M25.56-.") and codes_in("AM17.11 and M17.11.5") == frozenset()


@pytest.mark.parametrize(
    "words", ["Group A ", "in addition ", "with one of the following ", "20610 20611 ", "these ", "M17-"]
)
def test_long_hostile_words_take_no_long_time(words):
    read_codes("M17.11")  # loads the list
    text = words * (100_000 // len(words))
    start = time.perf_counter()
    for read in (says_more, read_codes, read_list, codes_in, lambda words: calls_for_another(words, "1")):
        read(text)
    assert time.perf_counter() - start < 2
    start = time.perf_counter()
    compose(article(group(1, [RIGHT_KNEE], f"The following codes support 20610. {text}")))
    assert time.perf_counter() - start < 8


@pytest.mark.parametrize(
    "sentence",
    [
        "Primary osteoarthritis of the knee is not covered for this service.",
        "Osteoarthritis of the right knee should have failed conservative therapy for three months.",
        "20610 performed for an old injury is not considered reasonable and necessary.",
        "20610 is paid only after three months of therapy.",
    ],
)
def test_words_that_name_the_condition_or_restrict_the_code_are_quoted_or_withhold_the_list(sentence):
    guidance = "<h2>Article Guidance</h2>"
    page = article(group(1, [RIGHT_KNEE, BACK])).replace(guidance, f"{guidance}<p>{sentence}</p>")
    assert sentence in page
    composed = compose_diagnoses(from_html(page), "20610")
    assert not composed.rows or any(sentence in " ".join(one.text.split()) for one in composed.above)


def test_groups_with_conditions_of_their_own_are_not_mixed_in_one_table():
    after, first = "For 20610, only when care has failed.", "For 20610, only at the first visit."
    split = article(group(1, [RIGHT_KNEE], after), group(2, [LEFT_KNEE], first))
    composed = compose_diagnoses(from_html(split), "20610")
    assert composed.rows == () and any("set different conditions" in reason for reason in composed.reasons)
    alone = article(group(1, [RIGHT_KNEE, LEFT_KNEE], after))
    assert compose_diagnoses(from_html(alone), "20610").rows
