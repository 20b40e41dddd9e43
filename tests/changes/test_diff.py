"""What changed between two revisions, claim by claim."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.changes.diff import claims_of, diff_pages
from pipeline.data import ChangeKind, Label, Risk, Withheld
from pipeline.page.claim_states import claim_states
from pipeline.verify.mentions import mark_mentions
from tests.page.pages import SECTIONS, Said, id_of, page_of
from tests.page.sample import sample_page

WORDS = (
    "graft donor side vessel report names shows record joint visit modifier 57 25 $40.10 76.07 not".split()
)


def diff(old, new, **more):
    return diff_pages(old, new, mark=mark_mentions, **more)


def kinds(result):
    return [[kind.name for kind in change.kinds] for change in result.changes]


said = st.builds(
    Said,
    section=st.sampled_from(SECTIONS),
    subject=st.sampled_from([f"{kind}:{name}" for kind in ("fact", "note", "text") for name in "abcdef"]),
    text=st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join),
    value=st.sampled_from(["", "1", "2"]),
    release=st.sampled_from(["RVU25D", "RVU26A"]),
    unit=st.just("RVU"),
)
claims = st.lists(said, max_size=9, unique_by=lambda one: (one.section, one.subject))


def as_read(page):
    return [(state.section_key, state.standing, state.parts) for state in claim_states(page)]


def apply(old, result):
    """The old page with the changes carried out: words patched run by run, claims dropped, put in and moved."""
    size = sum(1 for _, new in claims_of(result) if new)
    slots: list[object] = [None] * size
    patched, gone = {}, set()
    for change in result.changes:
        if change.old is None:
            slots[change.new.place] = (change.new.section_key, change.new.standing, change.new.parts)
        elif change.new is None:
            gone.add(change.old.place)
        else:
            parts = dict(change.old.parts)
            for word in change.words:
                assert parts.get(word.part, "") == word.old
                parts[word.part] = word.new
            order = [name for name, _ in change.new.parts]
            shown = (
                change.new.section_key,
                change.new.standing,
                tuple((name, parts[name]) for name in order),
            )
            if ChangeKind.MOVED in change.kinds or change.old.standing != change.new.standing:
                gone.add(change.old.place)
                slots[change.new.place] = shown
            else:
                patched[change.old.place] = shown
    stayed = iter(
        patched.get(state.place, (state.section_key, state.standing, state.parts))
        for state in claim_states(old)
        if state.place not in gone
    )
    return [slot or next(stayed) for slot in slots]


@given(claims)
def test_a_page_with_itself_is_an_empty_diff(inside):
    page = page_of(inside)
    assert diff(page, page).is_empty
    assert len(diff(page, page).unchanged) == len(inside)


@given(claims, st.randoms(use_true_random=False))
def test_another_order_gives_moves_and_nothing_else(inside, random):
    other = list(inside)
    random.shuffle(other)
    result = diff(page_of(inside), page_of(other))
    assert all(change.kinds == (ChangeKind.MOVED,) for change in result.changes)
    assert not result.others


@settings(max_examples=200)
@given(claims, claims)
def test_each_claim_of_both_sides_is_there_exactly_once(first, second):
    old, new = page_of(first), page_of(second)
    pairs = list(claims_of(diff(old, new)))
    assert sorted(id_ for id_, _ in pairs if id_) == sorted(state.claim_id for state in claim_states(old))
    assert sorted(id_ for _, id_ in pairs if id_) == sorted(state.claim_id for state in claim_states(new))


@settings(max_examples=200)
@given(claims, claims)
def test_the_old_page_with_the_changes_carried_out_is_the_new_one(first, second):
    old, new = page_of(first), page_of(second)
    assert apply(old, diff(old, new)) == as_read(new)


@given(claims, claims)
def test_the_same_pages_give_the_same_diff(first, second):
    old, new = page_of(first), page_of(second)
    assert diff(old, new).model_dump_json() == diff(old, new).model_dump_json()


def test_a_figure_of_a_newer_release():
    old = page_of(
        [Said("payment", "rvu:total", "The total is 76.07 RVUs (RVU25D).", "76.07", "RVU25D", "RVU")]
    )
    new = page_of(
        [Said("payment", "rvu:total", "The total is 76.50 RVUs (RVU26A).", "76.50", "RVU26A", "RVU")]
    )
    (change,) = diff(old, new).changes
    assert change.kinds == (ChangeKind.FIGURE, ChangeKind.EVIDENCE)
    assert [(f.kind, f.old, f.new) for f in change.figures] == [
        ("num", "76.07", "76.50"),
        ("rel", "rvu25d", "rvu26a"),
    ]
    (row,) = change.evidence
    assert (row.field, row.old, row.new) == ("total", "76.07 RVU", "76.50 RVU")
    assert row.old_source == "RVU25D, not confirmed for 2026" and row.new_source == "RVU26A"
    assert [reason.kind for reason in change.reasons] == ["release"]
    assert change.risks == ()  # a new amount alone


def test_words_of_a_rule_are_compared_word_by_word():
    old = page_of([Said("coverage", "note:a#coverage/0", "Modifier 25 goes with the visit.")])
    new = page_of([Said("coverage", "note:a#coverage/0", "Modifier 25 never goes with the visit.")])
    (change,) = diff(old, new).changes
    assert change.kinds == (ChangeKind.REWORDED,)
    (part,) = change.words
    assert [(run.op, run.text) for run in part.words] == [
        ("same", "Modifier 25"),
        ("in", " never"),
        ("same", " goes with the visit."),
    ]
    assert set(change.risks) == {Risk.RULE, Risk.MODIFIER}


def test_a_model_s_better_words_are_the_same_claim_and_the_match_is_shown():
    old = page_of(
        [Said("documentation", "text:1", "The report names the donor bone and the vessels joined.")]
    )
    new = page_of(
        [Said("documentation", "text:2", "The report names the donor bone and the joined vessels.")]
    )
    (change,) = diff(old, new).changes
    assert change.kinds[0] is ChangeKind.REWORDED
    assert change.match is not None and change.match.how == "words" and 0.6 <= change.match.score <= 1


def test_the_same_words_about_another_code_are_another_claim():
    sentence = "Code {} is not reported with another procedure on the same knee."
    old = page_of([Said("coverage", "text:1", sentence.format("29875"))])
    new = page_of([Said("coverage", "text:2", sentence.format("29877"))])
    assert kinds(diff(old, new)) == [["REMOVED"], ["ADDED"]]


def test_a_row_is_never_taken_for_another_row():
    old = page_of([Said("coverage", "edit:20610", "NCCI pairs 29881 with 20610, modifier indicator 1.", "1")])
    new = page_of([Said("coverage", "edit:20611", "NCCI pairs 29881 with 20611, modifier indicator 1.", "1")])
    assert kinds(diff(old, new)) == [["REMOVED"], ["ADDED"]]


def test_a_claim_that_went_to_another_section_moved():
    old = page_of([Said("documentation", "note:a", "The record names the side.")])
    new = page_of([Said("coverage", "note:a", "The record names the side.")])
    (change,) = diff(old, new).changes
    assert change.kinds == (ChangeKind.MOVED,)
    assert change.match is not None and change.match.how == "moved"


def test_one_claim_out_of_its_place_is_one_move():
    names = [Said("documentation", f"note:{name}", f"The record names {name}.") for name in "abcde"]
    result = diff(page_of(names), page_of([names[4], *names[:4]]))
    assert [change.state.subject for change in result.changes] == ["note:e"]


def test_a_claim_that_is_withheld_now_has_another_verdict():
    one = [
        Said("documentation", "note:a", "The record names the side."),
        Said("coverage", "note:b", "It is included."),
    ]
    old = page_of(one)
    (held,) = old.sections[1].statements
    verdict = old.verdicts[held.claims[0].id].model_copy(
        update={"label": Label.NOT_ENOUGH_INFO, "reason": "the quote was not found"}
    )
    new = old.model_copy(
        update={
            "sections": old.sections[:1],
            "withheld": (Withheld(statement=held, verdicts=(verdict,)),),
        }
    )
    result = diff(old, new)
    (change,) = result.changes
    assert change.kinds[0] is ChangeKind.VERDICT and Risk.RULE in change.risks
    assert any("the quote was not found" in reason.text for reason in change.reasons)
    assert [other.what for other in result.others] == ["heading of coverage"]
    back = diff(new, old).changes[0]
    assert back.kinds[0] is ChangeKind.VERDICT and back.new is not None and back.new.standing


def test_a_decision_s_name_holds_for_what_is_shown_and_not_for_where_it_stands():
    before = [Said("documentation", "note:a", "The record names the side.")]
    after = [Said("documentation", "note:a", "The record shows the side.")]
    (change,) = diff(page_of(before), page_of(after)).changes
    more = Said("documentation", "note:b", "The record names the joint.")
    moved = diff(page_of([more, *before]), page_of([more, *after])).changes
    assert [one.id for one in moved] == [change.id]
    (other,) = diff(page_of(before), page_of([after[0]._replace(text="The record gives the side.")])).changes
    assert other.id != change.id


def test_a_first_page_is_all_additions():
    result = diff(None, sample_page())
    assert {kind for change in result.changes for kind in change.kinds} == {ChangeKind.ADDED}
    assert (result.old, result.old_sha256) == ("", "")
    assert result.others


def test_gaps_and_sources_are_compared_beside_the_claims():
    old = sample_page()
    new = old.model_copy(update={"gaps": (), "sources": old.sources[1:]})
    whats = [other.what.split()[0] for other in diff(old, new).others]
    assert set(whats) == {"gap", "source"}


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "\u202eevil", "</style>"])
def test_ids_do_not_depend_on_markup(hostile):
    page = sample_page(hostile=hostile)
    assert diff(page, page).is_empty and id_of("coverage", "note:a").startswith("c_")
