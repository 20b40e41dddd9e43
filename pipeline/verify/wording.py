"""The words of a statement are those of its claims: no sentence, and no figure in a table cell, escapes its checks."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipeline.data import Check, Evidence, Label, Outcome, RowEvidence, Statement, Verdict
from pipeline.verify.diagnoses import strange_cells

CHECK = "wording"
# Figures, codes and releases: whatever holds a digit.
_FIGURE = re.compile(r"[A-Z]*-?\d[\w.,-]*\w|\d")
_PASSED = Check(check=CHECK, outcome=Outcome.PASS, reason="the statement's words are those of its claims")


def check_wording(statement: Statement, evidence: Mapping[str, Evidence]) -> Check:
    """PASS where the text is its claims' texts in order, and each figure in a cell stands in a claim or its rows."""
    if statement.text.split() != " ".join(claim.text for claim in statement.claims).split():
        return Check(
            check=CHECK,
            outcome=Outcome.FAIL,
            reason="the statement says more, or less, than its claims",
            expected=" ".join(claim.text for claim in statement.claims),
            found=statement.text,
        )
    if expected := strange_cells(statement):
        return Check(
            check=CHECK,
            outcome=Outcome.FAIL,
            reason="the table row is not what its sentence says",
            expected=" | ".join(expected),
            found=" | ".join(statement.cells),
        )
    if not statement.cells:
        return _PASSED
    cited = [evidence[id_] for claim in statement.claims for id_ in claim.evidence_ids]
    rows = [item.fact for item in cited if isinstance(item, RowEvidence)]
    known = " ".join(
        [
            *(f"{claim.text} {claim.derivation}" for claim in statement.claims),
            *(f"{fact.hcpcs_code} {fact.value} {fact.release}" for fact in rows),
        ]
    )
    figures = set(_FIGURE.findall(known.replace(",", "")))
    strays = [
        f for cell in statement.cells for f in _FIGURE.findall(cell.replace(",", "")) if f not in figures
    ]
    if strays:
        return Check(
            check=CHECK,
            outcome=Outcome.FAIL,
            reason=f"a table cell states {', '.join(strays)}, which no claim of it does",
            found=" | ".join(statement.cells),
        )
    return _PASSED


def reject_statement(verdict: Verdict, check: Check) -> Verdict:
    """The verdict of a claim whose statement failed a check as a whole: not enough information, or still refuted."""
    checks = (*verdict.checks, check)
    if verdict.label is Label.REFUTED:
        return verdict.model_copy(update={"checks": checks})
    reason = f"{check.reason[0].upper()}{check.reason[1:]}."
    return verdict.model_copy(
        update={"label": Label.NOT_ENOUGH_INFO, "confidence": 0.5, "reason": reason, "checks": checks}
    )
