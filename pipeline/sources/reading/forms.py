"""Which form a file has, and its blocks by the reader of that form."""

from __future__ import annotations

import re
from pathlib import Path

from pipeline.errors import SourceError
from pipeline.sources.reading.blocks import ReadBlock

MAX_BYTES = 100 * 2**20
SUFFIXES = (".pdf", ".html", ".htm", ".md", ".markdown", ".txt")
_HEAD = 4096
_PDF = b"%PDF-"
_HTML = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.S
)


def read_blocks(path: Path, *, name: str) -> tuple[list[ReadBlock], int]:
    """The blocks of a PDF, HTML, Markdown or text file, and its number of physical pages (0: a form without pages).

    PDF and HTML are known by their content, Markdown and text by the name. Raises SourceError when the file is none of
    these, has no text, or more than a document holds.
    """
    data = _read(path, name=name)
    suffix = Path(name).suffix.lower()
    if _PDF in data[:1024]:
        from pipeline.sources.reading.pdf_blocks import read_pdf_blocks

        return read_pdf_blocks(data, name=name)
    head = data[:_HEAD].removeprefix(b"\xef\xbb\xbf")
    if _HTML.match(head) or suffix in (".html", ".htm"):
        from pipeline.sources.reading.html import read_html_blocks

        blocks = read_html_blocks(data, name=name)
        return _within_length(blocks, name=name), 0
    if suffix not in (".md", ".markdown", ".txt"):
        raise SourceError(
            f"{name} is no PDF, HTML, Markdown or text file (.md, .txt); save it as one of these"
        )
    text = _decode(data, name=name)
    if suffix == ".txt":
        from pipeline.sources.reading.plain import read_plain_blocks

        blocks = read_plain_blocks(text, name=name)
    else:
        from pipeline.sources.reading.markdown import read_markdown_blocks

        blocks = read_markdown_blocks(text, name=name)
    if not any(block.text.strip() for block in blocks):
        raise SourceError(f"{name} holds no text; check that it is the right file")
    return _within_length(blocks, name=name), max((block.page or 0 for block in blocks), default=0)


def _read(path: Path, *, name: str) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise SourceError(
                f"{name} has {size / 2**20:,.0f} MiB, more than {MAX_BYTES // 2**20}; split it and add the parts"
            )
        return path.read_bytes()
    except OSError as error:
        raise SourceError(
            f"{path} cannot be read ({error.strerror}); check the path and its permissions"
        ) from error


def _decode(data: bytes, *, name: str) -> str:
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise SourceError(f"{name} is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    if "\x00" in text or not text.strip():
        raise SourceError(f"{name} holds no text, or more than text; save its text as UTF-8")
    return text


def _within_length(blocks: list[ReadBlock], *, name: str) -> list[ReadBlock]:
    from pipeline.sources.reading.pdf_lines import require_length

    require_length(sum(len(block.text) for block in blocks), name=name)
    return blocks
