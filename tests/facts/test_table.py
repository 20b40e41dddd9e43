"""The tidy fact table: what survives a round trip, and what is refused with which words."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipeline.data import Fact
from pipeline.errors import SourceError, StateError
from pipeline.facts.table import COLUMNS, read_facts, write_facts

HEADER = ",".join(COLUMNS)
GOOD = "00100,,global_days,010,,RVU30A,2030-01-01,2030-03-31,invented.csv line 2"


def _fact(**changes: object) -> Fact:
    fields = {
        "hcpcs_code": "00100",
        "field": "global_days",
        "value": "010",
        "release": "RVU30A",
        "valid_from": date(2030, 1, 1),
        "locator": "invented.csv line 2, column GLOB DAYS",
    }
    return Fact.model_validate({**fields, **changes})


def _read(tmp_path: Path, *rows: str, header: str = HEADER) -> list[Fact]:
    path = tmp_path / "facts.csv"
    path.write_bytes("\n".join((header, *rows, "")).encode())
    return read_facts(path)


def test_text_survives_a_round_trip(tmp_path: Path) -> None:
    facts = [
        _fact(),
        _fact(field="nonfac_na", value="NA"),
        _fact(field="fac_na", value="none"),
        _fact(field="work_rvu", value="0.00", modifier="26", unit="RVU"),
        _fact(field="primary_code:22612", value="1", valid_to=date(2030, 3, 31)),
        _fact(field="mue_rationale", value='Nature of "Service", Procedure – é'),
        _fact(hcpcs_code="", field="conversion_factor", value="33.4009"),
    ]
    path = tmp_path / "facts.csv"
    write_facts(facts, path)
    back = read_facts(path)
    assert sorted(back, key=lambda fact: fact.key) == sorted(facts, key=lambda fact: fact.key)
    assert {fact.field: fact.value for fact in back}["global_days"] == "010"
    assert {fact.field: fact.value for fact in back}["nonfac_na"] == "NA"


def test_bytes_do_not_depend_on_the_order_given(tmp_path: Path) -> None:
    facts = [_fact(field=name) for name in ("b", "a", "c")] + [_fact(hcpcs_code="", field="z")]
    write_facts(facts, tmp_path / "one.csv")
    write_facts(reversed(facts), tmp_path / "two.csv")
    written = (tmp_path / "one.csv").read_bytes()
    assert written == (tmp_path / "two.csv").read_bytes()
    assert b"\r" not in written
    assert written.decode().splitlines()[1].startswith(",,z,")


def test_a_table_saved_by_a_spreadsheet_is_read(tmp_path: Path) -> None:
    path = tmp_path / "facts.csv"
    path.write_bytes(f"\ufeff{HEADER}\r\n{GOOD}\r\n".encode())
    assert [fact.value for fact in read_facts(path)] == ["010"]


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("00100,,", "100,,", "hcpcs_code: expected five characters"),
        ("00100,,", "00100,27,", "modifier: expected nothing, 26, TC or 53, found '27'"),
        ("global_days", "Global Days", "field: expected a name"),
        (",010,", ",,", "value: expected text"),
        (",010,", ", 010,", "value: expected text"),
        ("RVU30A", "", "release: expected a release name"),
        ("2030-01-01", "1893456000", "valid_from: expected a date"),
        ("2030-01-01", "2030-02-30", "valid_from:"),
        ("2030-03-31", "31.3.2030", "valid_to: expected nothing, or a date"),
        ("2030-03-31", "2029-12-31", "valid_to: expected a date not before 2030-01-01"),
        ("invented.csv line 2", "", "locator: expected file, line"),
    ],
)
def test_a_broken_cell_is_named_with_its_line_and_column(
    tmp_path: Path, old: str, new: str, column: str
) -> None:
    assert old in GOOD
    with pytest.raises(SourceError) as caught:
        _read(tmp_path, GOOD, GOOD.replace("00100", "00102").replace(old.replace("00100", "00102"), new))
    assert f"facts.csv:3: {column}" in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ((GOOD, GOOD.rpartition(",")[0]), "facts.csv:3: expected 9 cells"),
        ((GOOD, GOOD), "facts.csv:3: RVU30A/00100/-/global_days stands already on line 2"),
        ((GOOD, ""), "facts.csv:3: expected 9 cells"),
        (('"' + GOOD,), "expected comma-separated cells"),
    ],
)
def test_a_broken_row_is_refused(tmp_path: Path, rows: tuple[str, ...], words: str) -> None:
    with pytest.raises(SourceError) as caught:
        _read(tmp_path, *rows)
    assert words in str(caught.value)


def test_another_header_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"facts\.csv:1: expected the header hcpcs_code,modifier"):
        _read(tmp_path, GOOD, header=HEADER.replace("value", "descriptor"))


def test_an_absent_or_binary_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        read_facts(tmp_path / "absent.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SourceError, match="cannot be read as UTF-8"):
        read_facts(tmp_path / "binary.csv")


@pytest.mark.parametrize(
    "facts", [[_fact(), _fact(value="090")], [_fact(value="")], [_fact(locator="a\nb ")]]
)
def test_nothing_is_written_that_could_not_be_read_again(tmp_path: Path, facts: list[Fact]) -> None:
    path = tmp_path / "facts.csv"
    path.write_text("kept", encoding="utf-8")
    with pytest.raises(SourceError):
        write_facts(facts, path)
    assert path.read_text(encoding="utf-8") == "kept"


def test_a_table_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    taken = tmp_path / "facts.csv"
    taken.mkdir()
    with pytest.raises(StateError, match="cannot be written"):
        write_facts([_fact()], taken)
    assert [path.name for path in tmp_path.iterdir()] == ["facts.csv"]


def _rvu(field: str, value: str, release: str = "RVU30A") -> str:
    return f"00100,,{field},{value},RVU,{release},2030-01-01,2030-03-31,invented.csv line 2"


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-1.00", "4x.47", "1e9", "1,000.00", "１.00", "9" * 40])
def test_an_amount_that_is_no_plain_number_is_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(SourceError, match=r"facts\.csv:2: "):
        _read(tmp_path, _rvu("work_rvu", value))


def test_a_release_that_no_calendar_knows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"facts\.csv:2: release: unknown release name 'RVU99Z'"):
        _read(tmp_path, _rvu("work_rvu", "1.00", "RVU99Z"))


def test_a_total_that_is_not_the_sum_of_its_parts_is_refused(tmp_path: Path) -> None:
    parts = [_rvu("work_rvu", "1.00"), _rvu("fac_pe_rvu", "0.50"), _rvu("mp_rvu", "0.10")]
    assert len(_read(tmp_path, *parts, _rvu("fac_total_rvu", "1.60"))) == 4
    with pytest.raises(SourceError, match=r"facts\.csv:5: value: expected 1.60, the sum of work_rvu"):
        _read(tmp_path, *parts, _rvu("fac_total_rvu", "1.61"))
