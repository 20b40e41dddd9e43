from datetime import date
from pathlib import Path

import pytest

from pipeline.errors import StateError
from pipeline.sources.licence import (
    AMA_PAGE,
    accept_licence,
    licence_accepted,
    licence_notice,
    must_accept,
)

LINE = "CPT codes are copyright 2025 of their owner."


def test_the_notice_shows_each_line_once_and_what_is_accepted():
    lines = licence_notice(
        [LINE, f"  {LINE.replace(' ', '  ')}\r\n", "", "All rights reserved."]
    ).splitlines()
    assert lines[:-1] == [LINE, "All rights reserved."]
    assert AMA_PAGE in lines[-1] and "accepting" in lines[-1]


def test_an_acceptance_is_kept_with_who_and_when(tmp_path: Path):
    assert licence_accepted(tmp_path) is None
    given = accept_licence(tmp_path / "new", by="Kim", on=date(2026, 11, 3), notice=licence_notice([LINE]))
    assert licence_accepted(tmp_path / "new") == given
    again = accept_licence(tmp_path / "new", by="Jo", on=date(2027, 1, 2), notice="later")
    assert licence_accepted(tmp_path / "new") == again


@pytest.mark.parametrize(
    ("notice", "asked"),
    [
        (LINE, False),
        ("Copyright 2025, in other words", False),
        ("Copyright 2024", False),
        ("no year at all", False),
        ("Copyright 2026", True),
        ("Copyright 1995-2026", True),
    ],
)
def test_only_a_later_year_is_asked_for_again(tmp_path: Path, notice: str, asked: bool):
    acceptance = accept_licence(tmp_path, by="Kim", on=date(2026, 11, 3), notice=licence_notice([LINE]))
    assert must_accept(acceptance, licence_notice([notice])) is asked
    assert must_accept(None, licence_notice([notice]))


def test_a_notice_without_a_year_accepted_does_not_cover_one_with(tmp_path: Path):
    acceptance = accept_licence(tmp_path, by="Kim", on=date(2026, 11, 3), notice=licence_notice([]))
    assert must_accept(acceptance, LINE)
    assert not must_accept(acceptance, licence_notice([]))


@pytest.mark.parametrize("content", ["", "{}", '{"by": "Kim", "on": "someday", "notice": ""}', "\udcff"])
def test_a_damaged_record_is_no_acceptance(tmp_path: Path, content: str):
    (tmp_path / "licence.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(StateError, match="accept again"):
        licence_accepted(tmp_path)
