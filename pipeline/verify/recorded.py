"""What a page's ledger records, as the look-ups that verification needs: no table, and no document, has to be at hand.

A row is believed to be what the ledger says it is, and a document that is not stored is as much of it as the ledger
quotes, each quote in its place and nothing between them. So what a claim rests on is checked again; that a row stands
in a published table, or a quote in a document, is not to be seen here: `check_ledger` compares what is at hand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

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
# Characters of one document, as many as one that is added may have, and of all of them together.
_LONGEST, _TOGETHER = 10_000_000, 50_000_000
# How much longer than its quotes their places may be, in times and in characters.
_STRETCH, _SHORT = 20, 10_000


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
        documents={**quoted_documents(page, stored=documents.keys()), **documents},
        profiles={**classified, **profiles},
        previous=lambda code, release: earlier.get((code, release), {}),
    )


def quoted_documents(page: Page, *, stored: Collection[str] = ()) -> dict[str, SourceDocument]:
    """Each document of a page but the `stored` ones, by id, as much of its text as the page quotes.

    Offsets are those of the ledger. None of a document whose quotes are said to stand beyond what a document may hold
    (`_LONGEST`), nor of those that, by id, come after `_TOGETHER`. Its payer scope is not recorded.
    """
    quotes: dict[str, list[QuoteEvidence]] = defaultdict(list)
    for item in page.evidence.values():
        if isinstance(item, QuoteEvidence) and item.document_id not in stored:
            quotes[item.document_id].append(item)
    found: dict[str, SourceDocument] = {}
    room = _TOGETHER
    for name in sorted(quotes.keys() & page.documents.keys()):
        size = _size(quotes[name])
        if size is not None and size <= min(room, _LONGEST):
            room -= size
            found[name] = _document(page, name, quotes[name])
    return found


def _size(quotes: Sequence[QuoteEvidence]) -> int | None:
    """Characters it takes to write the quotes of a document in their places; None where a place is none.

    A quote may be shorter than its place by the descriptors that are left out of it, which are short.
    """
    length = sum(item.end - item.start for item in quotes)
    if any(not 0 <= item.start <= item.end for item in quotes):
        return None
    if length > _STRETCH * sum(len(item.quote) for item in quotes) + _SHORT:
        return None
    return max(max(item.end for item in quotes), length)


def _document(page: Page, name: str, quotes: Sequence[QuoteEvidence]) -> SourceDocument:
    use = page.documents[name]
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
        text="".join(_text(quotes)),
    )


def _text(quotes: Sequence[QuoteEvidence]) -> Iterator[str]:
    """The text of a document, in runs: what lies between quotes, and quotes, those that overlap as one run."""
    end = 0
    for run in _runs(quotes):
        start = run[0].start
        yield _GAP * (start - end)
        end = max(item.end for item in run)
        characters = [_GAP] * (end - start)
        # The longest last: a quote that stands inside another must read as the other does.
        for item in sorted(run, key=lambda one: (one.end - one.start, one.id)):
            length = item.end - item.start
            characters[item.start - start : item.end - start] = item.quote[:length].ljust(length)
        yield "".join(characters)


def _runs(quotes: Sequence[QuoteEvidence]) -> Iterator[list[QuoteEvidence]]:
    """The quotes in order, those that overlap together."""
    run: list[QuoteEvidence] = []
    end = 0
    for item in sorted(quotes, key=lambda one: (one.start, one.end, one.id)):
        if run and item.start >= end:
            yield run
            run = []
        run.append(item)
        end = max(end, item.end) if len(run) > 1 else item.end
    if run:
        yield run


def _profile(fact: Fact) -> CodeProfile:
    return unclassified(fact.hcpcs_code).model_copy(update={"summary": fact.value, "locator": fact.locator})
