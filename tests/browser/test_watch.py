"""A server that follows the corpus: the page shows each change by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from assistant.settings import Settings
from browsing import FACT, Server, ask, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve the five documents, and follow them."""
    with serving(tmp_path_factory.mktemp("watched"), Settings(abstention=0.02, watch=True)) as running:
        yield running


def test_an_edit_shows_in_the_status_line_without_a_click(page: Page, server: Server) -> None:
    """The line says that the dossier is followed; an edit is announced; the next answer has it."""
    expect(page.locator("[data-etat]")).to_contain_text("suit les modifications")
    line = page.locator("[data-etat]").text_content()
    draft = server.corpus / ".note.txt.part"
    draft.write_text("Une note de plus sur Boréal.", encoding="utf-8")
    draft.replace(server.corpus / "note.txt")
    expect(page.locator("[data-progres-texte]")).to_have_text(re.compile("1.document ajouté"))
    expect(page.locator("[data-etat]")).to_contain_text("6\u00a0documents")
    assert page.locator("[data-etat]").text_content() != line
    expect(page.locator("#annonce")).to_contain_text("ajouté")
    ask(page, FACT, turn=1)
    expect(page.locator("#r1")).to_contain_text("12 jours")
    # An error is told without a click as well.
    server.corpus.rename(server.corpus.with_name("parti"))
    expect(page.locator("[data-progres-texte]")).to_contain_text("n'existe plus")
