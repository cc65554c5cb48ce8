"""One server over every hostile document, one browser session that asks of each."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect

from assistant.answering import Assistant
from assistant.answering.citing import Citer
from assistant.answering.compose import markdown_table
from assistant.domain import Answer, Cell, Statement, Table
from assistant.settings import Settings
from assistant.store import RebuildReport, rebuild
from assistant.web import create_app
from hostile.canary import Canary
from hostile.documents import Case, write
from samples import FakeEncoder, write_corpus

TURNS = 8
"""Questions between two « Effacer »: a page sends its whole conversation at each step."""


class Parrot(Assistant):
    """Answers with all that a named hostile document holds, whatever a sound answer would choose.

    In turn as sentences, as a table, and as an abstention with its nearest passages: the page must be
    safe for any choice. A question that names no hostile document is answered as usual.
    """

    by_key: dict[str, str]

    def stream(self, question: str, **more: Any) -> Iterator[Answer]:
        """Yield one answer."""
        slug = next((s for key, s in getattr(self, "by_key", {}).items() if key in question), None)
        if slug is None:
            yield from super().stream(question, **more)
            return
        citer = Citer(self.index)
        rows = [r for p in self.index.passages_of(slug) for r in self.index.sentence_rows(p.row)][:8]
        said = tuple(Statement(s.text, (citer.cite(s),)) for s in map(self.index.sentence, rows))
        plain = Answer(question, "fait", abstained=False, answer="", interpreted=f"{question} ?")
        turn = sorted(self.by_key.values()).index(slug) % 3
        if turn == 0:
            text = "\n\n".join(f"{s.text} [{s.citations[0]}]" for s in said)
            yield replace(plain, answer=text, statements=said, citations=citer.citations)
        elif turn == 1:
            cells = tuple((Cell(question), Cell(s.text, s.citations)) for s in said)
            table = Table((question, said[0].text), cells)
            text = markdown_table(table)
            yield replace(plain, answer=text, table=table, statements=said, citations=citer.citations)
        else:
            reason = f"il ne mentionne pas «\u00a0{question}\u00a0»"
            yield replace(plain, abstained=True, answer=reason, reason=reason, nearest=citer.citations)


@dataclass
class Hostile:
    """The server, what it serves, and the slug of each file."""

    address: str
    cases: dict[str, Case]
    report: RebuildReport
    slugs: dict[str, str]
    assistant: Assistant


@pytest.fixture(scope="session")
def base_url() -> None:
    """Stand in for pytest-base-url's fixture, as in ``tests/browser``."""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hostile]:
    """Index the five documents and every hostile one, and serve them."""
    root = tmp_path_factory.mktemp("hostile")
    corpus, index, encoder = write_corpus(root / "corpus"), root / "index", FakeEncoder()
    (corpus / "pieges").mkdir()
    cases = write(corpus / "pieges")
    report = rebuild(corpus, index, encoder, max_chars=600)
    settings = Settings(abstention=0.02)
    assistant = Parrot.open(index, settings, encoder=encoder)
    slugs = {d.path: d.slug for d in assistant.index.documents.values()}
    found = {c.name: slugs[f"pieges/{c.path}"] for c in cases if f"pieges/{c.path}" in slugs}
    assistant.by_key = {c.key: found[c.name] for c in cases if c.name in found}
    app = create_app(assistant, corpus=corpus, index=index, settings=settings)
    # Nobody reads along: the blocks of an answer need no pause between them.
    patch = pytest.MonkeyPatch()
    patch.setattr("assistant.web.chat.SEGMENT_PAUSE_S", 0.0)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    running = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1, ws="none"))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield Hostile(
        f"http://127.0.0.1:{listener.getsockname()[1]}",
        {c.name: c for c in cases},
        report,
        found,
        assistant,
    )
    patch.undo()
    running.should_exit = True
    thread.join(timeout=10)
    listener.close()
    shutil.rmtree(root, ignore_errors=True)


@dataclass
class Visit:
    """A browser session: a tab for the chat, one for reading, and what watches both."""

    chat: Page
    reading: Page
    canary: Canary
    turn: int = 0

    def ask(self, question: str) -> int:
        """Ask in the chat; return the number of the answer once it is whole."""
        if self.turn == TURNS:
            self.chat.locator("#effacer").click()
            expect(self.chat.locator(".exemple").first).to_be_visible()
            self.turn = 0
        self.turn += 1
        self.chat.locator("#question textarea").fill(question)
        self.chat.keyboard.press("Enter")
        expect(self.chat.locator(f"#r{self.turn}.fini")).to_be_visible()
        expect(self.chat.locator("#question .submit-button")).to_be_visible()
        # Gradio closes its stream just after; nobody asks again within a tenth of a second.
        self.chat.wait_for_timeout(150)
        return self.turn


def open_visit(context: BrowserContext, hostile: Hostile) -> Visit:
    """Open the chat in *context*, watched from the first request."""
    context.set_default_timeout(120_000)
    expect.set_options(timeout=120_000)
    canary = Canary(urlsplit(hostile.address).netloc)
    canary.watch(context)
    chat, reading = context.new_page(), context.new_page()
    chat.goto(hostile.address)
    expect(chat.locator(".exemple").first).to_be_visible()
    expect(chat.locator("#question textarea")).to_be_visible()
    return Visit(chat, reading, canary)


@pytest.fixture(scope="module")
def visit(browser: Browser, hostile: Hostile) -> Iterator[Visit]:
    """Return the session that every case shares."""
    context = browser.new_context(locale="fr-FR")
    yield open_visit(context, hostile)
    context.close()
