"""Page texts of a PDF, as PDFium gives them. Offsets of anchors count in these texts.

PDFium is not thread-safe: call from one thread.
"""

from __future__ import annotations

from pipeline.errors import SourceError

PAGE_BREAK = "\f"


def read_pages(data: bytes, *, name: str) -> list[str]:
    """Return the text of each physical page, in order.

    Line ends become "\\n" and PDFium's soft-hyphen mark becomes "-" (one character for one, so that offsets
    stay put). Raises SourceError for a damaged, encrypted or text-free file; `name` is for the message.
    """
    import pypdfium2 as pdfium

    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        raise SourceError(
            f"{name} cannot be opened as a PDF ({error}); if it is protected, save an unprotected copy"
        ) from error
    try:
        pages = []
        for number in range(len(document)):
            textpage = document[number].get_textpage()
            pages.append(textpage.get_text_range().replace("\r\n", "\n").replace("\ufffe", "-"))
            textpage.close()
    finally:
        document.close()
    if not any(page.strip() for page in pages):
        raise SourceError(f"{name} has no text layer (a scan); run OCR on it first, then add the result")
    return pages
