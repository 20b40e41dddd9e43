"""Suites on verification: what is caught of planted mistakes, and what is wrongly rejected."""
