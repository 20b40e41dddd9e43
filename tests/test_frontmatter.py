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


@pytest.mark.parametrize(
    ("head", "line", "name"),
    [("a: 1\nb: 2\na: 3", 4, "a"), ("a: 1\nanchor:\n  page: 1\n  page: 2", 5, "page")],
)
def test_a_name_that_stands_twice_is_refused(tmp_path: Path, head: str, line: int, name: str):
    with pytest.raises(SourceError, match=f"sample.md:{line}: '{name}' stands twice"):
        read_front_matter(written(tmp_path, f"---\n{head}\n---\nBody\n"))


def test_a_byte_order_mark_is_no_fault_and_deep_nesting_is_said_so(tmp_path: Path):
    assert read_front_matter(written(tmp_path, "\ufeff---\na: 1\n---\nBody\n")).fields == {"a": "1"}
    with pytest.raises(SourceError, match=r"nested too deeply|expected at most"):
        read_front_matter(written(tmp_path, "---\na: " + "[" * 20_000 + "\n---\nBody\n"))
