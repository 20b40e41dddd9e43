"""Verification: quotes, rows, figures, rules, scope, support, counter-evidence, and the verdict they make."""

from pipeline.verify.claims import InputClaim, read_claims, split_claims
from pipeline.verify.composed import Catalogue
from pipeline.verify.compounds import about_what, split_compound
from pipeline.verify.consistency import Inconsistency, Said, find_inconsistencies
from pipeline.verify.context import ClaimContext, Finding
from pipeline.verify.corpus import Corpus
from pipeline.verify.counter_evidence import CounterEvidence
from pipeline.verify.entailment import Judge, wants_judge
from pipeline.verify.evidence import find_evidence
from pipeline.verify.figures import check_figures
from pipeline.verify.leaning import check_leaning
from pipeline.verify.mentions import Mention, find_mentions
from pipeline.verify.questions import check_question
from pipeline.verify.quotes import locate_quote
from pipeline.verify.rows import check_rows
from pipeline.verify.rules import Rule, check_rules, load_rules
from pipeline.verify.settling import settle
from pipeline.verify.support import quote_in_context
from pipeline.verify.verdict import Examined, checker_version, examine_claim, verify_claim, verify_text_claim
from pipeline.verify.wording import check_wording, reject_statement

__all__ = [
    "Catalogue",
    "ClaimContext",
    "Corpus",
    "CounterEvidence",
    "Examined",
    "Finding",
    "Inconsistency",
    "InputClaim",
    "Judge",
    "Mention",
    "Rule",
    "Said",
    "about_what",
    "check_figures",
    "check_leaning",
    "check_question",
    "check_rows",
    "check_rules",
    "check_wording",
    "checker_version",
    "examine_claim",
    "find_evidence",
    "find_inconsistencies",
    "find_mentions",
    "load_rules",
    "locate_quote",
    "quote_in_context",
    "read_claims",
    "reject_statement",
    "settle",
    "split_claims",
    "split_compound",
    "verify_claim",
    "verify_text_claim",
    "wants_judge",
]
