"""A publication that is killed at any of its steps: what stands then, and after the next run."""

import hashlib
import shutil
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest

from pipeline.errors import StateError
from pipeline.publishing import Ready, finish_publishing, publish_pages, unpublish_pages
from pipeline.review.publish import LOG_NAME, published_now, read_log
from pipeline.review.swap import WORK_NAME
from pipeline.site.build import build_site
from pipeline.site.corrections import CORRECTIONS_LOG
from tests.killing import Death, Killed
from tests.site.pages import LATER, NOW, files_of, page_of, publish, site_at, with_text

ON = date(2025, 11, 3)


def begin(site):
    """Two current pages, and one for a date of service."""
    publish(site, page_of(), page_of("29881"))
    dated = page_of().model_copy(update={"as_of": ON})
    publish_pages([Ready(dated, dated=True)], site, approve=lambda _: "A", now=NOW)


def new_pages(site):
    pages = [with_text(page_of(code), "Another sentence.") for code in ("20970", "29881")]
    publish(site, *pages, now=LATER)


def take_down(site):
    unpublish_pages(["20970"], site, reviewer="B", reason="why", now=LATER)


def folders(root: Path) -> dict[str, dict[str, str]]:
    """The hashes of the page files that are up, by folder."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted(root.rglob("page.*")):
        if WORK_NAME not in path.parts and not path.name.startswith("."):
            name = path.parent.relative_to(root).as_posix()
            found.setdefault(name, {})[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


@pytest.mark.parametrize("change", [new_pages, take_down])
def test_killed_at_every_step_nothing_is_half_published_and_no_line_is_lost(tmp_path, monkeypatch, change):
    first = site_at(tmp_path / "first")
    begin(first)
    old, old_files = folders(first.root), files_of(first.root)
    whole = site_at(tmp_path / "whole")
    shutil.copytree(first.root, whole.root)
    change(whole)
    new, new_files = folders(whole.root), files_of(whole.root)
    ended = set()
    for step in range(400):
        site = site_at(tmp_path / str(step))
        shutil.copytree(first.root, site.root)
        with monkeypatch.context() as patch:
            death = Death(patch, step)
            with suppress(Killed):
                change(site)
        for name, files in folders(site.root).items():  # never a mixture of two publications
            assert files in (old.get(name), new.get(name)), (step, name)
        for log in (LOG_NAME, CORRECTIONS_LOG):
            held = (site.root / log).read_bytes()
            assert held in (old_files[log], new_files[log]), (step, log)
        finish_publishing(site)
        after = files_of(site.root)
        assert after in (old_files, new_files), step
        up = published_now(read_log(site.root))
        assert {name: one.sha256 for name, one in up.items()} == folders(site.root)
        ended.add(after == new_files)
        if not death.dead:
            break
        shutil.rmtree(site.root)
    else:
        pytest.fail("it never got to its end")
    assert ended == {False, True}
    assert step > 20


def test_a_killed_publication_done_again_is_published_once(tmp_path, monkeypatch):
    first = site_at(tmp_path / "first")
    begin(first)
    for step in range(0, 400, 3):
        site = site_at(tmp_path / str(step))
        shutil.copytree(first.root, site.root)
        with monkeypatch.context() as patch:
            death = Death(patch, step)
            with suppress(Killed):
                new_pages(site)
        new_pages(site)
        assert [one.published_at for one in read_log(site.root)].count(LATER) == 2, step
        built = files_of(site.root)
        build_site(site.root, site_name=site.name)
        assert files_of(site.root) == built
        if not death.dead:
            return
    pytest.fail("it never got to its end")


def test_a_disk_that_fills_after_the_decision_says_that_it_will_be_finished(tmp_path, monkeypatch):
    site = site_at(tmp_path)
    begin(site)
    real = Path.rename

    def full(self, target):
        if WORK_NAME in self.parts and "new" in self.parts:
            raise OSError(28, "No space left on device", str(self))
        return real(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", full)
        with pytest.raises(StateError, match=r"No space left.*next `briefwright publish` finishes it"):
            new_pages(site)
    finish_publishing(site)
    up = published_now(read_log(site.root))
    assert {name: one.sha256 for name, one in up.items()} == folders(site.root)
    assert up["20970"].published_at == LATER
