from datetime import date

from pipeline.data import Applicability, Claim, Label, Match, Outcome, Passage, QuoteEvidence
from pipeline.facts.releases import earlier_row
from pipeline.facts.rows import rows_of
from pipeline.facts.sentences import compose_sentence
from pipeline.sources.descriptors import elide_descriptors
from pipeline.verify import checker_version, examine_claim, load_rules, verify_claim, verify_text_claim
from tests.verify.worked import FACTS, make_context, make_document, row_of

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


def judge(text, quote, document=TEXT, end=0):
    claim = Claim(id="c_1", text=text, subject="text:x", evidence_ids=("e_1",))
    context = make_context("27447", documents={"note:one": make_document(document)})
    evidence = quote_of(quote)
    evidence = evidence.model_copy(update={"end": end or evidence.end})
    return verify_claim(claim, [evidence], context=context, rules=load_rules(), checker=checker_version())


def test_whole_sentence_of_the_source_is_supported():
    sentence = "A seroma that is drained in the clinic is not separately payable."
    verdict = judge(sentence, sentence)
    assert verdict.label is Label.SUPPORTED
    assert verdict.evidence_ids == ("e_1",)
    assert verdict.confidence == 0.8


def test_quote_that_is_not_there_supports_nothing():
    verdict = judge("Seromas are separately payable.", "Seromas are separately payable.")
    assert verdict.label is Label.NOT_ENOUGH_INFO
    assert "not found" in verdict.reason


def test_quote_with_another_word_is_told_where_it_should_stand_and_supports_nothing():
    sentence = "A seroma that is drained in the office is not separately payable."
    verdict = judge(sentence, sentence)
    assert verdict.label is Label.NOT_ENOUGH_INFO
    assert verdict.reason == (
        "The quote was not found in An example; the nearest place says “clinic” instead of “office”."
    )
    assert (verdict.checks[0].check, verdict.checks[0].outcome) == ("quotes", Outcome.FAIL)


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


def test_a_sentence_quoted_without_its_descriptors_stands_and_a_changed_one_does_not():
    source = (
        "With some exceptions, HCPCS code G9999 (Invented wobble; fixing of a thing)) may be reported with code 99991 "
        "(Other (invented) thing). More is not said."
    )
    end = source.index(" More")
    quote = elide_descriptors(source[:end])
    assert "G9999 (…) may be reported with code 99991 (…)." in quote
    assert judge(quote, quote, source, end).label is Label.SUPPORTED
    for old, new in (("may be", "may not be"), ("99991", "99992"), ("some", "few"), ("G9999", "G9998")):
        assert judge(quote.replace(old, new), quote, source, end).label is not Label.SUPPORTED, new


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


def judge_with_note(text, sentence, code, applies_to):
    document = make_document(sentence)
    passage = Passage(
        id="p", document_id=document.id, start=0, end=len(sentence), text=sentence, applies_to=applies_to
    )
    return verify_text_claim(
        text,
        context=make_context(code, documents={document.id: document}),
        rules=load_rules(),
        checker="r",
        search=lambda query, limit: [passage],
    ).verdict.label


def test_note_speaks_only_for_the_codes_it_applies_to():
    sentence = "The values of this code already cover the work on either side of the body."
    both_sides = Applicability(indicators={"bilateral_indicator": ("2",)})
    knee = Applicability(codes=("27447",))
    assert judge_with_note(sentence, sentence, "27447", knee) is Label.SUPPORTED
    assert judge_with_note(sentence, sentence, "20610", knee) is Label.NOT_ENOUGH_INFO
    assert judge_with_note(sentence, sentence, None, knee) is Label.NOT_ENOUGH_INFO
    assert judge_with_note(sentence, sentence, "27447", both_sides) is Label.NOT_ENOUGH_INFO


def test_wording_that_exchanges_a_relation_is_not_supported():
    sentence = (
        "An edit between two shoulder codes opens where the operations were done on opposite shoulders."
    )
    turned = sentence.replace("opposite shoulders", "the same shoulder")
    everywhere = Applicability()
    assert judge_with_note(sentence, sentence, "27447", everywhere) is Label.SUPPORTED
    assert judge_with_note(turned, sentence, "27447", everywhere) is Label.NOT_ENOUGH_INFO


def test_amount_of_an_earlier_release_goes_with_its_own_factor():
    rows = make_context("27447").facts("27447")
    old = {"fac_total_rvu": changed(rows["fac_total_rvu"], "38.88")}
    factor = {"conversion_factor": changed(rows["fac_total_rvu"], "32.3465", field="conversion_factor")}
    context = make_context("27447", previous=lambda code, release: old if code else factor)

    def label(text):
        return verify_text_claim(text, context=context, rules=load_rules(), checker="r").verdict.label

    assert label("In RVU25D, 27447 pays $1,257.63 in a facility.") is Label.SUPPORTED
    assert label("In RVU25D, 27447 pays $1,298.63 in a facility.") is Label.REFUTED


def changed(fact, value, **more):
    update = {
        "value": value,
        "release": "RVU25D",
        "valid_from": date(2025, 10, 1),
        "valid_to": date(2025, 12, 31),
    }
    return fact.model_copy(update=update | more)


def test_a_row_of_the_year_before_speaks_for_a_comparison_of_years_alone():
    was = FACTS["20970"]["fac_total_rvu"].model_copy(update={"value": "85.89", "release": "RVU25D"})
    flags = [FACTS["20970"][field] for field in ("nonfac_total_rvu", "nonfac_na")]
    context = make_context("20970", previous=lambda code, release: {"fac_total_rvu": was})
    rows = [earlier_row(was), *map(row_of, flags)]
    sentence = compose_sentence("rvu:total", "20970", rows_of("20970", [was, *flags]))
    assert sentence is not None and "85.89 total RVUs" in sentence.text

    def judge_as(subject, text, derivation):
        claim = Claim(
            id="c_1",
            text=text,
            subject=subject,
            evidence_ids=tuple(r.id for r in rows),
            derivation=derivation,
        )
        return verify_claim(claim, rows, context=context, rules=load_rules(), checker=checker_version())

    assert judge_as("rvu:total", sentence.text, sentence.derivation).label is not Label.SUPPORTED
    now, status = (FACTS["20970"][field] for field in ("fac_total_rvu", "status_code"))
    rows = [row_of(now), row_of(status), earlier_row(was)]
    year = compose_sentence("year:facility", "20970", rows_of("20970", [now, status], earlier=[was]))
    assert year is not None
    assert judge_as("year:facility", year.text, year.derivation).label is Label.SUPPORTED
    rows = [row_of(now), row_of(status), earlier_row(was.model_copy(update={"value": "85.98"}))]
    assert judge_as("year:facility", year.text.replace("85.89", "85.98"), "").label is not Label.SUPPORTED
