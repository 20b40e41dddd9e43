"""The report of `verify`: the text marked up, every finding below, nothing hostile alive."""

import re
from datetime import date

from pipeline.check_report import render_check_report
from pipeline.check_text import CheckedClaim
from pipeline.data import Check, Label, Outcome
from pipeline.marked_text import Marked, Piece, marked_text

ON = date(2026, 11, 24)


def checked(
    number: int, text: str, label: Label | None, *, block: str = "1", reason: str = "So."
) -> CheckedClaim:
    return CheckedClaim(
        id=f"{block}.{number}",
        statement_id=block,
        claim=text,
        label=label,
        failure="" if label else "too long",
        confidence=0.95 if label else None,
        reason=reason if label else "",
        evidence=(),
        checks=(Check(check="support", outcome=Outcome.PASS, reason="a place says it"),),
    )


def report(*claims: CheckedClaim) -> str:
    return render_check_report(claims, title="notes.md", as_of=ON, checker="rules-1")


def test_each_claim_is_marked_in_its_place_and_explained_below():
    text = report(
        checked(1, "One.", Label.SUPPORTED),
        checked(2, "Two.", Label.REFUTED, reason="The row says otherwise."),
        checked(1, "Three.", None, block="2"),
    )
    assert len(re.findall(r"<p><a class=", text)) == 2  # two blocks
    assert '<a class="refuted" id="t2" href="#c2"' in text and '<article class="refuted" id="c2">' in text
    assert "The row says otherwise." in text and "too long" in text
    assert [int(n) for n in re.findall(r'<strong style="[^"]*">(\d+)</strong>', text)] == [1, 1, 1]


def test_the_text_stands_as_written_with_its_parts_marked():
    sentence = "20610 has 0.77 work RVUs, and it pays $68.81; its MUE is 2."
    said = ("20610 has 0.77 work RVUs", "[20610] it pays $68.81", "[20610] its MUE is 2.")
    parts = [
        checked(number, text, Label.SUPPORTED).model_copy(
            update={"sentence": sentence, "headings": ("Work & pay",) if number == 1 else ()}
        )
        for number, text in enumerate(said, 1)
    ]
    after = checked(4, "[20610] Another.", Label.REFUTED).model_copy(update={"sentence": "Another."})
    text = report(*parts, after)
    shown = text[text.index('<div class="text">') : text.index("<h2>What was found")]
    assert "<h3>Work &amp; pay</h3>" in shown
    plain = re.sub(r"<sup.*?</sup>|<[^>]*>", "", shown.partition("</h3>")[2]).strip()
    assert plain == f"{sentence} Another."
    assert re.findall(r'<a class="[^"]*" id="t(\d)"[^>]*>([^<]*)<', shown)[1] == ("2", "it pays $68.81")
    assert "[20610] it pays $68.81" in text and "<summary>1 check</summary>" in text


def test_claims_that_know_no_sentence_stand_in_their_own_words():
    blocks = marked_text([checked(1, "[29881] One.", None), checked(2, "[29881] One.", None)])
    assert blocks == [Marked((), (Piece("[29881] One.", 1), Piece(" ", None), Piece("[29881] One.", 2)))]


def test_the_same_sentence_twice_is_marked_twice():
    twice = [checked(n, "It is so.", None).model_copy(update={"sentence": "It is so."}) for n in (1, 2)]
    (block,) = marked_text(twice)
    assert [piece.number for piece in block.pieces] == [1, None, 2]


def test_a_hostile_text_stays_text():
    text = report(checked(1, '<script>alert(1)</script> "quoted" \u202eevil', Label.REFUTED))
    assert "<script" not in text and "\u202e" not in text and "[U+202E]" in text
    assert "default-src 'none'" in text


def test_the_same_claims_give_the_same_bytes_and_none_is_a_report_too():
    claims = [checked(1, "One.", Label.NOT_ENOUGH_INFO)]
    assert report(*claims) == report(*claims)
    assert "What was found" in report()
