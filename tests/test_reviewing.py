"""A review from export to import: what was decided on what was shown, amended words verified, nothing lost."""

import threading
from datetime import UTC, date, datetime

import pytest

from pipeline.amend import amend_page
from pipeline.check_ledger import check_ledger, held_by
from pipeline.data import ChangeKind, DecisionKind, Risk
from pipeline.errors import UsageError
from pipeline.page.layout import statements_of
from pipeline.regenerate import candidate_folder, read_candidate
from pipeline.review.amendments import Amendment
from pipeline.review.log import read_decisions
from pipeline.reviewing import export_review, import_review, review_of
from pipeline.run import Drafter
from pipeline.settings import Settings
from pipeline.stale import page_states
from pipeline.workspace import Workspace
from tests.making import ON, make, workspace_in

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
EXTRACTIVE = Drafter()
CODES = ("29881", "29888")
SUBJECT = "note:knee-29876-with-this-arthroscopy#documentation/0"


@pytest.fixture(autouse=True)
def _apart(tmp_path, monkeypatch):
    monkeypatch.setattr(Settings, "outputs", property(lambda self: tmp_path / "outputs"))


@pytest.fixture
def workspace(tmp_path):
    held = workspace_in(tmp_path / "home")
    regenerate(held)
    return held


def regenerate(workspace, today=ON):
    make(workspace, CODES, today=today)


def candidate(workspace, code="29881"):
    page = read_candidate(candidate_folder(code, workspace.settings))
    assert page is not None
    return page


def claim_of(workspace, code="29881", subject=SUBJECT):
    return next(
        c for s in statements_of(candidate(workspace, code)) for c in s.claims if c.subject == subject
    )


def export(workspace, folder, codes=("29881",)):
    done = export_review(codes, workspace, folder)
    assert done.decisions is not None
    return done.decisions.read_text(encoding="utf-8")


def decide(text, claim_id, decision, *, reason="", words=""):
    """The file with the entry of a claim's change filled in, as a person would."""
    head, mark, rest = text.partition(f", {claim_id}\n")
    assert mark
    rest = rest.replace('decision = ""', f'decision = "{decision}"', 1)
    rest = rest.replace('reason = ""', f'reason = "{reason}"', 1).replace('text = ""', f'text = "{words}"', 1)
    return head + mark + rest


def decide_all(text, decision="accept"):
    return text.replace('decision = ""', f'decision = "{decision}"')


def take(workspace, text, by="A. Coder", now=NOW):
    return import_review(text, workspace, name="decisions.toml", reviewer=by, now=now)


def test_what_was_exported_and_accepted_is_approved(workspace, tmp_path):
    text = export(workspace, tmp_path / "review", CODES)
    assert (tmp_path / "review" / "redline-29888.html").is_file()
    assert review_of("29881", workspace).state == "waiting"
    done = take(workspace, decide_all(text))
    assert [review.state for review in done.reviews] == ["approved", "approved"]
    assert {one.reviewer for one in done.recorded} == {"A. Coder"}
    assert all(one.decided_at == NOW for one in done.recorded)
    assert take(workspace, decide_all(text)).recorded == ()
    with pytest.raises(UsageError, match="is there already"):
        export_review(CODES, workspace, tmp_path / "review")


def test_an_amendment_is_verified_takes_its_place_and_outlives_the_next_run(workspace, tmp_path):
    claim = claim_of(workspace)
    better = claim.text.replace("If ", "When ", 1)
    text = export(workspace, tmp_path)
    done = take(workspace, decide(decide_all(text), claim.id, "accept"))
    assert done.reviews[0].state == "approved"

    text = text.replace("decisions.toml", "")
    amended = take(workspace, decide(text, claim.id, "amend", reason="clearer", words=better), by="B. Coder")
    assert claim_of(workspace).text == better and claim_of(workspace).id == claim.id
    assert [one.decision for one in amended.recorded] == [DecisionKind.AMEND]
    assert (
        amended.reviews[0].state == "approved"
    )  # what A accepted is as it was, and B accepted the new words
    assert [(one.hcpcs_code, one.of_code) for one in amended.siblings] == [("29888", "29881")]
    (state,) = page_states(["29881"], workspace=workspace, as_of=ON, dated=False, drafter=EXTRACTIVE)
    assert state.is_current

    regenerate(workspace, today=date(2026, 12, 1))
    assert claim_of(workspace).text == better
    verdict = candidate(workspace).verdicts[claim.id]
    assert verdict.label == "supported"
    assert review_of("29881", workspace).state == "approved"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("The operative report names its three compartments.", "does not stand"),
        ("Modifier 25 is reported with every visit.", "does not stand"),
    ],
)
def test_words_that_no_source_bears_out_are_not_taken(workspace, tmp_path, words, says):
    claim = claim_of(workspace)
    before = candidate(workspace)
    text = decide(export(workspace, tmp_path), claim.id, "amend", reason="shorter", words=words)
    with pytest.raises(UsageError, match=says):
        take(workspace, text)
    assert candidate(workspace) == before
    assert read_decisions(workspace.settings.reviews, "29881") == []


BILATERAL = "note:bilateral-reporting#documentation/0"
REWORDED = "The procedure note describes the procedure on each side where the claim is bilateral."


def test_whoever_amends_vouches_for_plain_words_and_for_nothing_else(workspace, tmp_path):
    claim = claim_of(workspace, subject=BILATERAL)
    text = export(workspace, tmp_path)
    for turned in ("not describes", "describes"):
        words = REWORDED.replace("describes", turned).replace("bilateral", "bilateral, with modifier 22", 1)
        with pytest.raises(UsageError, match="does not stand"):
            take(workspace, decide(text, claim.id, "amend", reason="shorter", words=words))
    take(workspace, decide(text, claim.id, "amend", reason="shorter", words=REWORDED))
    page = candidate(workspace)
    verdict = page.verdicts[claim.id]
    assert claim_of(workspace, subject=BILATERAL).text == REWORDED
    assert (verdict.model, verdict.confidence) == ("A. Coder (reviewer)", 0.7)
    checked = {one.id: one for one in check_ledger(page, held=held_by(workspace))}
    assert checked[claim.id].label == "supported"


def test_a_reviewer_vouches_for_the_quotes_that_were_seen_and_no_others(workspace):
    page, claim = candidate(workspace), claim_of(workspace, subject=BILATERAL)
    seen = tuple(name for name in claim.evidence_ids if page.evidence[name].kind == "quote")
    for quotes, stands in ((seen, True), ((), False), (("q_other",), False)):
        amendment = Amendment(claim.id, claim.text, REWORDED, "A. Coder", quotes)
        found = amend_page(page, [amendment], workspace=workspace, today=ON)
        assert bool(found.applied) is stands and bool(found.refused) is not stands


def test_a_figure_is_corrected_at_its_source_and_not_here(workspace, tmp_path):
    claim = claim_of(workspace, subject="rvu:work")
    text = export(workspace, tmp_path)
    with pytest.raises(UsageError, match="correct that"):
        take(workspace, decide(text, claim.id, "amend", reason="x", words=claim.text.replace("6.85", "7.85")))


def test_a_candidate_that_changed_since_is_not_approved_by_the_old_file(workspace, tmp_path):
    claim = claim_of(workspace)
    text = export(workspace, tmp_path)
    better = claim.text.replace("If ", "When ", 1)
    take(workspace, decide(text, claim.id, "amend", reason="clearer", words=better))
    with pytest.raises(UsageError, match="changed since it was shown"):
        take(workspace, decide_all(text), by="B. Coder")


def test_the_same_file_twice_is_one_import_and_another_text_another(workspace, tmp_path):
    claim = claim_of(workspace)
    better = claim.text.replace("If ", "When ", 1)
    text = decide(export(workspace, tmp_path), claim.id, "amend", reason="clearer", words=better)
    take(workspace, text)
    assert take(workspace, text).recorded == ()
    for other in (text.replace("When ", "Where "), text.replace('all = ""', 'all = "accept"')):
        with pytest.raises(UsageError, match="changed since it was shown"):
            take(workspace, other)


def test_a_rejection_says_which_pages_carry_the_claim_as_well(workspace, tmp_path):
    claim = claim_of(workspace)
    text = decide(export(workspace, tmp_path), claim.id, "reject", reason="not what the manual says")
    done = take(workspace, text)
    assert done.reviews[0].state == "rejected"
    assert [one.hcpcs_code for one in done.siblings] == ["29888"]


def test_two_persons_where_the_site_says_so(workspace, tmp_path, monkeypatch):
    monkeypatch.setattr(Workspace, "second_person", frozenset({Risk.RULE, Risk.MODIFIER}))
    text = decide_all(export(workspace, tmp_path))
    assert "# two persons have to accept this" in text
    first = take(workspace, text).reviews[0]
    assert first.state == "waiting" and first.open_changes > 10
    assert take(workspace, text, by="B. Coder").reviews[0].state == "approved"


def test_two_imports_at_once_lose_nothing(workspace, tmp_path):
    text = decide_all(export(workspace, tmp_path))
    threads = [
        threading.Thread(target=take, args=(workspace, text), kwargs={"by": name})
        for name in ("A. Coder", "B. Coder")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    review = review_of("29881", workspace)
    assert all(len(change.accepted_by) == 2 for change in review.changes)


def test_once_published_an_unchanged_candidate_leaves_nothing_to_decide(workspace, tmp_path):
    from pipeline.compare import compare_revisions
    from pipeline.publishing import Ready, Site, publish_pages

    site = Site(root=workspace.settings.outputs, name=workspace.site_name, wait_s=1)
    publish_pages([Ready(candidate(workspace))], site, approve=lambda _: "A. Coder", now=NOW)
    assert review_of("29881", workspace).state == "unchanged"
    assert export_review(["29881"], workspace, tmp_path / "review").decisions is None
    claim = claim_of(workspace)
    text = export(workspace, tmp_path / "other", ("29888",))
    assert claim.id not in text
    assert compare_revisions("29881", workspace.settings).is_empty
    kinds = {kind for one in compare_revisions("29888", workspace.settings).changes for kind in one.kinds}
    assert kinds == {ChangeKind.ADDED}
