"""Benchmarks: figures beside the raw limit, never timed tests."""
