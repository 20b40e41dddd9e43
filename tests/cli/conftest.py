"""What the tests of the commands start from, made once: tables synced, and a passage index to be copied."""

import os
import shutil
from pathlib import Path

import pytest

from pipeline.store import exclusive_lock
from tests.cli.given_files import FILES
from tests.cli.processes import run
from tests.tables_sample import write


@pytest.fixture(scope="session")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with these files, as from their publisher."""
    return write(tmp_path_factory.mktemp("given"), FILES)


@pytest.fixture(scope="session")
def home(given: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with small invented tables; the tests only read it."""
    folder = tmp_path_factory.mktemp("home")
    done = run(folder, "sources", "sync", "--offline-from", str(given), "--accept-ama-licence")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def index_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder in which `briefwright index` was run; one for all processes of a test run, never changed.

    Embedding all notes takes longer than most tests.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "index-made"
    made = folder / "made"
    with exclusive_lock(folder.with_suffix(".lock"), what="making the index of the tests", timeout_s=300):
        if not made.exists():
            done = run(folder, "index")
            assert done.returncode == 0, done.stderr
            made.touch()
    return folder


def with_index(folder: Path, index_made: Path) -> Path:
    """Make `folder` a state folder that holds the passage index and nothing else."""
    shutil.copytree(index_made / "index", folder / "index")
    return folder


@pytest.fixture
def indexed(index_made: Path, tmp_path: Path) -> Path:
    """A state folder of the test's own, with the passage index: `tmp_path` itself."""
    return with_index(tmp_path, index_made)
