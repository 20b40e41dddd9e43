"""A page verified again from its ledger, and ledgers of which one thing was changed."""

import json

import pytest

from pipeline.check_ledger import check_ledger, held_by, read_ledger_file
from pipeline.compare_pages import compare_pages
from pipeline.data import Label
from pipeline.errors import SourceError
from pipeline.identity import evidence_id
from pipeline.page.ledger import load_ledger
from pipeline.verify import Corpus
from pipeline.verify.corpus import sentences_of_document
from tests.ledgers import ALONE, AS_IT_IS, claim_on, failing, ledgers_of, open_workspace, quote_of
from tests.verify.worked import make_document

FEW = ("20970", "20610", "22612")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return open_workspace(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def ledger(workspace):
    return ledgers_of(workspace)


@pytest.mark.parametrize("at_hand", [AS_IT_IS, ALONE], ids=["installed", "alone"])
@pytest.mark.parametrize("code", FEW)
def test_a_page_passes_its_own_verification_again(ledger, workspace, code, at_hand):
    assert failing(ledger(code), at_hand(held_by(workspace))) == []


def test_every_page_of_the_starter_set_does_and_none_contradicts_another(ledger, workspace):
    held = held_by(workspace)
    pages = [load_ledger(ledger(code)) for code in workspace.profiles]
    assert len(pages) == 54
    results = [one for page in pages for one in check_ledger(page, held=held)]
    assert [(one.claim, one.reason) for one in results if one.label is not Label.SUPPORTED] == []
    assert len(results) > 6_000
    assert compare_pages(pages) == []


def change_figure(ledger):
    statement, claim = claim_on(ledger, "rvu:work")
    claim["text"] = statement["text"] = claim["text"].replace("43.47", "44.37")
    return claim["id"]


def change_cell(ledger):
    statement, claim = claim_on(ledger, "rvu:work")
    statement["cells"] = [cell.replace("43.47", "44.37") for cell in statement["cells"]]
    return claim["id"]


def change_derivation(ledger):
    _, claim = claim_on(ledger, "payment:facility")
    claim["derivation"] = claim["derivation"].replace("33.4009", "33.5675")
    return claim["id"]


def change_sentence(ledger):
    statement, claim = claim_on(ledger, "note:")
    text = (
        claim["text"].replace(" is ", " is not ", 1) if " is " in claim["text"] else f"Never: {claim['text']}"
    )
    statement["text"] = statement["text"].replace(claim["text"], text)
    claim["text"] = text
    return claim["id"]


def change_quote(ledger):
    _, claim = claim_on(ledger, "note:")
    quote = quote_of(ledger, claim)
    quote["quote"] = quote["quote"][::-1]
    return claim["id"]


def change_row(ledger):
    _, claim = claim_on(ledger, "indicator:global_days")
    row = ledger["evidence"][claim["evidence_ids"][0]]
    row["fact"]["value"] = "010"
    return claim["id"]


def forge_row(ledger):
    """A row with another value under the id that it would have, and a sentence that says it."""
    statement, claim = claim_on(ledger, "indicator:mue_value")
    old = next(
        id_ for id_ in claim["evidence_ids"] if ledger["evidence"][id_]["fact"]["field"] == "mue_value"
    )
    item = ledger["evidence"].pop(old)
    value = item["fact"]["value"]
    item["fact"]["value"] = "7"
    fact = item["fact"]
    item["id"] = evidence_id("/".join((fact["release"], fact["hcpcs_code"], "-", fact["field"])), "7")
    changed = json.loads(json.dumps(ledger).replace(old, item["id"]))
    ledger.clear()
    ledger.update(changed)
    ledger["evidence"][item["id"]] = item
    statement, claim = claim_on(ledger, "indicator:mue_value")
    claim["text"] = claim["text"].replace(f" {value}", " 7", 1)
    statement["text"] = claim["text"]
    statement["cells"] = [cell.replace(value, "7", 1) for cell in statement["cells"]]
    return claim["id"]


def change_label(ledger):
    _, claim = claim_on(ledger, "note:")
    ledger["verdicts"][claim["id"]]["label"] = "refuted"
    return claim["id"]


def change_confidence(ledger):
    _, claim = claim_on(ledger, "note:")
    ledger["verdicts"][claim["id"]]["confidence"] = 0.99
    return claim["id"]


def drop_verdict(ledger):
    _, claim = claim_on(ledger, "note:")
    del ledger["verdicts"][claim["id"]]
    return claim["id"]


def drop_evidence(ledger):
    _, claim = claim_on(ledger, "note:")
    del ledger["evidence"][claim["evidence_ids"][0]]
    return claim["id"]


def change_evidence_id(ledger):
    _, claim = claim_on(ledger, "note:")
    ledger["evidence"][claim["evidence_ids"][0]]["id"] = "e_000000000000"
    return claim["id"]


def change_release(ledger):
    _, claim = claim_on(ledger, "indicator:global_days")
    row = ledger["evidence"][claim["evidence_ids"][0]]
    row["fact"]["release"] = row["in_force_release"] = "RVU26E"
    return claim["id"]


def change_release_in_force(ledger):
    _, claim = claim_on(ledger, "indicator:global_days")
    ledger["evidence"][claim["evidence_ids"][0]]["in_force_release"] = "RVU26B"
    return claim["id"]


def change_references(ledger):
    _, claim = claim_on(ledger, "indicator:global_days")
    release = ledger["evidence"][claim["evidence_ids"][0]]["fact"]["release"]
    use = next(one for one in ledger["sources"] if one["id"] == release)
    use["currency"], use["in_force_release"] = "in_force", release
    return claim["id"]


def change_level(ledger):
    _, claim = claim_on(ledger, "note:")
    quote = quote_of(ledger, claim)
    quote["level"] = "document"
    return claim["id"]


def change_checker(ledger):
    _, claim = claim_on(ledger, "note:")
    ledger["verdicts"][claim["id"]] |= {
        "checker": "court",
        "confidence": 1.0,
        "reason": "A court said so.",
    }
    return claim["id"]


def change_all_checkers(ledger):
    claim = change_checker(ledger)
    ledger["checker"] = "court"
    for verdict in ledger["verdicts"].values():
        verdict["checker"] = "court"
    return claim


def drop_claims(ledger):
    statement, _ = claim_on(ledger, "note:")
    statement["claims"] = []
    return statement["id"]


def change_subject(ledger):
    _, claim = claim_on(ledger, "note:")
    claim["subject"] = "note:another#coverage/0"
    return claim["id"]


def change_currency(ledger):
    _, claim = claim_on(ledger, "indicator:global_days")
    row = ledger["evidence"][claim["evidence_ids"][0]]
    row["currency"] = "carried" if row["currency"] == "in_force" else "in_force"
    return claim["id"]


CHANGES = (
    change_figure,
    change_cell,
    change_derivation,
    change_sentence,
    change_quote,
    change_row,
    forge_row,
    change_label,
    change_confidence,
    drop_verdict,
    drop_evidence,
    change_subject,
    change_currency,
    change_evidence_id,
    change_release,
    change_release_in_force,
    change_references,
    change_level,
    change_checker,
    change_all_checkers,
    drop_claims,
)


@pytest.mark.parametrize("at_hand", [AS_IT_IS, ALONE], ids=["installed", "alone"])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_one_change_is_found_and_its_claim_named(ledger, workspace, change, at_hand):
    changed = json.loads(ledger("20970"))
    identity = change(changed)
    found = failing(json.dumps(changed), at_hand(held_by(workspace)))
    if change is forge_row and at_hand is ALONE:
        assert identity not in [one.id for one in found if one.label is Label.SUPPORTED]
        return  # a row forged with everything that hangs on it is seen only beside the table
    assert identity in [one.id for one in found]
    assert all(one.label in (Label.REFUTED, None) for one in found)
    named = next(one for one in found if one.id == identity)
    assert named.reason or named.failure


def test_a_source_that_came_since_leaves_a_claim_open(ledger, workspace):
    page = load_ledger(ledger("20970"))
    claims = [
        claim
        for part in page.sections
        for statement in part.statements
        for claim in statement.claims
        if claim.subject.startswith("note:") and " is not " in claim.text
    ]
    turned = {claim.text: claim.text.replace(" is not ", " is ", 1) for claim in claims}
    document = make_document("\n\n".join(turned.values()), identity="doc:new")
    held = held_by(workspace)
    held = held._replace(
        documents={**held.documents, document.id: document}, corpus=Corpus(sentences_of_document(document))
    )
    results = list(check_ledger(page, held=held))
    assert {one.label for one in results} == {Label.SUPPORTED, Label.NOT_ENOUGH_INFO}
    against = [one for one in results if one.label is Label.NOT_ENOUGH_INFO]
    assert {one.claim for one in against} <= turned.keys()
    assert all(turned[one.claim] in one.reason for one in against)


def test_only_a_ledger_is_read_as_one(ledger, tmp_path):
    path = tmp_path / "page.json"
    path.write_text(ledger("20970"))
    page = read_ledger_file(path)
    assert page is not None and page.hcpcs_code == "20970"
    path.write_text('{"id": "1", "claim": "20970 has 43.47 work RVUs."}\n')
    assert read_ledger_file(path) is None
    path.write_text("Some text.")
    assert read_ledger_file(path) is None
    assert read_ledger_file(tmp_path / "none.json") is None
    path.write_text(ledger("20970")[:-100])
    with pytest.raises(SourceError, match=r"page\.json: .* not JSON"):
        read_ledger_file(path)
