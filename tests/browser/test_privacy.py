"""Personal data in a question: said, and masked where the visitor asks."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from browsing import FACT, FACT_SENTENCE, ask, keep, violations

NUMBER = "06 39 98 12 34"
QUESTION = f"{FACT} Mon téléphone : {NUMBER}"


def test_personal_data_are_said_and_masked_on_request(page: Page) -> None:
    """The question is shown without them, asked again without them, and no trace is left in the page."""
    ask(page, QUESTION, turn=1)
    notice = page.locator(".question .donnees")
    expect(notice).to_contain_text("Votre question contient un numéro de téléphone.")
    expect(notice).to_contain_text("reste sur cette machine")
    expect(page.locator("#annonce")).to_contain_text("numéro de téléphone")
    assert violations(page) == []
    keep(page, "donnees-personnelles")
    notice.locator("a").press("Space")
    expect(page.locator(".question p").first).to_contain_text("[numéro de téléphone masqué]")
    expect(page.locator("#r1.fini")).to_contain_text(FACT_SENTENCE)
    expect(page.locator("#question textarea")).to_be_focused()
    expect(page.locator(".donnees")).to_have_count(0)
    assert NUMBER not in page.content()


def test_a_follow_up_does_not_keep_what_was_masked(page: Page) -> None:
    """« et Zéphyr ? » was completed from the question that held the number."""
    ask(page, "Où sont stockées les données de Boréal, mon mail lea@exemple.fr ?", turn=1)
    ask(page, "et Zéphyr ?", turn=2)
    expect(page.locator("#r2 .compris")).to_contain_text("lea@exemple.fr")
    page.locator(".masquer").click()
    expect(page.locator("#r2 .compris")).to_contain_text("Zéphyr")
    expect(page.locator("#r2 .compris")).not_to_contain_text("lea@exemple.fr")
    expect(page.locator("#r2.fini")).to_be_visible()
    address = page.locator("#r2 .entier a").last.get_attribute("href")
    assert "lea@exemple.fr" not in page.request.get(f"{page.url.rstrip('/')}{address}").text()
    assert "lea@exemple.fr" not in page.content()


def test_a_question_without_personal_data_says_nothing_of_them(page: Page) -> None:
    """No notice for nothing."""
    ask(page, FACT, turn=1)
    expect(page.locator(".donnees")).to_have_count(0)
