"""LangChain's interfaces at the edge: our search as a retriever, passages as documents and back."""

from __future__ import annotations

import json

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from pipeline.data import Passage
from pipeline.index.filters import Filters
from pipeline.index.search import Hit, PassageIndex


class PassageRetriever(BaseRetriever):
    """The open passage index as a LangChain retriever; `filters` hold for every question.

    One thread at a time, like the index: asynchronous callers run it as LangChain does, in one.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    index: PassageIndex
    filters: Filters = Filters()
    limit: int = 8

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        hits = self.index.search(query, limit=self.limit, filters=self.filters)
        return [to_document(hit.passage, hit=hit) for hit in hits]


def to_document(passage: Passage, *, hit: Hit | None = None) -> Document:
    """A passage as LangChain's document: its fields are metadata of plain types, its text the content."""
    fields = passage.model_dump(mode="json", exclude={"text"})
    metadata = {
        name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in fields.items()
    }
    if hit is not None:
        metadata |= {"score": hit.score, "similarity": hit.similarity}
    return Document(id=passage.id, page_content=passage.text, metadata=metadata)


def from_document(document: Document) -> Passage:
    """The passage that `to_document` made a document of. Raises ValueError for a document of other make."""
    known = Passage.model_fields.keys() - {"text"}
    fields = {name: value for name, value in document.metadata.items() if name in known}
    for name in ("heading_path", "applies_to", "codes", "chapter_codes"):
        if isinstance(fields.get(name), str):
            fields[name] = json.loads(fields[name])
    return Passage.model_validate({**fields, "text": document.page_content})
