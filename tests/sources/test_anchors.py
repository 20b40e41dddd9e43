import pytest

from pipeline.sources.anchors import AnchorResolver, AnchorState, make_anchor, resolve_anchor

PAGES = ["An invented manual.\nPage one.", "Rule 7. Report one unit\nfor each joint, not for each needle."]
SHA = "a" * 64


def test_an_anchor_is_found_where_it_was_made():
    anchor = make_anchor(SHA, PAGES, 2, "one unit for each joint")
    found = resolve_anchor(anchor, PAGES)
    assert found.state is AnchorState.MATCHED
    assert PAGES[found.page - 1][found.start : found.end] == "one unit\nfor each joint"


def test_a_moved_span_is_found_on_its_new_page():
    anchor = make_anchor(SHA, PAGES, 2, "one unit for each joint")
    moved = ["A new preface.", *PAGES[:1], "Rule 8.  Report  ONE UNIT for each joint, always."]
    found = resolve_anchor(anchor, moved)
    assert (found.state, found.page) == (AnchorState.MOVED, 3)
    assert moved[2][found.start : found.end] == "ONE UNIT for each joint"


def test_a_moved_sentence_keeps_the_mark_that_ends_it():
    anchor = make_anchor(SHA, PAGES, 2, "Report one unit\nfor each joint, not for each needle.")
    moved = ["x", "x", "First. (Report one unit for each joint, not for each needle.) Last."]
    found = resolve_anchor(anchor, moved)
    assert moved[2][found.start : found.end] == "Report one unit for each joint, not for each needle.)"


def test_changed_words_are_not_found():
    anchor = make_anchor(SHA, PAGES, 2, "one unit for each joint")
    changed = [PAGES[0], PAGES[1].replace("one unit", "two units")]
    assert resolve_anchor(anchor, changed).state is AnchorState.NOT_FOUND


def test_an_ambiguous_or_absent_quote_makes_no_anchor():
    with pytest.raises(ValueError, match="stands 2 times"):
        make_anchor(SHA, PAGES, 2, "for each")
    with pytest.raises(ValueError, match="stands 0 times"):
        make_anchor(SHA, PAGES, 1, "no such words")


def test_words_that_moved_within_their_page_are_found_there():
    anchor = make_anchor(SHA, PAGES, 2, "one unit for each joint")
    longer = [PAGES[0], "A sentence more. " + PAGES[1]]
    found = resolve_anchor(anchor, longer)
    assert (found.state, found.page) == (AnchorState.MOVED, 2)
    assert longer[1][found.start : found.end] == "one unit\nfor each joint"


def test_of_several_places_the_one_nearest_to_the_page_counts():
    anchor = make_anchor(SHA, PAGES, 2, "one unit for each joint")
    words = "Report one unit for each joint."
    found = resolve_anchor(anchor, [words, "Nothing.", words])
    assert (found.state, found.page) == (AnchorState.MOVED, 1)
    assert resolve_anchor(anchor, ["", "Nothing.", "", "", words]).page == 5


def test_fewer_words_than_the_opening_has_are_found_too():
    anchor = make_anchor(SHA, PAGES, 1, "Page one.")
    assert resolve_anchor(anchor, ["Else.", "It ends: page one."]).page == 2
    assert resolve_anchor(anchor, ["Page two is the end: one."]).state is AnchorState.NOT_FOUND


def test_a_document_without_the_page_or_without_words_has_none_of_them():
    anchor = make_anchor(SHA, PAGES, 2, "one unit for each joint")
    for pages in ([], [""], ["one unit for each"], ["unit for each joint"]):
        assert resolve_anchor(anchor, pages).state is AnchorState.NOT_FOUND


def test_one_resolver_serves_many_anchors():
    resolver = AnchorResolver(["A preface.", *PAGES])
    for quote in ("Report one unit", "not for each needle", "one unit for each joint"):
        anchor = make_anchor(SHA, PAGES, 2, quote)
        assert (resolver.resolve(anchor).state, resolver.resolve(anchor).page) == (AnchorState.MOVED, 3)
