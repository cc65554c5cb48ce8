"""The conversation while a language model writes: verified sentences as they come, « Arrêter », who wrote."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from assistant.answering import Assistant
from assistant.settings import LlmSettings, Settings
from assistant.web.answers import answer_html
from assistant.web.chat import _turn
from assistant.web.export import pieces
from assistant.web.service import Service
from samples import Built
from scripted_llm import Exchange, Script, serving

QUESTION = "Où sont les serveurs de Boréal ?"


def _service(built: Built, llm: LlmSettings | None) -> Service:
    settings = Settings(abstention=0.0, llm=llm, max_chars=600)
    return Service(Assistant.open(built.folder, settings, encoder=built.encoder), built.corpus, settings)


async def _shown(service: Service) -> list[str]:
    """Return the answer's HTML after each update of a turn."""
    conversation = service.conversations.open("")
    return [update[1][-1]["content"] async for update in _turn(service, QUESTION, conversation)]


def _faithful(exchange: Exchange) -> None:
    exchange.say([f"{text} [{n}]" for n, text in exchange.sentences.items()])


def _failing(exchange: Exchange) -> None:
    exchange.head(500)


@pytest.mark.parametrize(
    ("script", "writer"),
    [(_faithful, "Rédigé par le modèle"), (_failing, "citées telles quelles, sans modèle de langage")],
)
def test_the_answer_says_who_wrote_it(script: Script, writer: str, built: Built) -> None:
    """On the page and in what is taken away."""
    with serving(script) as server:
        service = _service(built, LlmSettings(server.url, "essai"))
        conversation = service.conversations.open("")

        async def last() -> str:
            return [u[1][-1]["content"] async for u in _turn(service, QUESTION, conversation)][-1]

        html = asyncio.run(last())
    # The page writes apostrophes and guillemets as they are, and what HTML reads as entities.
    assert writer in html
    assert any(writer in p.text for p in pieces(conversation.turns, title="T"))
    assert "Rédaction en cours" not in html


def test_without_a_model_nobody_is_named(built: Built) -> None:
    """The default page is as it was."""
    service = _service(built, None)
    *_, last = asyncio.run(_shown(service))
    assert "redacteur" not in last
    assert "rédaction" not in service.status_line()


def test_the_page_says_where_the_model_runs(built: Built) -> None:
    """In the line on the state of the index."""
    service = _service(built, LlmSettings("http://127.0.0.1:9/v1", "essai"))
    assert service.status_line().endswith("rédaction par le modèle «\u00a0essai\u00a0» sur cette machine")


def test_each_verified_sentence_is_shown_before_the_next_is_written(built: Built) -> None:
    """With its marker, its source in the panel, and a word that more is coming; a lie never."""
    go_on = threading.Event()

    def slowly(exchange: Exchange) -> None:
        (n, text), *more = exchange.sentences.items()
        exchange.head()
        exchange.piece(f"{text} [{n}]\nBoréal garde tout 99 ans [{n}].\n")
        assert go_on.wait(20)
        exchange.piece("\n".join(f"{t} [{m}]" for m, t in more) + "\n", "stop")

    async def read(service: Service) -> list[tuple[str, Any]]:
        conversation = service.conversations.open("")
        seen = []
        async for update in _turn(service, QUESTION, conversation):
            seen.append((update[1][-1]["content"], update[2]))
            if "Rédaction en cours" in seen[-1][0]:
                go_on.set()
        return seen

    with serving(slowly) as server:
        seen = asyncio.run(read(_service(built, LlmSettings(server.url, "essai", timeout_s=30))))
    waiting, (draft, panel), *_ = seen
    assert "Recherche dans le dossier" in waiting[0]
    assert 'class="cite"' in draft
    assert "fini" not in draft
    assert "carte" in panel
    assert "Rédaction en cours" not in seen[-1][0]
    assert not any("99" in html for html, _ in seen)


def test_stopping_keeps_what_was_verified_and_cancels_the_model(built: Built) -> None:
    """As Gradio does it: the handler is cancelled, then the turn is marked as stopped."""

    def babble(exchange: Exchange) -> None:
        n, text = next(iter(exchange.sentences.items()))
        exchange.head()
        exchange.piece(f"{text} [{n}]\n")
        while True:
            exchange.piece("mot ")
            threading.Event().wait(0.02)

    async def stopped(service: Service) -> tuple[str, str]:
        conversation = service.conversations.open("")
        drafts: asyncio.Queue[str] = asyncio.Queue()

        async def read() -> None:
            async for update in _turn(service, QUESTION, conversation):
                drafts.put_nowait(update[1][-1]["content"])

        task = asyncio.ensure_future(read())
        await drafts.get()
        draft = await drafts.get()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        (turn,) = conversation.turns
        assert turn.shown is not None
        turn.stopped = True
        return draft, answer_html(turn, conversation.token)

    with serving(babble) as server:
        service = _service(built, LlmSettings(server.url, "essai", timeout_s=60, max_tokens=8000))
        draft, html = asyncio.run(stopped(service))
        assert server.left.wait(5)
    assert 'class="cite"' in draft
    assert 'class="cite"' in html
    assert "interrompue à votre demande" in html.replace("&#x27;", "'")
    assert "Rédaction en cours" not in html
