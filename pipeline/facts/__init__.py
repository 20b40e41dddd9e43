"""Fact tables: reading and writing them, look-ups as of a date, payment arithmetic, our code profiles."""
