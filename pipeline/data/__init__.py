"""The records that flow between stages. They hold data and derive from it; work is done in the stages.

All character offsets are Python string offsets, start inclusive, end exclusive, into
`SourceDocument.text` unless a field says otherwise.
"""

from pipeline.data.base import HcpcsCode, Record
from pipeline.data.claims import (
    Check,
    Claim,
    Evidence,
    JudgeFailure,
    Judgement,
    Label,
    Outcome,
    QuoteEvidence,
    RowEvidence,
    Statement,
    Verdict,
)
from pipeline.data.page import (
    Descriptor,
    Gap,
    MustAnswer,
    Page,
    PagePlan,
    Section,
    SectionSpec,
    SiteBlock,
    SourceUse,
    Withheld,
)
from pipeline.data.sources import (
    Anchor,
    Applicability,
    Authority,
    BlockKind,
    CodeProfile,
    Currency,
    DocumentBlock,
    Fact,
    LocatedQuote,
    Match,
    Passage,
    SourceDocument,
)

__all__ = [
    "Anchor",
    "Applicability",
    "Authority",
    "BlockKind",
    "Check",
    "Claim",
    "CodeProfile",
    "Currency",
    "Descriptor",
    "DocumentBlock",
    "Evidence",
    "Fact",
    "Gap",
    "HcpcsCode",
    "JudgeFailure",
    "Judgement",
    "Label",
    "LocatedQuote",
    "Match",
    "MustAnswer",
    "Outcome",
    "Page",
    "PagePlan",
    "Passage",
    "QuoteEvidence",
    "Record",
    "RowEvidence",
    "Section",
    "SectionSpec",
    "SiteBlock",
    "SourceDocument",
    "SourceUse",
    "Statement",
    "Verdict",
    "Withheld",
]
