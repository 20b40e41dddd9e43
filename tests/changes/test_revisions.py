"""Revisions in the state folder: stored once, found by number and hash, never taken for what they are not."""

from datetime import date

import pytest

from pipeline.changes.diff import ledger_sha256
from pipeline.changes.revisions import (
    find_revision,
    read_revision,
    read_revision_page,
    revisions_of,
    save_revision,
)
from pipeline.errors import SourceError, UsageError
from pipeline.page.files import render_files
from pipeline.page.ledger import dump_ledger
from tests.page.pages import Said, page_of

PARTS = {"facts": {"work_rvu": "6.85 (RVU25D) #ab"}, "checker": {"version": "rules-1"}}
FIRST = page_of([Said("documentation", "note:a", "The record names the side.")])
SECOND = page_of([Said("documentation", "note:a", "The record shows the side.")])


def save(page, folder, parts=PARTS, on=date(2026, 11, 24)):
    written = render_files(page, site_name="Site")
    return save_revision(page, written, folder, parts=parts, made_on=on, dated=False)


def files(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_page_comes_back_as_it_was_with_what_it_was_made_from(tmp_path):
    revision = save(FIRST, tmp_path)
    assert revision.sha256 == ledger_sha256(FIRST) and revision.number == 1
    assert read_revision(tmp_path, "20970", revision.sha256) == revision
    assert dump_ledger(read_revision_page(tmp_path, revision)) == dump_ledger(FIRST)
    assert revision.parts == PARTS


def test_the_same_page_is_one_revision_and_other_parts_are_told_of_it(tmp_path):
    first = save(FIRST, tmp_path)
    before = files(tmp_path)
    assert save(FIRST, tmp_path, on=date(2026, 12, 1)) == first
    assert files(tmp_path) == before
    again = save(FIRST, tmp_path, parts={"checker": {"version": "rules-2"}})
    assert (again.number, again.made_on) == (1, date(2026, 11, 24))
    assert again.parts == {"checker": {"version": "rules-2"}}


def test_revisions_are_found_by_number_and_by_the_beginning_of_their_hash(tmp_path):
    first, second = save(FIRST, tmp_path), save(SECOND, tmp_path)
    assert [one.number for one in revisions_of(tmp_path, "20970")] == [1, 2]
    assert find_revision(tmp_path, "20970", "2") == second
    assert find_revision(tmp_path, "20970", first.sha256[:8]) == first
    with pytest.raises(UsageError, match="no revision"):
        find_revision(tmp_path, "20970", "7")


def test_a_revision_without_its_record_does_not_exist(tmp_path):
    revision = save(FIRST, tmp_path)
    (tmp_path / "20970" / f"{revision.sha256[:16]}.json").write_text('{"hcpcs_code": "20970"')
    assert read_revision(tmp_path, "20970", revision.sha256) is None
    assert save(FIRST, tmp_path) == revision


def test_a_damaged_ledger_is_not_shown(tmp_path):
    revision = save(FIRST, tmp_path)
    other = save(SECOND, tmp_path)
    path = tmp_path / "20970" / f"{revision.sha256[:16]}.page.json.gz"
    path.write_bytes((tmp_path / "20970" / f"{other.sha256[:16]}.page.json.gz").read_bytes())
    with pytest.raises(SourceError, match="does not hold"):
        read_revision_page(tmp_path, revision)
    path.write_bytes(b"not gzip")
    with pytest.raises(SourceError, match="cannot be read"):
        read_revision_page(tmp_path, revision)
