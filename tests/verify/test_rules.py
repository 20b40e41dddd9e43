import pytest

from pipeline.data import Outcome
from pipeline.verify.reading import read_sentence
from pipeline.verify.rules import load_rules, read_stances, weigh_stances

EXAMPLES = [
    (rule, outcome, *example.split(" | ", 1))
    for rule in load_rules()
    for outcome, examples in ((Outcome.PASS, rule.passes), (Outcome.FAIL, rule.fails))
    for example in examples
]


@pytest.mark.parametrize(("rule", "outcome", "value", "claim"), EXAMPLES)
def test_rule_reads_its_own_examples(rule, outcome, value, claim):
    stances = read_stances(rule, read_sentence(claim).canonical)
    assert weigh_stances(rule, value, stances) is outcome, (read_sentence(claim).canonical, stances)


def test_every_rule_shows_what_it_rejects():
    for rule in load_rules():
        assert rule.passes and rule.fails, rule.id
        assert set(rule.silent) <= set(rule.allowed), rule.id
        names = {stance.name for stance in rule.stances}
        assert {name for value in rule.allowed.values() for name in value} <= names | {"not"}, rule.id


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("Use modifier 57, not 25.", "no:mod#25"),
        ("Use modifier 57 rather than modifier 25.", "no:mod#25"),
        ("Modifier 25 is not appropriate.", "no:mod#25"),
        ("Never append modifier 25.", "no:mod#25"),
        ("Not 57 but 25 is the modifier.", "yes:mod#25"),
        ("The visit is not payable without modifier 24.", "yes:mod#24"),
        ("Without modifier 25 the visit fails.", "unread:mod#25"),
        ("Modifiers 80, 82 and AS are not payable.", "no:mod#as"),
    ],
)
def test_polarity(text, token):
    assert token in read_sentence(text).tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("20970 pays $2,540.81 (APC 5114).", ("usd#2540.81", "apc#5114")),
        ("a 90-day global", ("gd#090",)),
        ("global period of 90 days", ("gd#090",)),
        ("two compartments", ("cnt#2:compartment",)),
        ("codes 29866-29889", ("range#29866-29889",)),
        ("effective January 1, 2026 (RVU25D)", ("date#2026-01-01", "rel#rvu25d")),
        ("CO-97 on p. I-13", ("adj#97", "loc#i-13")),
        ("20970-62", ("code#20970", "yes:mod#62")),
        ("the MAI of 3", ("lab#mai", "ind#3")),
    ],
)
def test_mentions(text, tokens):
    assert set(tokens) <= set(read_sentence(text).tokens)
