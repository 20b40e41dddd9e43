import json
from datetime import UTC, datetime

import pytest

from pipeline.errors import PublishError, StateError
from pipeline.review.publish import LOG_NAME, PAGE_FILES, publish_page
from pipeline.store import exclusive_lock

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def folders(tmp_path):
    candidates, outputs = tmp_path / "candidates", tmp_path / "outputs"
    (candidates / "20970").mkdir(parents=True)
    for name in PAGE_FILES:
        (candidates / "20970" / name).write_text(f"first {name}")
    return candidates, outputs


def publish(folders, reviewer="A. Coder", code="20970"):
    candidates, outputs = folders
    contents = {name: (candidates / code / name).read_bytes() for name in PAGE_FILES}
    return publish_page(
        code,
        fingerprint="f",
        contents=contents,
        outputs=outputs,
        lock=outputs.with_name("publish.lock"),
        reviewer=reviewer,
        now=NOW,
    )


def test_what_goes_out_is_exactly_the_candidate_and_is_logged(folders):
    candidates, outputs = folders
    publish(folders)
    for name in PAGE_FILES:
        assert (outputs / "20970" / name).read_bytes() == (candidates / "20970" / name).read_bytes()
    (candidates / "20970" / "page.md").write_text("second")
    publish(folders, reviewer="B. Coder")
    assert (outputs / "20970" / "page.md").read_text() == "second"
    lines = [json.loads(line) for line in (outputs / LOG_NAME).read_text().splitlines()]
    assert [line["reviewer"] for line in lines] == ["A. Coder", "B. Coder"]
    assert not list(outputs.glob(".20970*"))


def test_no_name_no_publication(folders):
    with pytest.raises(PublishError, match="reviewer"):
        publish(folders, reviewer="  ")
    assert not (folders[1] / "20970").exists()


def test_an_interrupted_swap_is_put_right(folders):
    publish(folders)
    outputs = folders[1]
    (outputs / "20970").rename(outputs / ".20970.old")
    (folders[0] / "20970" / "page.md").write_text("third")
    publish(folders)
    assert (outputs / "20970" / "page.md").read_text() == "third"
    assert not list(outputs.glob(".20970*"))


def test_a_second_publisher_is_told_to_wait(folders):
    publish(folders)
    with (
        exclusive_lock(folders[1].with_name("publish.lock"), what="x"),
        pytest.raises(StateError, match="publishing"),
    ):
        publish(folders)
