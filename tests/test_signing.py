"""Who answers for a candidate: what a newer release alone changes may go out unasked, anything else waits."""

import shutil
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from pipeline.data import Risk
from pipeline.errors import PublishError, SourceError
from pipeline.published import is_up, publication_of, read_published
from pipeline.publishing import Ready, Site, publish_pages, roll_back, unpublish_pages
from pipeline.regenerate import candidate_folder, read_candidate
from pipeline.review.publish import read_log
from pipeline.reviewing import export_review, import_review, review_of
from pipeline.settings import Settings
from pipeline.signing import FIGURES, UNSEEN, signer_of, signer_of_whole
from tests.making import make_pages, workspace_in
from tests.syncing import Syncing
from tests.tables_sample import fee, fee_csv

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
OLDER = {code: fee(code) for code in ("20001", "20002", "20003", "20004")}
NEWER = {
    "20001": fee("20001", work="11.25", facility="6.50"),  # amounts alone
    "20002": fee("20002", work="11.25", days="010"),  # a rule goes with the global period
    "20003": fee("20003", office_na="NA"),  # a payment basis
    "20004": fee("20004"),  # the same values
}


def load(home, rows, month, release):
    folder = home.parent / month
    folder.mkdir()
    table = fee_csv(*rows.values(), month=month, pricing=False).replace(
        b"33.4009", b"32.3465"
    )  # 2025's factor
    (folder / f"PPRRVU2025_{month[:3]}.csv").write_bytes(table)
    done = Syncing(home)(folder, release)
    assert [file.status for file in done.values()] == ["new"], done


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("signing")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Settings, "outputs", property(lambda self: folder / "outputs"))
        load(folder / "home", OLDER, "January", "RVU25A")
        site = Site(root=folder / "outputs", name="Briefwright")
        first = make_pages(workspace_in(folder / "home"), OLDER)
        publish_pages(map(Ready, first.values()), site, approve=lambda _: "A. Coder", now=NOW)
        load(folder / "home", NEWER, "April", "RVU25B")
        make_pages(workspace_in(folder / "home"), OLDER)
        yield workspace_in(folder / "home")


def sign(workspace, code, **more):
    page = read_candidate(candidate_folder(code, workspace.settings))
    assert page is not None
    return partial(signer_of, page, workspace, **more)


@pytest.mark.parametrize("code", ["20001", "20004"])
def test_amounts_of_a_newer_release_go_out_unasked_where_that_is_asked_for(workspace, code):
    with pytest.raises(PublishError, match="wait for a decision"):
        sign(workspace, code, reviewers=())()
    assert sign(workspace, code, reviewers=(), auto_approve_figures=True)() == FIGURES
    assert sign(workspace, code, reviewers=["B. Coder"], auto_approve_figures=True)() == "B. Coder"


def test_what_no_reader_sees_needs_nobody(workspace, monkeypatch):
    candidate = read_candidate(candidate_folder("20001", workspace.settings))
    assert candidate is not None
    same = candidate.model_copy(update={"fingerprint": "0"})
    monkeypatch.setattr("pipeline.signing.read_reviewed", lambda code, settings: same)
    assert sign(workspace, "20001", reviewers=())() == ""
    said = sign(workspace, "20001", reviewers=(), auto_approve_figures=True)()
    assert said == UNSEEN


@pytest.mark.parametrize("code", ["20002", "20003"])
def test_a_rule_or_a_payment_basis_waits_for_a_person(workspace, code):
    with pytest.raises(PublishError, match="wait for a decision"):
        sign(workspace, code, reviewers=["B. Coder"], auto_approve_figures=True)()


def test_a_source_that_is_described_otherwise_waits_for_a_person(workspace):
    page = read_candidate(candidate_folder("20001", workspace.settings))
    assert page is not None
    sources = tuple(source.model_copy(update={"title": "Always payable"}) for source in page.sources)
    other = page.model_copy(update={"sources": sources})
    with pytest.raises(PublishError, match=r"^\d+ of \d+ changes of 20001 wait"):
        signer_of(other, workspace, reviewers=(), auto_approve_figures=True)


def test_starter_content_is_signed_for_whole_or_stays_unreviewed(workspace, tmp_path, monkeypatch):
    monkeypatch.setattr(Settings, "outputs", property(lambda self: tmp_path / "outputs"))
    page = read_candidate(candidate_folder("20001", workspace.settings))
    assert page is not None
    site = Site(root=tmp_path / "outputs", name="Briefwright")
    unreviewed = partial(signer_of, workspace=workspace, reviewers=["B. Coder"], unreviewed=True)
    publish_pages([Ready(page)], site, approve=unreviewed, now=NOW, unreviewed=True)
    (publication,) = read_log(site.root)
    assert publication.unreviewed and publication.reviewer == ""
    with pytest.raises(PublishError, match="nobody has reviewed 20001"):
        signer_of(page, workspace, reviewers=(), auto_approve_figures=True)
    assert review_of("20001", workspace).state == "waiting"  # all of it, not what changed since
    publish_pages(
        [Ready(page)], site, approve=partial(signer_of, workspace=workspace, reviewers=["B"]), now=NOW
    )
    other = page.model_copy(update={"fingerprint": "0"})
    with pytest.raises(PublishError, match="was reviewed"):
        publish_pages([Ready(other)], site, approve=unreviewed, now=NOW, unreviewed=True)


def test_a_ledger_that_was_put_there_is_not_what_was_published(workspace, tmp_path, monkeypatch):
    outputs = tmp_path / "outputs"
    shutil.copytree(workspace.settings.outputs, outputs)
    monkeypatch.setattr(Settings, "outputs", property(lambda self: outputs))
    candidate = candidate_folder("20002", workspace.settings)
    for name in ("page.html", "page.md", "page.json"):
        shutil.copyfile(candidate / name, outputs / "20002" / name)
    assert review_of("20002", workspace).state == "waiting"  # its revision is known, and is what counts
    monkeypatch.setattr("pipeline.published.read_revision", lambda *given: None)
    with pytest.raises(SourceError, match="is not the ledger that was published"):
        review_of("20002", workspace)
    (outputs / "20002" / "page.json").unlink()
    with pytest.raises(SourceError, match="restore it from version control"):
        review_of("20002", workspace)


def test_what_was_accepted_before_a_page_was_rolled_back_counts_no_more(workspace, tmp_path, monkeypatch):
    outputs = tmp_path / "outputs"
    shutil.copytree(workspace.settings.outputs, outputs)
    monkeypatch.setattr(Settings, "outputs", property(lambda self: outputs))
    monkeypatch.setattr(Settings, "reviews", property(lambda self: tmp_path / "reviews"))
    decisions = export_review(["20002"], workspace, tmp_path).decisions
    assert decisions is not None
    text = decisions.read_text().replace('decision = ""', 'decision = "accept"')
    take = partial(import_review, text, workspace, name="decisions.toml", reviewer="A. Coder")
    assert take(now=NOW).reviews[0].state == "approved"
    site, old = Site(root=outputs, name="Briefwright"), read_published("20002", workspace.settings)
    approve = sign_as(workspace)
    new = read_candidate(candidate_folder("20002", workspace.settings))
    assert old is not None and new is not None
    publish_pages([Ready(new)], site, approve=approve, now=NOW + timedelta(hours=1))
    roll_back(old, site, reviewer="C", reason="it was right", now=NOW + timedelta(hours=2))
    assert review_of("20002", workspace).state == "waiting"
    with pytest.raises(PublishError, match="wait for a decision"):
        publish_pages([Ready(new)], site, approve=approve, now=NOW + timedelta(hours=3))
    assert take(now=NOW + timedelta(hours=4)).reviews[0].state == "approved"


def sign_as(workspace):
    return partial(signer_of, workspace=workspace, reviewers=["A. Coder"])


def test_two_persons_sign_for_a_whole_page_where_the_profile_asks_for_two(workspace, tmp_path, monkeypatch):
    monkeypatch.setattr(Settings, "outputs", property(lambda self: tmp_path / "none"))
    monkeypatch.setattr(workspace, "second_person", frozenset({Risk.RULE}))
    for names in (["A. Coder"], ["A. Coder", "a.  coder"], []):
        with pytest.raises(PublishError, match="two persons"):
            sign(workspace, "20001", reviewers=names)()
        with pytest.raises(PublishError, match="two persons"):
            signer_of_whole(workspace, reviewers=names)
    assert sign(workspace, "20001", reviewers=["A. Coder", "B. Coder"])() == "A. Coder, B. Coder"


def test_what_was_rolled_back_does_not_come_back_by_a_rule(workspace, tmp_path, monkeypatch):
    outputs = tmp_path / "outputs"
    shutil.copytree(workspace.settings.outputs, outputs)
    monkeypatch.setattr(Settings, "outputs", property(lambda self: outputs))
    site, old = Site(root=outputs, name="Briefwright"), read_published("20001", workspace.settings)
    new = read_candidate(candidate_folder("20001", workspace.settings))
    assert old is not None and new is not None
    by_rule = partial(signer_of, workspace=workspace, auto_approve_figures=True)
    publish_pages([Ready(new)], site, approve=by_rule, now=NOW + timedelta(hours=1))
    roll_back(old, site, reviewer="C", reason="a misprint", now=NOW + timedelta(hours=2))
    with pytest.raises(PublishError, match=r"rolled back \(a misprint\)"):
        publish_pages([Ready(new)], site, approve=by_rule, now=NOW + timedelta(hours=3))


def test_a_page_taken_down_stays_down_until_its_code_is_named(workspace, tmp_path, monkeypatch):
    outputs = tmp_path / "outputs"
    shutil.copytree(workspace.settings.outputs, outputs)
    monkeypatch.setattr(Settings, "outputs", property(lambda self: outputs))
    assert not is_up("20001", workspace.settings)  # its candidate is of the newer release
    site = Site(root=outputs, name="Briefwright")
    unpublish_pages(["20001"], site, reviewer="C", reason="deleted", now=NOW + timedelta(hours=1))
    assert is_up("20001", workspace.settings) and publication_of("20001", workspace.settings) is None


def test_a_code_that_the_tables_do_not_know_any_more_is_not_published_again(workspace, monkeypatch):
    monkeypatch.setattr(type(workspace.facts), "stands", lambda self, code, on: False)
    with pytest.raises(PublishError, match="do not know 20001 any more"):
        sign(workspace, "20001", reviewers=["A. Coder"])()


def test_the_page_that_is_given_is_the_one_that_is_compared(workspace):
    page = read_candidate(candidate_folder("20004", workspace.settings))
    assert page is not None
    other = page.model_copy(update={"category": "Another"})
    with pytest.raises(PublishError, match="wait for a decision"):
        signer_of(other, workspace, auto_approve_figures=True)
