"""Where the pages stand, in every state; what it cost."""

import json
from datetime import date
from decimal import Decimal

import pytest

from pipeline.errors import SourceError
from pipeline.llm import load_prices
from pipeline.page.ledger import dump_ledger
from pipeline.publishing import Ready, finish_publishing, publish_pages
from pipeline.status import site_status, spent_so_far
from tests.site.pages import NOW, page_of, publish, site_at, with_text

TODAY = date(2026, 3, 20)


@pytest.fixture
def site(tmp_path):
    return site_at(tmp_path)


def candidate(site, page, name=""):
    folder = site.root.with_name("candidates") / (name or page.hcpcs_code)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "page.json").write_text(dump_ledger(page))


def status(site, *, loaded=(), today=TODAY, every=0, gone=()):
    found = site_status(
        site.root,
        site.root.with_name("candidates"),
        loaded=lambda code: loaded,
        stands=lambda code, on: code not in gone,
        today=today,
        review_every_days=every,
    )
    return found, {page.hcpcs_code: page for page in found.pages if page.as_of is None}


def test_each_state(site):
    publish(site, page_of("20970"), page_of("29881"), page_of("29880"), page_of("27447"))
    candidate(site, page_of("20970"))
    candidate(site, with_text(page_of("29881"), "Another sentence."))
    candidate(site, page_of("27130"))
    (site.root / "27447" / "page.json").unlink()
    found, pages = status(site)
    assert {code: page.state for code, page in pages.items()} == {
        "20970": "published",
        "29881": "changed",
        "29880": "published",
        "27447": "damaged",
        "27130": "candidate",
    }
    assert found.counts()["published"] == 2 and not found.interrupted


@pytest.mark.parametrize("file", ["page.html", "page.md", "page.json"])
def test_a_file_that_was_edited_since_is_told_and_goes_nowhere(site, tmp_path, file):
    publish(site, page_of("20970"))
    path = site.root / "20970" / file
    path.write_bytes(path.read_bytes().replace(b"20970", b"20971", 1))
    _, pages = status(site)
    assert pages["20970"].state == "damaged"
    with pytest.raises(SourceError, match="is not the file that was published"):
        finish_publishing(site, to=tmp_path / "www")


def test_a_page_of_a_code_that_was_deleted_is_told(site):
    publish(site, page_of("20970"), page_of("29881"))
    candidate(site, page_of("27130"))
    found, pages = status(site, gone=("29881", "27130"))
    assert {code for code, page in pages.items() if page.gone} == {"29881"}
    assert found.counts()["gone"] == 1


def test_a_candidate_of_the_same_length_but_other_words_differs(site):
    publish(site, page_of())
    text = dump_ledger(page_of()).replace('"fingerprint": "', '"fingerprint": "0', 1)
    folder = site.root.with_name("candidates") / "20970"
    folder.mkdir(parents=True)
    (folder / "page.json").write_text(text[: len(dump_ledger(page_of()))])
    assert status(site)[1]["20970"].state == "changed"


@pytest.mark.parametrize(
    ("loaded", "stale"),
    [
        ((), ()),
        (("RVU26A", "RVU25D"), ()),
        (("RVU26AR", "OPPS-2026-01"), (("RVU26A", "RVU26AR"),)),
        (("RVU26B",), ()),  # not in force before April
        (("MUE-2026Q1",), ()),  # the page draws from none of that family
        (("RVU26B-QPP",), ()),
    ],
)
def test_a_page_is_stale_by_a_newer_release_that_is_loaded_and_in_force(site, loaded, stale):
    publish(site, page_of())
    assert status(site, loaded=loaded)[1]["20970"].stale_by == stale


def test_a_page_for_a_past_date_is_not_stale_by_what_came_later(site):
    page = page_of().model_copy(update={"as_of": date(2026, 2, 1)})
    publish_pages([Ready(page, dated=True)], site, approve=lambda _: "A", now=NOW)
    found, _ = status(site, loaded=("RVU26B",), today=date(2026, 5, 1))
    (one,) = found.pages
    assert (one.as_of, one.stale_by, one.superseded) == (date(2026, 2, 1), (), ())
    assert status(site, loaded=("RVU26AR",))[0].pages[0].stale_by == (("RVU26A", "RVU26AR"),)


def test_superseded_by_the_calendar_alone(site):
    publish(site, page_of())
    assert status(site)[1]["20970"].superseded == ()
    later = status(site, today=date(2026, 4, 1))[1]["20970"].superseded
    assert ("RVU26A", "RVU26B") in later


def test_review_is_due_so_many_days_after_publication(site):
    publish(site, page_of())
    assert status(site)[1]["20970"].review_due is None
    found, pages = status(site, every=30)
    assert pages["20970"].review_due == date(2026, 3, 31)
    assert found.next_review == pages["20970"]


def test_without_anything_there_is_nothing(site):
    assert status(site)[0].pages == ()


def test_cost_of_the_replies_kept(tmp_path):
    def reply(name, model, tokens):
        usage = {"input_tokens": tokens, "cached_input_tokens": 0, "output_tokens": tokens}
        entry = {"request": {"model": model}, "reply": {"usage": usage}}
        (tmp_path / f"{name}.json").write_text(json.dumps(entry))

    prices = tmp_path / "prices.toml"
    prices.write_text(PRICES)
    reply("a", "openai:tiny", 1_000_000)
    reply("b", "openai:unheard-of", 10)
    (tmp_path / "c.json").write_text("{")
    spent = spent_so_far(tmp_path, load_prices(prices))
    assert (spent.replies, spent.unpriced, spent.known_cost) == (2, 1, Decimal("3.75"))
    assert spent_so_far(tmp_path / "none", {}).replies == 0


PRICES = """
[model."openai:tiny"]
input = 1.25
cached_input = 0.5
output = 2.5
source = "invented"
read_on = 2026-01-01
"""
