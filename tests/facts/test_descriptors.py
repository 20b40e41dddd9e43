"""Descriptors stay apart, and reach a page only under a licence that the user named."""

from datetime import date

import pytest

from pipeline.errors import SourceError, UsageError
from pipeline.facts.descriptors import (
    license_descriptors,
    page_descriptor,
    read_descriptors,
    remove_descriptors,
    store_descriptors,
)
from pipeline.facts.readers.descriptor_file import read_descriptor_file
from tests.facts.readers.locality_tables import table_file, workbook

ON = date(2026, 11, 24)


def read(content, name="mine.csv"):
    return read_descriptor_file(table_file(content, name))


def test_two_columns_or_named_ones_in_any_form():
    want = {"20970": "An invented text", "29881": "Another, with a comma"}
    assert read('20970,An invented text\n29881,"Another, with a comma"\n') == want
    assert (
        read("A title of 2026\n\n20970\tAn invented text\n29881\tAnother, with a comma\n", "mine.txt") == want
    )
    named = 'Seq,Long Description,CPT Code\n1,An invented text,20970\n2,"Another, with a comma",29881\n'
    assert read(named) == want
    book = workbook(("Code", "Descriptor"), ("20970", "An invented  text"))
    assert read_descriptor_file(book) == {"20970": "An invented text"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("20970,One\n2097,Two\n", "mine.csv:2: expected a code of five characters"),
        ("20970,One\n29881,\n", "mine.csv:2: expected the descriptor of 29881"),
        ("20970,One\n20970,Two\n", "mine.csv:2: 20970 stands there already"),
        ("20970," + "x" * 2001 + "\n", "mine.csv:1: expected the descriptor of 20970"),
        ("20970,\x1b[31mred\n", "mine.csv:1: expected the descriptor of 20970"),
        ("nothing here\n", "found none"),
    ],
)
def test_what_is_no_descriptor_file_is_refused_with_its_line(content, says):
    with pytest.raises(SourceError) as caught:
        read(content)
    assert says in str(caught.value)


def test_a_page_shows_what_is_licensed_alone(tmp_path):
    store_descriptors(tmp_path, "RVU26D", {"20970": "From the file", "G0289": "CMS's own"}, on=ON)
    assert [*read_descriptors(tmp_path)[0].texts] == ["20970"]
    assert page_descriptor(read_descriptors(tmp_path), "20970") is None
    license_descriptors(tmp_path, "RVU26D", "licence 7")
    shown = page_descriptor(read_descriptors(tmp_path), "20970")
    assert shown is not None and (shown.text, shown.source, shown.licence) == (
        "From the file",
        "RVU26D",
        "licence 7",
    )
    assert page_descriptor(read_descriptors(tmp_path), "29881") is None
    store_descriptors(tmp_path, "RVU26D", {"20970": "Read again"}, on=ON)  # the next sync keeps what was said
    assert page_descriptor(read_descriptors(tmp_path), "20970").text == "Read again"  # type: ignore[union-attr]
    remove_descriptors(tmp_path, "RVU26D")
    assert read_descriptors(tmp_path) == []


def test_unknown_and_unsafe_names_are_refused(tmp_path):
    for name in ("RVU26D", "../outside", ".hidden", ""):
        with pytest.raises(UsageError):
            license_descriptors(tmp_path, name, "licence 7")
    with pytest.raises(UsageError):
        store_descriptors(tmp_path, "../outside", {"20970": "x"}, on=ON)
    assert list(tmp_path.parent.glob("outside*")) == []


def test_a_damaged_store_is_named(tmp_path):
    (tmp_path / "mine.json").write_text("{")
    with pytest.raises(SourceError, match=r"mine\.json"):
        read_descriptors(tmp_path)
