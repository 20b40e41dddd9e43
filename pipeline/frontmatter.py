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


# Builds text, lists and maps only. libyaml's parser is twenty times as fast as PyYAML's own, and most of a warm run
# was spent there; it does not count how deep it goes, hence the bound on its input.
_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_MAX_HEAD = 8_000


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
        if len(head) > _MAX_HEAD:
            raise SourceError(
                f"{path}:1: front matter of {len(head):,} characters; expected at most {_MAX_HEAD:,}"
            )
        loader = _Loader(head)
        node = loader.get_single_node()
        twice = _named_twice(node)
        fields = loader.construct_document(node) if node else None
    except (yaml.YAMLError, RecursionError) as error:
        raise _not_yaml(path, head, error) from error
    if twice is not None:
        raise SourceError(
            f"{path}:{twice.start_mark.line + 2}: {twice.value!r} stands twice; keep one of them"
        )
    if not isinstance(fields, dict):
        raise SourceError(f"{path}:2: expected 'name: value' lines in the front matter")
    return FrontMatter(fields, head, body, head.count("\n") + 4, hashlib.sha256(text.encode()).hexdigest())


def _not_yaml(path: Path, head: str, error: Exception) -> SourceError:
    """Parsed once more by PyYAML's own parser, which points closer to the fault."""
    try:
        yaml.compose(head, Loader=yaml.BaseLoader)
    except yaml.YAMLError as closer:
        error = closer
    except RecursionError:
        return SourceError(f"{path}:1: front matter is nested too deeply")
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 2 if mark else 1
    return SourceError(f"{path}:{line}: front matter is not YAML ({getattr(error, 'problem', error)})")


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
    node = yaml.compose(head, Loader=_Loader)
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
