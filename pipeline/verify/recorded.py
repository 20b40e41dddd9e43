"""What a page's ledger records, as the look-ups that verification needs: no table, and no document, has to be at hand.

A row is believed to be what the ledger says it is, and a document that is not stored is as much of it as the ledger
quotes, each quote in its place and nothing between them. So what a claim rests on is checked again; that a row stands
in a published table is not to be seen here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from pipeline.data import (
    CodeProfile,
    Currency,
    Fact,
    Page,
    QuoteEvidence,
    RowEvidence,
    SourceDocument,
)
from pipeline.facts.profiles import unclassified
from pipeline.facts.releases import row_evidence
from pipeline.facts.rows import rows_of
from pipeline.verify.context import ClaimContext

# Between two quotes: the end of a paragraph, so that neither is read on into the other.
_GAP = "\n"
_LONGEST = 50_000_000


def recorded_context(
    page: Page, *, documents: Mapping[str, SourceDocument], profiles: Mapping[str, CodeProfile]
) -> ClaimContext:
    """The look-ups of a page out of its own evidence; `documents` and `profiles` are what is at hand of ours.

    A code that is not among the profiles has the words that the ledger records for it.
    """
    rows = [item for item in page.evidence.values() if isinstance(item, RowEvidence)]
    tables = [item for item in rows if item.level == "table"]
    current: dict[str, dict[str, Fact]] = defaultdict(dict)
    earlier: dict[tuple[str, str], dict[str, Fact]] = defaultdict(dict)
    for item in tables:
        fact = item.fact
        if item.currency is Currency.EARLIER:
            earlier[fact.hcpcs_code, fact.release][fact.field] = fact
        else:
            current[fact.hcpcs_code][fact.field] = fact
    by_key = {item.fact.key: item for item in tables}
    classified = {
        item.fact.hcpcs_code: _profile(item.fact) for item in rows if item.level == "classification"
    }

    def facts(code: str) -> Mapping[str, Fact]:
        return current.get(code, {})

    return ClaimContext(
        hcpcs_code=page.hcpcs_code,
        facts=facts,
        rows=lambda code: rows_of(code, [*facts(code).values(), *facts("").values()]),
        currency=lambda fact: by_key.get(fact.key) or row_evidence(fact, page.as_of),
        as_of=page.as_of,
        documents={**quoted_documents(page), **documents},
        profiles={**classified, **profiles},
        previous=lambda code, release: earlier.get((code, release), {}),
    )


def quoted_documents(page: Page) -> dict[str, SourceDocument]:
    """Each document of a page by id, as much of its text as the page quotes; offsets are those of the ledger.

    None of a document whose quotes are said to stand beyond what a document may hold. Its payer scope is not recorded.
    """
    quotes: dict[str, list[QuoteEvidence]] = defaultdict(list)
    for item in page.evidence.values():
        if isinstance(item, QuoteEvidence):
            quotes[item.document_id].append(item)
    return {
        name: _document(page, name, quotes[name])
        for name in sorted(quotes)
        if name in page.documents and all(0 <= one.start <= one.end <= _LONGEST for one in quotes[name])
    }


def _document(page: Page, name: str, quotes: list[QuoteEvidence]) -> SourceDocument:
    use = page.documents[name]
    characters = [_GAP] * max(item.end for item in quotes)
    # The longest last: a quote that stands inside another must read as the other does.
    for item in sorted(quotes, key=lambda one: (one.end - one.start, one.id)):
        length = item.end - item.start
        characters[item.start : item.end] = item.quote[:length].ljust(length)
    return SourceDocument(
        id=name,
        url=use.url,
        publisher=use.publisher,
        title=use.title,
        edition=use.edition,
        locator="; ".join(use.locators),
        authority=use.authority,
        licence=use.licence,
        payer_scope="",
        valid_from=page.as_of,
        sha256="",
        text="".join(characters),
    )


def _profile(fact: Fact) -> CodeProfile:
    return unclassified(fact.hcpcs_code).model_copy(update={"summary": fact.value, "locator": fact.locator})
