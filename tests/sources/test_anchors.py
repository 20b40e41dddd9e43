import pytest

from pipeline.sources.anchors import AnchorState, make_anchor, resolve_anchor

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


def test_changed_words_are_not_found():
    anchor = make_anchor(SHA, PAGES, 2, "one unit for each joint")
    changed = [PAGES[0], PAGES[1].replace("one unit", "two units")]
    assert resolve_anchor(anchor, changed).state is AnchorState.NOT_FOUND


def test_an_ambiguous_or_absent_quote_makes_no_anchor():
    with pytest.raises(ValueError, match="stands 2 times"):
        make_anchor(SHA, PAGES, 2, "for each")
    with pytest.raises(ValueError, match="stands 0 times"):
        make_anchor(SHA, PAGES, 1, "no such words")
