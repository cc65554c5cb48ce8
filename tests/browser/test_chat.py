"""The main path, as a reader of the dossier walks it."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from assistant.answering import Assistant
from assistant.domain import Answer
from browsing import FACT, FACT_SENTENCE, Server, ask, keep, open_chat


def test_from_question_to_primary_source(page: Page) -> None:
    """The marker opens the card whose highlighted sentence is the cited one, source included."""
    ask(page, FACT, turn=1)
    expect(page.locator("#r1")).to_contain_text(FACT_SENTENCE)
    page.locator("#r1 .cite").first.click()
    card = page.locator("#t1-s1")
    expect(card).to_be_focused()
    assert card.locator("mark").inner_text() == FACT_SENTENCE
    expect(card).to_contain_text("Politique de confidentialité, Nordix, 16 janvier 2026")
    link = card.locator(".adresse")
    assert link.get_attribute("href") == "https://nordix.example/confidentialite"
    assert "noreferrer" in (link.get_attribute("rel") or "")
    keep(page, "reponse")


def test_the_document_opens_at_the_sentence_and_the_conversation_is_kept(page: Page) -> None:
    """In place, and back again."""
    ask(page, FACT, turn=1)
    page.locator("#t1-s1 .ouvrir").click()
    expect(page.locator(".phrase.vise")).to_have_text(FACT_SENTENCE)
    assert page.url.split("#")[0].endswith("/document/nordix-boreal")
    keep(page, "lecture")
    page.go_back()
    expect(page.locator("#r1")).to_be_visible()


def test_an_example_can_be_asked_in_one_click(page: Page) -> None:
    """They come from the corpus, and are all answered."""
    question = page.locator(".exemple").first.inner_text()
    page.locator(".exemple").first.click()
    expect(page.locator("#r1.fini")).to_be_visible()
    expect(page.locator(".question")).to_have_text(question)
    expect(page.locator("#r1.abstention")).to_have_count(0)


def test_a_follow_up_shows_how_it_was_understood(page: Page) -> None:
    """And lets the reader correct it."""
    ask(page, "Où sont stockées les données de Boréal ?", turn=1)
    ask(page, "et Zéphyr ?", turn=2)
    understood = page.locator("#r2 .compris em")
    expect(understood).to_have_text("Où sont stockées les données de Zéphyr ?")
    page.locator("#r2 .corriger").click()
    expect(page.locator("#question textarea")).to_have_value("Où sont stockées les données de Zéphyr ?")


def test_a_comparison_is_a_table(page: Page) -> None:
    """A row for each provider, each cell cited."""
    ask(page, "Boréal ou Zéphyr : entraînement par défaut (grand public) ?", turn=1)
    table = page.locator("#r1 table")
    expect(table.locator("tbody tr")).to_have_count(2)
    expect(table.locator("tbody .cite").first).to_be_visible()
    keep(page, "comparaison")


def test_silence_is_said_and_the_nearest_passages_are_no_answer(page: Page) -> None:
    """No marker; the panel says that they do not answer."""
    ask(page, "xylophone wagnérien", turn=1)
    expect(page.locator("#r1.abstention")).to_be_visible()
    expect(page.locator("#r1 .cite")).to_have_count(0)
    expect(page.locator("#sources")).to_contain_text("n’y répondent pas")
    keep(page, "abstention")


def test_an_answer_can_be_stopped(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was shown stays, the field is ready again, the next answer is whole."""
    ask_fast = Assistant.stream

    released = threading.Event()

    def ask_slowly(self: Assistant, question: str, **more: Any) -> Iterator[Answer]:
        released.wait()
        yield from ask_fast(self, question, **more)

    monkeypatch.setattr(Assistant, "stream", ask_slowly)
    page.locator("#question textarea").fill(FACT)
    page.keyboard.press("Enter")
    page.locator("#question .stop-button").click()
    expect(page.locator("#r1.fini")).to_contain_text("interrompue")
    released.set()
    monkeypatch.setattr(Assistant, "stream", ask_fast)
    ask(page, FACT, turn=2)
    expect(page.locator("#r2")).to_contain_text(FACT_SENTENCE)
    expect(page.locator("#r1")).to_contain_text("interrompue")


def test_retry_and_clear(page: Page) -> None:
    """Retrying takes the answer's place; clearing forgets everything."""
    ask(page, FACT, turn=1)
    page.locator("#refaire").click()
    expect(page.locator("#r2.fini")).to_be_visible()
    expect(page.locator(".reponse")).to_have_count(1)
    address = page.locator("#r2 .copier").get_attribute("href")
    page.locator("#effacer").click()
    expect(page.locator(".exemple").first).to_be_visible()
    expect(page.locator(".carte")).to_have_count(0)
    assert page.request.get(f"{page.url.rstrip('/')}{address}").status == 404


def test_a_rebuild_shows_its_progress_and_the_next_question_uses_it(page: Page, server: Server) -> None:
    """Without a restart, without losing the conversation."""
    ask(page, FACT, turn=1)
    fiche = server.corpus / "fiches" / "nordix-boreal.md"
    before = fiche.read_text(encoding="utf-8")
    fiche.write_text(before.replace("12 jours", "15 jours"), encoding="utf-8")
    page.locator("[data-reconstruire]").click()
    expect(page.locator("[data-progres-texte]")).to_have_text(re.compile("1.modifié"))
    ask(page, FACT, turn=2)
    expect(page.locator("#r2")).to_contain_text("15 jours")
    expect(page.locator("#r1")).to_contain_text("12 jours")
    fiche.write_text(before, encoding="utf-8")
    page.locator("[data-reconstruire]").click()
    expect(page.locator("[data-reconstruire]")).to_be_enabled()


def test_a_statement_is_copied_with_its_reference(page: Page) -> None:
    """In footnote form, down to the primary source."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(page, FACT, turn=1)
    page.locator("#r1 .citer").first.click()
    expect(page.locator("#r1 .citer").first).to_have_text("Copié")
    text = page.evaluate("navigator.clipboard.readText()")
    assert text.startswith(f"{FACT_SENTENCE}[^1]")
    assert "https://nordix.example/confidentialite" in text


@pytest.mark.parametrize("kind", ["odt", "docx", "md"])
def test_an_answer_is_taken_away(page: Page, kind: str) -> None:
    """As a file of the format asked for."""
    ask(page, FACT, turn=1)
    link = page.locator(f"#r1 .outils a[href$='1.{kind}']").last
    answer = page.request.get(f"{page.url.rstrip('/')}{link.get_attribute('href')}")
    assert answer.ok
    assert f"dossier-1.{kind}" in answer.headers["content-disposition"]
    assert answer.body().startswith(b"# " if kind == "md" else b"PK")


def test_hostile_question_stays_text(page: Page) -> None:
    """Shown as typed; nothing runs, nothing is fetched."""
    hostile = "<img src=x onerror=\"document.title='pris'\"> ![](https://evil.example/x) $$x$$ Boréal"
    ask(page, hostile, turn=1)
    assert page.locator(".question p").inner_text() == hostile
    assert page.locator("#conversation img, #sources img").count() == 0
    assert page.title() != "pris"


def test_an_english_browser_reads_french(page: Page, server: Server) -> None:
    """Gradio's own words follow the page's language, not the browser's."""
    context = page.context.browser.new_context(locale="en-US")  # type: ignore[union-attr]
    other = context.new_page()
    open_chat(other, server)
    ask(other, FACT, turn=1)
    assert other.evaluate("document.documentElement.lang") == "fr"
    words = other.evaluate(
        "[...document.querySelectorAll('[aria-label],[title]')]"
        ".map(e => [e.ariaLabel, e.title]).flat().filter(Boolean)"
    )
    assert not [
        w
        for w in words
        if re.search(r"\b(?:copy|clear|message|retry|chatbot|submit|undo)\b", w, re.IGNORECASE)
    ]
    context.close()


def test_errors_are_sentences(page: Page) -> None:
    """A question of 20 000 characters is answered by what to do."""
    page.locator("#question textarea").fill("a" * 20_000)
    page.keyboard.press("Enter")
    expect(page.locator("#r1.erreur")).to_contain_text("La question compte")
    ask(page, FACT, turn=2)
