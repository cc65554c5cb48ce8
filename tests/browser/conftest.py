"""A real server on a free port of this machine, and a browser that tells what it does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

from assistant.settings import Settings
from browsing import Server, open_chat, serving


@pytest.fixture(scope="session")
def base_url() -> None:
    """Stand in for pytest-base-url's fixture, whose form pytest 9 warns about: addresses are whole here."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve the five documents."""
    # The fake vectors say little: below this, nothing in the dossier is near the question.
    settings = Settings(abstention=0.02, uploads=True)
    with serving(tmp_path_factory.mktemp("served"), settings) as running:
        yield running


@dataclass
class Watched:
    """What a page asked for and complained of."""

    hosts: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)
    bytes: int = 0


@pytest.fixture
def watched() -> Watched:
    """Return the log of the test's page."""
    return Watched()


@pytest.fixture
def page(page: Page, server: Server, watched: Watched) -> Iterator[Page]:
    """Open the chat; at the end, nothing was asked of anyone else and no policy was broken."""

    def heard(message: ConsoleMessage) -> None:
        # Gradio's client complains when its stream ends because one leaves the page.
        left = "AbortError" in message.text or "Connection errored out" in message.text
        # Chromium tells of every refused request; the page tells of these itself.
        refused = "/api/dossier/fichier" in message.location.get("url", "")
        if message.type in {"error", "warning"} and not left and not refused:
            watched.complaints.append(message.text)

    page.set_default_timeout(20_000)
    expect.set_options(timeout=20_000)
    page.on("request", lambda r: watched.hosts.add(urlsplit(r.url).netloc))
    page.on("console", heard)
    page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    open_chat(page, server)
    yield page
    assert watched.hosts <= {urlsplit(server.address).netloc, ""}
    assert watched.complaints == []
