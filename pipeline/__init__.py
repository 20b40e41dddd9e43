"""Briefwright: reference pages for CPT codes, every sentence open down to its source."""
