"""The page of a code that only the loaded tables know: from files in official layouts to the rendered page."""

from datetime import date

import pytest

from pipeline.check_ledger import BY_RECORD_ALONE, check_ledger, held_by
from pipeline.data import Label, RowEvidence
from pipeline.facts.descriptors import license_descriptors, read_descriptors, store_descriptors
from pipeline.index import HashingEmbedder
from pipeline.page.assemble import count_claims
from pipeline.page.layout import UNCLASSIFIED_NOTICE
from pipeline.regenerate import regenerate_pages
from pipeline.selector import select_codes
from pipeline.settings import Settings
from pipeline.workspace import Workspace
from tests.cli.given_files import FILES
from tests.syncing import ROOT, Syncing
from tests.tables_sample import add_ons_txt, fee, fee_csv, opps_csv, write

ON = date(2026, 11, 24)
PRICED = ("20001", "20002", "20003")
CODES = (*PRICED, "20009")
LAST_YEAR = fee_csv(fee("20001", work="12.00", office_na="NA"), pricing=False)
HOSPITAL = (
    '20001,,J1,5114,80.0,"$2,000.00",,,,,,,',
    "20002,,N,,,,,,,,,,",
    "20003,,C,,,,,,,,,,",
)
MORE = {
    "rvu26d.zip": FILES["rvu26d.zip"],
    "PPRRVU2025_Oct.csv": LAST_YEAR,
    "2026 October Web Addendum B.csv": opps_csv(*HOSPITAL),
    "AOC_V2026Q1-MCR.txt": add_ons_txt("3 20002 20001", "2 20003 CCCCC"),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    done = Syncing(folder)(write(folder / "files", {**FILES, **MORE}))
    refused = [file for file in done.values() if file.status == "refused"]
    assert refused == []
    return folder


def regenerate(home, *codes):
    written = regenerate_pages(
        codes,
        workspace=Workspace(Settings(root=ROOT, home=home)),
        embedder=HashingEmbedder(),
        as_of=ON,
        today=ON,
        progress=lambda message: None,
    )
    return {item.page.hcpcs_code: item for item in written}


@pytest.fixture(scope="module")
def pages(home):
    return regenerate(home, *CODES)


def cells(page, section):
    part = next((part for part in page.sections if part.key == section), None)
    return {s.cells[0]: s.cells for s in part.statements} if part else {}


def test_every_statement_of_every_page_stands(pages):
    for code, result in pages.items():
        assert result.page.withheld == (), code
        counts = count_claims(result.page)
        assert counts["refuted"] == counts["not_enough_info"] == counts["failed"] == 0
        assert counts["supported"] > (10 if code in PRICED else 0), code


def test_the_figures_are_those_of_the_tables(pages):
    page = pages["20001"].page
    assert cells(page, "rvu")["Total"][1:3] == ("18.00", "NA")
    payment = cells(page, "payment")
    assert payment["Office (non-facility)"][1] == "NA"
    assert payment["Hospital outpatient"][1:4] == ("$601.22", "$2,000.00", "$2,601.22")
    assert payment["Ambulatory surgery center"][1:4] == ("$601.22", "$1,000.00", "$1,601.22")
    assert payment["Hospital inpatient"][2] == "MS-DRG, not stated here"
    assert cells(page, "indicators")["Medically unlikely edit"][1] == "2 units"
    assert "$" not in cells(page, "payment")["Office (non-facility)"][1]


def test_a_packaged_or_inpatient_only_service_says_so(pages):
    packaged = cells(pages["20002"].page, "payment")["Hospital outpatient"]
    assert packaged[2] == "packaged" and packaged[1] == packaged[3] and "status indicator N" in packaged[4]
    inpatient = cells(pages["20003"].page, "payment")["Hospital outpatient"]
    assert inpatient[1:4] == ("see inpatient", "none: inpatient only", "none")
    assert "$" not in "".join(inpatient)


def test_the_year_before_is_compared_and_is_no_current_value(pages):
    page = pages["20001"].page
    year = cells(page, "year")
    assert year["Work RVUs"][1:] == ("10.00 (2026)", "12.00 (2025)", "-2.00 (-16.7 %)")
    assert "Total RVUs, non-facility" not in year  # flagged NA
    earlier = [e for e in page.evidence.values() if isinstance(e, RowEvidence) and e.currency == "earlier"]
    assert {row.fact.release for row in earlier} == {"RVU25D"}
    assert cells(pages["20002"].page, "year") == {}  # not in last year's table


def test_add_ons_and_primaries_find_each_other(pages):
    assert "20002" in cells(pages["20001"].page, "indicators")["Add-on codes to it"][2]
    listed = cells(pages["20002"].page, "indicators")["Add-on code"][2]
    assert "20001" in listed and "may accept others" in listed
    decided = cells(pages["20003"].page, "indicators")["Add-on code"][2]
    assert "each Medicare contractor decides" in decided


def test_the_edits_of_a_code_name_who_is_denied(pages):
    assert cells(pages["20001"].page, "edits")["20002"][1] == "the other code"
    assert cells(pages["20002"].page, "edits")["20001"][1] == "this code"
    assert cells(pages["20001"].page, "indicators")["NCCI edits"][1] == "1 code"
    many = cells(pages["20009"].page, "edits")
    assert len(many) == 12 and cells(pages["20009"].page, "indicators")["NCCI edits"][1] == "14 codes"


def test_a_code_that_is_not_classified_says_so_and_guesses_nothing(pages):
    page = pages["20001"].page
    assert page.summary is None and page.category == page.region == ""
    html = pages["20001"].path.read_text()
    assert UNCLASSIFIED_NOTICE in html and "Body region" not in html
    assert "<title>CPT 20001 |" in html
    workspace = Workspace(Settings(root=ROOT, home=pages["20001"].path.parents[2]))
    facts = workspace.facts.facts_on("20001", ON)
    for note in workspace.notes_for("20001", facts, ON):
        to = note.applies_to
        assert not (to.tags or to.all_tags or to.not_tags), note.id


def test_ranges_hold_what_the_loaded_schedule_pays(home):
    known = Workspace(Settings(root=ROOT, home=home)).codes()
    assert select_codes([], ["20001-20009"], known=known) == ["20001", "20002", "20003"]


def test_a_licensed_descriptor_stands_on_the_page_with_its_licence(home, tmp_path):
    folder = Settings(root=ROOT, home=home).descriptors
    assert read_descriptors(folder) == []  # the invented files describe nothing
    store_descriptors(folder, "RVU26D", {"20001": "Invented <words>"}, on=ON)
    (plain,) = regenerate(home, "20001").values()
    assert plain.page.descriptor is None and "Invented" not in plain.path.read_text()
    license_descriptors(folder, "RVU26D", "licence 7")
    (shown,) = regenerate(home, "20001").values()
    text = shown.path.read_text()
    assert "Invented &lt;words&gt;" in text and "licence 7" in text
    assert "no CPT descriptors are reproduced" not in text
    assert shown.page.fingerprint != plain.page.fingerprint
    markdown = shown.path.with_name("page.md").read_text()
    assert "Invented" in markdown and "licence 7" in markdown


def test_a_page_of_whole_tables_passes_its_own_verification(pages, home, tmp_path):
    with_tables = held_by(Workspace(Settings(root=ROOT, home=home)))
    without = held_by(Workspace(Settings(root=ROOT, home=tmp_path)))
    for item in pages.values():
        results = list(check_ledger(item.page, held=with_tables))
        assert [(one.claim, one.reason) for one in results if one.label is not Label.SUPPORTED] == []
        assert not [one for one in results if "by the record alone" in one.reason and _cited_releases(one)]
        for one in check_ledger(item.page, held=without):
            releases = _cited_releases(one)
            if "RVU25D" in releases:
                continue  # the starter set has that one, and other figures than these files
            assert one.label is Label.SUPPORTED, (one.claim, one.reason)
            assert not releases or one.confidence == BY_RECORD_ALONE


def _cited_releases(one):
    rows = (item for item in one.evidence if isinstance(item, RowEvidence))
    return {item.fact.release for item in rows if item.level == "table"}
