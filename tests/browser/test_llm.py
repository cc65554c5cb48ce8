"""The page while a language model of the premises writes."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from playwright.sync_api import Page, expect

from assistant.answering import Assistant
from assistant.settings import LlmSettings, Settings
from assistant.store import rebuild
from assistant.web import create_app
from browsing import FACT, FACT_SENTENCE, Server, ask
from samples import FakeEncoder, write_corpus
from scripted_llm import Exchange, serving

GO_ON = threading.Event()


def _slowly(exchange: Exchange) -> None:
    """Say the first sentence, wait, then lie."""
    (n, text), *_ = exchange.sentences.items()
    exchange.head()
    exchange.piece(f"{text} [{n}]\n")
    GO_ON.wait(20)
    exchange.piece(f"Boréal garde tout 99 ans [{n}].\n", "stop")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve the five documents, with a scripted model."""
    root = tmp_path_factory.mktemp("served")
    corpus, index, encoder = write_corpus(root / "corpus"), root / "index", FakeEncoder()
    rebuild(corpus, index, encoder, max_chars=600)
    with serving(_slowly) as model:
        settings = Settings(abstention=0.02, llm=LlmSettings(model.url, "essai", timeout_s=30))
        app = create_app(
            Assistant.open(index, settings, encoder=encoder), corpus=corpus, index=index, settings=settings
        )
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        running = uvicorn.Server(
            uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1, ws="none")
        )
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
        # The examples of the page are sought with the same model.
        GO_ON.set()
        thread.start()
        yield Server(f"http://127.0.0.1:{listener.getsockname()[1]}", corpus)
        running.should_exit = True
        thread.join(timeout=10)
        listener.close()
    shutil.rmtree(root, ignore_errors=True)


def test_verified_sentences_are_read_while_the_model_writes(page: Page) -> None:
    """The first one, its source, then the whole answer, without the lie; the page names the model."""
    expect(page.locator("[data-etat]")).to_contain_text("rédaction par le modèle « essai » sur cette machine")
    GO_ON.clear()
    page.locator("#question textarea").fill(FACT)
    page.keyboard.press("Enter")
    expect(page.locator("#r1")).to_contain_text("Rédaction en cours")
    expect(page.locator("#r1")).to_contain_text(FACT_SENTENCE)
    page.locator("#r1 .cite").first.click()
    expect(page.locator("#t1-s1 mark")).to_have_text(FACT_SENTENCE)
    GO_ON.set()
    expect(page.locator("#r1.fini .redacteur")).to_be_visible()
    expect(page.locator("#r1")).not_to_contain_text("99")


def test_a_model_that_writes_can_be_stopped(page: Page) -> None:
    """What was verified stays; the next answer is whole."""
    GO_ON.clear()
    page.locator("#question textarea").fill(FACT)
    page.keyboard.press("Enter")
    expect(page.locator("#r1")).to_contain_text(FACT_SENTENCE)
    page.locator("#question .stop-button").click()
    expect(page.locator("#r1.fini")).to_contain_text("interrompue")
    GO_ON.set()
    ask(page, FACT, turn=2)
    expect(page.locator("#r2")).to_contain_text(FACT_SENTENCE)
