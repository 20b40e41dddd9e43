"""Publishing, taking down and rolling back: what is up, what the log says of it, what is refused."""

import hashlib
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from pipeline.errors import PublishError, SourceError, StateError, UsageError
from pipeline.page.ledger import dump_ledger, load_ledger
from pipeline.publishing import Ready, finish_publishing, publish_pages, roll_back, unpublish_pages
from pipeline.review.publish import LOG_NAME, published_now, read_log
from pipeline.site.corrections import read_corrections
from pipeline.store import exclusive_lock
from tests.site.pages import AGAIN, LATER, NOW, files_of, page_of, publish, site_at, with_text

ON = date(2025, 11, 3)


@pytest.fixture
def site(tmp_path):
    return site_at(tmp_path)


def dated(site, code="20970", now=NOW):
    page = page_of(code).model_copy(update={"as_of": ON})
    return publish_pages([Ready(page, dated=True)], site, approve=lambda _: "A. Coder", now=now)


def test_what_goes_out_is_the_approved_page_and_the_log_names_its_bytes(site):
    done = publish(site, page_of())
    (publication,) = done.publications
    folder = site.root / "20970"
    assert load_ledger((folder / "page.json").read_text()) == page_of()
    assert {path.name for path in folder.iterdir()} == set(publication.sha256)
    for name, value in publication.sha256.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == value
    assert read_log(site.root) == [publication]
    assert (publication.kind, publication.reviewer) == ("published", "A. Coder")


def test_a_name_is_needed_and_nothing_happens_without(site):
    with pytest.raises(PublishError, match="reviewer"):
        publish(site, page_of(), by="  ")
    assert files_of(site.root) == {}


def test_a_page_that_nobody_approved_keeps_all_of_the_run_back(site):
    def approve(page):
        if page.hcpcs_code == "29881":
            raise PublishError("changes of 29881 wait for a decision")
        return "A. Coder"

    pages = [Ready(page_of(code)) for code in ("20970", "29881", "27447")]
    with pytest.raises(PublishError, match="changes of 29881 wait for a decision"):
        publish_pages(pages, site, approve=approve, now=NOW)
    assert files_of(site.root) == {}
    done = publish_pages(pages, site, approve=approve, now=NOW, hold_back=True)
    assert [one.name for one in done.publications] == ["20970", "27447"]
    assert done.held == {"29881": "changes of 29881 wait for a decision"}
    assert not (site.root / "29881").exists()


def test_starter_content_takes_the_place_of_no_reviewed_page_nor_is_it_rolled_back_to(site):
    dated(site)
    page = page_of().model_copy(update={"as_of": ON})
    other = with_text(page, "Another sentence.")
    with pytest.raises(PublishError, match="was reviewed"):
        publish_pages([Ready(other, dated=True)], site, approve=lambda _: "", now=LATER, unreviewed=True)
    publish(site, page_of("29881"), by="", unreviewed=True)
    with pytest.raises(PublishError, match="never published as reviewed"):
        roll_back(page_of("29881"), site, reviewer="B", reason="x", now=LATER)


def test_a_damaged_ledger_of_one_page_keeps_no_other_back(site):
    def approve(page):
        if page.hcpcs_code == "29881":
            raise SourceError("29881/page.json is not the ledger that was published")
        return "A"

    pages = [Ready(page_of(code)) for code in ("20970", "29881")]
    assert set(publish_pages(pages, site, approve=approve, now=NOW, hold_back=True).held) == {"29881"}


def test_all_that_keeps_a_run_back_is_named_at_once(site):
    def approve(page):
        raise PublishError(f"changes of {page.hcpcs_code} wait")

    pages = [Ready(page_of(f"29{number}")) for number in range(800, 812)]
    with pytest.raises(PublishError, match=r"29800 wait; .*29804 wait; and 7 more"):
        publish_pages(pages, site, approve=approve, now=NOW)


def test_publishing_the_same_again_changes_no_byte(site):
    publish(site, page_of(), page_of("29881"))
    before = files_of(site.root)
    done = publish(site, page_of(), page_of("29881"), now=LATER, by="B. Coder")
    assert (done.publications, done.unchanged) == ((), ("20970", "29881"))
    assert files_of(site.root) == before


def test_who_signs_for_an_unreviewed_page_publishes_it_again_and_its_mark_goes(site):
    publish(site, page_of(), by="", unreviewed=True)
    for name in ("page.html", "page.md"):
        assert "no person has reviewed" in (site.root / "20970" / name).read_text()
    assert len(publish(site, page_of(), now=LATER).publications) == 1
    assert not any(b"no person has reviewed" in data for data in files_of(site.root).values())


def test_a_damaged_published_ledger_is_mended_by_publishing_again(site):
    publish(site, page_of(), page_of("29881"))
    (site.root / "20970" / "page.json").write_text("{}")
    (site.root / "pages.jsonl").unlink()
    publish(site, with_text(page_of("29881"), "Another sentence."), now=LATER)  # is not kept back
    assert '"20970"' not in (site.root / "pages.jsonl").read_text()
    publish(site, page_of(), now=AGAIN)
    assert '"20970"' in (site.root / "pages.jsonl").read_text()


def test_pages_for_dates_of_service_stay_when_the_current_page_changes(site):
    publish(site, page_of())
    dated(site)
    before = files_of(site.root / "20970" / "as-of" / str(ON))
    assert set(before) == {"page.html", "page.md", "page.json"}
    publish(site, with_text(page_of(), "Another sentence."), now=LATER)
    assert files_of(site.root / "20970" / "as-of" / str(ON)) == before
    assert list(published_now(read_log(site.root))) == ["20970", f"20970/as-of/{ON}"]


def test_links_lead_back_to_the_site_from_any_depth(site):
    publish(site, page_of())
    dated(site)
    assert 'href="../index.html"' in (site.root / "20970" / "page.html").read_text()
    deep = site.root / "20970" / "as-of" / str(ON)
    assert 'href="../../../index.html"' in (deep / "page.html").read_text()
    assert (deep / "../../../index.html").resolve().is_file()


def test_unpublish_takes_all_pages_of_a_code_down_and_says_why(site):
    publish(site, page_of(), page_of("29881"))
    dated(site)
    done = unpublish_pages(["20970"], site, reviewer="B. Coder", reason="wrong figures", now=LATER)
    assert [one.name for one in done] == ["20970", f"20970/as-of/{ON}"]
    assert not (site.root / "20970").exists() and (site.root / "29881").is_dir()
    assert [one.kind for one in read_log(site.root)][-2:] == ["unpublished", "unpublished"]
    assert "20970" not in (site.root / "index.html").read_text()
    assert "wrong figures" in (site.root / "corrections.html").read_text()
    assert "wrong figures" in (site.root / "feed.xml").read_text()


def test_unpublish_one_date_leaves_the_rest(site):
    publish(site, page_of())
    dated(site)
    unpublish_pages(["20970"], site, reviewer="B", reason="old", now=LATER, as_of=ON)
    assert list(published_now(read_log(site.root))) == ["20970"]
    assert not (site.root / "20970" / "as-of").exists() and (site.root / "20970" / "page.html").is_file()


@pytest.mark.parametrize(
    ("codes", "given", "error"),
    [
        (["29881"], {"reviewer": "B", "reason": "why"}, UsageError),
        (["20970", "29881"], {"reviewer": "B", "reason": "why"}, UsageError),
        (["20970"], {"reviewer": "", "reason": "why"}, PublishError),
        (["20970"], {"reviewer": "B", "reason": " "}, PublishError),
    ],
)
def test_unpublish_refuses_and_then_nothing_has_changed(site, codes, given, error):
    publish(site, page_of())
    before = files_of(site.root)
    with pytest.raises(error):
        unpublish_pages(codes, site, now=LATER, **given)
    assert files_of(site.root) == before


def test_roll_back_brings_the_very_bytes_back(site):
    publish(site, page_of())
    first = files_of(site.root / "20970")
    publish(site, with_text(page_of(), "A sentence that was wrong."), now=LATER)
    revision = load_ledger(first["page.json"].decode())
    roll_back(revision, site, reviewer="B. Coder", reason="the figure was misread", now=AGAIN)
    assert files_of(site.root / "20970") == first
    assert [one.kind for one in read_log(site.root)] == ["published", "published", "rolled_back"]
    last = read_corrections(site.root)[-1]
    assert last.said == "A sentence that was wrong." and last.reason.endswith("the figure was misread")


def test_only_what_was_published_is_rolled_back_to(site):
    publish(site, page_of())
    never = with_text(page_of(), "Never approved.")
    with pytest.raises(PublishError, match="never published"):
        roll_back(never, site, reviewer="B", reason="why", now=LATER)
    with pytest.raises(PublishError, match="reason"):
        roll_back(page_of(), site, reviewer="B", reason="", now=LATER)
    assert (site.root / "20970" / "page.json").read_text() == dump_ledger(page_of())


def test_lines_of_an_older_log_stay_readable_and_are_kept(site):
    publish(site, page_of())
    old = (
        '{"hcpcs_code":"29881","sha256":{"page.json":"0"},"fingerprint":"f","reviewer":"Z",'
        '"published_at":"2026-01-01T00:00:00Z"}\n'
    )
    log = site.root / LOG_NAME
    log.write_text(old + log.read_text())
    publish(site, with_text(page_of(), "Another sentence."), now=LATER)
    assert log.read_text().startswith(old)
    assert [one.kind for one in read_log(site.root)] == ["published"] * 3


def test_a_second_publisher_is_told_to_wait(site):
    publish(site, page_of())
    with exclusive_lock(site.lock, what="x"), pytest.raises(StateError, match="publishing"):
        publish(site, page_of())


def test_a_full_disk_is_one_clear_sentence_and_changes_nothing(site, monkeypatch):
    publish(site, page_of())
    before = files_of(site.root)

    def full(self, data):
        raise OSError(28, "No space left on device", str(self))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        with pytest.raises(StateError, match="No space left on device"):
            publish(site, with_text(page_of(), "Another sentence."), now=LATER)
    assert files_of(site.root) == before


PROCESS = """
import sys
from pathlib import Path
from tests.site.pages import page_of, publish, site_at
site = site_at(Path(sys.argv[1])).model_copy(update={"wait_s": 60})
for code in sys.argv[2:]:
    publish(site, page_of(code), by=code)
"""


def test_processes_publishing_at_once_lose_nothing(site, tmp_path):
    codes = [["20970", "20955"], ["29881", "29880"], ["27447", "27130"]]
    running = [
        subprocess.Popen([sys.executable, "-c", PROCESS, str(tmp_path), *some], cwd=Path(__file__).parents[1])
        for some in codes
    ]
    assert [process.wait(timeout=100) for process in running] == [0, 0, 0]
    names = sorted(code for some in codes for code in some)
    assert sorted(one.reviewer for one in read_log(site.root)) == names
    assert list(published_now(read_log(site.root))) == names
    index = (site.root / "index.html").read_text()
    assert all(f'href="{name}/page.html"' in index for name in names)


def test_finishing_without_a_site_does_nothing(site):
    finish_publishing(site)
    assert files_of(site.root) == {}
