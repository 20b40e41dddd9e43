"""Descriptors in documents: every title here is invented."""

import pytest

from pipeline.sources.descriptors import DescriptorRuns, elide_descriptors, may_describe, repeats_descriptor


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Codes 99991 (Invented thing, with parts) and 99992.", "Codes 99991 (…) and 99992."),
        ("99991 (Invented (left OR right) thing) is paid.", "99991 (…) is paid."),
        ("99991 (Invented body (eg, piece) and 99992 (Other) stand.", "99991 (…) and 99992 (…) stand."),
        ("99991 (Invented thing that never clos", "99991 (…)"),
        (
            "G9999 (Invented) with modifier 99 (Invented Service by Someone).",
            "G9999 (…) with modifier 99 (…).",
        ),
        ("99990-99992 (invented repair of a wobble) shall not be billed.", "99990-99992 (…) shall not be billed."),
        ("CPT code 99991 (RBC wobble) is “1”.", "CPT code 99991 (…) is “1”."),
        ("99991 [Invented thing] is paid.", "99991 […] is paid.".replace("[…]", "(…)")),
        ("99991 (1 or 2 wobbles) is paid.", "99991 (…) is paid."),
        ("99991 (Invented thing)) is paid.", "99991 (…) is paid."),
        ("99991 (Invented) (part) device) is paid (once).", "99991 (…) is paid (once)."),
        ("99991 (Invented) and all of its (odd) parts) is paid.", "99991 (…) is paid."),
        ("It (e.g., 99991 (thing)) is paid.", "It (e.g., 99991 (…)) is paid."),
        ("99991 – Invented; with thing. It is paid.", "99991 (…). It is paid."),
        ("99991: Invented thing, any number\nNext line.", "99991 (…)\nNext line."),
        ("99991 - Invented thing; 99992 – other thing", "99991 (…); 99992 (…)"),
        ("99991 | Invented thing | 3", "99991 (…)"),
        ("CPT 99991 “Repair of an invented thing” is paid.", "CPT 99991 “…” is paid."),
        ('CPT 99991 describes "repair of an invented thing." It is paid.', "CPT 99991 describes “…” It is paid."),
        ("Modifier 99 is defined as “Invented Kind Service.”", "Modifier 99 is defined as “…”"),
        ("The phrase (“Examination of wobbles, left”) of CPT code 99991.", "The phrase (“…”) of CPT code 99991."),
    ],
)  # fmt: skip
def test_descriptors_behind_codes_are_left_out(text, expected):
    assert elide_descriptors(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Report 99991 (1 unit) or 99992 (see below).",
        "Report 99991 (if open) with 99992 (but not 99993) and 99994 (with modifier 59).",
        "A rule (Section B) stays, 99991 does too.",
        "CPT codes 99991 – 99992 and 20000–29999 stay, 99993-59 too.",
        "Codes with the “separate procedure” designation include 99991.",
        "He says “nobody reports this at all today” of something else.",
        "HCPCS code 99991-LT is reported.",
    ],
)
def test_what_only_the_document_can_say_stays(text):
    assert elide_descriptors(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "99991 Invented repair of a wobble",
        "CPT code 99991, Invented repair of a wobble",
        "Wobbloscopy, invented, with repair of thing (CPT code 99991) was planned.",
        "Fixing of knees; open (99991)",
        "Wobbloscopy, with thing(s) (CPT code 99991)",
    ],
)
def test_a_title_without_an_end_is_recognised(text):
    assert may_describe(elide_descriptors(text))


@pytest.mark.parametrize(
    "text",
    [
        "CPT code 99991 is reported once a knee.",
        "CPT codes 99991 and 99992 describe one service.",
        "A diagnostic arthroscopy (CPT code 99991) is included.",
        "99991 Medicare pays once.",
        "When performed, a repair (CPT code 99991) is included.",
    ],
)
def test_a_rule_is_no_title(text):
    assert not may_describe(text)


def test_five_words_of_a_descriptor_or_all_of_a_short_one_are_recognised():
    titles = ["Repair of invented wobble, open, with graft", "Wobble fixing, closed", "Fix it"]
    assert repeats_descriptor("The repair of invented wobble open is paid.", titles)
    assert repeats_descriptor("It says: wobble fixing closed.", titles)
    assert not repeats_descriptor("The repair of invented things, open, with graft.", titles)
    assert not repeats_descriptor("Fix it, or wobble fixing.", titles)
    assert not repeats_descriptor("", titles)


def test_runs_of_any_descriptor_are_found_whatever_the_accents():
    runs = DescriptorRuns(["Sailing barge, with copper lantern and oars", "Short one"])
    assert runs.stand_in("They use a sail\u00edng barge w\u00edth copper_lantern each day.")
    assert not runs.stand_in("They use a sailing barge without a lantern. Short one.")
