"""Invented articles in the manner of billing-and-coding articles, and licensed tables; the ICD-10-CM codes are real."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pipeline.data import Authority, SourceDocument
from pipeline.sources.reading.blocks import ReadBlock, compose
from pipeline.sources.reading.html import read_html_blocks
from pipeline.sources.reading.markdown import read_markdown_blocks
from pipeline.sources.reading.plain import read_plain_blocks

RIGHT_KNEE = ("M17.11", "Unilateral primary osteoarthritis, right knee")
LEFT_KNEE = ("M17.12", "Unilateral primary osteoarthritis, left knee")
BOTH_KNEES = ("M17.0", "Bilateral primary osteoarthritis of knee")
BACK = ("M54.50", "Low back pain, unspecified")
PROCEDURES = (("20610", "Invented words for it"), ("20611", "Invented words for that"))
SUPPORT = "ICD-10-CM Codes that Support Medical Necessity"
DENY = "ICD-10-CM Codes that DO NOT Support Medical Necessity"

Row = tuple[str, ...]


def table(rows: Sequence[Row], *, head: Row = ("Code", "Description")) -> str:
    cells = ["".join(f"<th>{cell}</th>" for cell in head)]
    cells += ["".join(f"<td>{cell}</td>" for cell in row) for row in rows]
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"


def group(number: int, rows: Sequence[Row], words: str = "N/A") -> str:
    return (
        f"<h4>Group {number}</h4><h5>Group {number} Paragraph</h5><p>{words}</p>"
        f"<h5>Group {number} Codes</h5>{table(rows)}"
    )


def article(*supporting: str, procedures: str = "", denied: str = "", title: str = SUPPORT) -> str:
    """The page of an article with these groups; by default one group of procedure codes."""
    return (
        "<html><body><main><h1>Billing and Coding: Invented Injections</h1><h2>Article Guidance</h2>"
        "<p>This invented article says how the injections of an invented determination are billed and coded.</p>"
        f"<h2>Coding Information</h2><h3>CPT/HCPCS Codes</h3>{procedures or group(1, PROCEDURES)}"
        f"<h3>{title}</h3>{''.join(supporting)}<h3>{DENY}</h3>{denied or '<p>N/A</p>'}"
        "<h3>Additional ICD-10 Information</h3><p>N/A</p><h2>Revision History Information</h2>"
        f"{table([('01/01/2026', 'M25.561 was added.')], head=('Date', 'Change'))}</main></body></html>"
    )


def document(blocks: Sequence[ReadBlock], **fields: object) -> SourceDocument:
    composed = compose(blocks, pages=max((block.page or 0 for block in blocks), default=0))
    described: dict[str, object] = {
        "id": "doc:0123456789abcdef",
        "url": "",
        "publisher": "Invented Administrators",
        "title": "Billing and Coding: Invented Injections",
        "edition": "R5",
        "authority": Authority.LOCAL_COVERAGE,
        "licence": "invented",
        "payer_scope": "Medicare FFS",
        "valid_from": date(2026, 1, 1),
        "sha256": "0" * 64,
    }
    return SourceDocument.model_validate(
        {
            **described,
            "text": composed.text,
            "page_starts": composed.page_starts,
            "blocks": composed.blocks,
            **fields,
        }
    )


def from_html(page: str, **fields: object) -> SourceDocument:
    return document(read_html_blocks(page.encode(), name="article.html"), **fields)


def from_markdown(text: str, **fields: object) -> SourceDocument:
    return document(read_markdown_blocks(text, name="table.md"), **fields)


def from_text(text: str, **fields: object) -> SourceDocument:
    return document(read_plain_blocks(text, name="article.txt"), **fields)
