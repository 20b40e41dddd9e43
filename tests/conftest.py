"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest

# The tests start hundreds of processes: without bytecode each would compile the whole package again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real CMS files, where this checkout has one beside it."""
    if not (SHARED / "data" / "cms").is_dir():
        pytest.skip("real CMS files are not beside this checkout")
    return SHARED / "data" / "cms"
