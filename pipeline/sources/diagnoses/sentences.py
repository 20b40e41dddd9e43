"""What a page says of the diagnoses that a document lists, each sentence a function of the places it quotes.

Drafting composes the sentences out of the document; verification composes them again, a condition's also from its
quoted rows alone, and compares.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pipeline.data import SourceDocument
from pipeline.sources.diagnoses.conditions import DiagnosesRead, Listed, Refused, read_diagnoses
from pipeline.sources.diagnoses.icd10 import edition
from pipeline.sources.diagnoses.laterality import Condition
from pipeline.sources.diagnoses.quotes import Quotes, short_naming, why_unquotable
from pipeline.sources.diagnoses.rows import condition_cells, condition_text
from pipeline.sources.diagnoses.ties import Place, Skipped, Tie, caveat_words, find_caveat

SUBJECT_KINDS = frozenset(
    (
        "diagnosis",
        "diagnosis_source",
        "diagnosis_proviso",
        "diagnosis_skipped",
        "diagnosis_expanded",
        "diagnosis_refused",
        "diagnosis_caveat",
    )
)
MOST_SHOWN = 60
"""Conditions of one document on a page."""

_NAMED = 12  # codes that one sentence names
_WHY = {
    "unknown": "ICD-10-CM ({edition}) has no such code",
    "side": "the words beside it name another side",
    "denied": "the source also lists it as not supporting",
}


class DiagnosisSentence(NamedTuple):
    """A sentence on a subject, the cells of its row (none: it stands above the table), and the places it quotes."""

    subject: str
    text: str
    places: tuple[Place, ...]
    cells: tuple[str, ...] = ()


class DiagnosisSentences(NamedTuple):
    """What a page says of one document: `above` the table of conditions, its `rows`; `reasons` why there is no more."""

    above: tuple[DiagnosisSentence, ...] = ()
    rows: tuple[DiagnosisSentence, ...] = ()
    reasons: tuple[str, ...] = ()


def compose_diagnoses(document: SourceDocument, hcpcs_code: str) -> DiagnosisSentences:
    """The sentences on a document's diagnoses for a code, as many as its licence's caps on quotes let it show."""
    read = read_diagnoses(document, hcpcs_code)
    reasons = [f"{document.title}: {reason}" for reason in read.reasons]
    if not read.ties:
        if read.refused:
            reasons.append(f"{document.title}: {_refused_words(read.refused)}")
        return DiagnosisSentences(reasons=tuple(reasons))
    if _differ(read.ties):
        reasons.append(
            f"{document.title}: its groups for {hcpcs_code} set different conditions, which one table mixes"
        )
        return DiagnosisSentences(reasons=tuple(reasons))
    quotes = Quotes(document)
    naming = tuple(short_naming(document, place, hcpcs_code) for tie in read.ties for place in tie.naming)
    provisos = _provisos(document, read.ties, quotes)
    # What the list depends on comes before its rows: without it they are not shown.
    if not quotes.take((*naming, *(place for one in provisos for place in one.places))):
        return DiagnosisSentences(reasons=(f"{document.title}: its licence's cap on quotes leaves no room",))
    rows = []
    for listed in read.conditions[:MOST_SHOWN]:
        places = (*naming, *_places(listed, quotes))
        if quotes.take(places):
            rows.append(_row(document, hcpcs_code, listed.condition, places, read, quotes))
    if not rows:
        return DiagnosisSentences(reasons=(f"{document.title}: its licence's cap on quotes leaves no room",))
    shown = (
        f" {len(rows)} of its {len(read.conditions)} conditions are shown."
        if len(rows) < len(read.conditions)
        else ""
    )
    basis = naming or rows[0].places
    above = [
        DiagnosisSentence(
            f"diagnosis_source:{document.id}", f"{_source(document, hcpcs_code, read.ties)}{shown}", basis
        ),
        *provisos,
    ]
    if read.skipped:
        text = f"Not shown: {_skipped_words(read.skipped)}."
        places = [place for one in read.skipped for place in one.places if _take(document, place, quotes)]
        above.append(DiagnosisSentence(f"diagnosis_skipped:{document.id}", text, tuple(places) or basis))
    above += _asides(document, read, quotes, basis)
    return DiagnosisSentences(tuple(above), tuple(rows), tuple(reasons))


def _differ(ties: Sequence[Tie]) -> bool:
    """Whether a condition holds for some of the lists alone: a table of all of them would not show for which."""
    conditions = [frozenset(proviso.place for proviso in tie.provisos) for tie in ties]
    return any(one != conditions[0] for one in conditions)


def _provisos(document: SourceDocument, ties: Sequence[Tie], quotes: Quotes) -> tuple[DiagnosisSentence, ...]:
    """What the document says about the lists, a sentence each, in the document's order and words."""
    of: dict[Place, dict[str, None]] = {}
    for tie in ties:
        for proviso in tie.provisos:
            of.setdefault(proviso.place, {})[proviso.of] = None
    return tuple(
        DiagnosisSentence(
            f"diagnosis_proviso:{document.id}/{number}",
            proviso_text(of[place], quotes.words(place)),
            (place,),
        )
        for number, place in enumerate(sorted(of), 1)
    )


def proviso_text(of: Iterable[str], quote: str) -> str:
    """What the document says there of a list, in its own words."""
    words = " ".join(quote.split())
    return f"It says {' and '.join(of)}: “{words}”{'' if words.endswith(('.', '!', '?')) else '.'}"


def _take(document: SourceDocument, place: Place, quotes: Quotes) -> bool:
    return not why_unquotable(document, place) and quotes.take((place,))


def _skipped_words(skipped: Sequence[Skipped]) -> str:
    """Lists and why each is not shown; the rest of a long row of them is counted."""
    return f"{'; '.join(f'{one.what}, because {one.why}' for one in skipped[:_NAMED])}{_more(skipped)}"


def _source(document: SourceDocument, hcpcs_code: str, ties: Sequence[Tie]) -> str:
    lists = "; and ".join(dict.fromkeys(_list(tie) for tie in ties))
    return (
        f"{document.title}, {document.edition} ({document.publisher}; for {document.payer_scope}), lists diagnoses for "
        f"{hcpcs_code}: {lists}. The codes were checked against ICD-10-CM of {edition()}."
    )


def _list(tie: Tie) -> str:
    return f"{tie.where}{', subject to the words quoted here' if tie.provisos else ''}"


def _places(listed: Listed, quotes: Quotes) -> Iterable[Place]:
    for one in listed.stated:
        if one.named:
            yield one.named
        yield one.quote if quotes.is_short(one.quote) else one.own


def _row(
    document: SourceDocument,
    hcpcs_code: str,
    condition: Condition,
    places: Sequence[Place],
    read: DiagnosesRead,
    quotes: Quotes,
) -> DiagnosisSentence:
    distinct = tuple(dict.fromkeys(places))
    text = condition_text(
        document,
        hcpcs_code,
        condition.key,
        [quotes.words(place) for place in distinct],
        left_out=read.left_out,
    )
    return DiagnosisSentence(
        f"diagnosis:{document.id}/{condition.key}", text, distinct, condition_cells(condition.key, text)
    )


def _asides(
    document: SourceDocument, read: DiagnosesRead, quotes: Quotes, basis: tuple[Place, ...]
) -> Iterable[DiagnosisSentence]:
    """What else is to be said of the list: what was expanded, what is left out, what it does not promise."""
    expanded = list(dict.fromkeys((one.code.written, len(one.code.codes), one.own) for one in read.expanded))
    if expanded and quotes.take(places := tuple(own for _, _, own in expanded[:_NAMED])):
        named = ", ".join(f"{written} ({count})" for written, count, _ in expanded[:_NAMED])
        text = f"Written there as ranges or categories, and shown as their billable codes: {named}{_more(expanded)}."
        yield DiagnosisSentence(f"diagnosis_expanded:{document.id}", text, places)
    if read.refused:  # said even where no quote of these codes has room
        places = tuple(one.stated.own for one in read.refused[:_NAMED])
        yield DiagnosisSentence(
            f"diagnosis_refused:{document.id}",
            f"Left out: {_refused_words(read.refused)}.",
            places if quotes.take(places) else basis,
        )
    caveat = find_caveat(document.text)
    if caveat and quotes.is_short(caveat) and quotes.take((caveat,)):
        what = caveat_words(quotes.words(caveat))
        text = f"It says that a listed diagnosis is no guarantee of {what}."
        yield DiagnosisSentence(f"diagnosis_caveat:{document.id}", text, (caveat,))


def _refused_words(refused: Sequence[Refused]) -> str:
    parts = []
    for why, words in _WHY.items():
        written = list(dict.fromkeys(one.stated.code.written for one in refused if one.why == why))
        if written:
            codes = f"{len(written)} code{'' if len(written) == 1 else 's'}"
            named = f"{', '.join(written[:_NAMED])}{_more(written)}"
            parts.append(f"{codes} because {words.format(edition=edition())}: {named}")
    return "; ".join(parts)


def _more(listed: Sequence[object]) -> str:
    return f" and {len(listed) - _NAMED} more" if len(listed) > _NAMED else ""
