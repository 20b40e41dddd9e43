"""CPT descriptors, kept apart from the facts: those in CMS's files, and those of a file the user is licensed for.

One file a source, in the state folder. Those in CMS's files are for the user's own eyes under the licence accepted at
`sources sync`; a page shows descriptors of a source only once the user has said under which licence it may.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from pydantic import Field, ValidationError

from pipeline.data import Descriptor, Record
from pipeline.errors import SourceError, UsageError
from pipeline.selector import code_system
from pipeline.store import cannot_write, write_atomically


class DescriptorSource(Record):
    """Where descriptors come from: a release, or the name of the user's file. `licence` empty: not for pages."""

    source: str
    read_on: date
    licence: str = ""
    texts: dict[str, str] = Field(repr=False)

    def within(self, ranges: Iterable[tuple[str, str]]) -> list[str]:
        """The texts of the codes from the first to the last of each pair, both included."""
        codes = sorted(self.texts)
        spans = [codes[bisect_left(codes, first) : bisect_right(codes, last)] for first, last in ranges]
        return [self.texts[code] for span in spans for code in span]


def store_descriptors(
    folder: Path, source: str, texts: Mapping[str, str], *, on: date, licence: str = ""
) -> None:
    """Keep the descriptors of a source, in place of its earlier ones. A licence said before stays.

    Texts of Level II codes, which CMS's files hold as well, are no CPT descriptors and are left out.
    """
    if not licence:
        licence = next((held.licence for held in read_descriptors(folder) if held.source == source), "")
    kept = {code: text for code, text in sorted(texts.items()) if code_system(code) == "CPT"}
    record = DescriptorSource(source=source, read_on=on, licence=licence, texts=kept)
    write_atomically(_path(folder, source), record.model_dump_json(indent=1) + "\n")


def read_descriptors(folder: Path) -> list[DescriptorSource]:
    """All sources there are, licensed ones first, then the newest. Raises SourceError for a damaged one."""
    found: list[DescriptorSource] = []
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        try:
            found.append(DescriptorSource.model_validate_json(path.read_bytes()))
        except (OSError, ValidationError) as error:
            raise SourceError(
                f"{path} cannot be read as descriptors; delete it and load them again"
            ) from error
    return sorted(found, key=lambda held: (bool(held.licence), held.read_on, held.source), reverse=True)


def license_descriptors(folder: Path, source: str, licence: str) -> DescriptorSource:
    """Say under which licence the descriptors of a source may stand on pages; an empty one takes that back."""
    said = _held(folder, source).model_copy(update={"licence": licence})
    write_atomically(_path(folder, source), said.model_dump_json(indent=1) + "\n")
    return said


def remove_descriptors(folder: Path, source: str) -> None:
    """Delete the descriptors of a source."""
    path = _path(folder, _held(folder, source).source)
    try:
        path.unlink()
    except OSError as error:
        raise cannot_write(path, error.strerror or str(error)) from error


def page_descriptor(sources: list[DescriptorSource], hcpcs_code: str) -> Descriptor | None:
    """What a page may show: the text of the first licensed source that has the code."""
    for held in sources:
        if held.licence and hcpcs_code in held.texts:
            return Descriptor(text=held.texts[hcpcs_code], source=held.source, licence=held.licence)
    return None


def _held(folder: Path, source: str) -> DescriptorSource:
    stored = {held.source: held for held in read_descriptors(folder)}
    if source not in stored:
        names = ", ".join(stored) or "none"
        raise UsageError(
            f"{source} is no file, and no descriptors of that name are stored; stored are: {names}"
        )
    return stored[source]


def _path(folder: Path, source: str) -> Path:
    if not source or Path(source).name != source or source.startswith("."):
        raise UsageError(f"{source!r} names no source of descriptors; give a release or a file's plain name")
    return folder / f"{source}.json"
