"""Sentences and table rows about facts, each a pure function of the rows it names.

Drafting calls `compose_sentence` with all rows of a code; verification calls it again with only the rows that
the claim cites, and compares. So a figure on a page cannot differ from its row, nor lean on a row not shown.

A subject names what is said: `rvu:work`, `setting:hopd`, `modifier:cosurgeon_indicator:62`, `ptp:29880`, …
"""

from __future__ import annotations

from collections.abc import Callable

from pipeline.facts.money_sentences import compose_payment, compose_rvu, compose_setting
from pipeline.facts.pair_sentences import (
    compose_add_on,
    compose_add_on_pair,
    compose_add_ons,
    compose_edit,
    compose_edit_count,
    compose_edit_modifiers,
    compose_no_ptp,
    compose_ptp,
)
from pipeline.facts.policy_sentences import compose_indicator, compose_modifier
from pipeline.facts.rows import FactSentence, Rows
from pipeline.facts.year_sentences import compose_year

# A composer takes the whole subject, what follows its kind, the page's code and the rows.
_COMPOSERS: dict[str, Callable[[str, str, str, Rows], FactSentence | None]] = {
    "rvu": compose_rvu,
    "payment": compose_payment,
    "setting": compose_setting,
    "year": compose_year,
    "indicator": compose_indicator,
    "modifier": compose_modifier,
    "edit_modifiers": compose_edit_modifiers,
    "add_on": compose_add_on,
    "add_on_pair": compose_add_on_pair,
    "add_ons": compose_add_ons,
    "edit_count": compose_edit_count,
    "edit": compose_edit,
    "ptp": compose_ptp,
    "no_ptp": compose_no_ptp,
}
SUBJECT_KINDS = frozenset(_COMPOSERS)


def compose_sentence(subject: str, hcpcs_code: str, rows: Rows) -> FactSentence | None:
    """The sentence on `subject`, or None when a row it needs is absent.

    Raises KeyError for a subject of no known kind.
    """
    kind, _, rest = subject.partition(":")
    return _COMPOSERS[kind](subject, rest, hcpcs_code, rows)
