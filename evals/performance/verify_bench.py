"""How many claims a second the deterministic layers judge, what a page costs, and whether memory grows."""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Callable
from statistics import median

from evals.performance.caches import forget
from evals.verification.claims import CodeClaims, Starter
from pipeline.verify import (
    Catalogue,
    ClaimContext,
    checker_version,
    examine_claim,
    load_rules,
    verify_text_claim,
)
from tests.verify.worked import load_cases, make_context

_ROUNDS = 3


def run() -> list[tuple[str, str]]:
    """Rows of (what, measured), times in CPU. Goals: 500 claims a second; 0.2 s a page; memory flat.

    "First" is with nothing remembered but rules and vocabulary, "again" with all that a round before it remembered.
    """
    starter = Starter()
    pages = [starter.of(code) for code in starter.codes()]
    claims = sum(len(page.claims) for page in pages)
    cases = load_cases("cases_worked.txt") + load_cases("cases_fresh.txt")
    contexts = {code: make_context(code or None) for code, _, _ in cases}

    def verify_pages() -> None:
        for page in pages:
            _verify_page(page)

    def read_pages() -> None:
        for page in pages:
            _verify_texts(page.context, [claim.claim.text for claim in page.claims])

    def read_cases() -> None:
        for code, context in contexts.items():
            _verify_texts(context, [text for of, _, text in cases if of == code])

    rows = [
        (f"{claims:,} claims of {len(pages)} pages, with evidence", _rates(verify_pages, claims)),
        ("the same as text of each page, evidence found anew", _rates(read_pages, claims)),
        (f"{len(cases)} sentences of test cases, as text", _rates(read_cases, len(cases))),
    ]
    seconds: list[float] = []
    for page in pages:
        forget()
        seconds.append(_seconds(lambda page=page: _verify_page(page)))
    held: list[int] = []
    tracemalloc.start()
    for _ in range(_ROUNDS + 1):
        verify_pages()
        read_cases()
        gc.collect()
        held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    return [
        *rows,
        ("a whole page, nothing remembered", f"median {median(seconds):.3f} s, most {max(seconds):.3f} s"),
        ("memory that one round leaves remembered", f"{held[0] / 1e6:.1f} MB"),
        (f"memory that {_ROUNDS} more rounds add", f"{(held[-1] - held[0]) / 1e6:.1f} MB"),
    ]


def _verify_page(page: CodeClaims) -> None:
    rules, checker = load_rules(), checker_version()
    for each in page.claims:
        examine_claim(each.claim, each.evidence, context=page.context, rules=rules, checker=checker)


def _verify_texts(context: ClaimContext, texts: list[str]) -> None:
    rules, checker, catalogue = load_rules(), checker_version(), Catalogue(context)
    for text in texts:
        verify_text_claim(text, context=context, rules=rules, checker=checker, catalogue=catalogue)


def _rates(work: Callable[[], None], count: int) -> str:
    forget()
    first, again = _seconds(work), _seconds(work)
    return f"{count / first:,.0f} a second first, {count / again:,.0f} again"


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
