"""A claim keeps its id from revision to revision."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.page.carry import carry_ids
from pipeline.page.claim_states import claim_states
from pipeline.page.layout import statements_of
from pipeline.verify.mentions import mark_mentions
from tests.changes.test_diff import claims
from tests.page.pages import Said, id_of, page_of

SIDE = "The operative report names the donor bone, the side and the vessels joined."
BETTER = "The operative report names the donor bone, its side and the vessels that were joined."


def carried(old, new):
    """The new page's statements with the ids they carry over from the old page."""
    return carry_ids(tuple(statements_of(new)), {**new.verdicts}, previous=old, mark=mark_mentions)


def with_statements(page, statements, outcomes):
    """The page with these statements in its sections."""
    sections = tuple(
        section.model_copy(
            update={"statements": tuple(s for s in statements if s.section_key == section.key)}
        )
        for section in page.sections
    )
    return page.model_copy(update={"sections": sections, "verdicts": outcomes})


def test_better_words_keep_the_id_and_so_does_the_verdict():
    old = page_of([Said("documentation", f"text:{SIDE}", SIDE)])
    new = page_of([Said("documentation", f"text:{BETTER}", BETTER)])
    (statement,), outcomes = carried(old, new)
    kept = id_of("documentation", f"text:{SIDE}")
    assert statement.claims[0].id == kept and statement.id == "s_" + kept[2:]
    assert statement.claims[0].text == BETTER
    assert set(outcomes) == {kept} and outcomes[kept].claim_id == kept


def test_a_claim_that_moved_keeps_its_id():
    old = page_of([Said("documentation", "note:a", SIDE)])
    (statement,), _ = carried(old, page_of([Said("coverage", "note:a", SIDE)]))
    assert statement.claims[0].id == id_of("documentation", "note:a")


def test_a_carried_id_goes_on_and_the_claim_it_once_was_gets_another():
    first = page_of([Said("documentation", f"text:{SIDE}", SIDE)])
    second = page_of([Said("documentation", f"text:{BETTER}", BETTER)])
    second = with_statements(second, *carried(first, second))
    both = page_of(
        [Said("documentation", f"text:{BETTER}", BETTER), Said("documentation", f"text:{SIDE}", SIDE)]
    )
    statements, outcomes = carried(second, both)
    ids = [statement.claims[0].id for statement in statements]
    assert ids[0] == id_of("documentation", f"text:{SIDE}")  # the better words go on under the id they carry
    assert ids[1] not in (ids[0], id_of("documentation", f"text:{BETTER}"))
    assert len(set(ids)) == 2 and set(outcomes) == set(ids)


def test_what_derives_from_a_claim_follows_its_id():
    new = page_of(
        [Said("documentation", f"text:{BETTER}", BETTER), Said("coverage", "note:b", "Name the side.")]
    )
    item = (
        new.sections[1]
        .statements[0]
        .model_copy(update={"derived_from": id_of("documentation", f"text:{BETTER}")})
    )
    statements, _ = carry_ids(
        (*new.sections[0].statements, item),
        {**new.verdicts},
        previous=page_of([Said("documentation", f"text:{SIDE}", SIDE)]),
        mark=mark_mentions,
    )
    assert statements[1].derived_from == statements[0].claims[0].id


@given(claims, claims, st.integers(1, 3))
def test_ids_stay_unique_and_words_untouched_whatever_came_before(first, second, rounds):
    old, new = page_of(first), page_of(second)
    for _ in range(rounds):
        old = with_statements(new, *carried(old, new))
        ids = [state.claim_id for state in claim_states(old)]
        assert len(ids) == len(set(ids))
        assert [state.parts for state in claim_states(old)] == [state.parts for state in claim_states(new)]
        assert set(old.verdicts) == set(ids)


@given(claims)
def test_a_page_that_did_not_change_keeps_everything(inside):
    page = page_of(inside)
    statements, outcomes = carried(page, page)
    assert statements == tuple(statements_of(page)) and outcomes == page.verdicts
