"""Bytes and characters of text files: how they are encoded, and what nobody can see in them."""

from __future__ import annotations

import codecs
import re

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_META = re.compile(rb"<meta\b[^>]{0,500}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
_WITHIN = 4096
"""Bytes in which a page's charset is looked for. The standard says 1024; real pages put scripts before it."""

_LINE_END = re.compile("\r\n?|[\x85\u2028\u2029]")
# Besides control characters: soft hyphens and zero-width marks, which part words that look whole, and marks that
# turn the direction of text, so that it reads otherwise than it is stored.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069\ufff9-\ufffc\ufffe\uffff]"
)


def clean(text: str) -> str:
    """The text with "\\n" as its only line end, and without control and unseen characters; tabs stay."""
    return _UNSEEN.sub("", _LINE_END.sub("\n", text))


def decode_html(data: bytes) -> str:
    """A page's characters, read as its byte order mark or its meta element says, else as UTF-8 or Windows-1252."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, errors="replace")
    declared = _META.search(data, 0, _WITHIN)
    if declared:
        return data.decode(_codec(declared[1].decode("ascii", errors="ignore")), errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _codec(label: str) -> str:
    """The codec of a charset label as browsers read it: Latin-1 and ASCII are Windows-1252; no meta says UTF-16."""
    try:
        encoding = codecs.lookup(label).name
        if b"<a>".decode(encoding) != "<a>":  # UTF-16, or a codec of Python's that is no charset
            return "utf-8"
    except (LookupError, ValueError):
        return "utf-8"
    return "cp1252" if encoding in ("iso8859-1", "ascii") else encoding
