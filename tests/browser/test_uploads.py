"""The Dossier where the administrator allows changes: add, replace, remove, by hand and by keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browsing import Server, keep, violations

NOTE = "# Note de service\n\nLes journaux de Boréal sont gardés 90 jours sur place.\n"
ADDED = "annexes/note-de-service.md"


@pytest.fixture
def note(tmp_path: Path) -> Path:
    """Return a document of the visitor's own."""
    path = tmp_path / "note-de-service.md"
    path.write_text(NOTE, encoding="utf-8")
    return path


def _open(page: Page) -> None:
    page.get_by_role("link", name="Dossier", exact=True).click()
    expect(page.get_by_role("heading", name="Ajouter un document")).to_be_visible()


def _add(page: Page, path: Path) -> None:
    page.get_by_label("Choisir un fichier").set_input_files(path)
    expect(page.locator("[data-choisi]")).to_have_text(path.name)
    page.get_by_label("Rangé dans").select_option("annexes")
    page.get_by_role("button", name="Ajouter").click()


def test_a_document_is_added_replaced_and_removed(page: Page, server: Server, note: Path) -> None:
    """Each step says what it did; what was there is confirmed before it goes, and is kept aside."""
    _open(page)
    _add(page, note)
    said = page.locator("[data-depot-message]")
    expect(said).to_contain_text(f"« Note de service » ({ADDED}) : 1 phrase lue.")
    expect(page.get_by_role("link", name="Note de service")).to_be_visible()
    expect(said).to_be_focused()
    keep(page, "ajout")

    note.write_text(NOTE.replace("90", "60"), encoding="utf-8")
    _add(page, note)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"Remplacer « {ADDED} »")
    assert violations(page) == []
    keep(page, "remplacement")
    page.keyboard.press("Escape")
    expect(said).to_contain_text("n’a pas été remplacé")
    assert "90 jours" in (server.corpus / ADDED).read_text(encoding="utf-8")

    _add(page, note)
    dialog.get_by_role("button", name="Remplacer").click()
    expect(said).to_contain_text("La version précédente est gardée dans « .corbeille/")
    assert "60 jours" in (server.corpus / ADDED).read_text(encoding="utf-8")

    page.get_by_role("button", name=f"Retirer {ADDED}").click()
    dialog.get_by_role("button", name="Annuler").click()
    assert (server.corpus / ADDED).exists()
    page.get_by_role("button", name=f"Retirer {ADDED}").press("Enter")
    dialog.get_by_role("button", name="Retirer").click()
    expect(said).to_contain_text("est retiré du dossier, et gardé dans « .corbeille/")
    expect(page.get_by_role("link", name="Note de service")).to_have_count(0)
    assert not (server.corpus / ADDED).exists()


@pytest.mark.parametrize("width", [1280, 320])
def test_a_refusal_says_what_to_do(page: Page, tmp_path: Path, width: int) -> None:
    """And nothing changes."""
    page.set_viewport_size({"width": width, "height": 800})
    wrong = tmp_path / "tableau.md"
    wrong.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    _open(page)
    _add(page, wrong)
    said = page.locator("[data-depot-message].alerte")
    expect(said).to_contain_text("image PNG")
    expect(said).to_contain_text("renommez-le")
    expect(page.get_by_role("link", name="tableau")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert violations(page) == []
