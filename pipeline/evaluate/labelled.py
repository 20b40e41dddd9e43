"""Labelled pairs of evidence and claim: a file of JSON Lines, a row each."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, Field, ValidationError, field_validator

from pipeline.data import Label, Record
from pipeline.errors import SourceError
from pipeline.verify.judges import Pair

Truth = Literal["supported", "refuted", "not_supported"]
TRUTHS: tuple[Truth, ...] = ("supported", "refuted", "not_supported")
_ALSO_CALLED = {Label.NOT_ENOUGH_INFO.value: "not_supported"}


class LabelledPair(Record):
    """A row. `not_supported`: the evidence does not say it, or nobody looked whether it says the contrary; a file may
    write `not_enough_info`, as `verify` does.

    Rows of one `group` are made from one another; without one, rows with the same evidence are a group. What else a
    row has is not read.
    """

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    id: str = ""
    subset: str = ""
    group: str = ""
    evidence: str
    claim: str = Field(pattern=r"\S")
    label: Truth

    @field_validator("id", "subset", "group", mode="before")
    @classmethod
    def _absent(cls, value: object) -> object:
        return "" if value is None else value

    @field_validator("label", mode="before")
    @classmethod
    def _one_name(cls, value: object) -> object:
        return _ALSO_CALLED.get(value, value) if isinstance(value, str) else value

    @property
    def pair(self) -> Pair:
        """What a judge is shown."""
        return Pair(self.evidence, self.claim)

    @property
    def set_apart(self) -> str:
        """The name of its group."""
        return self.group or self.evidence


def load_pairs(path: Path) -> list[LabelledPair]:
    """The rows of a file; one without an id gets its line's number. Raises SourceError naming the line at fault."""
    try:
        lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n")
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror}); name a file of JSON Lines") from error
    found: dict[str, LabelledPair] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = LabelledPair.model_validate_json(line)
        except ValidationError as error:
            raise SourceError(
                f"{path}:{number}: no row of evidence, claim and label ({_first(error)}); a label is one of "
                f"{', '.join((*TRUTHS, *_ALSO_CALLED))}"
            ) from error
        row = row if row.id else row.model_copy(update={"id": f"line {number}"})
        if row.id in found:
            raise SourceError(f"{path}:{number}: the id {row.id!r:.60} was used before; ids tell rows apart")
        found[row.id] = row
    if not found:
        raise SourceError(f"{path} holds no row; expected JSON Lines with evidence, claim and label")
    return list(found.values())


def _first(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else first["msg"]
