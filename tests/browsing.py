"""How the browser tests drive the page."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import uvicorn
from playwright.sync_api import Page, expect

from assistant.answering import Assistant
from assistant.settings import Settings
from assistant.store import rebuild
from assistant.web import create_app
from samples import FakeEncoder, write_corpus

ARTEFACTS = Path(__file__).parent / "artefacts"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FACT = "Combien de temps Boréal garde-t-il une conversation supprimée ?"
FACT_SENTENCE = "Nordix efface une conversation supprimée de Boréal au bout de 12 jours."


@dataclass(frozen=True)
class Server:
    """A server that runs, and the corpus that it answers from."""

    address: str
    corpus: Path


@contextmanager
def serving(root: Path, settings: Settings) -> Iterator[Server]:
    """Serve the five documents from *root*, a folder that is removed at the end."""
    corpus, index, encoder = write_corpus(root / "corpus"), root / "index", FakeEncoder()
    rebuild(corpus, index, encoder, max_chars=600)
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


def open_chat(page: Page, server: Server) -> None:
    """Open the chat and wait until it can be used."""
    page.goto(server.address)
    expect(page.locator(".exemple").first).to_be_visible()
    expect(page.locator("#question textarea")).to_be_visible()


def ask(page: Page, question: str, *, turn: int) -> None:
    """Ask, and wait until answer number *turn* is whole."""
    page.locator("#question textarea").fill(question)
    page.keyboard.press("Enter")
    expect(page.locator(f"#r{turn}.fini")).to_be_visible()
    expect(page.locator("#question .submit-button")).to_be_visible()


def violations(page: Page) -> list[tuple[str, str, list[str]]]:
    """Return what axe-core finds wrong: rule, impact, elements."""
    script = (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    page.evaluate(script)
    options = {"runOnly": {"type": "tag", "values": RULES}}
    found: dict[str, Any] = page.evaluate("options => axe.run(document, options)", options)
    return [(v["id"], v["impact"], [n["html"][:160] for n in v["nodes"]]) for v in found["violations"]]


def keep(page: Page, name: str) -> None:
    """Keep a screenshot as an artefact of the tests."""
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"{name}.png")
