"""Section specs and prompt templates: files with front matter under `prompts/`.

A section spec (`prompts/sections/KEY.md`) says what a section of a page holds and must answer; its body is
guidance for a model that drafts it. A prompt (`prompts/*/CALL.md.j2`) is one model call:

    ---
    variables: [hcpcs_code, passages]
    ---
    What is the same in every call, word for word: endpoints cache a prompt by its beginning.
    === user ===
    A Jinja2 template over the declared variables.

Text from a source goes in through `fence` and nowhere else.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import ValidationError

from pipeline.data import Record, SectionSpec
from pipeline.errors import SourceError
from pipeline.frontmatter import FrontMatter, invalid_field, read_front_matter

_USER_LINE = "=== user ===\n"
_FENCE_TAG = re.compile(r"[<＜﹤](?=\W{0,8}passage)", re.IGNORECASE)
_ID_UNSAFE = re.compile(r"[\s<>\"'&]")


class RenderedPrompt(NamedTuple):
    """The two messages of a call. `system` is the same for every code."""

    system: str
    user: str


class Prompt(Record):
    """A prompt file, checked when it was loaded. `sha256` covers the whole file."""

    name: str
    system: str
    template: str
    variables: tuple[str, ...]
    sha256: str

    def render(self, **variables: object) -> RenderedPrompt:
        """Fill in exactly the declared variables. Raises TypeError naming those missing or unknown."""
        missing = sorted(set(self.variables) - set(variables))
        unknown = sorted(set(variables) - set(self.variables))
        if missing or unknown:
            raise TypeError(f"prompt {self.name}: missing variables {missing}, unknown variables {unknown}")
        return RenderedPrompt(self.system, _compiled(self.template).render(variables))


class _PromptHead(Record):
    variables: tuple[str, ...]


def load_sections(folder: Path) -> tuple[SectionSpec, ...]:
    """Read every `*.md` of `folder`, in page order; the key of a section is its file's name.

    Raises SourceError naming file and line, also where two sections claim the same place.
    """
    paths = sorted(folder.glob("*.md"))
    if not paths:
        raise SourceError(f"{folder}: expected section specs (KEY.md), found none")
    places: dict[int, Path] = {}
    specs: list[SectionSpec] = []
    for path in paths:
        spec = _load_section(path)
        if spec.order in places:
            raise SourceError(f"{path}: order {spec.order} is taken by {places[spec.order]}; choose another")
        places[spec.order] = path
        specs.append(spec)
    return tuple(sorted(specs, key=lambda spec: spec.order))


def _load_section(path: Path) -> SectionSpec:
    matter = read_front_matter(path)
    derived = {"key": path.stem, "guidance": matter.body.strip(), "sha256": matter.sha256}
    for name in sorted(derived.keys() & matter.fields.keys()):
        raise SourceError(f"{path}:2: {name!r} follows from the file and may not stand in the front matter")
    try:
        spec = SectionSpec.model_validate({**matter.fields, **derived})
    except ValidationError as error:
        raise invalid_field(path, matter, error) from error
    keys = [item.key for item in spec.must_answer]
    for key in keys:
        if keys.count(key) > 1:
            line = _line_with(matter.head, f"key: {key}", 2)
            raise SourceError(f"{path}:{line}: must_answer has {key!r} twice")
    return spec


def load_prompt(path: Path) -> Prompt:
    """Read one prompt.

    Raises SourceError naming file and line, also where the variables declared and used differ.
    """
    matter = read_front_matter(path)
    try:
        head = _PromptHead.model_validate(matter.fields)
    except ValidationError as error:
        raise invalid_field(path, matter, error) from error
    divider = _USER_LINE.strip()
    system, found, template = ("\n" + matter.body).partition("\n" + _USER_LINE)
    if not found or not system.strip() or not template.strip():
        raise SourceError(f"{path}:{matter.body_line}: expected fixed text, a line '{divider}', a template")
    for mark in ("{{", "{%"):
        if mark in system:
            line = _line_with(system, mark, matter.body_line - 1)
            raise SourceError(
                f"{path}:{line}: the text above '{divider}' may not vary; move '{mark}' below it"
            )
    first_line = matter.body_line + system.count("\n") + 1
    _check_variables(path, matter, head.variables, template, first_line=first_line)
    return Prompt(
        name=path.name.partition(".")[0],
        system=system.strip() + "\n",
        template=template,
        variables=head.variables,
        sha256=matter.sha256,
    )


def _check_variables(
    path: Path, matter: FrontMatter, declared: tuple[str, ...], template: str, *, first_line: int
) -> None:
    try:
        used = meta.find_undeclared_variables(_environment().parse(template))
    except TemplateSyntaxError as error:
        line = first_line + error.lineno - 1
        raise SourceError(f"{path}:{line}: not a Jinja2 template ({error.message})") from error
    for name in sorted(used - set(declared)):
        line = _line_with(template, name, first_line)
        raise SourceError(f"{path}:{line}: the template uses {name!r}, which 'variables' does not declare")
    for name in sorted(set(declared) - used):
        line = _line_with(matter.head, name, 2)
        raise SourceError(f"{path}:{line}: 'variables' declares {name!r}, which the template does not use")


def _line_with(text: str, mark: str, first_line: int) -> int:
    for number, line in enumerate(text.split("\n"), first_line):
        if mark in line:
            return number
    return first_line


@lru_cache(maxsize=32)
def _compiled(template: str) -> Template:
    return _environment().from_string(template)


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals = {"fence": fence}
    return environment


def fence(evidence_id: str, text: str) -> str:
    """`text` as data between passage tags that it cannot close or open itself.

    Where the text holds such a tag, its `<` becomes `‹`; all else is kept, so that a quote copied from the
    fence can be located in the source.
    """
    safe_id = _ID_UNSAFE.sub("_", evidence_id)
    return f'<passage id="{safe_id}">\n{_FENCE_TAG.sub("‹", text)}\n</passage>'
