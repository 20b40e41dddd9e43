"""When a contradicted rule refutes: only where the sentence says little else, and sets no condition of its own."""

from __future__ import annotations

from pipeline.verify.context import ClaimContext, Finding
from pipeline.verify.reading import Reading
from pipeline.verify.support import residue

_CONDITIONS = frozenset("if unless except because although only until whenever provided".split())
# More words than this beside a contradicted rule, and the sentence may well be about something else.
_MAX_BESIDE = 5


def restrain_rule(finding: Finding, reading: Reading, context: ClaimContext) -> Finding:
    """The finding as it is, or, where the sentence says more than the rule covers, as one that only leaves it open."""
    if not finding.refutes:
        return finding
    beside = residue(reading, [finding], context.hcpcs_code)
    if len(beside) <= _MAX_BESIDE and not _CONDITIONS & set(beside):
        return finding
    reason = (
        f"{finding.check.reason}; but the sentence says more than the rule covers: {', '.join(beside[:8])}"
    )
    return Finding(finding.check.model_copy(update={"reason": reason}), evidence=finding.evidence)
