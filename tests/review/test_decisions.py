"""Decisions of reviewers: the log, the file that is edited, and what they make of a page."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.changes.diff import diff_pages
from pipeline.data import Decision, DecisionKind, Risk
from pipeline.errors import StateError, UsageError
from pipeline.review.approval import review_page
from pipeline.review.decisions_file import DecidedEntry, read_decisions_file, write_decisions_file
from pipeline.review.log import append_decisions, read_decisions
from pipeline.review.taking import take_decisions
from pipeline.verify.mentions import mark_mentions
from tests.page.pages import Said, page_of
from tests.page.sample import sample_page

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
OLD = [Said("documentation", "note:a", "The record names the side.")]
NEW = [
    Said("documentation", "note:a", "The record shows the side."),
    Said("coverage", "note:b", "Casting is never reported apart."),
]


def between(old, new):
    return diff_pages(old, new, mark=mark_mentions)


DIFF = between(page_of(OLD), page_of(NEW))
PLAIN = next(change for change in DIFF.changes if not change.risks)
RISKY = next(change for change in DIFF.changes if change.risks)


def decision(change=PLAIN, said=DecisionKind.ACCEPT, by="A. Coder", at=NOW, **more):
    return Decision(
        hcpcs_code=DIFF.hcpcs_code,
        change_id=change.id,
        claim_id=change.state.claim_id,
        decision=said,
        before=change.state.text,
        old_sha256=DIFF.old_sha256,
        new_sha256=DIFF.new_sha256,
        reviewer=by,
        decided_at=at,
        **more,
    )


def accept_all(diff, by, at=NOW):
    names = [*diff.changes, *diff.others]
    return [decision(by=by, at=at).model_copy(update={"change_id": one.id}) for one in names]


def test_the_log_only_grows_and_the_same_word_is_not_said_twice(tmp_path):
    first = decision()
    assert append_decisions([first], tmp_path) == [first]
    assert append_decisions([decision(at=NOW + timedelta(days=1))], tmp_path) == []
    other = decision(said=DecisionKind.REJECT, reason="the side is not needed", at=NOW + timedelta(days=2))
    assert append_decisions([other], tmp_path) == [other]
    back = decision(at=NOW + timedelta(days=3))
    assert append_decisions([back], tmp_path) == [back]
    assert read_decisions(tmp_path, "20970") == [first, other, back]


def test_two_reviewers_at_once_lose_nothing(tmp_path):
    def record(name):
        for number in range(12):
            one = decision(by=name).model_copy(update={"change_id": f"ch_{number}"})
            append_decisions([one], tmp_path)

    threads = [threading.Thread(target=record, args=(name,)) for name in ("A. Coder", "B. Coder", "C. Coder")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    held = read_decisions(tmp_path, "20970")
    assert len({(one.reviewer, one.change_id) for one in held}) == len(held) == 36


def test_a_write_that_fails_leaves_the_log_as_it_was(tmp_path, monkeypatch):
    from pathlib import Path

    append_decisions([decision()], tmp_path)
    before = (tmp_path / "20970.jsonl").read_bytes()

    def killed(self, target):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        append_decisions([decision(by="B. Coder")], tmp_path)
    assert (tmp_path / "20970.jsonl").read_bytes() == before
    assert [path.name for path in tmp_path.glob("*.jsonl")] == ["20970.jsonl"]


def test_a_damaged_log_is_an_error_and_not_a_missing_decision(tmp_path):
    append_decisions([decision(), decision(by="B. Coder")], tmp_path)
    path = tmp_path / "20970.jsonl"
    path.write_text(path.read_text()[:-40])
    with pytest.raises(StateError, match="line 2"):
        read_decisions(tmp_path, "20970")


def test_a_page_is_approved_once_every_change_is_accepted():
    said = accept_all(DIFF, "A. Coder")
    assert review_page(DIFF, said).state == "approved"
    assert review_page(DIFF, said[1:]).state == "waiting"
    no = decision(said=DecisionKind.REJECT, reason="wrong", by="B. Coder")
    assert review_page(DIFF, [*said, no]).state == "rejected"
    assert review_page(DIFF, [*said, no, decision(by="B. Coder")]).state == "approved"
    assert review_page(DIFF, []).last_decided_at is None
    assert review_page(DIFF, said).last_decided_at == NOW


def test_a_rule_needs_a_second_person_where_the_site_says_so():
    alone = [*accept_all(DIFF, "A. Coder"), *accept_all(DIFF, "a.  coder")]
    review = review_page(DIFF, alone, second_person={Risk.RULE})
    assert review.state == "waiting"
    assert {one.change_id: one.needed for one in review.changes}[RISKY.id] == 2
    both = [*alone, *accept_all(DIFF, "B. Coder")]
    assert review_page(DIFF, both, second_person={Risk.RULE}).state == "approved"
    assert review_page(DIFF, alone, second_person={Risk.PAYMENT}).state == "approved"


def test_an_old_decision_approves_no_candidate_that_changed_since():
    said = accept_all(DIFF, "A. Coder")
    changed = between(page_of(OLD), page_of([NEW[0], NEW[1]._replace(text="Casting is reported apart.")]))
    review = review_page(changed, said)
    assert review.state == "waiting"
    assert {one.change_id: one.state for one in review.changes}[PLAIN.id] == "accepted"


def test_who_amended_a_change_accepted_what_came_of_it():
    said = [one for one in accept_all(DIFF, "A. Coder") if one.change_id != PLAIN.id]
    amended = decision(said=DecisionKind.AMEND, reason="clearer", text="…", result_id=PLAIN.id)
    assert review_page(DIFF, [*said, amended]).state == "approved"
    assert review_page(DIFF, [*said, amended.model_copy(update={"result_id": "ch_x"})]).state == "waiting"


def edited(diff=DIFF, **entries):
    text = write_decisions_file([diff], {diff.hcpcs_code: review_page(diff, [])})
    page = read_decisions_file(text, name="decisions.toml").page[0]
    entry = {"plain": PLAIN.id, "risky": RISKY.id}
    said = {entry[name]: fields for name, fields in entries.items() if name in entry}
    changes = tuple(one.model_copy(update=said.get(one.id, {})) for one in page.change)
    rest = {name: value for name, value in entries.items() if name not in entry}
    return page.model_copy(update={"change": changes, **rest})


def take(page, diff=DIFF):
    return take_decisions(page, diff, by="A. Coder", now=NOW)


def test_what_was_edited_is_taken_and_the_rest_stays_open():
    taken = take(edited(plain={"decision": "accept"}, risky={"decision": "reject", "reason": "not so"}))
    assert taken.problems == ()
    assert {one.change_id: (one.decision, one.reason) for one in taken.decisions} == {
        PLAIN.id: (DecisionKind.ACCEPT, ""),
        RISKY.id: (DecisionKind.REJECT, "not so"),
    }
    assert all((one.reviewer, one.decided_at) == ("A. Coder", NOW) for one in taken.decisions)
    assert take(edited()).decisions == ()


def test_all_leaves_what_is_risky_to_be_decided_by_itself():
    taken = take(edited(all="accept"))
    decided = {one.change_id for one in taken.decisions}
    assert PLAIN.id in decided and RISKY.id not in decided
    assert decided >= {other.id for other in DIFF.others}
    own = take(edited(all="accept", plain={"decision": "reject", "reason": "no"})).decisions
    assert [one.decision for one in own if one.change_id == PLAIN.id] == [DecisionKind.REJECT]


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ({"plain": {"decision": "reject"}}, "needs a reason"),
        ({"plain": {"decision": "amend", "reason": "x"}}, "needs the text"),
        ({"plain": {"decision": "yes"}}, "none of accept, reject, amend"),
        ({"plain": {"decision": "accept", "text": "other words"}}, "text is given"),
        ({"all": "reject"}, "needs a reason"),
        ({"all": "maybe"}, "neither"),
        ({"change": (DecidedEntry(id="ch_x", decision="accept"),)}, "no change of the page"),
        ({"change": (DecidedEntry(id=PLAIN.id), DecidedEntry(id=PLAIN.id))}, "decided 2 times"),
        ({"new_sha256": "0" * 64}, "candidate of 20970 changed"),
        ({"old_sha256": "0" * 64}, "published page of 20970 changed"),
    ],
)
def test_what_cannot_be_recorded_is_named_and_nothing_is_taken(entries, says):
    taken = take(edited(**entries))
    assert taken.decisions == () and any(says in problem for problem in taken.problems)


@settings(max_examples=60)
@given(st.text(max_size=60))
def test_whatever_a_page_says_the_file_stays_one_that_is_read_back(words):
    hostile = f'x {words} """ \x7f \u2028 \\u'
    diff = between(None, sample_page(hostile=hostile))
    text = write_decisions_file([diff], {diff.hcpcs_code: review_page(diff, [])}, reviewer=words)
    page = read_decisions_file(text, name="decisions.toml").page[0]
    assert [one.id for one in page.change] == [one.id for one in (*diff.changes, *diff.others)]
    assert take(page, diff) == ((), ())


@pytest.mark.parametrize(
    "text", ["[[page", "page = 3", '[[page]]\ncode = "20970"\nnew_sha256 = ""\nmore = 1']
)
def test_a_file_that_is_none_is_refused_in_a_sentence(text):
    with pytest.raises(UsageError, match=r"decisions\.toml"):
        read_decisions_file(text, name="decisions.toml")
