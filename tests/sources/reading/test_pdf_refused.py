"""PDFs that cannot be read."""

import pytest

from pipeline.errors import SourceError
from pipeline.sources.reading.pdf_blocks import read_pdf_blocks
from tests.sources.reading.pdfs import make_pdf, make_scan, prose, set_lines, wrap

LEFT = set_lines(wrap(prose(1), 220))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (make_scan(), r"no text layer \(a scan\); run OCR"),
        (make_pdf(LEFT, password="invented"), "protected by a password; save an unprotected copy"),
        (make_pdf(LEFT)[:400], "cannot be opened as a PDF"),
        (b"", "cannot be opened as a PDF"),
        (b"%PDF-1.7\n" + bytes(range(256)) * 20, "cannot be opened as a PDF"),
    ],
    ids=["scan", "password", "cut off", "empty", "garbage"],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(data, reason):
    with pytest.raises(SourceError, match=rf"^invented\.pdf .*{reason}") as refused:
        read_pdf_blocks(data, name="invented.pdf")
    assert "\n" not in str(refused.value)
