from pipeline.data import Claim, Label, Match, Passage, QuoteEvidence
from pipeline.verify import checker_version, examine_claim, load_rules, verify_claim, verify_text_claim
from tests.verify.worked import make_context, make_document

TEXT = "A seroma that is drained in the clinic is not separately payable. A drain costs nothing."


def quote_of(quote, *, document="note:one", start=0):
    return QuoteEvidence(
        id="e_1",
        document_id=document,
        passage_id="p",
        quote=quote,
        start=start,
        end=start + len(quote),
        match=Match.EXACT,
        level="note",
    )


def judge(text, quote, document=TEXT):
    claim = Claim(id="c_1", text=text, subject="text:x", evidence_ids=("e_1",))
    context = make_context("27447", documents={"note:one": make_document(document)})
    return verify_claim(
        claim, [quote_of(quote)], context=context, rules=load_rules(), checker=checker_version()
    )


def test_whole_sentence_of_the_source_is_supported():
    sentence = "A seroma that is drained in the clinic is not separately payable."
    verdict = judge(sentence, sentence)
    assert verdict.label is Label.SUPPORTED
    assert verdict.evidence_ids == ("e_1",)
    assert verdict.confidence == 0.95


def test_quote_that_is_not_there_supports_nothing():
    verdict = judge("Seromas are separately payable.", "Seromas are separately payable.")
    assert verdict.label is Label.NOT_ENOUGH_INFO
    assert "not found" in verdict.reason


def test_cut_quote_cannot_drop_the_negation():
    source = "It is not true that drains are payable in the clinic. More."
    assert (
        judge("drains are payable in the clinic", "drains are payable in the clinic", source).label
        is not Label.SUPPORTED
    )


def test_turned_or_narrowed_wording_is_not_supported():
    sentence = "A seroma that is drained in the clinic is not separately payable."
    for claim in (
        "A seroma that is drained in the clinic is separately payable.",
        "A seroma drained in the clinic by 2 nurses is not separately payable.",
        "Every seroma is not separately payable.",
        "A clinic that is drained in the seroma is not separately payable.",
    ):
        assert judge(claim, sentence).label is Label.NOT_ENOUGH_INFO, claim


def test_close_wording_is_supported_with_less_confidence():
    sentence = "A seroma that is drained in the clinic is not separately payable."
    verdict = judge("A seroma drained in the clinic is not separately payable.", sentence)
    assert verdict.label is Label.SUPPORTED
    assert verdict.confidence == 0.8


def test_source_that_contradicts_a_row_does_not_save_the_claim():
    sentence = "27447 is a minor procedure."
    assert judge(sentence, sentence, sentence).label is Label.REFUTED


def test_frequency_word_needs_a_count_even_verbatim():
    sentence = "Surgeons usually close the capsule."
    assert judge(sentence, sentence, sentence).label is Label.NOT_ENOUGH_INFO
    counted = "Surgeons usually close the capsule, 92% in one count."
    assert judge(counted, counted, counted).label is Label.SUPPORTED


def test_rule_brings_its_own_source_when_search_finds_it():
    text = "Closing words. The E/M that decides on major surgery takes modifier 57."
    document = make_document(text)
    passage = Passage(id="p", document_id=document.id, start=0, end=len(text), text=text)
    found = verify_text_claim(
        "A same-day E/M with the decision for surgery takes modifier 57.",
        context=make_context("27447", documents={document.id: document}),
        rules=load_rules(),
        checker=checker_version(),
        search=lambda query, limit: [passage],
    )
    assert found.verdict.label is Label.SUPPORTED
    quotes = [item for item in found.evidence if isinstance(item, QuoteEvidence)]
    assert [quote.quote for quote in quotes] == ["The E/M that decides on major surgery takes modifier 57."]
    assert quotes[0].id in found.verdict.evidence_ids


def test_examined_evidence_holds_every_id_that_is_named():
    claim = Claim(id="c", text="20970 has 43.47 work RVUs.", subject="text:x")
    found = examine_claim(claim, [], context=make_context("20970"), rules=load_rules(), checker="rules-x")
    named = {item for check in found.verdict.checks for item in check.evidence_ids} | set(
        found.verdict.evidence_ids
    )
    assert named and named <= {item.id for item in found.evidence}
    assert found.verdict.checker == "rules-x"


def test_previous_release_is_used_where_it_is_loaded():
    rows = make_context("20970").facts("20970")
    old = {"work_rvu": rows["work_rvu"].model_copy(update={"value": "44.58", "release": "RVU25D"})}
    claim = "In RVU25D, 20970 has 44.58 work RVUs."

    def judge_with(context):
        return verify_text_claim(claim, context=context, rules=load_rules(), checker="r").verdict.label

    assert judge_with(make_context("20970")) is Label.NOT_ENOUGH_INFO
    assert (
        judge_with(make_context("20970", previous=lambda code, release: old if code == "20970" else {}))
        is Label.SUPPORTED
    )
