"""Front matter: what is read as text, and which line an error names."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from pipeline.data import Record
from pipeline.errors import SourceError
from pipeline.frontmatter import invalid_field, read_front_matter


class Ranked(Record):
    rank: int


class Sample(Record):
    name: str
    items: tuple[Ranked, ...] = ()


def written(folder: Path, text: str) -> Path:
    path = folder / "sample.md"
    path.write_text(text, encoding="utf-8")
    return path


def test_values_stay_text_and_the_body_keeps_its_line(tmp_path: Path):
    matter = read_front_matter(written(tmp_path, "---\nglobal_days: 010\nna: NA\n---\nBody\n"))
    assert matter.fields == {"global_days": "010", "na": "NA"}
    assert (matter.body, matter.body_line) == ("Body\n", 5)


def test_windows_line_ends_change_neither_body_nor_digest(tmp_path: Path):
    plain = read_front_matter(written(tmp_path, "---\na: b\n---\nBody\n"))
    path = tmp_path / "crlf.md"
    path.write_bytes(b"---\r\na: b\r\n---\r\nBody\r\n")
    assert read_front_matter(path) == plain


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("no front matter", ":1:", "between two lines of '---'"),
        ("---\na: b\n", ":1:", "between two lines of '---'"),
        ("---\na: b\nc: [1\n---\n", ":3:", "not YAML"),
        ("---\njust text\n---\n", ":2:", "'name: value'"),
    ],
)
def test_broken_front_matter_names_file_and_line(tmp_path: Path, text: str, where: str, what: str):
    with pytest.raises(SourceError) as caught:
        read_front_matter(written(tmp_path, text))
    assert f"sample.md{where}" in str(caught.value)
    assert what in str(caught.value)


@pytest.mark.parametrize(
    ("head", "line"),
    [
        ("name: a\nitems:\n  - rank: 1\n  - rank: high", 5),
        ("items: []", 1),
        ("name: a\ncolour: red", 3),
    ],
)
def test_an_invalid_field_names_its_own_line(tmp_path: Path, head: str, line: int):
    path = written(tmp_path, f"---\n{head}\n---\n")
    matter = read_front_matter(path)
    with pytest.raises(ValidationError) as caught:
        Sample.model_validate(matter.fields)
    assert f"sample.md:{line}: " in str(invalid_field(path, matter, caught.value))
