"""Diagnoses that a document ties to a code: which group is the code's, what is refused, and what is left untied."""

import pytest

from pipeline.sources.diagnoses import compose_diagnoses, read_diagnoses
from tests.sources.articles import (
    BACK,
    BOTH_KNEES,
    DENY,
    LEFT_KNEE,
    PROCEDURES,
    RIGHT_KNEE,
    SUPPORT,
    article,
    from_html,
    from_markdown,
    from_text,
    group,
    table,
)

TWO = group(1, PROCEDURES) + group(2, [("27447", "Invented")])
TIED = "does not say which group goes with 20610"


def codes(held, code="20610"):
    read = read_diagnoses(held, code)
    listed = set()
    for condition, stated in read.conditions:
        listed |= {each for one in stated for each in one.code.codes} & set(condition.codes)
    return listed


def reason(held, code="20610"):
    return "; ".join(read_diagnoses(held, code).reasons)


def test_one_group_of_each_kind_go_together_and_every_place_is_located():
    held = from_html(article(group(1, [RIGHT_KNEE, BACK])))
    read = read_diagnoses(held, "20610")
    assert codes(held) == {"M17.11", "M54.50"}
    (tie,) = read.ties
    assert [held.text[place.start : place.end] for place in tie.naming] == ["20610"]
    for one, row in zip(tie.stated, (RIGHT_KNEE, BACK), strict=True):
        assert held.text[one.quote.start : one.quote.end] == " | ".join(row)
        assert held.text[one.own.start : one.own.end] == row[0]
    assert read_diagnoses(held, "20605").ties == () and reason(held, "20605") == ""


def test_what_does_not_support_is_never_listed():
    held = from_html(article(group(1, [RIGHT_KNEE]), denied=group(1, [BACK, LEFT_KNEE])))
    assert codes(held) == {"M17.11"}
    both = from_html(article(group(1, [RIGHT_KNEE, LEFT_KNEE]), denied=group(1, [LEFT_KNEE])))
    assert codes(both) == {"M17.11"}
    assert [one.why for one in read_diagnoses(both, "20610").refused] == ["denied"]
    alone = article(group(1, [RIGHT_KNEE]), title=DENY)
    assert codes(from_html(alone)) == set()


@pytest.mark.parametrize(
    ("supporting", "procedures"),
    [
        ([group(1, [RIGHT_KNEE]), group(2, [BACK])], ""),
        ([group(1, [RIGHT_KNEE]), group(2, [BACK])], TWO),
        ([group(1, [RIGHT_KNEE])], TWO),
    ],
)
def test_groups_that_name_no_code_are_not_matched_by_their_numbers(supporting, procedures):
    held = from_html(article(*supporting, procedures=procedures))
    assert codes(held) == set() and TIED in reason(held)


@pytest.mark.parametrize(
    "words",
    [
        "The following codes support medical necessity for CPT codes 20610 and 20611:",
        "CPT 20600-20611:",
        "For 20604, 20606 and 20610 these diagnoses are covered.",
        "20610 (Invented words without guidance) is covered for:",
        "Codes for 20610. The correct use of an ICD-10-CM code does not assure coverage of a service.",
    ],
)
def test_the_group_whose_words_name_the_code_is_the_codes(words):
    held = from_html(article(group(1, [BACK]), group(2, [RIGHT_KNEE], words), procedures=TWO))
    assert codes(held) == {"M17.11"}


@pytest.mark.parametrize(
    "words",
    [
        "The following codes do not support 20610.",
        "These diagnoses support every code except 20610.",
        "20610 was removed from this group.",
        "These support J7321 when it is administered with 20610.",
        "These support 27447, excluding 20610.",
        "Never bill 20610 for these.",
        "See the other article for 20610. It is not covered for these.",
    ],
)
def test_words_that_name_the_code_and_say_something_else_tie_nothing(words):
    held = from_html(article(group(1, [BACK], words), procedures=TWO))
    assert codes(held) == set()
    if "See the other" not in words:
        assert "20610" in reason(held)


@pytest.mark.parametrize(
    ("words", "procedures"),
    [
        ("These support 27447.", ""),
        ("N/A", group(1, PROCEDURES, "The following codes are not covered.")),
        ("N/A", group(1, [("27447", "Invented")])),
    ],
)
def test_the_only_group_is_not_the_codes_where_words_say_otherwise(words, procedures):
    assert codes(from_html(article(group(1, [RIGHT_KNEE], words), procedures=procedures))) == set()


def test_a_range_names_no_code_that_the_article_does_not_list():
    held = from_html(article(group(1, [RIGHT_KNEE], "For CPT codes 20600-20611:")))
    assert codes(held, "20610") == {"M17.11"}
    assert codes(held, "20606") == set() and "20606" in reason(held, "20606")
    chapter = from_html(article(group(1, [RIGHT_KNEE], "For CPT codes 20000-29999:"), procedures=TWO))
    assert codes(chapter) == set()


def test_a_list_that_is_not_read_whole_is_not_read():
    for strange in (("see M17.12 and others", "x"), ("M17.12 or worse", "x")):
        held = from_html(article(group(1, [RIGHT_KNEE, strange])))
        assert codes(held) == set() and "could not be read whole" in reason(held)
    inside = group(1, [RIGHT_KNEE]) + "<h5>More of them</h5>" + table([LEFT_KNEE])
    assert codes(from_html(article(inside))) == set()


def test_invalid_codes_are_refused_and_counted_and_another_side_in_words_too():
    wrong = (LEFT_KNEE[0], RIGHT_KNEE[1])
    held = from_html(article(group(1, [RIGHT_KNEE, ("M17.99", "Invented"), wrong])))
    assert codes(held) == {"M17.11"}
    refused = read_diagnoses(held, "20610").refused
    assert [(one.stated.code.written, one.why) for one in refused] == [
        ("M17.99", "unknown"),
        ("M17.12", "side"),
    ]
    (row,) = compose_diagnoses(held, "20610").rows
    assert row.cells[1:] == ("M17.11", "left out", "not listed", "not listed")
    wide = from_html(article(group(1, [RIGHT_KNEE, ("M00-M99", "All")])))
    assert codes(wide) == set() and "M00-M99" in reason(wide)
    only = from_html(article(group(1, [("M17.99", "Invented")])))
    composed = compose_diagnoses(only, "20610")
    assert composed.rows == () and "1 code because ICD-10-CM" in composed.reasons[0]


def test_conditions_in_the_words_above_and_marks_beside_a_code_are_told():
    held = from_html(article(group(1, [RIGHT_KNEE], "For 20610 only when a note says why:"), procedures=TWO))
    (tie,) = read_diagnoses(held, "20610").ties
    (proviso,) = tie.provisos
    assert held.text[proviso.place.start : proviso.place.end] == "For 20610 only when a note says why:"
    marked = from_html(article(group(1, [("M17.11*", RIGHT_KNEE[1])])))
    (row,) = compose_diagnoses(marked, "20610").rows
    assert row.cells[1] == "M17.11 (marked * there)"


PLAIN = f"""Billing and Coding: Invented Injections

CPT/HCPCS Codes

Group 1 Paragraph: N/A

Group 1 Codes:
20610 Invented words for it

{SUPPORT}

Group 1

(2 Codes)
Group 1 Paragraph

N/A

Group 1 Codes
Code Description
M17.11 Unilateral primary osteoarthritis, right knee
M17.12 Unilateral primary osteoarthritis, left knee

{DENY}

Group 1 Codes
Code Description
M54.50 Low back pain, unspecified
"""


def test_an_article_saved_as_text_is_read_by_its_descriptions():
    held = from_text(PLAIN)
    assert codes(held) == {"M17.11", "M17.12"}
    changed = from_text(PLAIN.replace("M17.12 Unilateral", "M17.12 Probably unilateral"))
    assert codes(changed) == set()


LICENSED = """# Invented cross-reference

| CPT | Description | ICD-10-CM | Supports |
|---|---|---|---|
| 29827 | Invented | M75.121 | yes |
| 20610, 20611 | Invented | M17.0-M17.12; M25.56- | yes |
| 20610 | Invented | M54.50 | no |
| 20600-20609 | Invented | M19.041 | yes |
"""


def test_a_row_of_a_licensed_table_ties_what_it_holds():
    held = from_markdown(LICENSED)
    assert codes(held) == {"M17.0", "M17.10", "M17.11", "M17.12", "M25.561", "M25.562", "M25.569"}
    (tie,) = read_diagnoses(held, "20610").ties
    assert {held.text[one.named.start : one.named.end] for one in tie.stated if one.named} == {"20610"}
    assert codes(held, "29827") == {"M75.121"}
    assert codes(held, "20605") == {"M19.041"}


@pytest.mark.parametrize(
    "head",
    [
        "| CPT | Description | Code | Supports |",
        "| CPT | Description | ICD-10-CM codes not supported | Supports |",
        "| Code | Description | Other | Supports |",
        "| CPT | ICD-10-CM | Diagnosis | Supports |",
    ],
)
def test_a_table_whose_head_does_not_say_it_ties_nothing(head):
    lines = LICENSED.splitlines()
    lines[2] = head
    assert codes(from_markdown("\n".join(lines))) == set()


def test_a_row_that_cannot_be_read_leaves_the_whole_list_out():
    held = from_markdown(LICENSED.replace("M17.0-M17.12; M25.56-", "M17.11 (right) / M17.12"))
    assert codes(held) == set() and "could not be read whole" in reason(held)


HEADED = """# Diagnoses by CPT code

## 20610

| ICD-10-CM | Meaning |
|---|---|
| M17.11 | Invented |

## {heading}

| ICD-10-CM | Meaning |
|---|---|
| M54.50 | Invented |
"""


@pytest.mark.parametrize(
    "heading", ["27447", "Not covered with 20610", "20610 and 27447", "20610: excluded diagnoses"]
)
def test_a_table_belongs_to_the_one_code_that_its_heading_names(heading):
    assert codes(from_markdown(HEADED.format(heading=heading))) == {"M17.11"}


def test_caps_on_quotes_shorten_them_and_leave_out_what_does_not_fit():
    rows = "\n".join(f"| 20610 | {code} |" for code in ("M17.11", "M54.50", "M25.561", "I10", "M72.0"))
    text = f"# Diagnoses\n\n| CPT | ICD-10-CM |\n|---|---|\n{rows}\n"
    whole = compose_diagnoses(from_markdown(text), "20610")
    assert len(whole.rows) == 5 and "conditions are shown" not in whole.above[0].text
    held = from_markdown(text, quote_words=2, page_words=6)
    capped = compose_diagnoses(held, "20610")
    quoted = {place for row in capped.rows for place in row.places}
    assert sum(len(held.text[start:end].split()) for start, end in quoted) <= 6
    assert len(capped.rows) == 3 and "3 of its 5 conditions are shown." in capped.above[0].text
    words = "For the code 20610 these and those diagnoses listed below are covered:"
    named = from_html(article(group(1, [RIGHT_KNEE], words)), quote_words=3, page_words=9)
    (row,) = compose_diagnoses(named, "20610").rows
    assert [named.text[start:end] for start, end in row.places] == ["20610", "M17.11"]


def test_words_of_the_ama_are_never_quoted():
    page = article(group(1, [BOTH_KNEES], "For 20610 Arthroinvention, invented, these are covered:"))
    held = from_html(page.replace("Invented words for it", "Arthroinvention, invented"))
    for row in compose_diagnoses(held, "20610").rows:
        assert all("Arthroinvention" not in held.text[start:end] for start, end in row.places)


@pytest.mark.parametrize(
    "among",
    [
        ("Not covered:", ""),
        ("These are not covered", "x"),
    ],
)
def test_words_among_the_rows_that_set_an_exception_leave_the_list_out(among):
    held = from_html(article(group(1, [RIGHT_KNEE, among, LEFT_KNEE])))
    assert codes(held) == set() and "set an exception" in reason(held)
    under = from_html(article(group(1, [RIGHT_KNEE, ("Knee", ""), LEFT_KNEE])))
    assert codes(under) == {"M17.11", "M17.12"}


def test_words_above_the_list_that_hold_codes_leave_it_out():
    held = from_html(article(group(1, [RIGHT_KNEE], "In addition M17.12 supports 20610.")))
    assert codes(held) == set() and "could not be read whole" in reason(held)


def test_a_title_that_was_run_together_with_what_follows_leaves_the_list_out():
    page = article(group(1, [RIGHT_KNEE]))
    run = f"<p>{DENY} Group 1 Paragraph: N/A and more words, so that this line is no title by any measure. "
    run += "Group 1 Codes: M54.50 Low back pain, unspecified</p>"
    held = from_html(page.replace(f"<h3>{DENY}</h3><p>N/A</p>", run))
    assert codes(held) == set() and reason(held)


@pytest.mark.parametrize("among", ["Column one | Column two", "Never with | these", "Not covered"])
def test_a_second_table_below_without_a_known_head_leaves_the_list_out(among):
    rows = f"| CPT | ICD-10-CM |\n|---|---|\n| 20610 | M17.11 |\n| {among} |\n| 20610 | M54.50 |\n"
    held = from_markdown(f"# Invented\n\n{rows}")
    assert codes(held) == set() and "could not be read whole" in reason(held)


def test_text_far_below_a_list_ties_nothing():
    below = "<h5>Group 1 Codes</h5><p>The note for 20610 supports what was done.</p>"
    held = from_html(article(group(1, [RIGHT_KNEE]) + below, procedures=TWO))
    assert codes(held) == set()


def test_a_short_row_ties_nothing():
    rows = "| ICD-10-CM | CPT |\n|---|---|\n| M54.50 | |\n| M17.11 | 20610 |\n"
    assert codes(from_markdown(f"# Invented\n\n{rows}")) == {"M17.11"}
