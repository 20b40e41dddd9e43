"""An index of invented passages, built once and copied for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline.index import HashingEmbedder, build_index
from tests.index.helpers import INVENTED


@pytest.fixture(scope="session")
def _built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built") / "index"
    build_index(INVENTED, folder=folder, embedder=HashingEmbedder())
    return folder


@pytest.fixture
def folder(_built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(_built, tmp_path / "index"))
