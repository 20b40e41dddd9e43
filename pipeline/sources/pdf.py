"""Page texts of a PDF, as PDFium gives them. Offsets of anchors count in these texts.

PDFium is not thread-safe: call from one thread.
"""

from __future__ import annotations

from pipeline.errors import SourceError

PAGE_BREAK = "\f"
MAX_PAGES = 5_000
MAX_CHARACTERS = 10_000_000
"""Text of one document; the longest CMS manual chapter is a tenth of it, and each million embeds in seconds."""


def require_length(characters: int, *, name: str) -> None:
    """Raise SourceError for a document whose text is longer than MAX_CHARACTERS."""
    if characters > MAX_CHARACTERS:
        raise SourceError(
            f"{name} holds more than {MAX_CHARACTERS:,} characters of text; split it and add the parts"
        )


def read_pages(data: bytes, *, name: str) -> list[str]:
    """Return the text of each physical page, in order.

    Line ends become "\\n" and PDFium's soft-hyphen mark becomes "-" (one character for one, so that offsets
    stay put). Raises SourceError for a damaged, encrypted, text-free or huge file; `name` is for the message.
    """
    import pypdfium2 as pdfium

    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        raise SourceError(
            f"{name} cannot be opened as a PDF ({error}); if it is protected, save an unprotected copy"
        ) from error
    try:
        if len(document) > MAX_PAGES:
            raise SourceError(
                f"{name} has {len(document):,} pages, more than {MAX_PAGES:,}; split it and add the parts"
            )
        pages, characters = [], 0
        for number in range(len(document)):
            try:
                page = document[number]
                textpage = page.get_textpage()
                text = textpage.get_text_range().replace("\r\n", "\n").replace("\ufffe", "-")
            except pdfium.PdfiumError as error:
                raise SourceError(
                    f"page {number + 1} of {name} cannot be read ({error}); save the file again, or get it anew"
                ) from error
            textpage.close()
            page.close()
            characters += len(text)
            require_length(characters, name=name)
            pages.append(text)
    finally:
        document.close()
    if not any(page.strip() for page in pages):
        raise SourceError(f"{name} has no text layer (a scan); run OCR on it first, then add the result")
    return pages
