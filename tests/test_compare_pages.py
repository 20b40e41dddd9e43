"""Which pages are compared: candidates before published ones, and none silently left out."""

import pytest

from pipeline.compare_pages import read_pages
from pipeline.page.ledger import dump_ledger
from pipeline.settings import Settings
from tests.site.pages import page_of, with_text


@pytest.fixture
def settings(tmp_path):
    return Settings(root=tmp_path / "checkout", home=tmp_path / "home")


def put(folder, page):
    folder.mkdir(parents=True)
    (folder / "page.json").write_text(dump_ledger(page))


def test_the_candidate_comes_before_the_published_page(settings):
    put(settings.candidates / "20970", with_text(page_of(), "Another sentence."))
    put(settings.outputs / "20970", page_of())
    put(settings.outputs / "29881", page_of("29881"))
    found = read_pages(settings)
    assert found.pages == [with_text(page_of(), "Another sentence."), page_of("29881")] and not found.damaged


def test_a_damaged_candidate_is_named_and_the_published_page_taken(settings):
    put(settings.candidates / "20970", page_of())
    put(settings.outputs / "20970", page_of())
    damaged = settings.candidates / "20970" / "page.json"
    damaged.write_text("{")
    found = read_pages(settings)
    assert found.pages == [page_of()]
    (said,) = found.damaged
    assert str(damaged) in said


def test_both_damaged_are_both_named(settings):
    for folder in (settings.candidates, settings.outputs):
        put(folder / "20970", page_of())
        (folder / "20970" / "page.json").write_text("[]")
    assert len(read_pages(settings).damaged) == 2 and not read_pages(settings).pages
