"""One spelling for what is the same when read aloud: "doesn't", "$2540.81", "CPT 20970" and "this code"."""

from __future__ import annotations

import re
from functools import lru_cache

from pipeline.verify.quotes import normalise_quote

_SPELLINGS = tuple(
    (re.compile(find, re.IGNORECASE), to)
    for find, to in (
        (r"\bcan(?:'t| not)\b", "cannot"),
        (r"\bwon't\b", "will not"),
        (r"n't\b", " not"),
        (r"\b(it|that|there|here|what|who|which)'s\b", r"\1 is"),
        (r"(?<=\d),(?=\d{3}\b)", ""),
        (r"\b(?:(?:CPT|HCPCS)(?: code)?|code) (?=[0-9A-Z]\d{3}[0-9A-Z]\b)", ""),
    )
)
_THIS_CODE = re.compile(r"\bthis (?:code|procedure)\b", re.IGNORECASE)


@lru_cache(maxsize=32_768)
def same_spelling(text: str, hcpcs_code: str | None) -> str:
    """The text in the one spelling; `hcpcs_code` is what "this code" stands for."""
    text = " ".join(normalise_quote(text).split())
    for pattern, plain in _SPELLINGS:
        text = pattern.sub(plain, text)
    if hcpcs_code:
        text = _THIS_CODE.sub(hcpcs_code, text)
    return text[:1].upper() + text[1:]
