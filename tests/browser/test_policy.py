"""The policy that every page carries stops what would leave, and the tests' log notices."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from browsing import FACT, ask

_NOTING = """() => {
    window.broken = [];
    addEventListener('securitypolicyviolation', e => window.broken.push(e.effectiveDirective));
}"""
_LEAVING = {
    "img-src": "() => { new Image().src = 'https://ailleurs.example/pixel.png' }",
    "connect-src": "() => { fetch('https://ailleurs.example/compte').catch(() => null) }",
    "script-src-elem": """() => {
        const script = document.createElement('script');
        script.src = 'https://ailleurs.example/a.js';
        document.head.append(script);
    }""",
    "style-src-elem": """() => {
        const link = document.createElement('link');
        link.rel = 'stylesheet';
        link.href = 'https://ailleurs.example/a.css';
        document.head.append(link);
    }""",
    "default-src": """() => {
        const frame = document.createElement('iframe');
        frame.src = 'https://ailleurs.example/';
        document.body.append(frame);
    }""",
}


def test_an_outside_image_is_stopped_and_noticed(page: Page, watched: Any) -> None:
    """Images, requests, scripts, styles, frames: each breaks the policy, and the log has each."""
    page.evaluate(_NOTING)
    for leaving in _LEAVING.values():
        page.evaluate(leaving)
    page.wait_for_function(f"() => window.broken.length >= {len(_LEAVING)}")
    broken = set(page.evaluate("() => window.broken"))
    assert {"img-src", "connect-src", "script-src-elem", "style-src-elem"} <= broken
    assert broken & {"frame-src", "default-src"}
    assert len([c for c in watched.complaints if "Content Security Policy" in c]) >= len(_LEAVING)
    # That was on purpose; the fixture's own check at the end is about everything else.
    watched.complaints.clear()
    watched.hosts.discard("ailleurs.example")


def test_a_whole_conversation_breaks_no_policy(page: Page) -> None:
    """From the question to the primary source, the document, the comparison and back."""
    page.evaluate(_NOTING)
    ask(page, FACT, turn=1)
    page.locator("#r1 .cite").first.click()
    page.locator("#t1-s1 .ouvrir").click()
    page.locator(".phrase.vise").wait_for()
    page.go_back()
    page.locator("#r1").wait_for()
    assert page.evaluate("() => window.broken") == []
