"""One reader for each official layout; `recognise` finds the one for a file."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from pipeline.errors import SourceError
from pipeline.facts.readers.layout import Layout, Reader, TableFile
from pipeline.facts.readers.text import head_of, is_binary

TABLE_ENDINGS = (".csv", ".txt", ".xlsx")  # of these, bytes that are no table are damage
MODULES = (
    "pprrvu",
    "gpci",
    "counties",
    "anesthesia",
    "opps_caps",
    "ptp",
    "mue",
    "add_ons",
    "opps_addenda",
    "asc_addenda",
    "hcpcs_modifiers",
    "coverage",
)


@cache
def readers() -> tuple[Reader, ...]:
    """All readers, in the order in which they are asked."""
    return tuple(
        reader for name in MODULES for reader in import_module(f"pipeline.facts.readers.{name}").READERS
    )


@cache
def layouts() -> dict[str, Layout]:
    """The layouts by name."""
    found = {reader.layout.name: reader.layout for reader in readers()}
    return found | {hospital_layout(found["ptp"]).name: hospital_layout(found["ptp"])}


def hospital_layout(layout: Layout) -> Layout:
    """The PTP layout as the edition for outpatient hospitals has it: the same columns, told apart by its release."""
    return layout._replace(name=f"{layout.name}_hospital", family=f"{layout.family}H", confirmed=False)


def recognise(file: TableFile) -> Reader | None:
    """The reader of a file's layout, None where it is no table we know. Raises SourceError for a broken file."""
    named_as_table = file.name.lower().endswith(TABLE_ENDINGS)
    try:
        if not named_as_table and is_binary(file):
            return None
        head = head_of(file)
    except SourceError:
        if named_as_table:
            raise
        return None  # such as a PDF or a word processor's file that comes along
    except OSError as error:
        raise SourceError(f"{file.name}: cannot be read ({error.strerror or error})") from error
    return next((reader for reader in readers() if reader.matches(head)), None)
