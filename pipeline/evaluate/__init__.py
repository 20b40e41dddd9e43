"""Suites that measure the product against gold cases; the cases themselves lie under `evals/`."""
