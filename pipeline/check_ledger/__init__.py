"""A page verified again from its ledger: every claim from the evidence recorded with it, and nothing else needed.

Five questions, each a check of its own. `record`: does the ledger hold together, ids and all? `again`: do the checks,
given the recorded evidence, come to the recorded verdict? `wording` and the like: is each statement what its claims
say? `cells`: is its table row what the cited rows compose? `held`: where this installation has the row or the document,
does it say what the ledger says of it?

Whatever contradicts the record refutes the claim, also a row that a loaded table would have and has not. What was
changed at its source since leaves it undecided. Where a row or a document is not at hand at all (`unseen`), the record
is all there is: the claim may be supported by it, with at most `BY_RECORD_ALONE`, and the reason says so.
"""

from pipeline.check_ledger.again import check_ledger
from pipeline.check_ledger.files import read_ledger_file
from pipeline.check_ledger.held import Held, held_by
from pipeline.check_ledger.results import BY_RECORD_ALONE
from pipeline.check_ledger.verdicts import other_checkers

__all__ = ["BY_RECORD_ALONE", "Held", "check_ledger", "held_by", "other_checkers", "read_ledger_file"]
