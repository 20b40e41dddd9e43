"""What the policy indicators of the fee schedule mean, and the modifiers that follow from them.

The entries stand in `modifiers.toml` with the page of the record layout or manual they come from. Nothing here
is typed by a model: a page's modifier table is these entries, selected by the code's own rows.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from pipeline.data import Fact, Record

GLOBAL_DAYS = {
    "000": "minor procedure, the day of the procedure only",
    "010": "minor procedure, the day itself and 10 days after",
    "090": "major surgery, the day before, the day itself and 90 days after",
    "XXX": "no global period",
    "YYY": "the contractor decides",
    "ZZZ": "inside the global period of another service",
    "MMM": "maternity",
}
STATUS_CODES = {
    "A": "active, paid separately where covered",
    "B": "bundled, never paid separately",
    "C": "priced by the contractor",
    "E": "excluded from the fee schedule",
    "I": "not valid for Medicare, another code is used",
    "J": "anesthesia, without RVUs",
    "M": "a measurement code, for reporting only",
    "N": "not covered by Medicare",
    "P": "bundled, or excluded from the fee schedule",
    "R": "restricted coverage, priced by the contractor where covered",
    "T": "paid only if no other fee-schedule service is payable that day to the same provider",
    "X": "not a physician service by statute",
}
# Of these no modifier opens separate payment (record layout, pp. 18-19).
NEVER_PAID = ("B", "I", "M", "N", "P", "X")
MUE_ADJUDICATION = {
    "1": "per claim line",
    "2": "per date of service, absolute",
    "3": "per date of service, clinical",
}
# NCCI manual, ch. I section V, p. I-31: why a limit may be 0.
NO_UNITS = (
    "every unit is denied, as for a code that is bundled, not covered, invalid or not separately payable"
)
PTP_INDICATOR = {
    "0": "no modifier opens the edit",
    "1": "an NCCI modifier may open it when the services really are separate",
    "9": "not in force",
}


def is_evaluation(hcpcs_code: str) -> bool:
    """Whether a code stands in CPT's section of evaluation and management."""
    return "99202" <= hcpcs_code <= "99499"


class ModifierEntry(Record):
    """One row of the modifier table: what a value of a field says about some modifiers.

    `status_codes`: the statuses it holds for, those that Medicare may pay separately; an entry on the status itself
    holds for its own `values`. `note` names the guidance note that restates the rule, empty where none does.
    """

    field: str
    values: tuple[str, ...]
    modifiers: tuple[str, ...]
    status_codes: tuple[str, ...] = ("A", "C", "R", "T")
    when: str
    source: str
    note: str = ""

    @property
    def key(self) -> str:
        """Identity within the table: field and first modifier."""
        return f"{self.field}:{self.modifiers[0]}"

    def holds(self, facts: Mapping[str, Fact]) -> bool:
        """Whether a code with these rows, by field, meets the conditions; a row that is missing meets none."""
        conditions = {"status_code": self.status_codes, self.field: self.values}
        return all(field in facts and facts[field].value in allowed for field, allowed in conditions.items())


@cache
def load_modifier_entries() -> tuple[ModifierEntry, ...]:
    """All entries, in the order of the page's table."""
    text = resources.files("pipeline.facts").joinpath("modifiers.toml").read_text(encoding="utf-8")
    return tuple(ModifierEntry.model_validate(entry) for entry in tomllib.loads(text)["entry"])


@cache
def entries_by_key() -> dict[str, tuple[ModifierEntry, ...]]:
    """The entries of each key, in their order: one for each value of its field that says something else."""
    entries = load_modifier_entries()
    return {entry.key: tuple(each for each in entries if each.key == entry.key) for entry in entries}


def applicable_entries(facts: Mapping[str, Fact]) -> list[ModifierEntry]:
    """The entries that hold for a code with these rows."""
    return [entry for entry in load_modifier_entries() if entry.holds(facts)]


def entry_fields(entry: ModifierEntry) -> list[str]:
    """The fields whose rows the entry's sentence rests on: its own, the status, then those its text quotes."""
    quoted = [part.split("}")[0] for part in entry.when.split("{")[1:]]
    return [*dict.fromkeys((entry.field, "status_code", *quoted))]
