"""YAML between two `---` lines, then a body: the form of guidance notes, section specs and prompts.

Every value is read as text, so that 010 stays 010. Errors name the file and the line, counted from 1.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

import yaml
from pydantic import ValidationError

from pipeline.errors import SourceError


class FrontMatter(NamedTuple):
    """A file's parts: the values, the YAML they were read from, and the body.

    `body_line` is the line the body starts on; `sha256` covers the whole file with line ends as LF.
    """

    fields: dict[str, object]
    head: str
    body: str
    body_line: int
    sha256: str


def read_front_matter(path: Path) -> FrontMatter:
    """Read a file with front matter. Raises SourceError naming file and line."""
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: cannot be read as UTF-8 text ({error})") from error
    if not text.startswith("---\n") or "\n---\n" not in text[4:]:
        raise SourceError(f"{path}:1: expected front matter between two lines of '---'")
    head, body = text[4:].split("\n---\n", 1)
    try:
        fields = yaml.load(head, Loader=yaml.BaseLoader)  # noqa: S506 - builds text, lists and maps only
        twice = _named_twice(yaml.compose(head, Loader=yaml.BaseLoader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 2 if mark else 1
        raise SourceError(
            f"{path}:{line}: front matter is not YAML ({getattr(error, 'problem', error)})"
        ) from error
    except RecursionError as error:
        raise SourceError(f"{path}:1: front matter is nested too deeply") from error
    if twice is not None:
        raise SourceError(
            f"{path}:{twice.start_mark.line + 2}: {twice.value!r} stands twice; keep one of them"
        )
    if not isinstance(fields, dict):
        raise SourceError(f"{path}:2: expected 'name: value' lines in the front matter")
    return FrontMatter(fields, head, body, head.count("\n") + 4, hashlib.sha256(text.encode()).hexdigest())


def _named_twice(node: yaml.Node | None) -> yaml.ScalarNode | None:
    """The name that a map, or a map right in it, holds twice; YAML would keep the last value in silence."""
    inner = [value for _, value in node.value] if isinstance(node, yaml.MappingNode) else []
    for mapping in (node, *inner):
        if isinstance(mapping, yaml.MappingNode):
            names = [name for name, _ in mapping.value if isinstance(name, yaml.ScalarNode)]
            for number, name in enumerate(names):
                if any(name.value == earlier.value for earlier in names[:number]):
                    return name
    return None


def invalid_field(path: Path, matter: FrontMatter, error: ValidationError) -> SourceError:
    """The first finding of a failed validation, as an error that points at the line of its field."""
    first = error.errors()[0]
    where = ".".join(str(step) for step in first["loc"]) or "front matter"
    line = _line_of(matter.head, first["loc"])
    return SourceError(f"{path}:{line}: {where}: {first['msg']} (found {first['input']!r:.60})")


def _line_of(head: str, location: tuple[int | str, ...]) -> int:
    """Line of the deepest part of `location` that the YAML holds; 1 when it holds none."""
    node = yaml.compose(head, Loader=yaml.BaseLoader)
    line = 1
    for step in location:
        if isinstance(node, yaml.MappingNode):
            pair = next((pair for pair in node.value if pair[0].value == str(step)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            pair = (node.value[step], node.value[step])
        else:
            pair = None
        if pair is None:
            break
        line = pair[0].start_mark.line + 2
        node = pair[1]
    return line
