"""The addresses of primary sources: opened by a click, or, if the administrator wishes, only copied."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from assistant.answering import Assistant
from assistant.settings import Settings
from assistant.web import create_app
from assistant.web.chat import _panel
from assistant.web.conversations import Turn
from assistant.web.markup import copy_only, encode
from samples import Built

OUTSIDE = re.compile(r'href="(?:https?:|//|https&#58;)')


def served(built: Built, settings: Settings) -> TestClient:
    """Serve the five documents with *settings*."""
    opened = Assistant.open(built.folder, settings, encoder=built.encoder)
    app: Any = create_app(opened, corpus=built.corpus, index=built.folder, settings=settings)
    return TestClient(app, base_url="http://127.0.0.1")


@pytest.mark.parametrize("links", [True, False])
def test_addresses_are_copied_not_opened_in_the_pages(built: Built, *, links: bool) -> None:
    """The address can be read either way; a link to it exists only where links are wanted."""
    html = served(built, Settings(source_links=links)).get("/document/nordix-boreal").text
    assert "https://nordix.example/confidentialite" in html
    assert bool(OUTSIDE.search(html)) is links
    assert ('<span class="adresse">' in html) is not links


@pytest.mark.parametrize("links", [True, False])
def test_addresses_are_copied_not_opened_in_the_chat(built: Built, *, links: bool) -> None:
    """The cards beside an answer follow the same setting."""
    settings = Settings(abstention=0.02, source_links=links)
    question = "Combien de temps Boréal garde-t-il une conversation supprimée ?"
    answer = Assistant.open(built.folder, settings, encoder=built.encoder).ask(question)
    turn = Turn(number=1, question=question, answer=answer)
    conversation: Any = SimpleNamespace(turns=[turn], token="jeton")  # noqa: S106 - the test's own
    html = _panel(conversation, SimpleNamespace(settings=settings))  # type: ignore[arg-type]
    assert 'class="adresse"' in html
    assert bool(OUTSIDE.search(html)) is links


def test_what_others_wrote_cannot_pass_for_a_link() -> None:
    """A document that spells our link is text, and stays so."""
    hostile = '<a class="adresse" href="https://ailleurs.example">ici</a>'
    assert copy_only(encode(hostile)) == encode(hostile)
