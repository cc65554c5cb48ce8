"""A real server on a free port of this machine, and a browser that tells what it does."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.sync_api import ConsoleMessage, Page, expect

from assistant.answering import Assistant
from assistant.settings import Settings
from assistant.store import rebuild
from assistant.web import create_app
from browsing import Server, open_chat
from samples import FakeEncoder, write_corpus


@pytest.fixture(scope="session")
def base_url() -> None:
    """Stand in for pytest-base-url's fixture, whose form pytest 9 warns about: addresses are whole here."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve the five documents."""
    root = tmp_path_factory.mktemp("served")
    corpus, index, encoder = write_corpus(root / "corpus"), root / "index", FakeEncoder()
    rebuild(corpus, index, encoder, max_chars=600)
    # The fake vectors say little: below this, nothing in the dossier is near the question.
    settings = Settings(abstention=0.02)
    app = create_app(
        Assistant.open(index, settings, encoder=encoder), corpus=corpus, index=index, settings=settings
    )
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    running = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1, ws="none"))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield Server(f"http://127.0.0.1:{listener.getsockname()[1]}", corpus)
    running.should_exit = True
    thread.join(timeout=10)
    listener.close()
    shutil.rmtree(root, ignore_errors=True)


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
        if message.type in {"error", "warning"} and not left:
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
