from pathlib import Path

import pytest

from pipeline.errors import SourceError
from pipeline.sources.notes import load_notes
from pipeline.sources.registry import load_registry

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
