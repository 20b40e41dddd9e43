"""What a model wrote, held against the licences of the documents it rests on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from pipeline.data import QuoteEvidence, SourceDocument, Statement
from pipeline.draft.records import Draft
from pipeline.sources.allowance import QuoteAllowance


def leave_out_unlicensed(
    draft: Draft,
    *,
    standing: Collection[Statement],
    documents: Mapping[str, SourceDocument],
    allowance: QuoteAllowance,
) -> Draft:
    """The draft without statements that quote or copy more than the licences of their documents allow.

    Only those `standing` use up the allowance of the page; what is listed beside it, withheld or failed, has one of its
    own. What is left out is a failure that does not repeat its words.
    """
    quotes = {item.id: item for item in draft.evidence if isinstance(item, QuoteEvidence)}
    capped = [document for document in documents.values() if document.quote_words or document.page_words]
    kept, failures, beside = [], list[str](), QuoteAllowance()
    for failure in draft.failures:
        fits = beside.take_all([(document, ()) for document in capped], failure)
        section = failure.partition(":")[0]
        failures.append(
            failure if fits else f"{section}: a failure is not shown, for the licence of a source"
        )
    for statement in draft.statements:
        cited = [quotes[id_] for id_ in statement.claims[0].evidence_ids if id_ in quotes]
        uses = _by_document(cited, documents)
        cites = {document.id for document, _ in uses}
        # A sentence may copy a document that it does not cite.
        uses += [(document, []) for document in capped if document.id not in cites]
        counted = allowance if statement in standing else beside
        if counted.take_all(uses, f"{statement.question} {statement.text}".strip()):
            kept.append(statement)
        else:
            failures.append(
                f"{statement.section_key}: a statement of the model is left out, because the licence of its source "
                "lets this page quote no more"
            )
    return draft.model_copy(update={"statements": tuple(kept), "failures": tuple(failures)})


def _by_document(
    quotes: Sequence[QuoteEvidence], documents: Mapping[str, SourceDocument]
) -> list[tuple[SourceDocument, list[QuoteEvidence]]]:
    ids = dict.fromkeys(quote.document_id for quote in quotes if quote.document_id in documents)
    return [(documents[id_], [quote for quote in quotes if quote.document_id == id_]) for id_ in ids]
