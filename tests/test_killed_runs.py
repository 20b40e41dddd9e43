"""Making a page and taking decisions, killed at every change of the disk: nothing lost, and the next run ends it."""

import shutil
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

import pipeline.regenerate
import pipeline.reviewing
from pipeline.changes.revisions import revisions_of
from pipeline.data import DecisionKind
from pipeline.page.files import PAGE_FILES
from pipeline.page.layout import statements_of
from pipeline.regenerate import candidate_folder, read_candidate, read_rendered_candidate
from pipeline.review.log import read_decisions
from pipeline.reviewing import export_review, import_review
from pipeline.run import Drafter
from pipeline.settings import Settings, read_settings
from pipeline.stale import page_states
from pipeline.workspace import Workspace
from tests.killing import Death, Killed
from tests.making import ON, make_pages

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CODE = "29881"
SUBJECT = "note:knee-29876-with-this-arthroscopy#documentation/0"
MOST_STEPS = 200


@pytest.fixture(autouse=True)
def _apart(tmp_path, monkeypatch):
    monkeypatch.setattr(Settings, "outputs", property(lambda self: tmp_path / "outputs"))


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A state folder with a candidate."""
    home = tmp_path_factory.mktemp("first")
    make(home)
    return home


@cache
def workspace():
    return Workspace(Settings(root=read_settings().root, home=Path("nowhere")))


def workspace_in(home):
    """What is loaded is the same in all of them, so it is loaded once."""
    held = workspace()
    held.settings = Settings(root=read_settings().root, home=home)
    return held


def make(home):
    return make_pages(workspace_in(home), [CODE])


def files(home):
    return {name: (folder_of(home) / name).read_bytes() for name in PAGE_FILES}


def folder_of(home):
    return candidate_folder(CODE, Settings(root=home, home=home))


def state(home):
    (found,) = page_states([CODE], workspace=workspace_in(home), as_of=ON, dated=False, drafter=Drafter())
    return found.state


def each_step(first, tmp_path, patch, run):
    """Copies of the first state folder, each with a run that was killed one step later, until one gets to its end."""
    for step in range(MOST_STEPS):
        home = tmp_path / f"killed-{step}"
        shutil.copytree(first, home)
        with patch.context() as inner:
            death = Death(inner, step)
            with suppress(Killed):
                run(home)
        yield home
        if not death.dead:
            assert step > 10
            return
        shutil.rmtree(home)
    pytest.fail("it never got to its end")


def made_once(monkeypatch):
    """Pages that are made once for each site name: what is killed here is the storing, not the making."""
    real, kept = pipeline.regenerate.build_page, {}

    def build(inputs, *, workspace, **more):
        key = workspace.site_name
        if key not in kept:
            kept[key] = real(inputs, workspace=workspace, **more)
        return kept[key]

    monkeypatch.setattr(pipeline.regenerate, "build_page", build)


def test_a_page_that_was_being_made_is_old_or_made_anew(first, tmp_path, monkeypatch):
    made_once(monkeypatch)
    monkeypatch.setattr(Workspace, "site_name", "Another name")
    whole = tmp_path / "whole"
    shutil.copytree(first, whole)
    make(whole)
    old, new = files(first), files(whole)
    assert all(old[name] != new[name] for name in ("page.html", "page.json"))
    monkeypatch.setattr(pipeline.regenerate, "open_search", lambda *_, **__: nullcontext())
    ended = set()
    for home in each_step(first, tmp_path, monkeypatch, make):
        found = files(home)
        assert all(found[name] in (old[name], new[name]) for name in PAGE_FILES)
        assert (state(home) == "current") is (found == new)
        ended.add(state(home))
        make(home)
        assert files(home) == new and state(home) == "current"
        assert revisions_of(home / "revisions", CODE) == revisions_of(whole / "revisions", CODE)
    assert ended == {"stale", "unknown", "current"}


def test_decisions_that_were_being_taken_are_there_or_taken_again(first, tmp_path, monkeypatch):
    real, kept = pipeline.reviewing.amend_page, {}

    def amend(page, amendments, **more):
        key = (page.fingerprint, *amendments)
        if key not in kept:
            kept[key] = real(page, amendments, **more)
        return kept[key]

    monkeypatch.setattr(pipeline.reviewing, "amend_page", amend)
    (claim,) = [c for s in statements_of(page_of(first)) for c in s.claims if c.subject == SUBJECT]
    better = claim.text.replace("If ", "When ", 1)
    decisions = export_review([CODE], workspace_in(first), tmp_path / "review").decisions
    assert decisions is not None
    head, mark, rest = decisions.read_text().partition(f", {claim.id}\n")
    rest = rest.replace('decision = ""', 'decision = "amend"', 1).replace(
        'text = ""', f'text = "{better}"', 1
    )
    rest = rest.replace('reason = ""', 'reason = "clearer"', 1).replace(
        'decision = ""', 'decision = "accept"'
    )
    text = head + mark + rest

    def take(home):
        import_review(text, workspace_in(home), name="decisions.toml", reviewer="A. Coder", now=NOW)

    whole = tmp_path / "whole"
    shutil.copytree(first, whole)
    take(whole)
    old, new = files(first), files(whole)
    log = read_decisions(whole / "reviews", CODE)
    assert len(log) > 5 and old["page.json"] != new["page.json"]
    mended, unapplied = set(), []
    for home in each_step(first, tmp_path, monkeypatch, take):
        assert read_decisions(home / "reviews", CODE) in ([], log)
        found = files(home)
        assert all(found[name] in (old[name], new[name]) for name in PAGE_FILES)
        settled = found in (old, new)
        assert settled or state(home) == "unknown"  # so that a run makes it anew
        if settled:
            read_rendered_candidate(
                page_of(home), candidate_folder(CODE, Settings(root=home, home=home)), site_name="Briefwright"
            )
        mended.add(settled)
        if read_decisions(home / "reviews", CODE) and found == old:
            assert state(home) == "stale"  # what was amended is an input
            unapplied.append(home)
        take(home)
        assert files(home) == new and state(home) == "current"
        assert read_decisions(home / "reviews", CODE) == log
        assert [one.decision for one in log].count(DecisionKind.AMEND) == 1
    assert mended == {True, False} and unapplied


def page_of(home):
    page = read_candidate(folder_of(home))
    assert page is not None
    return page
