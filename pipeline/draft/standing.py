"""Which words of a document say by themselves what they mean, so that a page may quote them out of their place."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.data import BlockKind, SourceDocument

_LEANS = re.compile(
    r"(?:additionally|also|but|finally|for (?:example|instance)|hence|however|in addition|instead|it|likewise|moreover"
    r"|otherwise|similarly|such|that|then|therefore|these|they|this|those|thus)\b",
    re.IGNORECASE,
)
_POINTS = re.compile(
    r"\b(?:the (?:following|above|below|former|latter|preceding|foregoing)|as follows"
    r"|(?:listed|described|given|noted|shown) (?:above|below)|(?:codes?|table|list|group|section) (?:above|below)"
    r"|(?:above|below|following) (?:codes?|table|list|groups?)|this (?:table|list|group)|group \d+"
    r"|(?:these|those|such) (?:\w+ )?(?:codes?|services?|procedures?|diagnos[ei]s))\b",
    re.IGNORECASE,
)
_MARK = re.compile(r"\s*(?:\(?[0-9A-Za-z]{1,3}[.)]|[•o▪–-])\s+")
_CODE_LIST = re.compile(
    r"CPT\s*/\s*HCPCS|ICD-?\s?(?:9|10)|codes? that (?:do(?:es)? not )?support|revenue codes?|bill types?",
    re.IGNORECASE,
)


def stands_alone(text: str) -> bool:
    """Whether a paragraph or rule can be read without what is before it, and leads to nothing behind it."""
    words = text[match.end() :] if (match := _MARK.match(text)) else text
    return not _LEANS.match(words) and not text.rstrip().endswith((":", "—", "–", ","))


def points_elsewhere(sentence: str) -> bool:
    """Whether a sentence, taken out of its paragraph, speaks of what stands in another."""
    return bool(_LEANS.match(sentence) or _POINTS.search(sentence)) or sentence.rstrip().endswith(":")


def heads_codes(headings: Sequence[str]) -> bool:
    """Whether one of the headings stands above lists of codes: an article's tables, not its rules."""
    return any(_CODE_LIST.search(heading) for heading in headings)


def holds_rows(document: SourceDocument, start: int, end: int) -> bool:
    """Whether a row of a table is in that place of the document: a cell says nothing without its column."""
    return any(
        block.kind is BlockKind.ROW and block.start < end and start < block.end for block in document.blocks
    )
