"""The real NCCI policy manual, where it lies beside the checkout."""

import re

import pytest

from pipeline.data import BlockKind
from pipeline.sources.reading.blocks import compose
from pipeline.sources.reading.pdf_blocks import read_pdf_blocks


@pytest.mark.realdata
def test_the_policy_manual_has_its_structure(shared_data):
    path = shared_data / "manuals" / "ncci_policy_manual_2026.pdf"
    if not path.exists():
        pytest.skip("the NCCI policy manual is not beside this checkout")
    blocks, pages = read_pdf_blocks(path.read_bytes(), name=path.name)
    composed = compose(blocks, pages=pages)
    assert (pages, len(composed.page_starts)) == (287, 287)
    assert not re.search(r"^(Intro|[IVX]+)-\d+$", composed.text, re.MULTILINE)
    # Once, on the title page of chapter III, it is no running head: no page near it has the line.
    assert len(re.findall(r"^Revision Date", composed.text, re.MULTILINE)) <= 1

    tops = [n for n, one in enumerate(blocks) if one.kind is BlockKind.HEADING and one.level == 1]
    numerals = [re.match(r"Chapter ([IVX]+)\b", blocks[n].text) for n in tops]
    found = {match[1]: n for match, n in zip(numerals, tops, strict=True) if match}
    assert list(found) == "I II III IV V VI VII VIII IX X XI XII XIII".split()

    chapter = blocks[found["IV"] : found["V"]]
    sections = [n for n, one in enumerate(chapter) if one.kind is BlockKind.HEADING and one.level == 2]
    assert [chapter[n].text[:2] for n in sections] == [f"{letter}." for letter in "ABCDEFGHI"]
    section = chapter[sections[4] : sections[5]]
    rules = [one.text.split()[0] for one in section if one.kind is BlockKind.ITEM and one.level == 1]
    assert rules == [f"{n}." for n in range(1, 9)]
