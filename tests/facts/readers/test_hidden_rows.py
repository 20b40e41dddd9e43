"""Rows behind a quotation mark too many are refused with it, and control characters are no text of a cell.

Between one stray quotation mark and the next, lines become one cell: a row that holds it would hide them.
"""

import pytest

from pipeline.errors import SourceError
from pipeline.facts.readers import readers
from pipeline.facts.readers.layout import Refused, Row
from tests.facts.readers.locality_tables import read, table_file
from tests.facts.readers.samples import SAMPLES


def changed(name: str, *changes: tuple[str, str]) -> tuple[list[Row], list[Refused]]:
    """Rows and refusals of a sample with texts replaced, each of which stands in it once."""
    content = SAMPLES[name].content
    assert isinstance(content, bytes)
    text = content.decode("utf-8", "replace")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    _, rows, refused = read(readers(), table_file(text, name))
    return rows, refused


@pytest.mark.parametrize(
    ("name", "cell", "hidden", "column"),
    [
        ("opps_apc.csv", "Capped.", "2998,Device,H,,,.,,,", "APC"),
        ("opps_apc.csv", "A footnote", "2998,Device,H,,,.,,,", "APC"),
        ("opps_codes.csv", "Text", "9997X,,C,,,,,,,", "HCPCS Code"),
        ("asc_surgical.csv", "Text", "9997X,,N,N1,,", "HCPCS Code"),
        ("asc_ancillary.csv", "Text", "J9998,,K2,,$9.99", "HCPCS Code"),
        ("add_ons.csv", "A note", "1,X9903,,X9901,,2013091,,", "Special_Instruction_Notes"),
        ("hcpcs_modifier_list.csv", "Short", "X7,Text,Short", "short_description"),
        ("coverage.csv", "Retired", "One,L99999,99999,LCD,44", "note"),
        ("pprrvu.csv", "Invented", "7998X,26,,A", "DESCRIPTION"),
        ("mue.csv", "0001U", "CPT copyright\r\n0002U,1,1 Line Edit,CMS Policy", "HCPCS/CPT Code"),
    ],
)  # fmt: skip
def test_a_row_that_may_hide_others_is_refused(name, cell, hidden, column):
    whole, none = changed(name)
    if cell == "Retired":
        kept, refused = changed(name, (",,06/26/2025", f',"{cell}\r\n{hidden}\r\n",06/26/2025'))
    elif cell == "Invented":
        kept, refused = changed(name, ('"Invented, with a comma"', f'"{cell}\r\n{hidden}\r\n{cell}"'))
    elif cell == "0001U":
        kept, refused = changed(name, (f"{cell},1,2 Date of Service Edit: Policy,CMS Policy", f'"{hidden}"'))
    else:
        kept, refused = changed(name, (f"{cell}", f'"{cell}\r\n{hidden}\r\n{cell}"'))
    lost = 0 if cell == "A footnote" else 1
    assert (len(none), len(kept)) == (0, len(whole) - lost)
    assert [item.column for item in refused] == [column]


@pytest.mark.parametrize("character", ["\x1a", "\x1f", "\x7f", "\x01"])
@pytest.mark.parametrize(
    ("name", "text", "column"),
    [
        ("gpci.csv", "CITY", "Locality Name"),
        ("gpci.txt", "CITY", "Locality Name"),
        ("counties.csv", "KERN, MARIN", "Counties"),
        ("counties.csv", "A CITY", "Fee Schedule Area"),
        ("counties.txt", "KERN AND", "Counties"),
        ("anesthesia.csv", "A CITY", "Locality Name"),
        ("opps_apc.csv", "Capped", "Note"),
        ("opps_apc.csv", "Level", "Group Title"),
        ("hcpcs_modifier_list.csv", "A, text", "long_description"),
        ("hcpcs_modifiers.txt", "second part", "positions 21-21"),
        ("coverage.csv", "N/A,Bone", "title"),
    ],
)
def test_a_control_character_in_a_text_is_refused(name, text, column, character):
    whole, _ = changed(name)
    kept, refused = changed(name, (text, text[:-2] + character + text[-1:]))
    assert (len(kept), [item.column for item in refused]) == (
        len(whole) - (name != "hcpcs_modifiers.txt"),
        [column],
    )


def test_contractors_of_a_document_must_look_like_contractors():
    (kept,), (refused,) = changed("coverage.csv", (')",L99999,99999,LCD,45', '),L1\n",L99999,99999,LCD,45'))
    assert (kept.cells[2], refused.column) == ("46", "contractor_name_type")


def test_a_relative_value_file_with_nothing_in_it_is_an_error():
    for reader in (reader for reader in readers() if reader.layout.name == "pprrvu"):
        with pytest.raises(SourceError, match=r"^table\.csv:"):
            list(reader.read(table_file(b""), False).rows)
