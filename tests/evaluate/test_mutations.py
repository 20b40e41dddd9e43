"""The mutation suite: what it makes is false, the same for a seed, and what it measures can come out bad."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from evals.verification.claims import Starter
from evals.verification.mutations import PER_TYPE, changed, is_pair, make_pairs
from evals.verification.swaps import load_swaps, replaced
from pipeline.data import Label
from pipeline.evaluate.mutation_report import missed_lines, table_lines
from pipeline.evaluate.mutations import GOALS, REWORDINGS, UNTOUCHED, Pair, measure_mutations

CODES = ("20610", "20611", "27447", "29880", "29881")


class FewCodes(Starter):
    """The starter set with five of its codes, for speed."""

    def codes(self) -> list[str]:
        return [*CODES]


@pytest.fixture(scope="module")
def starter():
    return FewCodes()


@pytest.fixture(scope="module")
def pairs(starter):
    return make_pairs(starter)


def claim_on(starter, code, subject):
    return next(each for each in starter.of(code).claims if each.claim.subject == subject)


def made(type_, starter, code, subject):
    """What a type makes of a claim and keeps."""
    claim = claim_on(starter, code, subject)
    return {t for t in changed(type_, claim, starter, Random(1)) if is_pair(type_, t, claim, starter)}


def measure(starter, pairs):
    return measure_mutations(
        pairs,
        {claim.claim.id: claim for code in CODES for claim in starter.of(code).claims},
        context_of=lambda code: starter.of(code).context,
        passages=starter.passages(),
    )


def test_every_type_is_there_and_no_pair_is_a_no_op(pairs):
    counts = Counter(pair.type for pair in pairs)
    assert set(counts) == {*GOALS, *REWORDINGS}
    assert max(counts.values()) <= 2 * PER_TYPE
    assert len({pair.id for pair in pairs}) == len(pairs)
    assert [pair for pair in pairs if " ".join(pair.text.split()) == pair.original] == []
    assert all(pair.harmless == (pair.type in REWORDINGS) and pair.evidence_ids for pair in pairs)


def test_the_same_seed_makes_the_same_pairs_and_another_others(starter, pairs):
    assert make_pairs(starter) == pairs
    assert make_pairs(starter, seed=1) != pairs


def test_no_mutation_is_said_by_a_page_of_a_code_it_names(starter, pairs):
    said = {code: {each.claim.text for each in starter.of(code).claims} for code in CODES}
    for pair in pairs:
        about = [code for code in CODES if code == pair.hcpcs_code or code in pair.text]
        assert pair.harmless or not any(pair.text in said[code] for code in about), pair


def test_what_also_holds_for_the_other_code_is_no_mutation(starter):
    # Of 29880 and 29881 the global period is the same, the work RVUs are not.
    assert not any("29880" in text for text in made("sibling", starter, "29881", "indicator:global_days"))
    assert any(text.startswith("29880 has ") for text in made("sibling", starter, "29881", "rvu:work"))


def test_a_component_with_the_same_value_is_no_mutation(starter):
    claim = claim_on(starter, "29881", "rvu:work")
    own = starter.of("29881").rows
    assert own["work_rvu"].value != own["mp_rvu"].value
    assert claim.claim.text.replace("work", "malpractice") in made("unit", starter, "29881", "rvu:work")


def test_releases_are_exchanged_only_where_the_value_is_another(starter):
    claim = claim_on(starter, "20610", "rvu:work")
    was = starter.of("20610").in_release("RVU25D")["work_rvu"].value
    texts = made("date", starter, "20610", "rvu:work")
    assert was != starter.of("20610").rows["work_rvu"].value
    assert claim.claim.text.replace("RVU26D", "RVU25D") in texts


def test_a_pair_of_codes_is_exchanged_only_where_its_order_matters(starter):
    ordered = next(c for c in starter.of("29881").claims if c.claim.subject.startswith("edit:"))
    one, two = ordered.claim.text.split()[2], ordered.claim.text.split()[6]
    assert any(
        text.startswith(f"NCCI pairs {two} (column one) with {one} (column two)")
        for text in made("code", starter, "29881", ordered.claim.subject)
    )


def test_a_reminder_keeps_its_condition(starter, pairs):
    subjects = {claim.claim.id: claim.claim.subject for code in CODES for claim in starter.of(code).claims}
    dropped = [pair for pair in pairs if pair.type == "dropped_condition"]
    assert dropped
    assert [
        p.text for p in dropped if "#checklist" in subjects[p.claim_id] and p.original.startswith("If ")
    ] == []


@pytest.mark.parametrize(
    ("type_", "text", "made"),
    [
        ("negation", "Name the level.", "Do not name the level."),
        ("global_class", "It costs $1,090.87 within 090 days.", "It costs $1,090.87 within 010 days."),
        ("setting", "29881 has 1.19 RVUs in a facility and 2.06 in a non-facility setting.",
         "29881 has 1.19 RVUs in a non-facility setting and 2.06 in a facility."),
        ("quantifier", "It is reported only when done.", "It is reported not only when done."),
        ("date", "No. At the same encounter it is not.", "No. At a later encounter it is not."),
    ],
)  # fmt: skip
def test_words_are_swapped_as_a_person_would_write_them(type_, text, made):
    swaps = load_swaps("swaps")[type_]
    assert made in {
        replaced(text, match, match.expand(put))
        for swap in swaps
        for match in swap.pattern.finditer(text)
        for put in swap.replacements
    }


def test_rewordings_say_the_same(starter):
    claim = claim_on(starter, "29881", "setting:hopd")
    assert any("$3342.87" in text for text in changed("thousands", claim, starter, Random(1)))
    (text,) = changed("this_code", claim, starter, Random(1))
    assert text == claim.claim.text.replace("29881", "this code")


def test_untouched_claims_stand_and_what_is_false_is_measured(starter, pairs):
    few = [pair for pair in pairs if pair.type in ("number", "payer")][::8]
    report = measure(starter, few)
    by = {(score.type, score.basis, score.mode): score for score in report.scores}
    assert by[UNTOUCHED, "", "page"].not_supported.value == 0
    assert by["number", "", "page"].not_supported.cases == sum(pair.type == "number" for pair in few)
    assert report.pairs == len(few)
    assert any(line.startswith("claim of a page, caught: ") for line in table_lines(report))


def test_a_mutation_that_stands_is_counted_and_shown(starter):
    claim = claim_on(starter, "29881", "rvu:work")
    true = Pair(  # a pair that is no mutation at all: the checks must be seen to let it pass
        id="m_0", type="number", hcpcs_code="29881", claim_id=claim.claim.id, original=claim.claim.text,
        text=claim.claim.text, evidence_ids=claim.claim.evidence_ids,
    )  # fmt: skip
    rejected = true.model_copy(
        update={"id": "m_1", "type": "order", "harmless": True, "text": "29881 is blue."}
    )
    report = measure(starter, [true, rejected])
    assert {(trial.pair.id, trial.mode) for trial in report.missed} >= {("m_0", "page"), ("m_0", "text")}
    assert {trial.label for trial in report.rejected} <= {Label.NOT_ENOUGH_INFO, Label.REFUTED}
    score = next(s for s in report.scores if (s.type, s.basis, s.mode) == ("number", "", "page"))
    assert score.not_supported.value == 0
    lines = list(table_lines(report))
    assert "claim of a page, caught: goal not reached by number" in lines
    assert "claim of a page, rejected though true: goal not reached by order (1.000)" in lines
    shown = "\n".join(missed_lines(report))
    assert "m_0 number · claim of a page · 29881" in shown
    assert "29881 is blue." in shown
