"""Ledgers beside what is at hand: table rows, documents and notes, descriptions of sources, other checkers."""

import json

import pytest

from pipeline.check_ledger import BY_RECORD_ALONE, check_ledger, held_by, other_checkers
from pipeline.data import Label
from pipeline.identity import claim_id, evidence_id, statement_id
from pipeline.page.ledger import dump_ledger, load_ledger
from tests.ledgers import ALONE, AS_IT_IS, claim_on, failing, ledgers_of, open_workspace, quote_of


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return open_workspace(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def ledger(workspace):
    return ledgers_of(workspace)


# A cell (by its subject and column) and what takes its place; None for all cells that are no more, or one too many.
CELLS = (
    ("edit:20956", 1, "the other code"),
    ("edit:20956", 2, "0: any modifier opens the edit"),
    ("setting:office", 1, "paid"),
    ("rvu:work", 2, "paid"),
    ("class:20955", 2, "no edit listed in PTP-2024Q3, which is permission"),
    ("class:20955", 1, "structure: living bone with its overlying skin"),
    ("payment:facility", 0, "National payment, non-facility"),
    ("modifier:team_indicator", 1, "Team surgery: permitted."),
    ("indicator:status_code", None, []),
    ("indicator:status_code", None, ["Status code", "A", "Active", "RVU25D", "payable"]),
    ("note:", None, ["payable"]),
    ("class:summary", None, ["payable"]),
)


@pytest.mark.parametrize("at_hand", [AS_IT_IS, ALONE], ids=["installed", "alone"])
@pytest.mark.parametrize(("subject", "column", "cell"), CELLS)
def test_a_cell_says_what_its_evidence_does(ledger, workspace, at_hand, subject, column, cell):
    changed = json.loads(ledger("20970"))
    statement, _ = claim_on(changed, subject)
    if column is None:
        statement["cells"] = cell
    else:
        assert statement["cells"][column] != cell
        statement["cells"][column] = cell
    found = failing(json.dumps(changed), at_hand(held_by(workspace)))
    assert {one.id for one in found} == {claim["id"] for claim in statement["claims"]}
    assert {one.label for one in found} == {Label.REFUTED}
    assert {one.reason for one in found} == {"The table row is not what its evidence says."}


@pytest.mark.parametrize(
    ("subject", "codes"),
    [("note:mue-clinical#denials", ["97"]), ("note:mue-clinical#denials", []), ("rvu:work", ["97"])],
)
def test_adjustment_codes_are_those_of_the_note(ledger, workspace, subject, codes):
    changed = json.loads(ledger("20970"))
    statement, claim = claim_on(changed, subject)
    statement["adjustment_codes"] = codes
    found = failing(json.dumps(changed), held_by(workspace))
    assert [(one.id, one.label) for one in found] == [(claim["id"], Label.REFUTED)]
    assert "djustment codes" in found[0].reason


def add_row(ledger, partner):
    """An invented edit with everything that hangs on it; gives the claim's id."""
    section = next(one for one in ledger["sections"] if one["key"] == "edits")
    statement = next(one for one in section["statements"] if one["claims"][0]["subject"] == "edit:69990")
    (old,) = statement["claims"][0]["evidence_ids"]
    item = ledger["evidence"][old]
    new = evidence_id(f"PTP-2024Q3/20970/-/ptp_column_two:{partner}", item["fact"]["value"])
    old_claim, old_statement = statement["claims"][0]["id"], statement["id"]
    turned = json.dumps([statement, item, ledger["verdicts"][old_claim]])
    for before, after in (
        (old, new),
        (old_claim, claim_id("20970", "edits", f"edit:{partner}")),
        (old_statement, statement_id("20970", "edits", f"edit:{partner}")),
        ("69990", partner),
    ):
        turned = turned.replace(before, after)
    statement, item, verdict = json.loads(turned)
    section["statements"].append(statement)
    ledger["evidence"][new] = item
    ledger["verdicts"][verdict["claim_id"]] = verdict
    return verdict["claim_id"]


@pytest.mark.parametrize(
    ("partner", "at_hand", "label"),
    [
        ("27130", AS_IT_IS, Label.REFUTED),  # the rows that are loaded would have it
        ("12001", AS_IT_IS, Label.SUPPORTED),  # of that code the rows at hand say nothing
        ("27130", ALONE, Label.SUPPORTED),
    ],
)
def test_an_invented_row_is_refuted_or_known_by_the_record_alone(ledger, workspace, partner, at_hand, label):
    changed = json.loads(ledger("20970"))
    identity = add_row(changed, partner)
    results = list(check_ledger(load_ledger(json.dumps(changed)), held=at_hand(held_by(workspace))))
    (one,) = [one for one in results if one.id == identity]
    assert one.label is label
    if label is Label.REFUTED:
        assert one.reason == "The loaded PTP-2024Q3 has no row 20970 ptp_column_two:27130."
        assert [each.id for each in results if each.label is not Label.SUPPORTED] == [identity]
    else:
        assert one.confidence == BY_RECORD_ALONE
        assert "by the record alone" in one.reason and "PTP-2024Q3" in one.reason


def test_nothing_that_is_not_at_hand_is_sure(ledger, workspace):
    page = load_ledger(ledger("20970"))
    held = held_by(workspace)
    assert 0.99 in {one.confidence for one in check_ledger(page, held=held)}
    alone = list(check_ledger(page, held=held.alone()._replace(profiles={})))
    assert {one.label for one in alone} == {Label.SUPPORTED, None}
    assert all("is not classified here" in one.failure for one in alone if one.label is None)
    stood = [one for one in alone if one.label is not None]
    assert {one.confidence for one in stood} == {BY_RECORD_ALONE}
    assert all("by the record alone" in one.reason for one in stood)


def test_an_invented_document_is_not_believed_like_one_that_is_stored(ledger, workspace):
    changed = json.loads(ledger("20970"))
    _, claim = claim_on(changed, "note:")
    name = quote_of(changed, claim)["document_id"]
    changed = json.loads(json.dumps(changed).replace(f'"{name}"', '"doc:fake"'))
    forged = {id_: e for id_, e in changed["evidence"].items() if e.get("document_id") == "doc:fake"}
    for item in forged.values():
        item["level"] = "document"
    for verdict in changed["verdicts"].values():
        if not forged.keys().isdisjoint(verdict["evidence_ids"]):
            verdict["confidence"] = 0.95
    for at_hand in (AS_IT_IS, ALONE):
        page = load_ledger(json.dumps(changed))
        one = next(o for o in check_ledger(page, held=at_hand(held_by(workspace))) if o.id == claim["id"])
        assert (one.label, one.confidence) == (Label.SUPPORTED, BY_RECORD_ALONE)
        assert "not at hand to compare: doc:fake" in one.reason


@pytest.mark.parametrize("where", ["documents", "sources"])
@pytest.mark.parametrize("name", ["title", "authority", "publisher", "edition", "url", "locators"])
def test_what_is_said_of_a_source_is_what_is_held(ledger, workspace, where, name):
    changed = json.loads(ledger("20970"))
    _, claim = claim_on(changed, "note:")
    id_ = quote_of(changed, claim)["document_id"]
    use = changed["documents"][id_]
    if where == "sources":
        use = next(source for source in changed["sources"] if source["id"] == use["id"])
    use[name] = {"authority": "statute", "locators": ["p. 1"]}.get(name, "Another")
    found = failing(json.dumps(changed), held_by(workspace))
    assert claim["id"] in {one.id for one in found}
    assert {one.label for one in found} == {Label.REFUTED}
    named = next(one for one in found if one.id == claim["id"])
    assert f"another {name.removesuffix('s')}" in named.reason


@pytest.mark.parametrize(("name", "value"), [("page", 7), ("locator", "p. I-1")])
def test_where_a_quote_stands_is_compared(ledger, workspace, name, value):
    changed = json.loads(ledger("20970"))
    _, claim = claim_on(changed, "note:")
    quote = quote_of(changed, claim)
    quote[name] = value
    found = failing(json.dumps(changed), held_by(workspace))
    assert claim["id"] in {one.id for one in found}
    assert {one.label for one in found} == {Label.REFUTED}
    assert str(value) in found[0].reason


def test_a_row_out_of_another_file_is_left_open(ledger, workspace):
    changed = json.loads(ledger("20970"))
    _, claim = claim_on(changed, "indicator:global_days")
    changed["evidence"][claim["evidence_ids"][0]]["fact"]["locator"] = "my own list, line 1"
    found = failing(json.dumps(changed), held_by(workspace))
    assert claim["id"] in {one.id for one in found}
    assert {one.label for one in found} == {Label.NOT_ENOUGH_INFO}


def test_verdicts_of_another_checker_are_counted(ledger, workspace):
    page = load_ledger(ledger("20970"))
    assert other_checkers(page) == {}
    other = load_ledger(ledger("20970").replace(page.checker, "rules-0"))
    assert other_checkers(other) == {"rules-0": len(page.verdicts)}
    assert failing(dump_ledger(other), held_by(workspace)) == []
