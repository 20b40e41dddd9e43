"""Verification: quotes, rows, figures, coding rules, support, and the verdict they make."""

from pipeline.verify.claims import InputClaim, read_claims, split_claims
from pipeline.verify.composed import Catalogue
from pipeline.verify.context import ClaimContext, Finding
from pipeline.verify.entailment import Judge, wants_judge
from pipeline.verify.evidence import find_evidence
from pipeline.verify.figures import check_figures
from pipeline.verify.leaning import check_leaning
from pipeline.verify.mentions import Mention, find_mentions
from pipeline.verify.questions import check_question
from pipeline.verify.quotes import locate_quote
from pipeline.verify.rows import check_rows
from pipeline.verify.rules import Rule, check_rules, load_rules
from pipeline.verify.verdict import Examined, checker_version, examine_claim, verify_claim, verify_text_claim
from pipeline.verify.wording import check_wording, reject_statement

__all__ = [
    "Catalogue",
    "ClaimContext",
    "Examined",
    "Finding",
    "InputClaim",
    "Judge",
    "Mention",
    "Rule",
    "check_figures",
    "check_leaning",
    "check_question",
    "check_rows",
    "check_rules",
    "check_wording",
    "checker_version",
    "examine_claim",
    "find_evidence",
    "find_mentions",
    "load_rules",
    "locate_quote",
    "read_claims",
    "reject_statement",
    "split_claims",
    "verify_claim",
    "verify_text_claim",
    "wants_judge",
]
