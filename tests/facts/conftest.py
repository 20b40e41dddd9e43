"""Fixtures of the tests of facts."""

from pathlib import Path

import pytest

from pipeline.facts.database import FactDatabase


@pytest.fixture
def database(tmp_path: Path) -> FactDatabase:
    """A database with no table yet."""
    return FactDatabase(tmp_path / "facts.sqlite")
