"""Comparer, Dossier, the keyboard, narrow and dark pages, and axe-core in every state."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from browsing import FACT, Server, ask, keep, violations


def _empty(page: Page) -> None:
    """Leave the page as it opens."""


def _answered(page: Page) -> None:
    ask(page, FACT, turn=1)
    page.locator("#r1 .cite").first.click()


def _table(page: Page) -> None:
    ask(page, "Boréal ou Zéphyr : entraînement par défaut (grand public) ?", turn=1)


def _abstained(page: Page) -> None:
    ask(page, "xylophone wagnérien", turn=1)


def _several(page: Page) -> None:
    ask(page, "Où sont stockées les données de Boréal ?", turn=1)
    ask(page, "et Zéphyr ?", turn=2)


def _error(page: Page) -> None:
    page.locator("#question textarea").fill("a" * 20_000)
    page.keyboard.press("Enter")
    expect(page.locator("#r1.erreur")).to_be_visible()


def _comparing(page: Page) -> None:
    page.get_by_role("link", name="Comparer").click()
    expect(page.locator(".matrice")).to_be_visible()


def _cell(page: Page) -> None:
    _comparing(page)
    page.locator(".matrice td a").nth(1).click()
    expect(page.locator("dialog")).to_be_visible()


def _dossier(page: Page) -> None:
    page.get_by_role("link", name="Dossier", exact=True).click()
    expect(page.locator(".liste").first).to_be_visible()


def _reading(page: Page) -> None:
    _dossier(page)
    page.get_by_role("link", name="Fiche Nordix Boréal").click()
    expect(page.locator(".lecture")).to_be_visible()


STATES = [_empty, _answered, _table, _abstained, _several, _error, _comparing, _cell, _dossier, _reading]
SIZES = {"bureau": (1440, 900), "etroit": (320, 640)}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", STATES, ids=lambda s: s.__name__.strip("_"))
def test_no_barrier_that_axe_can_see(
    page: Page, state: Callable[[Page], None], size: str, theme: str
) -> None:
    """WCAG 2.2 AA and best practices; and no sideways scrolling at 320 pixels."""
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    state(page)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    keep(page, f"axe-{state.__name__.strip('_')}-{size}-{theme}")


def test_the_keyboard_is_enough(page: Page) -> None:
    """Ask, open the source, come back, reach the document: without a mouse."""
    page.locator(".evitement").focus()
    page.keyboard.press("Enter")
    page.locator("#question textarea").focus()
    page.keyboard.type(FACT)
    page.keyboard.press("Enter")
    expect(page.locator("#r1.fini")).to_be_visible()
    page.locator("#r1 .cite").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#t1-s1")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "adresse"
    page.keyboard.press("Escape")
    expect(page.locator("#r1 .cite").first).to_be_focused()


def test_every_stop_of_the_tab_key_can_be_seen(page: Page) -> None:
    """Each bears an outline, in an order that follows the page."""
    ask(page, FACT, turn=1)
    page.locator(".evitement").focus()
    seen = []
    for _ in range(40):
        stop = page.evaluate(
            "(() => { const e = document.activeElement; if (!e || e === document.body) return null;"
            "const box = e.matches('#question textarea') ? e.closest('.input-container') : e;"
            "const name = e.textContent.trim().slice(0, 30) || e.tagName;"
            "return [name, getComputedStyle(box).outlineStyle]; })()"
        )
        if stop is None:
            break
        seen.append(stop)
        page.keyboard.press("Tab")
    assert len(seen) >= 12
    assert [name for name, outline in seen if outline == "none"] == []


def test_an_answer_is_announced_once(page: Page) -> None:
    """Politely, when it is whole: not segment by segment."""
    page.evaluate(
        "window.said = []; const region = document.querySelector('#annonce');"
        "const heard = () => { if (region.textContent) window.said.push(region.textContent); };"
        "new MutationObserver(heard).observe(region, {childList: true, subtree: true})"
    )
    ask(page, FACT, turn=1)
    page.wait_for_timeout(500)
    said = page.evaluate("window.said")
    assert len(said) == 1
    assert "12 jours" in said[0]
    assert page.locator("#conversation [role=log]").get_attribute("aria-live") == "off"


def test_the_comparison_filters_in_place(page: Page) -> None:
    """The conversation is kept, the address can be shared."""
    ask(page, FACT, turn=1)
    _comparing(page)
    page.locator("summary", has_text="Fournisseurs").click()
    page.get_by_label("Nordix Boréal").check()
    expect(page.locator(".matrice thead th")).to_have_count(2)
    expect(page.get_by_label("Nordix Boréal")).to_be_focused()
    assert "fiche=nordix-boreal" in page.url
    keep(page, "comparer")
    page.get_by_role("link", name="Conversation").click()
    expect(page.locator("#r1")).to_be_visible()


def test_a_cell_opens_its_sources_and_gives_the_focus_back(page: Page) -> None:
    """As a dialog; without scripts it is a page."""
    _cell(page)
    expect(page.locator("dialog")).to_contain_text("Mentions légales, Nordix")
    page.keyboard.press("Escape")
    expect(page.locator(".matrice td a").nth(1)).to_be_focused()


def test_the_theme_is_kept(page: Page, server: Server) -> None:
    """The visitor's choice outlives the page, on every page."""
    page.get_by_role("button", name="Thème sombre").click()
    page.goto(f"{server.address}/dossier")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.get_by_role("button", name="Thème clair").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_narrow_pages_open_the_sources_from_below(page: Page) -> None:
    """And close them, the focus back on the marker."""
    page.set_viewport_size({"width": 320, "height": 640})
    ask(page, FACT, turn=1)
    expect(page.locator("#volet")).to_be_hidden()
    page.locator("#r1 .cite").first.click()
    expect(page.locator("#t1-s1")).to_be_in_viewport()
    page.get_by_role("button", name="Fermer").click()
    expect(page.locator("#volet")).to_be_hidden()
    expect(page.locator("#r1 .cite").first).to_be_focused()


def test_printing_keeps_answer_and_sources(page: Page) -> None:
    """Without field, buttons or navigation."""
    ask(page, FACT, turn=1)
    page.emulate_media(media="print")
    expect(page.locator("#r1")).to_be_visible()
    expect(page.locator("#t1-s1")).to_be_visible()
    expect(page.locator("#question")).to_be_hidden()
    expect(page.locator("nav")).to_be_hidden()
    keep(page, "impression")


def test_a_pdf_opens_as_a_file(page: Page, server: Server) -> None:
    """The reading page shows its text by page and leads to the file itself."""
    page.goto(f"{server.address}/document/rapport")
    expect(page.locator("#page-2")).to_be_visible()
    answer = page.request.get(f"{server.address}/fichier/rapport")
    assert answer.headers["content-type"] == "application/pdf"
