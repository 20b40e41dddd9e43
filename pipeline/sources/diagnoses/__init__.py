"""Diagnoses that a document ties to a HCPCS code, with their places, and the sentences a page says of them."""

from pipeline.sources.diagnoses.conditions import DiagnosesRead, read_diagnoses
from pipeline.sources.diagnoses.quotes import quote_place
from pipeline.sources.diagnoses.rows import condition_cells, condition_text
from pipeline.sources.diagnoses.sentences import (
    SUBJECT_KINDS,
    DiagnosisSentence,
    DiagnosisSentences,
    compose_diagnoses,
)

__all__ = [
    "SUBJECT_KINDS",
    "DiagnosesRead",
    "DiagnosisSentence",
    "DiagnosisSentences",
    "compose_diagnoses",
    "condition_cells",
    "condition_text",
    "quote_place",
    "read_diagnoses",
]
