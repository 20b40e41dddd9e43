"""Documents that the user adds: parsed once, stored as records, found by the hash of their bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from pipeline.data import Anchor, Authority, Match, Passage, QuoteEvidence, SourceDocument
from pipeline.errors import SourceError
from pipeline.identity import digest, evidence_id
from pipeline.sources.anchors import AnchorState, ResolvedAnchor, resolve_anchor
from pipeline.sources.descriptors import elide_descriptors
from pipeline.sources.pdf import PAGE_BREAK, read_pages, require_length
from pipeline.store import write_atomically

# Within the 256 tokens that the bundled embedder reads, headings included.
_PASSAGE_CHARACTERS = 900
_MAX_BYTES = 100 * 2**20


def read_document(
    path: Path,
    *,
    publisher: str,
    title: str,
    edition: str,
    authority: Authority,
    licence: str,
    url: str,
    payer_scope: str,
    valid_from: date,
    retrieved_on: date,
) -> SourceDocument:
    """Parse a PDF, Markdown or text file.

    Raises SourceError when it is none of these, has no text or more than a document holds.
    """
    try:
        size = path.stat().st_size
        if size > _MAX_BYTES:
            raise SourceError(
                f"{path} has {size / 2**20:,.0f} MiB, more than {_MAX_BYTES // 2**20}; split it and add the parts"
            )
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(
            f"{path} cannot be read ({error.strerror}); check the path and its permissions"
        ) from error
    if data.startswith(b"%PDF-"):
        pages = read_pages(data, name=path.name)
    elif path.suffix.lower() in (".md", ".txt"):
        try:
            pages = [data.decode("utf-8-sig").replace("\r\n", "\n")]
        except UnicodeDecodeError as error:
            raise SourceError(f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
        if "\x00" in pages[0] or not pages[0].strip():
            raise SourceError(f"{path} holds no text, or more than text; save its text as UTF-8")
        require_length(len(pages[0]), name=path.name)
    else:
        raise SourceError(f"{path} is neither a PDF nor a .md or .txt file; save it as one of these")
    starts, position = [], 0
    for page in pages:
        starts.append(position)
        position += len(page) + len(PAGE_BREAK)
    sha256 = hashlib.sha256(data).hexdigest()
    return SourceDocument(
        id=f"doc:{sha256[:16]}",
        url=url,
        publisher=publisher,
        title=title,
        edition=edition,
        authority=authority,
        licence=licence,
        payer_scope=payer_scope,
        valid_from=valid_from,
        retrieved_on=retrieved_on,
        sha256=sha256,
        text=PAGE_BREAK.join(pages),
        page_starts=tuple(starts) if len(starts) > 1 else (),
    )


def store_document(document: SourceDocument, folder: Path) -> Path:
    """Write the record under its hash; adding the same bytes again replaces it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{document.sha256}.json"
    write_atomically(path, document.model_dump_json(indent=1) + "\n")
    return path


def load_documents(folder: Path) -> list[SourceDocument]:
    """Every stored document, sorted by id. Raises SourceError for a damaged record."""
    documents = []
    for path in sorted(folder.glob("*.json")):
        try:
            documents.append(SourceDocument.model_validate_json(path.read_bytes()))
        except (OSError, ValidationError, json.JSONDecodeError) as error:
            raise SourceError(f"{path} is damaged; delete it and add the document again") from error
    return sorted(documents, key=lambda document: document.id)


def page_texts(document: SourceDocument) -> list[str]:
    """The text of each physical page."""
    return document.text.split(PAGE_BREAK) if document.page_starts else [document.text]


def split_passages(document: SourceDocument) -> list[Passage]:
    """Passages of about 900 characters that never cross a page; offsets into the document's text."""
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(
        chunk_size=_PASSAGE_CHARACTERS, chunk_overlap=0, add_start_index=True, keep_separator="end"
    )
    passages = []
    starts = document.page_starts or (0,)
    for number, (text, offset) in enumerate(zip(page_texts(document), starts, strict=True), 1):
        for chunk in splitter.create_documents([text]):
            start = offset + chunk.metadata["start_index"]
            end = start + len(chunk.page_content)
            passages.append(
                Passage(
                    id=f"{document.id}#{digest([number, chunk.page_content, start])[:12]}",
                    document_id=document.id,
                    heading_path=(document.title,),
                    start=start,
                    end=end,
                    page=number if document.page_starts else None,
                    text=document.text[start:end],
                )
            )
    return passages


def quote_anchor(anchor: Anchor, documents: Mapping[str, SourceDocument]) -> QuoteEvidence | None:
    """The anchored words as the document's own quote; None where it is absent or the words are gone.

    `documents` are keyed by SHA-256. Offsets of the evidence count in `SourceDocument.text`; CPT descriptors are
    left out of the quote, which is then NORMALISED.
    """
    document = documents.get(anchor.document)
    if document is None:
        return None
    found: ResolvedAnchor = resolve_anchor(anchor, page_texts(document))
    if found.state is AnchorState.NOT_FOUND:
        return None
    offset = document.page_starts[found.page - 1] if document.page_starts else 0
    start, end = offset + found.start, offset + found.end
    stated = document.text[start:end]
    quote = elide_descriptors(stated)
    return QuoteEvidence(
        id=evidence_id(document.id, document.sha256, start, end),
        document_id=document.id,
        passage_id="",
        quote=quote,
        start=start,
        end=end,
        page=found.page,
        match=Match.EXACT if quote == stated else Match.NORMALISED,
        level="document",
        relevance=1.0,
    )
