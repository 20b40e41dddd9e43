"""Suites that measure judgement, and performance benchmarks."""
