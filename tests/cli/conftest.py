"""A state folder with small invented tables, made once for the tests of the commands; they only read it."""

from pathlib import Path

import pytest

from tests.cli.given_files import FILES
from tests.cli.processes import run
from tests.tables_sample import write


@pytest.fixture(scope="session")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with these files, as from their publisher."""
    return write(tmp_path_factory.mktemp("given"), FILES)


@pytest.fixture(scope="session")
def home(given: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder that they were synced into."""
    folder = tmp_path_factory.mktemp("home")
    done = run(folder, "sources", "sync", "--offline-from", str(given), "--accept-ama-licence")
    assert done.returncode == 0, done.stderr
    return folder
