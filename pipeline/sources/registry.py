"""The registry of sources: who publishes what, where, under which licence, and by which names its files go."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import TypeVar

from pydantic import Field, ValidationError, field_validator, model_validator

from pipeline.data import Authority, Record
from pipeline.errors import SourceError

_Entry = TypeVar("_Entry", bound=Record)
_GROUPS = frozenset(("year", "quarter", "month", "letter", "edition", "step"))
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_QUARTERLY = ("RVU", "OPPS", "ASC", "HCPCS")
# NCCI numbers its editions from the year: version 32.0 is January 2026, 32.1 April, and so on.
_NCCI_EPOCH = 1994


class LayoutUse(Record):
    """A layout that files of a source have. `confirmed` is False where it was built from documentation alone."""

    name: str
    confirmed: bool = True


class ReleaseFile(Record):
    """A file of a release: where it lies, and the SHA-256 it must have, empty where none is known."""

    url: str = Field(pattern=r"^https://\S+$")
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")


class KnownRelease(Record):
    """A release whose files or dates are known.

    `effective_from` is set where it starts on another day than its quarter; `effective_source` says who says so.
    `complete` is False where the release has files beyond those listed.
    """

    name: str
    files: tuple[ReleaseFile, ...] = ()
    complete: bool = True
    effective_from: date | None = None
    effective_source: str = ""

    @model_validator(mode="after")
    def _dates_have_a_source(self) -> KnownRelease:
        if bool(self.effective_from) != bool(self.effective_source):
            raise ValueError(f"{self.name}: effective_from needs effective_source, and the other way round")
        return self


class RegistryEntry(Record):
    """One source as `sources/registry.toml` names it; `family` as in `facts.releases`.

    `url` is the page a person starts from. `names` are the patterns that `release_of_name` goes by.
    """

    family: str
    publisher: str
    title: str
    url: str
    authority: Authority
    licence: str
    calendar: str
    layouts: tuple[LayoutUse, ...] = ()
    names: tuple[str, ...] = ()
    releases: tuple[KnownRelease, ...] = ()

    @field_validator("names")
    @classmethod
    def _patterns_are_sound(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            try:
                groups = re.compile(name).groupindex.keys()
            except re.error as error:
                raise ValueError(f"{name!r} is no pattern ({error})") from error
            if unknown := sorted(groups - _GROUPS):
                raise ValueError(
                    f"{name!r} has a group {unknown[0]!r}; known are {', '.join(sorted(_GROUPS))}"
                )
        return names

    @model_validator(mode="after")
    def _releases_are_its_own(self) -> RegistryEntry:
        names = [release.name for release in self.releases]
        for name in names:
            if not re.match(rf"{self.family}(?:-|\d)", name) or names.count(name) > 1:
                raise ValueError(f"release {name!r} is named twice, or is none of {self.family}")
        return self

    def release(self, name: str) -> KnownRelease | None:
        """What is known of a release."""
        return next((release for release in self.releases if release.name == name), None)


class UserSource(Record):
    """A publisher whose documents the user brings: nothing of it is fetched.

    `quote_words` and `page_words` cap what a page may quote, in one quote and altogether; they are our own caution,
    not the publisher's terms, which may allow less.
    """

    key: str
    publisher: str
    title: str
    url: str
    authority: Authority
    licence: str
    quote_words: int = Field(gt=0)
    page_words: int = Field(gt=0)

    @model_validator(mode="after")
    def _a_page_holds_a_quote(self) -> UserSource:
        if self.page_words < self.quote_words:
            raise ValueError(f"{self.key}: page_words is below quote_words")
        return self


def load_registry(path: Path) -> dict[str, RegistryEntry]:
    """Entries by family. Raises SourceError naming the file and the entry at fault."""
    parsed: dict[str, RegistryEntry] = {}
    for number, entry in enumerate(_entries(path, "source"), 1):
        source = _validated(RegistryEntry, entry, f"{path}: [[source]] {number}")
        if source.family in parsed:
            raise SourceError(f"{path}: [[source]] {number}: family {source.family} is there twice; keep one")
        parsed[source.family] = source
    return parsed


def load_user_sources(path: Path) -> dict[str, UserSource]:
    """The publishers whose documents users bring, by key. Raises SourceError naming the file and the entry at fault."""
    parsed: dict[str, UserSource] = {}
    for number, entry in enumerate(_entries(path, "user_source"), 1):
        source = _validated(UserSource, entry, f"{path}: [[user_source]] {number}")
        parsed[source.key] = source
    return parsed


def release_of_name(entry: RegistryEntry, filename: str) -> str | None:
    """The release that a file of this source belongs to, by its name or its URL alone; None where that tells nothing.

    None also where two patterns read different releases from one name. A fee schedule release holds a file for
    qualifying APM participants and one for the others: both have the release's plain name (RVU26D).
    """
    name = file_name(filename)
    found = {
        _release(entry.family, {key: value for key, value in match.groupdict().items() if value})
        for pattern in entry.names
        if (match := re.fullmatch(pattern, name, re.IGNORECASE))
    }
    return found.pop() if len(found) == 1 else None


def file_name(filename: str) -> str:
    """The file's own name. CMS's download addresses have dates with slashes behind the name; those stay, as hyphens."""
    if "://" in filename:
        address = re.split(r"[?#]", filename)[0]
        return re.sub(r"^.*?://[^/]*/(?:files/[a-z]+/|.*/)?", "", address).replace("/", "-")
    return re.split(r"[/\\]", filename)[-1]


def _release(family: str, groups: dict[str, str]) -> str | None:
    if "edition" in groups:
        return f"{family}-{_NCCI_EPOCH + int(groups['edition'])}Q{int(groups['step']) + 1}"
    year = int(groups["year"]) % 100 + 2000
    if "letter" in groups:
        return f"{family}{year % 100:02d}{groups['letter'].upper()}"
    if "quarter" in groups:
        return f"{family}-{year}Q{groups['quarter']}"
    month = _month(groups["month"])
    if family == "MCD":
        return f"{family}-{year}-{month:02d}"
    if month % 3 != 1:
        return None
    if family == "RVU":
        return f"{family}{year % 100:02d}{'ABCD'[month // 3]}"
    return f"{family}-{year}-{month:02d}" if family in _QUARTERLY else f"{family}-{year}Q{month // 3 + 1}"


def _month(text: str) -> int:
    return int(text) if text.isdigit() else _MONTHS.index(text[:3].lower()) + 1


def _entries(path: Path, key: str) -> list[object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))[key]
    except (OSError, KeyError, ValueError) as error:
        reason = f"no [[{key}]] in it" if isinstance(error, KeyError) else error
        raise SourceError(f"{path}: cannot be read as a registry of [[{key}]] entries ({reason})") from error


def _validated(kind: type[_Entry], entry: object, where: str) -> _Entry:
    try:
        return kind.model_validate(entry)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "entry"
        raise SourceError(f"{where}: {field}: {first['msg']}") from error
