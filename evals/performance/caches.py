"""What a process has remembered, forgotten: so that a round is measured as the first one of a process."""

from __future__ import annotations

import functools
import gc

_DATA = frozenset(("load_rules", "vocabulary"))
"""Files of the package that are read once."""


def forget(package: str = "pipeline.verify") -> None:
    """Empty every `lru_cache` of a package's functions, but for those that hold its data files."""
    for thing in gc.get_objects():
        if not isinstance(thing, functools._lru_cache_wrapper):
            continue
        if thing.__module__.startswith(package) and thing.__name__ not in _DATA:
            thing.cache_clear()
