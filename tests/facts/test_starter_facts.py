"""The starter facts: whole and coherent by themselves, and each equal to the cell its locator names."""

from __future__ import annotations

import csv
import importlib.util
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import pytest

from pipeline.data import Fact
from pipeline.errors import SourceError
from pipeline.facts.profiles import load_profiles
from pipeline.facts.releases import parse_release
from pipeline.facts.table import read_facts, write_facts

STARTER = Path(__file__).parents[2] / "sources" / "starter"
# Cell positions by column name, taken from the record layout, not from the header the builder reads.
SHARED_POSITIONS = {
    "STATUS CODE": 3,
    "WORK RVU": 5,
    "NON-FAC PE RVU": 6,
    "NON-FAC NA INDICATOR": 7,
    "FACILITY PE RVU": 8,
    "FACILITY NA INDICATOR": 9,
    "MP RVU": 10,
    "NON-FACILITY TOTAL": 11,
    "FACILITY TOTAL": 12,
    "PCTC IND": 13,
    "GLOB DAYS": 14,
    "PRE OP": 15,
    "INTRA OP": 16,
    "POST OP": 17,
    "MULT PROC": 18,
    "BILAT SURG": 19,
    "ASST SURG": 20,
    "CO- SURG": 21,
    "TEAM SURG": 22,
}
PPRRVU_POSITIONS = {
    31: SHARED_POSITIONS | {"ENDO BASE": 23, "CONV FACTOR": 24},
    32: SHARED_POSITIONS | {"ENDO BASE": 24, "CONV FACTOR": 25},
}
UNPRICED = ("opps_priced", "asc_priced")
LOCATOR = re.compile(
    r"(?P<file>\S+\.csv) line (?P<line>\d+), column (?P<column>[^,(]+?)(, deletion_date \*)?( \(.*\))?"
)


@pytest.fixture(scope="module")
def facts() -> list[Fact]:
    return read_facts(STARTER / "facts.csv")


@pytest.fixture(scope="module")
def rows(facts: list[Fact]) -> dict[tuple[str, str], dict[str, Fact]]:
    found: dict[tuple[str, str], dict[str, Fact]] = defaultdict(dict)
    for fact in facts:
        assert not fact.modifier
        found[fact.hcpcs_code, fact.release][fact.field] = fact
    return found


@pytest.fixture(scope="module")
def codes() -> list[str]:
    return list(load_profiles(STARTER / "codes.toml"))


def test_every_starter_code_has_a_profile_and_its_policy_rows(
    facts: list[Fact], rows: dict[tuple[str, str], dict[str, Fact]], codes: list[str]
) -> None:
    assert {fact.hcpcs_code for fact in facts} == {"", *codes}
    needed = {"status_code", "global_days", "nonfac_na", "fac_na", "work_rvu", "fac_total_rvu"}
    for code in codes:
        assert needed <= rows[code, "RVU25D"].keys()
        assert {"mue_value", "mue_adjudication_indicator"} <= rows[code, "MUE-2024Q3"].keys()
        assert rows[code, "PTP-2024Q3"]["ptp_partner_count"].value != "0"


def test_the_table_is_as_its_writer_would_write_it(facts: list[Fact], tmp_path: Path) -> None:
    write_facts(reversed(facts), tmp_path / "facts.csv")
    assert (tmp_path / "facts.csv").read_bytes() == (STARTER / "facts.csv").read_bytes()


def test_no_descriptor_is_stored(facts: list[Fact]) -> None:
    assert not [fact for fact in facts if "descr" in fact.field]
    # The only values of more than two words are the reasons that CMS gives for an MUE.
    assert {fact.field for fact in facts if len(fact.value.split()) > 2} <= {"mue_rationale"}


def test_releases_have_known_names_and_start_in_their_quarter(facts: list[Fact]) -> None:
    for fact in facts:
        release = parse_release(fact.release)
        assert (fact.valid_from.year, fact.valid_from.month) == (release.year, 3 * release.quarter - 2)
        assert fact.valid_to and fact.valid_to > fact.valid_from


def test_components_add_up_to_totals(rows: dict[tuple[str, str], dict[str, Fact]]) -> None:
    checked = 0
    for fields in rows.values():
        if "work_rvu" not in fields:
            continue
        for setting in ("fac", "nonfac"):
            parts = [Decimal(fields[name].value) for name in ("work_rvu", f"{setting}_pe_rvu", "mp_rvu")]
            total = fields[f"{setting}_total_rvu"]
            assert sum(parts) == Decimal(total.value), total
            assert re.fullmatch(r"\d+\.\d\d", total.value)
            checked += 1
    assert checked == 2 * 112


def test_na_rows_repeat_the_facility_numbers(
    rows: dict[tuple[str, str], dict[str, Fact]], codes: list[str]
) -> None:
    flagged = [code for code in codes if rows[code, "RVU25D"]["nonfac_na"].value == "NA"]
    assert {"20970", "27447", "29881"} <= set(flagged)
    assert "20610" not in flagged
    for code in flagged:
        for release in ("RVU25D", "RVU26B"):
            fields = rows[code, release]
            assert fields["nonfac_total_rvu"].value == fields["fac_total_rvu"].value
    assert {rows[code, "RVU25D"]["nonfac_na"].value for code in codes} == {"NA", "none"}


def test_endoscopic_base_stands_exactly_with_the_endoscopy_rule(
    rows: dict[tuple[str, str], dict[str, Fact]],
) -> None:
    for fields in rows.values():
        if "multiple_procedure_indicator" in fields:
            assert (fields["multiple_procedure_indicator"].value == "3") == ("endoscopic_base" in fields)


def test_a_code_is_priced_or_said_not_to_be(
    rows: dict[tuple[str, str], dict[str, Fact]], codes: list[str]
) -> None:
    for code in codes:
        for field, release in zip(UNPRICED, ("OPPS-2026-07", "ASC-2026-07"), strict=True):
            found = rows[code, release]
            assert (field in found) != (field.replace("priced", "rate") in found), code


def test_add_on_tag_agrees_with_the_add_on_file(rows: dict[tuple[str, str], dict[str, Fact]]) -> None:
    profiles = load_profiles(STARTER / "codes.toml")
    for code, profile in profiles.items():
        listed = rows.get((code, "AOC-2024Q3"), {})
        assert ("add-on" in (profile.tags or ())) == ("addon_edit_type" in listed), code
        if "addon_edit_type" in listed:
            named = [field for field in listed if field.startswith("primary_code:")]
            assert named
            assert int(listed["primary_count"].value) >= len(named)


def test_known_figures_of_20970(rows: dict[tuple[str, str], dict[str, Fact]]) -> None:
    values = {
        release: {field: fact.value for field, fact in rows["20970", release].items()}
        for release in ("RVU25D", "RVU26B", "OPPS-2026-07", "ASC-2026-07")
    }
    april = values["RVU26B"]
    assert [april[f] for f in ("work_rvu", "fac_pe_rvu", "mp_rvu", "fac_total_rvu")] == [
        "43.47",
        "23.32",
        "9.28",
        "76.07",
    ]
    october = values["RVU25D"]
    assert [october[f] for f in ("status_code", "global_days", "nonfac_na", "cosurgeon_indicator")] == [
        "A",
        "090",
        "NA",
        "1",
    ]
    assert values["OPPS-2026-07"] == {
        "opps_status_indicator": "J1",
        "opps_apc": "5114",
        "opps_rate": "7413.38",
    }
    assert values["ASC-2026-07"] == {"asc_payment_indicator": "J8", "asc_rate": "4682.29"}


def test_known_pairs(rows: dict[tuple[str, str], dict[str, Fact]]) -> None:
    assert rows["22633", "PTP-2024Q3"]["ptp_column_two:22612"].value == "0"
    assert rows["20611", "PTP-2024Q3"]["ptp_column_two:20610"].value == "1"
    assert "ptp_column_two:29876" not in rows["29881", "PTP-2024Q3"]
    # Deleted long ago: 20610/20605 with indicator 9, 29848/26055 with indicator 1.
    assert "ptp_column_two:20605" not in rows["20610", "PTP-2024Q3"]
    assert "ptp_column_two:26055" not in rows["29848", "PTP-2024Q3"]


def test_conversion_factors(rows: dict[tuple[str, str], dict[str, Fact]]) -> None:
    found = {
        (release, field): fact.value
        for (code, release), row in rows.items()
        if not code
        for field, fact in row.items()
    }
    assert found == {
        ("RVU25D", "conversion_factor"): "32.3465",
        ("RVU26A", "conversion_factor_nonqpp"): "33.4009",
        ("RVU26C", "conversion_factor_nonqpp"): "33.4009",
        ("RVU26D", "conversion_factor_qpp"): "33.5675",
    }


def _cells(lines: Iterable[str], wanted: set[int]) -> dict[int, list[str]]:
    return {
        number: next(csv.reader([line]))
        for number, line in enumerate(lines, 1)
        if number == 1 or number in wanted
    }


@pytest.mark.realdata
def test_each_fact_equals_the_cell_its_locator_names(facts: list[Fact], shared_data: Path) -> None:
    wanted: dict[str, set[int]] = defaultdict(set)
    located = []
    for fact in facts:
        match = LOCATOR.fullmatch(fact.locator)
        if match:
            wanted[match["file"]].add(int(match["line"]))
            located.append((fact, match))
        else:
            assert fact.field in ("addon_edit_type", "primary_count", "ptp_partner_count", *UNPRICED)
    cells = {}
    for name, numbers in wanted.items():
        packed = list(shared_data.rglob(f"{name}.zst"))
        if packed:
            program = shutil.which("zstd")
            if program is None:
                pytest.skip("zstd is not installed, the pair file cannot be read")
            with subprocess.Popen([program, "-dcq", packed[0]], stdout=subprocess.PIPE, text=True) as process:
                assert process.stdout
                cells[name] = _cells(process.stdout, numbers)
        else:
            (path,) = shared_data.rglob(name)
            with path.open(encoding="cp1252", newline="") as file:
                cells[name] = _cells(file, numbers)
    for fact, match in located:
        row, column = cells[match["file"]][int(match["line"])], match["column"]
        if "PPRRVU" in match["file"]:
            found = row[PPRRVU_POSITIONS[len(row)][column]] or "none"
            code = row[0]
        else:
            header = cells[match["file"]][1]
            found = row[header.index(column)]
            code = row[1] if fact.field.startswith("primary_code") else row[0]
        assert found == fact.value, fact
        assert code == fact.hcpcs_code or not fact.hcpcs_code, fact
        if fact.field.startswith("ptp_column_two"):
            assert row[1:3] == [fact.partner, "*"]
        if fact.field.startswith("primary_code"):
            assert row[0] == fact.partner
    assert len(located) == len(facts) - 2 * 4 - 54 - 2 * 4


@pytest.mark.realdata
def test_the_builder_gives_the_committed_table(shared_data: Path, tmp_path: Path) -> None:
    if shutil.which("zstd") is None:
        pytest.skip("zstd is not installed, the pair file cannot be read")
    built = tmp_path / "facts.csv"
    command = [sys.executable, str(STARTER / "build_facts.py"), str(shared_data.parent), str(built)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert built.read_bytes() == (STARTER / "facts.csv").read_bytes()


def test_the_builder_names_what_is_missing(tmp_path: Path) -> None:
    command = [sys.executable, str(STARTER / "build_facts.py"), str(tmp_path), str(tmp_path / "facts.csv")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 4
    assert "PPRRVU2025_Oct.csv" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "facts.csv").exists()


@pytest.fixture(scope="module")
def builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_facts", STARTER / "build_facts.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_builder_keeps_existing_pairs_only_and_counts_each_partner_once(
    builder: ModuleType, tmp_path: Path
) -> None:
    path = _pair_file(
        tmp_path,
        "10001,10002,*,0",
        "10001,10003,20200101,1",
        "10002,10003,*,1",
        "10003,10001,19960101,9",
        "10001,10004,*,1",
    )
    named = {"10001": (("10003", "10004"),)}
    facts = builder.pair_facts(path, ("10001", "10002"), named)
    found = {(fact.hcpcs_code, fact.field): fact for fact in facts}
    assert {key: fact.value for key, fact in found.items()} == {
        ("10001", "ptp_column_two:10002"): "0",
        ("10001", "ptp_column_two:10004"): "1",
        ("10001", "ptp_partner_count"): "2",
        ("10002", "ptp_partner_count"): "2",
    }
    assert found["10001", "ptp_column_two:10002"].locator.startswith("pairs.csv line 2, ")


def test_a_cut_off_pair_file_is_refused(builder: ModuleType, tmp_path: Path) -> None:
    path = _pair_file(tmp_path, *(f"{n},{n + 7},*,1" for n in range(10001, 60000)))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(SourceError, match="zstd could not read it to its end"):
        list(builder.pair_facts(path, ("10001",), {}))


def _pair_file(folder: Path, *rows: str) -> Path:
    program = shutil.which("zstd")
    if program is None:
        pytest.skip("zstd is not installed")
    plain = folder / "pairs.csv"
    plain.write_text(
        "\n".join(("column1,column2,deletion_date,modifier_indicator", *rows, "")), encoding="utf-8"
    )
    subprocess.run([program, "-q", str(plain)], check=True)
    return folder / "pairs.csv.zst"


def test_a_renamed_column_is_refused(builder: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    path.write_text("hcpcs,indicator,rate\n10001,J8,1.00\n", encoding="utf-8")
    with pytest.raises(SourceError, match=r"rates\.csv: expected one column named 'payment_indicator'"):
        list(builder.table_facts(path, "hcpcs", builder.ASC_COLUMNS, ("10001",), builder.ASC))


def test_codes_that_a_file_of_prices_leaves_out_are_said_to_have_none(
    builder: ModuleType, tmp_path: Path
) -> None:
    path = tmp_path / "rates.csv"
    path.write_text("hcpcs,rate\n10001,1.00\n10003,2.00\n", encoding="utf-8")
    (fact,) = builder.unpriced_facts(path, "hcpcs", "asc_priced", ("10001", "10002"), builder.ASC)
    assert (fact.hcpcs_code, fact.field, fact.value) == ("10002", "asc_priced", "no")
    assert "no row of 10002 among 2" in fact.locator


def test_an_add_on_code_outside_the_set_stands_on_its_primary(builder: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "addons.csv"
    path.write_text("primary_code,add_on_code,aoc_edit_type\n10002,10001,1\n10002,10009,1\n10008,10009,1\n")
    found = [(f.hcpcs_code, f.field) for f in builder.addon_facts(path, ("10001", "10002"))]
    assert ("10002", "add_on_code:10009") in found and ("10001", "primary_code:10002") in found
    assert not [code for code, _ in found if code not in ("10001", "10002")]


def test_an_add_on_code_of_two_edit_types_is_refused(builder: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "addons.csv"
    path.write_text("primary_code,add_on_code,aoc_edit_type\nCCCCC,10001,2\n", encoding="utf-8")
    found = {fact.field: fact.value for fact in builder.addon_facts(path, ("10001",))}
    assert found == {"primary_code:CCCCC": "2", "addon_edit_type": "2", "primary_count": "0"}
    with path.open("a", encoding="utf-8") as file:
        file.write("10002,10001,3\n")
    with pytest.raises(SourceError, match="expected one edit type for 10001, found 2, 3"):
        list(builder.addon_facts(path, ("10001",)))
