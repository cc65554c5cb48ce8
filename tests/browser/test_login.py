"""Logging in and out, as a person with a keyboard does it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect

from assistant.access import Accounts
from assistant.settings import RecordSettings, Settings
from browsing import FACT, Server, ask, keep, serving, violations

PASSWORD = "quatre chevaux bleus"  # noqa: S105 - the tests' own


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve the five documents to those who have an account, and keep opinions."""
    data = tmp_path_factory.mktemp("comptes")
    Accounts(data).add("alice", PASSWORD)
    settings = Settings(abstention=0.02, data_dir=str(data), records=RecordSettings(feedback=True))
    with serving(tmp_path_factory.mktemp("closed"), settings) as running:
        yield running


def _log_in(page: Page, password: str = PASSWORD) -> None:
    page.get_by_label("Nom du compte").fill("alice")
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    page.keyboard.press("Enter")


def test_one_logs_in_asks_gives_an_opinion_and_logs_out(context: BrowserContext, closed: Server) -> None:
    """By the keyboard, with every page accessible, no policy broken and nothing asked of anyone else."""
    page = context.new_page()
    hosts: set[str] = set()
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # The refusals are what is tested; Gradio's stream ends when one leaves its page.
        expected = ("401", "AbortError", "Connection errored out")
        if message.type == "error" and not any(e in message.text for e in expected):
            complaints.append(message.text)

    page.on("request", lambda r: hosts.add(urlsplit(r.url).netloc))
    page.on("console", heard)
    page.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    page.goto(f"{closed.address}/document/nordix-boreal")
    expect(page).to_have_title("Connexion – Assistant du dossier")
    expect(page.get_by_label("Nom du compte")).to_be_focused()
    assert violations(page) == []
    keep(page, "connexion")
    _log_in(page, "mauvais mot de passe")
    expect(page.get_by_role("alert")).to_contain_text("ne vont pas ensemble")
    assert violations(page) == []
    _log_in(page)
    expect(page).to_have_url(f"{closed.address}/document/nordix-boreal")
    page.goto(closed.address)
    ask(page, FACT, turn=1)
    assert violations(page) == []
    useful = page.get_by_role("button", name="Utile", exact=True)
    useful.focus()
    page.keyboard.press("Enter")
    expect(useful).to_have_attribute("aria-pressed", "true")
    page.get_by_role("link", name="Se déconnecter").click()
    expect(page).to_have_title("Connexion – Assistant du dossier")
    page.goto(f"{closed.address}/dossier")
    expect(page).to_have_title("Connexion – Assistant du dossier")
    assert context.cookies() == []
    assert hosts == {urlsplit(closed.address).netloc}
    assert complaints == []


def test_without_scripts_one_can_still_log_in_and_out(browser: object, closed: Server) -> None:
    """The page of logging out asks for one more click."""
    page: Page = browser.new_page(java_script_enabled=False, locale="fr-FR")  # type: ignore[attr-defined]
    page.goto(f"{closed.address}/dossier")
    page.get_by_label("Nom du compte").fill("alice")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("heading", name="Le dossier")).to_be_visible()
    page.get_by_role("link", name="Se déconnecter").click()
    page.get_by_role("button", name="Se déconnecter").click()
    expect(page.get_by_role("heading", name="Connexion")).to_be_visible()
    page.close()


def test_a_session_that_ended_leads_back_to_the_login(context: BrowserContext, closed: Server) -> None:
    """Whatever was being done: nobody is left before a page that no longer answers."""
    page = context.new_page()
    page.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    page.goto(closed.address)
    _log_in(page)
    expect(page.locator("#question textarea")).to_be_visible()
    context.clear_cookies()
    page.locator("#question textarea").fill(FACT)
    page.keyboard.press("Enter")
    expect(page).to_have_title("Connexion – Assistant du dossier")
    page.close()
