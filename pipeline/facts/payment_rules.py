"""The rules of the payment arithmetic, each with its source and whether a CMS document was read for it."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from pipeline.data import Record


class Rule(Record):
    """One rule in our own words.

    `source` is where it stands. `confirmed`: a CMS document that states it was read; where it is False, `read`
    names what was read in its place.
    """

    key: str
    text: str
    source: str
    confirmed: bool
    read: str = ""


@cache
def load_payment_rules() -> dict[str, Rule]:
    """All rules by key."""
    text = resources.files("pipeline.facts").joinpath("payment_rules.toml").read_text(encoding="utf-8")
    return {
        key: Rule.model_validate({"key": key, **entry}) for key, entry in tomllib.loads(text)["rule"].items()
    }


def rule(key: str) -> Rule:
    """One rule. Raises KeyError for a key that `payment_rules.toml` has not."""
    return load_payment_rules()[key]
