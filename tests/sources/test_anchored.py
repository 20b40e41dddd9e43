"""The words of notes, out of whichever edition is in force."""

from datetime import date

import pytest

from pipeline.data import Anchor, Match, SourceDocument
from pipeline.sources.anchored import AnchoredWords
from pipeline.sources.anchors import AnchorState, make_anchor
from pipeline.sources.reading.blocks import PAGE_BREAK, ReadBlock
from tests.sources.invented import P, document

WORDS = "Report one unit for each joint, not for each needle."
IN_FIRST, IN_SECOND, IN_THIRD = date(2026, 6, 30), date(2026, 7, 1), date(2027, 1, 1)


def edition(number: str, *pages: str, begins: date, ends: date | None = None) -> SourceDocument:
    blocks = [ReadBlock(P, 0, text, page) for page, text in enumerate(pages, 1)]
    made = document(
        *blocks, pages=len(pages), sha256=number * 64, edition=number, title="A guide", valid_from=begins
    )
    return made.model_copy(update={"valid_to": ends})


FIRST = edition("1", "A title page.", f"7. {WORDS}", begins=date(2026, 1, 1), ends=IN_FIRST)
SECOND = edition("2", "A title page.", "A preface.", f"8. {WORDS}", begins=IN_SECOND, ends=date(2026, 12, 31))
THIRD = edition("3", "A title page.", "7. Report one unit for each needle.", begins=IN_THIRD)


@pytest.fixture
def anchor() -> Anchor:
    return make_anchor(FIRST.sha256, FIRST.page_texts(), 2, WORDS)


def test_words_are_quoted_from_the_edition_in_force_on_the_day(anchor):
    words = AnchoredWords([SECOND, THIRD, FIRST])
    for day, held, page, stated in ((IN_FIRST, FIRST, 2, WORDS), (IN_SECOND, SECOND, 3, WORDS)):
        quote = words.quote(anchor, as_of=day)
        assert quote is not None and (quote.document_id, quote.page) == (held.id, page)
        assert held.text[quote.start : quote.end] == quote.quote == stated
        assert (quote.match, quote.level) == (Match.EXACT, "document")


def test_an_edition_that_lost_the_words_does_not_bear_the_note_out(anchor):
    words = AnchoredWords([FIRST, SECOND, THIRD])
    assert words.quote(anchor, as_of=IN_THIRD) is None
    assert words.quote(anchor, as_of=date(2025, 12, 31)) is None
    assert [words.resolve(anchor, one).state for one in (FIRST, SECOND, THIRD)] == [
        AnchorState.MATCHED,
        AnchorState.MOVED,
        AnchorState.NOT_FOUND,
    ]


def test_without_the_document_it_names_an_anchor_has_no_words(anchor):
    words = AnchoredWords([SECOND, THIRD])
    assert words.quote(anchor, as_of=IN_SECOND) is None
    assert not words.holds(FIRST.sha256) and words.editions(FIRST.sha256) == []
    assert AnchoredWords([FIRST, SECOND]).editions(FIRST.sha256) == [FIRST, SECOND]


def test_a_document_without_pages_is_quoted_without_a_page():
    plain = document(ReadBlock(P, 0, f"An introduction.\n{WORDS}"))
    anchor = make_anchor(plain.sha256, plain.page_texts(), 1, WORDS)
    quote = AnchoredWords([plain]).quote(anchor, as_of=IN_FIRST)
    assert quote is not None and (quote.page, quote.quote) == (None, WORDS)


def test_words_on_a_page_that_a_sentence_runs_on_to_are_found_at_its_offsets():
    text = f"It begins here {PAGE_BREAK}and goes on. {WORDS}"
    made = document(ReadBlock(P, 0, text, 1), pages=2)
    anchor = make_anchor(made.sha256, made.page_texts(), 2, WORDS)
    quote = AnchoredWords([made]).quote(anchor, as_of=IN_FIRST)
    assert quote is not None and (quote.page, made.text[quote.start : quote.end]) == (2, WORDS)
