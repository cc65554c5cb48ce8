"""The real dossier, indexed once with the model that ships."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from assistant.answering import Assistant
from assistant.cli import main

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def dossier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with ``corpus`` and ``index``: the repository's, which no test may change."""
    folder = tmp_path_factory.mktemp("dossier")
    shutil.copytree(ROOT / "corpus", folder / "corpus")
    assert main(["index", "--corpus", str(folder / "corpus"), "--index", str(folder / "index")]) == 0
    return folder


@pytest.fixture(scope="session")
def assistant(dossier: Path) -> Assistant:
    """Return an assistant over the dossier."""
    return Assistant.open(dossier / "index")


@pytest.fixture
def own_dossier(dossier: Path, tmp_path: Path) -> Path:
    """Return a copy of the dossier and its index that the test may change."""
    shutil.copytree(dossier, tmp_path / "dossier")
    return tmp_path / "dossier"
