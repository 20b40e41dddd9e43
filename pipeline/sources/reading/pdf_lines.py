"""Lines of a PDF page with where they stand and how they are set, as PDFium gives them.

PDFium is not thread-safe: call from one thread. Coordinates are points from the page's lower left corner.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from pipeline.errors import SourceError
from pipeline.sources.reading.characters import clean
from pipeline.sources.reading.pdf_text import line_spans, size_and_baseline, wide_gaps

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage, PdfTextPage

MAX_PAGES = 5_000
MAX_CHARACTERS = 10_000_000
"""Text of one document; the longest CMS manual chapter is a tenth of it, and each million embeds in seconds."""

_BOLD = 600
_BOLD_FLAG = 1 << 18  # PDF 32000-1, table 123: ForceBold


class Line(NamedTuple):
    """A line, or a part of one between wide gaps.

    `bottom` and `top` are those of its type body, `size` in points; `row`: cells of a table, joined by ' | '.
    """

    text: str
    left: float
    right: float
    bottom: float
    top: float
    size: float
    bold: bool
    row: bool = False

    @property
    def middle(self) -> float:
        """Height of the line's middle above the page's foot."""
        return (self.top + self.bottom) / 2


class PdfPageLines(NamedTuple):
    """The lines of a page in the order of the file's own stream, and its size in points."""

    lines: list[Line]
    width: float
    height: float
    ruled: bool
    """Whether it has enough drawn lines to hold a table."""


def require_length(characters: int, *, name: str) -> None:
    """Raise SourceError for a document whose text is longer than MAX_CHARACTERS."""
    if characters > MAX_CHARACTERS:
        raise SourceError(
            f"{name} holds more than {MAX_CHARACTERS:,} characters of text; split it and add the parts"
        )


def read_pdf_lines(data: bytes, *, name: str) -> list[PdfPageLines]:
    """Return the lines of each physical page, in order.

    PDFium's soft-hyphen mark becomes "-". Raises SourceError for a damaged, encrypted, text-free or huge file; `name`
    is for the message.
    """
    import pypdfium2 as pdfium

    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        reason = str(error)
        if "password" in reason.lower():
            raise SourceError(
                f"{name} is protected by a password; save an unprotected copy and add that"
            ) from error
        raise SourceError(
            f"{name} cannot be opened as a PDF ({reason}); save it again, or get it anew"
        ) from error
    try:
        if len(document) > MAX_PAGES:
            raise SourceError(
                f"{name} has {len(document):,} pages, more than {MAX_PAGES:,}; split it and add the parts"
            )
        pages = list(_pages(document, name=name))
    finally:
        document.close()
    if not any(page.lines for page in pages):
        raise SourceError(f"{name} has no text layer (a scan); run OCR on it first, then add the result")
    return pages


def _pages(document: PdfDocument, *, name: str) -> Iterator[PdfPageLines]:
    import pypdfium2 as pdfium

    characters = 0
    for number in range(len(document)):
        try:
            page = document[number]
            textpage = page.get_textpage()
            found = _read_page(page, textpage)
        except pdfium.PdfiumError as error:
            raise SourceError(
                f"page {number + 1} of {name} cannot be read ({error}); save the file again, or get it anew"
            ) from error
        textpage.close()
        page.close()
        characters += sum(len(line.text) for line in found.lines)
        require_length(characters, name=name)
        yield found


def _read_page(page: PdfPage, textpage: PdfTextPage) -> PdfPageLines:
    import pypdfium2.raw as raw

    count = textpage.count_chars()
    text = textpage.get_text_range() if count > 0 else ""
    if len(text) != count:  # characters outside the basic plane: one by one, so that indices agree
        codes = (raw.FPDFText_GetUnicode(textpage.raw, index) for index in range(count))
        text = "".join(chr(code) if code and not 0xD800 <= code <= 0xDFFF else "\ufffd" for code in codes)
    gaps = wide_gaps(textpage)
    lines: list[Line] = []
    for start, end in line_spans(textpage, text):
        words = text[start:end]
        if words.strip():
            start += len(words) - len(words.lstrip())
            lines += _lines(textpage, text, start, start + len(words.strip()), gaps)
    width, height = page.get_size()
    paths = sum(1 for _ in page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH]))
    return PdfPageLines([line for line in lines if line.text], width, height, ruled=paths >= 4)


def _lines(
    textpage: PdfTextPage, text: str, start: int, end: int, gaps: list[tuple[float, float, float, float]]
) -> Iterator[Line]:
    whole = _line(textpage, text, start, end)
    inside = [
        g for g in gaps if g[2] <= whole.middle <= g[3] and whole.left < g[0] and g[1] <= whole.right + 1
    ]
    if not inside:
        yield whole
        return
    # Where exactly: the blanks whose neighbours stand apart.
    begin, before = start, None
    for index in range(start, end):
        if text[index].isspace():
            continue
        box = textpage.get_charbox(index)
        if (
            before is not None
            and any(before <= g[0] + 2 and box[0] >= g[1] - 2 for g in inside)
            and (box[0] - before > whole.size)
        ):
            yield _line(textpage, text, begin, index)
            begin = index
        before = box[2]
    yield _line(textpage, text, begin, end)


def _line(textpage: PdfTextPage, text: str, start: int, end: int) -> Line:
    import pypdfium2.raw as raw

    while end > start + 1 and text[end - 1].isspace():
        end -= 1
    first, last = textpage.get_charbox(start), textpage.get_charbox(end - 1)
    flags = ctypes.c_int()
    bold = True
    for index in {start, end - 1}:
        weight = raw.FPDFText_GetFontWeight(textpage.raw, index)
        buffer = ctypes.create_string_buffer(128)
        raw.FPDFText_GetFontInfo(textpage.raw, index, buffer, 128, ctypes.byref(flags))
        bold &= weight >= _BOLD or bool(flags.value & _BOLD_FLAG) or b"bold" in buffer.value.lower()
    words = re.sub("[\ufffe\x02]|\xad$", "-", text[start:end]).replace("\x00", " ")
    size, baseline = size_and_baseline(textpage, end - 1)
    return Line(
        clean(words), first[0], last[2], baseline - 0.25 * size, baseline + 0.75 * size, round(size, 1), bold
    )
