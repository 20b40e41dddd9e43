"""Fixtures shared by all tests."""

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real CMS files, where this checkout has one beside it."""
    if not (SHARED / "data" / "cms").is_dir():
        pytest.skip("real CMS files are not beside this checkout")
    return SHARED / "data" / "cms"
