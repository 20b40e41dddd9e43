"""`publish`, `unpublish` and `status` as a person runs them, in a project of their own."""

import json
from datetime import date

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import BriefwrightError, PublishError
from pipeline.regenerate import candidate_folder, store_candidate
from pipeline.settings import Settings, read_settings
from pipeline.workspace import Workspace
from tests.site.pages import files_of, page_of, with_text

ON = date(2026, 1, 15)


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """A project with the repository's sources and prompts, and outputs of its own."""
    ours = read_settings().root
    root = tmp_path / "project"
    root.mkdir()
    for name in ("sources", "prompts"):
        (root / name).symlink_to(ours / name)
    settings = Settings(root=root, home=tmp_path / "home")
    monkeypatch.setattr("pipeline.settings.read_settings", lambda: settings)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795521600")  # 2026-11-24
    return settings


def run(*arguments):
    """What the command printed; its error is raised."""
    done = CliRunner().invoke(app, [*arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def candidate(settings, page, as_of=None):
    folder = candidate_folder(page.hcpcs_code, settings, as_of=as_of)
    dated = as_of is not None
    return store_candidate(page, folder, Workspace(settings), parts={}, today=ON, dated=dated)


def accept_all(folder, decision="accept"):
    """Every change of the candidate of 20970, decided by A. Coder."""
    run("review", "export", "20970", "--to", str(folder))
    decisions = folder / "decisions.toml"
    reason = 'reason = "seen"'
    text = decisions.read_text().replace('decision = ""', f'decision = "{decision}"')
    decisions.write_text(text.replace('reason = ""', reason))
    run("review", "import", str(decisions), "--reviewer", "A. Coder")


def test_a_page_that_is_out_changes_only_by_decisions(settings, tmp_path):
    candidate(settings, page_of())
    run("publish", "20970", "--reviewer", "A. Coder")
    before = files_of(settings.outputs)
    candidate(settings, with_text(page_of(), "Another sentence."))
    with pytest.raises(PublishError, match="1 of 1 changes of 20970 wait"):
        run("publish", "20970", "--reviewer", "A. Coder")
    with pytest.raises(PublishError, match="wait for a decision"):  # words are no figures
        run("publish", "20970", "--reviewer", "A. Coder", "--auto-approve", "figures")
    accept_all(tmp_path / "rejected", "reject")
    with pytest.raises(PublishError, match="was rejected"):
        run("publish", "20970", "--reviewer", "A. Coder")
    assert files_of(settings.outputs) == before
    accept_all(tmp_path / "accepted")
    assert "published 20970" in run("publish", "20970", "--reviewer", "A. Coder")


def test_from_candidate_to_site_and_down_again(settings, tmp_path):
    candidate(settings, page_of())
    candidate(settings, page_of(), as_of=ON)
    assert "candidate only: 20970, 20970 (2026-01-15)" in run("status")
    assert "approved by A. Coder" in run("publish", "20970", "--reviewer", "A. Coder")
    assert "20970/as-of/2026-01-15" in run("publish", "20970", "--as-of", str(ON), "--reviewer", "A. Coder")
    assert "unchanged" in run("publish", "20970", "--reviewer", "A. Coder")
    assert "next review due: 20970 on 2027-11-24" in run("status")
    candidate(settings, with_text(page_of(), "Another sentence."))
    assert "the candidate differs: 20970" in run("status")
    accept_all(tmp_path / "review")
    run("publish", "20970", "--reviewer", "A. Coder", "--to", str(tmp_path / "www"))
    assert files_of(tmp_path / "www") == files_of(settings.outputs)
    down = run("unpublish", "20970", "--reviewer", "B", "--reason", "wrong")
    assert down.splitlines() == ["took down 20970: wrong", "took down 20970/as-of/2026-01-15: wrong"]
    run("publish", "--to", str(tmp_path / "www"))
    assert files_of(tmp_path / "www") == files_of(settings.outputs)


def test_status_for_machines(settings):
    candidate(settings, page_of())
    run("publish", "20970", "--unreviewed")
    lines = [json.loads(line) for line in run("status", "--json").splitlines()]
    assert lines[0]["hcpcs_code"] == "20970" and lines[0]["state"] == "published"
    assert lines[-1]["counts"]["unreviewed"] == 1 and lines[-1]["spent"]["replies"] == 0


def test_a_candidate_that_was_edited_is_not_published(settings):
    path = candidate(settings, page_of())
    path.write_text(path.read_text() + "<p>One more sentence.</p>")
    with pytest.raises(BriefwrightError, match="not what its ledger says"):
        run("publish", "20970", "--reviewer", "A. Coder")
    assert not settings.outputs.exists() or not files_of(settings.outputs)


def test_one_missing_candidate_keeps_all_back(settings):
    candidate(settings, page_of())
    with pytest.raises(BriefwrightError, match="no candidate of 29881"):
        run("publish", "20970", "29881", "--reviewer", "A. Coder")
    assert not files_of(settings.outputs)


def test_all_that_changed_without_naming_it(settings, tmp_path):
    for code in ("20970", "29881"):
        candidate(settings, page_of(code))
    run("publish", "--changed", "--reviewer", "A. Coder")
    assert run("publish", "--changed", "--reviewer", "A. Coder").startswith("nothing to publish")
    candidate(settings, with_text(page_of(), "Another sentence."))
    said = run("review", "export", "--to", str(tmp_path / "review"))
    assert "redline-20970.html" in said and "1 unchanged, nothing to decide: 29881" in said
    with pytest.raises(BriefwrightError, match=r"^1 of 1 changes of 20970 wait"):
        run("publish", "--changed", "--range", "20000-29999", "--reviewer", "A. Coder")
    with pytest.raises(BriefwrightError, match="no candidate among these"):
        run("publish", "--changed", "--range", "27400-27499", "--reviewer", "A. Coder")


def test_roll_back_is_one_command(settings, tmp_path):
    first, second = page_of(), with_text(page_of(), "Another sentence.")
    for page in (first, second):
        candidate(settings, page)
    candidate(settings, first)
    run("publish", "20970", "--reviewer", "A. Coder")
    ledger = (settings.outputs / "20970" / "page.json").read_text()
    candidate(settings, second)
    accept_all(tmp_path / "review")
    run("publish", "20970", "--reviewer", "A. Coder")
    said = run("publish", "20970", "--revision", "1", "--reviewer", "B", "--reason", "the old one was right")
    assert said.startswith("rolled back 20970")
    assert (settings.outputs / "20970" / "page.json").read_text() == ledger
    with pytest.raises(BriefwrightError, match="names no revision"):
        run("publish", "20970", "--revision", "9", "--reviewer", "B", "--reason", "x")


@pytest.mark.parametrize(
    "arguments",
    [
        ("publish", "20970", "--revision", "x", "--reviewer", "A", "--unreviewed"),
        ("publish", "20970"),
        ("publish", "--to", "{outputs}/www"),
        ("publish", "--to", "{outputs}/.."),
        ("publish", "--changed", "--as-of", "2026-01-15", "--reviewer", "A"),
        ("publish", "--to", "{home}/www"),
        ("unpublish", "20970", "--reviewer", "A", "--reason", "x"),
    ],
)
def test_what_makes_no_sense_is_refused(settings, arguments):
    candidate(settings, page_of())
    places = {"outputs": settings.outputs, "home": settings.home}
    with pytest.raises(BriefwrightError):
        run(*(argument.format(**places) for argument in arguments))
    assert not files_of(settings.outputs)
