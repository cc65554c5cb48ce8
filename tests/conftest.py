"""Fixtures that every test may ask for."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from assistant.store import Index, rebuild
from samples import Built, FakeEncoder, write_corpus, write_tiny_model

CHROMIUM = Path("/usr/bin/chromium")

# No deadline: a slow machine is not wrong. In CI the same examples every time, more of them at home.
settings.register_profile(
    "ci", deadline=None, derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "home", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ci" if os.environ.get("CI") else "home")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Return a folder of five documents, which the test may change."""
    return write_corpus(tmp_path / "corpus")


@pytest.fixture
def encoder() -> FakeEncoder:
    """Return an encoder whose vectors can be computed by hand."""
    return FakeEncoder()


@pytest.fixture(scope="session")
def _first_build(tmp_path_factory: pytest.TempPathFactory) -> Built:
    root = tmp_path_factory.mktemp("built")
    folder, fake = write_corpus(root / "corpus"), FakeEncoder()
    return Built(folder, root / "index", fake, rebuild(folder, root / "index", fake, max_chars=600))


@pytest.fixture
def built(_first_build: Built, tmp_path: Path) -> Built:
    """Return the five documents and their index, which the test may change."""
    shutil.copytree(_first_build.corpus, tmp_path / "corpus")
    shutil.copytree(_first_build.folder, tmp_path / "index")
    return Built(tmp_path / "corpus", tmp_path / "index", FakeEncoder(), _first_build.report)


@pytest.fixture
def index(built: Built) -> Index:
    """Return the open index of the five documents."""
    return built.open()


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a real model of a few kilobytes."""
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


# --- browser --------------------------------------------------------------------------------------


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of ``tests/browser``, run them last, skip them where there is no Chromium.

    Last, because Playwright leaves an event loop running in the main thread once it has started:
    nothing after it could call ``asyncio.run``.
    """
    missing = pytest.mark.skip(reason=f"{CHROMIUM} is not installed")
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.browser)
            if not CHROMIUM.exists():
                item.add_marker(missing)
    items.sort(key=lambda item: "browser" in item.path.parts)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Drive the system's Chromium, told to call nobody."""
    quiet = ("no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking")
    return {
        **browser_type_launch_args,
        "executable_path": str(CHROMIUM),
        "args": [f"--{flag}" for flag in (*quiet, "disable-component-update", "disable-sync")],
    }


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """Read the page as a French user does."""
    return {**browser_context_args, "locale": "fr-FR", "timezone_id": "Europe/Paris"}
