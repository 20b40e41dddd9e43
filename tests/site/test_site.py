"""The files of the site: what index, feed, corrections and catalogue say, and that they follow from log and ledgers."""

import json
import re
from datetime import UTC, date, datetime
from xml.etree import ElementTree as xml

import pytest
from lxml import html

from pipeline.page.ledger import SCHEMA_ID, ledger_schema
from pipeline.publishing import unpublish_pages
from pipeline.review.publish import published_now, read_log
from pipeline.site.build import build_site, copy_site
from pipeline.site.cards import Card, cards_of, read_catalogue
from pipeline.site.corrections import read_corrections
from pipeline.site.render import SHOWN_CORRECTIONS, index_parts, render_corrections
from tests.site.pages import (
    AGAIN,
    LATER,
    files_of,
    first_statement,
    page_of,
    publish,
    site_at,
    with_claim,
    with_text,
    without_first,
)

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def site(tmp_path):
    return site_at(tmp_path)


def card(code, *, category="Arthroscopy", region="knee", releases=()):
    return Card(
        name=code,
        sha256="0",
        hcpcs_code=code,
        as_of=date(2026, 1, 15),
        category=category,
        region=region,
        about="Looks into a joint." if category else "",
        claims=1,
        gaps=0,
        releases=releases,
        verified_on=date(2026, 1, 15),
    )


def test_everything_follows_from_the_logs_and_ledgers_byte_for_byte(site):
    publish(site, page_of(), page_of("29881"))
    publish(site, with_text(page_of(), "Another sentence."), now=LATER)
    before = files_of(site.root)
    for name in ("pages.jsonl", "index.html", "feed.xml", "corrections.html", "ledger.schema.json"):
        (site.root / name).unlink()
    build_site(site.root, site_name=site.name)
    assert files_of(site.root) == before


def test_only_what_changed_is_written_again(site):
    publish(site, page_of(), page_of("29881"))
    kept = [site.root / "ledger.schema.json", site.root / "29881" / "page.json"]
    times = [path.stat().st_mtime_ns for path in kept]
    publish(site, with_text(page_of(), "Another sentence."), now=LATER)
    assert [path.stat().st_mtime_ns for path in kept] == times


def test_the_index_lists_each_page_without_a_script_and_links_relatively(site):
    publish(site, page_of(), page_of("29881"), by="", unreviewed=True)
    tree = html.fromstring((site.root / "index.html").read_text())
    links = tree.xpath("//a/@href")
    assert "20970/page.html" in links and "29881/page.html" in links
    assert all((site.root / link).is_file() for link in links if not link.startswith("#"))
    assert [item.get("hidden") for item in tree.find_class("entry")] == [None, None]
    assert tree.find_class("search")[0].get("hidden") is not None  # shown by the script that makes it work
    assert len([mark for mark in tree.find_class("badge") if mark.text == "not reviewed"]) == 2
    assert "Moving a living iliac crest graft" in tree.text_content()


def test_text_of_a_page_is_no_markup_in_the_index_or_the_corrections(site):
    hostile = '</script><script>alert("x")</script><b>'
    page = with_text(page_of(), hostile)
    assert page.summary is not None
    summary = page.summary.model_copy(update={"text": hostile})
    page = page.model_copy(update={"summary": summary, "region": hostile})
    publish(site, page)
    publish(site, page_of(), now=LATER)
    publish(site, page, now=AGAIN)
    for name in ("index.html", "corrections.html"):
        text = (site.root / name).read_text()
        assert "<script>alert" not in text and "&lt;script&gt;alert" in text
    assert "<script>" not in (site.root / "feed.xml").read_text()


def test_parts_are_regions_then_any_site_then_what_is_not_classified():
    cards = [
        card("20600", region="any site"),
        card("29881"),
        card("99202", category="", region=""),
        card("27130", region="hip", category="Joint replacement"),
        card("29870"),
    ]
    from tests.site.pages import NOW

    published = published_now([_publication(one.hcpcs_code, NOW) for one in cards])
    parts = index_parts(cards, published, date(2026, 1, 15))
    assert [(part.heading, part.count) for part in parts] == [
        ("Hip", 1),
        ("Knee", 2),
        ("Any site", 1),
        ("Not classified", 1),
    ]
    assert [entry.card.hcpcs_code for entry in parts[1].groups[0].entries] == ["29870", "29881"]
    assert parts[3].groups[0].heading == "99000 to 99999"


def _publication(code, at):
    from pipeline.review.publish import Publication

    return Publication(
        hcpcs_code=code, sha256={"page.json": "0"}, fingerprint="f", reviewer="A", published_at=at
    )


def test_a_page_is_marked_from_the_day_that_a_newer_release_is_due():
    one = card("29881", releases=("MUE-2026Q4", "RVU26A"))
    assert one.current_until == date(2026, 3, 31)
    assert one.superseded(date(2026, 3, 31)) == ()
    assert one.superseded(date(2026, 4, 1)) == (("RVU26A", "RVU26B"),)


def test_the_feed_is_atom_with_ids_that_stay(site):
    publish(site, page_of(), page_of("29881"))
    first = xml.fromstring((site.root / "feed.xml").read_bytes())
    publish(site, with_text(page_of(), "Another sentence."), now=LATER)
    unpublish_pages(["29881"], site, reviewer="B", reason="wrong", now=AGAIN)
    feed = xml.fromstring((site.root / "feed.xml").read_bytes())
    for tag in ("title", "id", "updated", "author"):
        assert feed.find(ATOM + tag) is not None
    entries = feed.findall(ATOM + "entry")
    ids = [entry.findtext(ATOM + "id") for entry in entries]
    assert len(set(ids)) == 4 and all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", one or "") for one in ids)
    assert [entry.findtext(ATOM + "id") for entry in first.findall(ATOM + "entry")] == ids[2:]
    assert feed.findtext(ATOM + "id") == first.findtext(ATOM + "id")
    assert feed.findtext(ATOM + "updated") == entries[0].findtext(ATOM + "updated") == AGAIN.isoformat()
    for entry in entries:
        assert datetime.fromisoformat(entry.findtext(ATOM + "updated") or "").tzinfo == UTC
        link = entry.find(ATOM + "link")
        assert link is not None and (site.root / link.get("href", "")).is_file()
        assert entry.findtext(ATOM + "title") and entry.findtext(ATOM + "summary")
    assert "Another sentence." in (entries[1].findtext(ATOM + "summary") or "")


def test_corrections_say_what_was_said_what_is_said_when_and_why(site):
    said = first_statement(page_of()).claims[0].text
    publish(site, page_of())
    publish(site, with_text(page_of(), "Another sentence."), now=LATER)
    (one,) = read_corrections(site.root)
    assert (one.kind, one.said, one.says, one.published_at) == ("changed", said, "Another sentence.", LATER)
    assert one.reason == "reworded, on the same evidence"
    publish(site, without_first(page_of()), now=AGAIN)
    gone = read_corrections(site.root)[1]
    assert (gone.kind, gone.said, gone.says, gone.published_at) == (
        "withdrawn",
        "Another sentence.",
        "",
        AGAIN,
    )
    tree = html.fromstring((site.root / "corrections.html").read_text())
    assert [node.text_content() for node in tree.iter("del")] == [
        "Another sentence.",
        "Name the donor bone and the side.",  # the item of the checklist that derived from it
        said,
    ]
    assert [node.text_content() for node in tree.iter("ins")] == ["Another sentence."]


def test_a_new_release_is_named_as_the_reason(site):
    old = page_of()
    text = old.model_dump_json().replace("RVU26A", "RVU26B").replace("43.47", "44.02")
    publish(site, old)
    publish(site, type(old).model_validate_json(text), now=LATER)
    found = {one.said: one for one in read_corrections(site.root)}
    assert found["Work is 43.47 RVUs."].says == "Work is 44.02 RVUs."
    assert found["Work is 43.47 RVUs."].reason == "release RVU26A → RVU26B"


def test_a_claim_whose_id_changed_is_known_by_its_section_and_subject(site):
    subject = first_statement(page_of()).claims[0].subject
    publish(site, with_claim(page_of(), name="c_one", subject=subject))
    publish(site, with_claim(page_of(), name="c_other", subject=subject), now=LATER)
    assert read_corrections(site.root) == []


def test_the_same_sentence_by_a_newer_release_corrects_nothing(site):
    one, other = "It has 2.90 malpractice RVUs (RVU24B).", "It has 2.90 malpractice RVUs (RVU24C)."
    publish(site, with_text(page_of(), one))
    publish(site, with_text(page_of(), other), now=LATER)
    assert read_corrections(site.root) == []
    publish(site, with_text(page_of(), other.replace("2.90", "2.91")), now=AGAIN)
    (correction,) = read_corrections(site.root)
    assert correction.said == other and "2.91" in correction.says


def test_a_claim_that_came_back_in_better_words_was_changed_and_not_withdrawn(site):
    said = first_statement(page_of()).claims[0].text
    better = f"{said.rstrip('.')} as well."
    publish(site, with_claim(page_of(), name="c_one", subject="text:one"))
    publish(site, with_claim(page_of(), name="c_other", subject="text:other", text=better), now=LATER)
    (correction,) = read_corrections(site.root)
    assert (correction.kind, correction.said, correction.says) == ("changed", said, better)


def test_a_claim_that_is_merely_added_is_no_correction(site):
    publish(site, without_first(page_of()))
    publish(site, page_of(), now=LATER)
    assert read_corrections(site.root) == []


def test_of_two_publications_at_one_time_the_later_one_stands_first(site):
    publish(site, page_of())
    publish(site, with_text(page_of(), "Another sentence."), now=LATER)
    unpublish_pages(["20970"], site, reviewer="B", reason="wrong figures", now=LATER)
    text = (site.root / "corrections.html").read_text()
    assert text.index("wrong figures") < text.index("Another sentence.")


def test_the_corrections_page_is_bounded_and_says_so(site):
    publish(site, page_of())
    publish(site, with_text(page_of(), "Another sentence."), now=LATER)
    many = read_corrections(site.root) * (SHOWN_CORRECTIONS + 5)
    tree = html.fromstring(render_corrections(many, ["20970"], site_name="x"))
    assert len(list(tree.iter("del"))) == SHOWN_CORRECTIONS
    assert f"newest {SHOWN_CORRECTIONS} of {len(many)}" in tree.text_content()


def test_a_ledger_names_the_schema_that_lies_beside_it(site):
    publish(site, page_of())
    schema = json.loads((site.root / "ledger.schema.json").read_text())
    ledger = json.loads((site.root / "20970" / "page.json").read_text())
    assert ledger["$schema"] == schema["$id"] == SCHEMA_ID
    assert schema == json.loads(json.dumps(ledger_schema()))
    assert set(ledger) <= set(schema["properties"]) and schema["additionalProperties"] is False


def test_a_card_is_kept_until_its_ledger_changes(site):
    publish(site, page_of())
    path = site.root / "20970" / "page.json"
    text = path.read_text()
    path.write_text("damaged")  # not read again: the card is that of the hash in the log
    published = published_now(read_log(site.root))
    assert cards_of(site.root, published.values()) == list(read_catalogue(site.root).values())
    path.write_text(text)
    publish(site, with_text(page_of(), "Another sentence."), now=LATER)
    assert read_catalogue(site.root)["20970"].sha256 == read_log(site.root)[-1].sha256["page.json"]


def test_the_same_site_elsewhere_follows_also_what_was_taken_down(site, tmp_path):
    publish(site, page_of(), page_of("29881"))
    target = tmp_path / "www"
    assert copy_site(site.root, target) > 6
    assert files_of(target) == files_of(site.root)
    assert copy_site(site.root, target) == 0
    (target / "robots.txt").write_text("mine")
    unpublish_pages(["29881"], site, reviewer="B", reason="wrong", now=LATER)
    copy_site(site.root, target)
    assert files_of(target) == files_of(site.root) | {"robots.txt": b"mine"}
    assert not (target / "29881").exists()
