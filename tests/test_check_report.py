"""The report of `verify`: the text marked up, every finding below, nothing hostile alive."""

import re
from datetime import date

from pipeline.check_report import render_check_report
from pipeline.check_text import CheckedClaim
from pipeline.data import Check, Label, Outcome

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


def test_a_hostile_text_stays_text():
    text = report(checked(1, '<script>alert(1)</script> "quoted" \u202eevil', Label.REFUTED))
    assert "<script" not in text and "\u202e" not in text and "[U+202E]" in text
    assert "default-src 'none'" in text


def test_the_same_claims_give_the_same_bytes_and_none_is_a_report_too():
    claims = [checked(1, "One.", Label.NOT_ENOUGH_INFO)]
    assert report(*claims) == report(*claims)
    assert "What was found" in report()
