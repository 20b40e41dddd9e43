"""A file that is a page's ledger, told from any other text."""

from __future__ import annotations

from pathlib import Path

from pipeline.check_text import MAX_BYTES
from pipeline.data import Page
from pipeline.errors import SourceError
from pipeline.page.ledger import load_ledger

_SCHEMA = '"schema_version"'


def read_ledger_file(path: Path) -> Page | None:
    """The ledger that a file is; None for any other file. Raises SourceError, naming the file, for a damaged ledger."""
    try:
        if not path.is_file() or path.stat().st_size > MAX_BYTES:
            return None
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None  # whatever it is, it is read, and refused, as a text
    if not text.lstrip().startswith("{") or _SCHEMA not in text:
        return None
    try:
        return load_ledger(text)
    except SourceError as error:
        raise SourceError(f"{path}: {error}") from error
