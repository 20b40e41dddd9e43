"""How many claims a second the deterministic layers judge, and how long locating a quote takes."""

from __future__ import annotations

import time

from pipeline.verify import checker_version, load_rules, locate_quote, verify_text_claim
from pipeline.verify.reading import read_sentence
from tests.verify.worked import load_cases, make_context

_ROUNDS = 3


def run() -> list[tuple[str, str]]:
    """Rows of (what, measured). Sentences are read anew in every round, no cached reading helps."""
    cases = load_cases("cases_worked.txt") + load_cases("cases_fresh.txt")
    rules, checker = load_rules(), checker_version()
    contexts = {code: make_context(code or None) for code, _, _ in cases}
    verify_text_claim(cases[0][2], context=contexts[cases[0][0]], rules=rules, checker=checker)
    start = time.perf_counter()
    for _ in range(_ROUNDS):
        read_sentence.cache_clear()
        for code, _, text in cases:
            verify_text_claim(text, context=contexts[code], rules=rules, checker=checker)
    rate = _ROUNDS * len(cases) / (time.perf_counter() - start)
    text = ("A sentence of a manual about a “procedure”, with line\nbreaks in it. " * 900)[:57_000]
    quote = text[56_000:56_400].replace("\n", " ").replace("“", '"')
    start = time.perf_counter()
    locate_quote(quote, text)
    cold = time.perf_counter() - start
    start = time.perf_counter()
    locate_quote(quote, text)
    warm = time.perf_counter() - start
    return [
        ("claims verified a second, deterministic layers", f"{rate:.0f}"),
        ("quote located in 57,000 characters, first of a document", f"{cold * 1000:.2f} ms"),
        ("quote located in 57,000 characters, document seen before", f"{warm * 1000:.2f} ms"),
    ]


if __name__ == "__main__":
    for name, value in run():
        print(f"{name}: {value}")
