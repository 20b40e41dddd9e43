from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.data import Authority
from pipeline.errors import SourceError
from pipeline.facts.readers import layouts
from pipeline.facts.releases import FAMILIES, parse_release
from pipeline.sources.notes import load_notes
from pipeline.sources.registry import load_registry, load_user_sources, release_of_name

ENTRY = """
[[source]]
family = "RVU"
publisher = "P"
title = "T"
url = "https://example.org"
authority = "cms"
licence = "L"
calendar = "quarterly"
"""


def test_entries_come_back_by_family(tmp_path: Path):
    path = tmp_path / "registry.toml"
    path.write_text(ENTRY)
    assert load_registry(path)["RVU"].publisher == "P"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", r"no \[\[source\]\] in it"),
        (b"\xff", "codec"),
        (b"[[[", "TOML|Invalid|Cannot|Expected"),
        ((ENTRY + ENTRY.replace('"P"', "5")).encode(), r"\[\[source\]\] 2: publisher"),
    ],
)
def test_a_broken_registry_names_the_file_and_the_entry(tmp_path: Path, content: bytes, says: str):
    path = tmp_path / "registry.toml"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=says) as refused:
        load_registry(path)
    assert str(path) in str(refused.value)


def test_a_folder_without_notes_is_refused(tmp_path: Path):
    with pytest.raises(SourceError, match="found none"):
        load_notes(tmp_path)


REGISTRY = Path(__file__).parents[2] / "sources" / "registry.toml"


@pytest.mark.parametrize(
    ("addition", "says"),
    [
        ("names = ['rvu(']", "names: .*no pattern"),
        ("names = ['rvu(?P<yr>..)']", "group 'yr'"),
        ('[[source.releases]]\nname = "MUE-2026Q3"', "none of RVU"),
        ('[[source.releases]]\nname = "RVU26A"\n[[source.releases]]\nname = "RVU26A"', "twice"),
        ('[[source.releases]]\nname = "RVU24AR"\neffective_from = 2024-03-09', "effective_source"),
        (
            '[[source.releases]]\nname = "RVU26A"\nfiles = [{ url = "http://www.cms.gov/a.zip" }]',
            r"releases\.0\.files",
        ),
        (
            '[[source.releases]]\nname = "RVU26A"\nfiles = [{ url = "https://a/b.zip", sha256 = "AB" }]',
            "sha256",
        ),
        (ENTRY, "family RVU is there twice"),
        ("colour = 5", "colour"),
    ],
)
def test_unsound_entries_are_refused(tmp_path: Path, addition: str, says: str):
    path = tmp_path / "registry.toml"
    path.write_text(ENTRY + addition)
    with pytest.raises(SourceError, match=says):
        load_registry(path)


def test_every_family_stands_in_the_registry_with_layouts_and_names():
    registry = load_registry(REGISTRY)
    assert set(registry) == set(FAMILIES)
    for family, entry in registry.items():
        assert entry.layouts and entry.names, family
        for release in entry.releases:
            assert parse_release(release.name).family == family
            for file in release.files:
                assert release_of_name(entry, file.url) == release.name


def test_the_tables_of_2026_are_pinned():
    rvu = load_registry(REGISTRY)["RVU"]
    assert all(file.sha256 for release in rvu.releases for file in release.files)
    assert [r.name for r in rvu.releases if r.files] == ["RVU26A", "RVU26B", "RVU26C", "RVU26D"]
    corrected = rvu.release("RVU24AR")
    assert corrected is not None and corrected.effective_from == date(2024, 3, 9)
    assert rvu.release("RVU99A") is None


def test_layouts_are_those_of_the_readers_and_confirmed_as_there():
    named = {
        use.name: (family, use.confirmed)
        for family, entry in load_registry(REGISTRY).items()
        for use in entry.layouts
    }
    assert named == {name: (layout.family, layout.confirmed) for name, layout in layouts().items()}


@pytest.mark.parametrize(
    ("name", "release"),
    [
        ("rvu26d.zip", "RVU26D"),
        ("RVU25D-0.ZIP", "RVU25D"),
        ("rvu26a-updated-12-29-2025.zip", "RVU26A"),
        ("rvu24ar.zip", "RVU24AR"),
        ("rvu24ar1.zip", None),
        ("https://www.cms.gov/files/zip/rvu24ar-posted-04/01/2024.zip", "RVU24AR"),
        ("https://www.cms.gov/files/zip/rvu25a-updated-01/10/2025.zip?agree=yes&next=Accept", "RVU25A"),
        ("rvu26d (1).zip", "RVU26D"),
        ("2024.zip", None),
        ("PPRRVU2025_Oct.csv", "RVU25D"),
        ("rvu26d/PPRRVU2026_Oct_nonQPP.csv", "RVU26D"),
        ("PPRRVU2026_Jul_QPP.xlsx", "RVU26C"),
        ("PPRRVU24_APR.csv", "RVU24B"),
        ("PPRRVU24_JAN.csv", None),
        ("GPCI2026.csv", None),
        ("RVU25D.pdf", None),
        ("july-2026-opps-addendum-b.zip", "OPPS-2026-07"),
        ("October-2026-OPPS-Addendum-B.zip", "OPPS-2026-10"),
        ("january-2025-opps-addendum-b.zip", "OPPS-2025-01"),
        ("cy-2026-april-opps-addendum-b.zip", "OPPS-2026-04"),
        ("2026-opps-addendum-b.zip", None),
        ("may-2026-opps-addendum-b.zip", None),
        ("2026 January Web Addendum B.12.29.25.csv", "OPPS-2026-01"),
        ("508 Version of January 2025 Web Addendum B.12.31.24.csv", "OPPS-2025-01"),
        ("508 Version/October 2025 Web Addendum A.09.26.25.xlsx", "OPPS-2025-10"),
        ("july-2026-asc-addenda.zip", "ASC-2026-07"),
        ("2026-asc-addenda.zip", None),
        ("april-2026-asc-approved-hcpcs-code-payment-rates.zip", "ASC-2026-04"),
        ("april-2020-asc-approved-hcpcs-code-and-payment-rates-updated-04092020.zip", "ASC-2020-04"),
        ("July 2026 ASC Addenda - Addendum AA.07.08.26.csv", "ASC-2026-07"),
        ("medicare-ncci-2026-q3-practitioner-services-mue-table.zip", "MUE-2026Q3"),
        ("MCR_MUE_PractitionerServices_Eff_07-01-2026.csv", "MUE-2026Q3"),
        ("MCR_MUE_PractitionerServices_Eff_08-01-2026.csv", None),
        ("MCR_MUE_OutpatientHospitalServices_Eff_10-01-2026.csv", "MUEH-2026Q4"),
        ("medicare-ncci-2026-q2-facility-outpatient-hospital-services-mue-table.zip", "MUEH-2026Q2"),
        ("medicare-ncci-2026-q2-dme-supplier-services-mue-table.zip", None),
        ("medicare-ncci-2025q4-practitioner-ptp-edits-ccipra-v313r0-f1.zip", "PTP-2025Q4"),
        ("medicare-ncci-2026-q4-hospital-ptp-edits-ccioph-v323r0-f1.zip", "PTPH-2026Q4"),
        ("medicare-ncci-2026q3-practitioner-ptp-edits-ccipra-v320r0-f1.zip", None),
        ("medicare-ncci-2026q3-practitioner-quarterly-additions-deletions-revisions-ptp.zip", None),
        ("ccipra-v322r0-f1.TXT", "PTP-2026Q3"),
        ("ccioph-v312r1-f4.xlsx", "PTPH-2025Q3"),
        ("ccipra-v324r0-f1.txt", None),
        ("AOC_V2026Q2-F-MCR.txt", "AOC-2026Q2"),
        ("AOC_V2025Q4_01-MCR.txt", "AOC-2025Q4"),
        ("AOC_V2024Q2-MCD.txt", None),
        ("april-2026-alpha-numeric-hcpcs-file.zip", "HCPCS-2026-04"),
        ("2025-alpha-numeric-hcpcs-file.zip", None),
        ("HCPC2026_JUL_ANWEB_06172026.txt", "HCPCS-2026-07"),
        ("mcd_documents_2025-08.csv", "MCD-2025-08"),
        ("current_lcd.zip", None),
    ],
)
def test_a_name_tells_its_release_to_one_family_only(name: str, release: str | None):
    found = {family: release_of_name(entry, name) for family, entry in load_registry(REGISTRY).items()}
    told = {family: told for family, told in found.items() if told}
    assert told == ({parse_release(release).family: release} if release else {})


@settings(deadline=None)
@given(
    st.from_regex(
        r"[a-z0-9_. -]{0,12}(rvu|ccipra-v|AOC_V|opps|asc)[a-z0-9_. -]{0,30}\.(zip|csv|txt)", fullmatch=True
    )
)
def test_any_name_gives_a_release_name_that_exists_or_none(name: str):
    for entry in load_registry(REGISTRY).values():
        if told := release_of_name(entry, name):
            assert parse_release(told).family == entry.family


def test_sources_that_users_bring_have_caps_and_a_licence():
    brought = load_user_sources(REGISTRY)
    assert {key: source.authority for key, source in brought.items()} == {
        "aapc": Authority.EDUCATOR,
        "aaos": Authority.SOCIETY,
        "find-a-code": Authority.VENDOR,
    }
    assert all(source.quote_words <= 25 and source.licence for source in brought.values())


def test_a_cap_for_the_page_below_that_for_a_quote_is_refused(tmp_path: Path):
    path = tmp_path / "registry.toml"
    path.write_text(REGISTRY.read_text().replace("page_words = 45", "page_words = 5"))
    with pytest.raises(SourceError, match=r"\[\[user_source\]\] 3: .*page_words is below"):
        load_user_sources(path)
