"""Invented documents that say otherwise than a claim's own source."""

from datetime import date

import pytest

from pipeline.data import Applicability, Authority, Claim, Label, Match, Outcome, Passage, QuoteEvidence
from pipeline.verify import Corpus, CounterEvidence, examine_claim, load_rules, verify_text_claim
from pipeline.verify.corpus import sentences_of_document, sentences_of_passages
from pipeline.verify.counter_evidence import CHECK
from tests.verify.worked import make_context, make_document

SEROMA = "A seroma that is drained in the clinic is not separately payable."
TURNED = "A seroma that is drained in the clinic is separately payable."


def other(text, authority=Authority.NCCI, **changes):
    document = make_document(text, identity="doc:other").model_copy(
        update={"authority": authority, **changes}
    )
    return document


def weigh(claim, *documents, code="27447", source=SEROMA, corpus=None, payer="Medicare FFS"):
    own = make_document(source)
    context = make_context(code, documents={d.id: d for d in (own, *documents)})
    quote = QuoteEvidence(
        id="e_1",
        document_id=own.id,
        passage_id="p",
        quote=source,
        start=0,
        end=len(source),
        match=Match.EXACT,
        level="note",
    )
    asserted = Claim(id="c_1", text=claim, subject="text:x", evidence_ids=("e_1",), payer_scope=payer)
    examined = examine_claim(asserted, [quote], context=context, rules=load_rules(), checker="r")
    assert examined.verdict.label is Label.SUPPORTED
    corpus = corpus or Corpus(s for d in (own, *documents) for s in sentences_of_document(d))
    return CounterEvidence(corpus, context, load_rules()).weigh(asserted, examined)


def conflicts(examined):
    return [check for check in examined.verdict.checks if check.check == CHECK]


@pytest.mark.parametrize("authority", [Authority.STATUTE, Authority.CMS, Authority.NCCI])
def test_no_claim_stands_alone_against_a_source_as_high(authority):
    examined = weigh(SEROMA, other(TURNED, authority))
    assert examined.verdict.label is Label.NOT_ENOUGH_INFO
    assert "separately payable" in examined.verdict.reason
    (check,) = conflicts(examined)
    assert check.outcome is Outcome.FAIL
    shown = {item.id: item for item in examined.evidence if isinstance(item, QuoteEvidence)}
    assert [shown[id_].document_id for id_ in examined.verdict.evidence_ids] == ["note:one", "doc:other"]
    assert shown[check.evidence_ids[0]].quote == TURNED


@pytest.mark.parametrize("authority", [Authority.SOCIETY, Authority.EDUCATOR, Authority.VENDOR])
def test_a_lower_source_is_shown_and_the_claim_stands(authority):
    examined = weigh(SEROMA, other(TURNED, authority))
    assert examined.verdict.label is Label.SUPPORTED
    (check,) = conflicts(examined)
    assert check.outcome is Outcome.PASS
    assert check.expected != check.found
    assert "lower authority" in examined.verdict.reason
    assert check.evidence_ids[0] in {item.id for item in examined.evidence}
    assert check.evidence_ids[0] not in examined.verdict.evidence_ids


def test_the_highest_authority_is_named_first():
    low = other(TURNED, Authority.VENDOR).model_copy(update={"id": "doc:a"})
    examined = weigh(SEROMA, low, other(TURNED, Authority.CMS))
    assert [check.outcome for check in conflicts(examined)] == [Outcome.FAIL, Outcome.PASS]


@pytest.mark.parametrize(
    "changes",
    [
        {"payer_scope": "Invented Mutual commercial"},
        {"payer_scope": "Medicare FFS, Invented Administrators, jurisdiction X"},
        {"valid_to": date(2026, 3, 31)},
        {"valid_from": date(2027, 1, 1)},
        {"applies_to": Applicability(codes=("20610",))},
    ],
)
def test_a_source_of_another_payer_time_or_code_is_no_conflict(changes):
    assert conflicts(weigh(SEROMA, other(TURNED, **changes))) == []


@pytest.mark.parametrize(
    "text",
    [
        SEROMA,
        "A seroma that is drained in the clinic is never paid separately.",
        "A seroma that is drained in the hospital is separately payable.",
        "A seroma that is drained in the clinic of another practice is separately payable.",
        "A hematoma evacuated by incision is separately payable.",
    ],
)
def test_what_says_the_same_or_speaks_of_something_else_is_no_conflict(text):
    assert conflicts(weigh(SEROMA, other(text))) == []


def test_a_figure_of_a_row_that_another_source_gives_otherwise():
    documents: dict = {}
    context = make_context("27447", documents=documents)
    text = "27447 has a global period of 090."
    examined = verify_text_claim(text, context=context, rules=load_rules(), checker="r")
    assert examined.verdict.label is Label.SUPPORTED
    claim = Claim(id="c", text=text, subject="text:x")

    def against(document):
        documents[document.id] = document
        corpus = Corpus(sentences_of_document(document))
        return CounterEvidence(corpus, context, load_rules()).weigh(claim, examined)

    found = against(other("27447 has a global period of 010 days.", Authority.EDUCATOR))
    assert found.verdict.label is Label.SUPPORTED
    assert [(check.expected, check.found) for check in conflicts(found)] == [
        ("global period 090", "global period 010")
    ]
    found = against(other("27447 has a global period of 010 days.", Authority.CMS))
    assert found.verdict.label is Label.NOT_ENOUGH_INFO
    # An edition of an earlier year is not wrong for having had another figure.
    older = other("27447 has a global period of 010 days.", Authority.CMS, valid_from=date(2024, 1, 1))
    assert conflicts(against(older)) == []


def test_a_rule_that_another_source_turns_round_in_its_own_words():
    text = "Use modifier 57 on the E/M that decides on 27447."
    document = other("For 27447 the decision for surgery visit takes modifier 25.", Authority.VENDOR)
    context = make_context("27447", documents={document.id: document})
    examined = verify_text_claim(text, context=context, rules=load_rules(), checker="r")
    assert examined.verdict.label is Label.SUPPORTED
    corpus = Corpus(sentences_of_document(document))
    claim = Claim(id="c", text=text, subject="text:x")
    found = CounterEvidence(corpus, context, load_rules()).weigh(claim, examined)
    assert [check.outcome for check in conflicts(found)] == [Outcome.PASS]


def test_a_cap_on_quotes_is_kept():
    examined = weigh(SEROMA, other(TURNED, quote_words=5))
    (check,) = conflicts(examined)
    shown = {item.id: item for item in examined.evidence if isinstance(item, QuoteEvidence)}
    assert shown[check.evidence_ids[0]].quote == "A seroma that is drained"
    assert "in the clinic" not in check.reason


def test_passages_keep_their_places_and_codes():
    text = "Heading\n\nFirst wobble sentence here. Second wobble sentence here."
    passage = Passage(
        id="p",
        document_id="doc:x",
        start=9,
        end=len(text),
        text=text[9:],
        applies_to=Applicability(codes=("20610",)),
    )
    found = list(sentences_of_passages([passage]))
    assert [text[s.start : s.end] for s in found] == [s.text for s in found]
    assert len(found) == 2 and found[0].applies_to.codes == ("20610",)
    document = make_document(text)
    assert [text[s.start : s.end] for s in sentences_of_document(document)] == [
        s.text for s in sentences_of_document(document)
    ]


def test_a_corpus_finds_by_shared_words_and_by_code():
    document = make_document(
        "The wobble of 20610 is drained. A splint is cast.\n\nNothing else is said of 29881."
    )
    corpus = Corpus(sentences_of_document(document))
    assert [s.text for s in corpus.near("A drained wobble")] == ["The wobble of 20610 is drained."]
    assert [s.text for s in corpus.naming("29881")] == ["Nothing else is said of 29881."]
    assert corpus.naming("99999") == []
