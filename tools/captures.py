"""Take the pictures of the page that the documentation shows: ``make captures``.

Serves the real dossier on a free port of this machine and drives the system's Chromium
(CHROMIUM, /usr/bin/chromium by default).
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
QUESTION = "Combien de temps ChatGPT garde-t-il une conversation supprimée\u202f?"
_COMMAND = "import sys; from assistant.cli import main; sys.exit(main())"
# A slow machine is not wrong: the first question may wait for the model.
_PATIENCE_MS = 120_000


def free_port() -> str:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return str(listener.getsockname()[1])


@contextmanager
def served(index: Path) -> Iterator[str]:
    """Serve the dossier; give its address."""
    arguments = [sys.executable, "-c", _COMMAND, "serve", "--port", free_port(), "--index", str(index)]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        address = process.stdout.readline().strip() if process.stdout else ""
        if not address:
            sys.exit("Le serveur n'a pas démarré : lancez « make index », puis recommencez.")
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


def opened(browser: Browser, address: str) -> Page:
    """Return a page on *address*."""
    size = {"width": 1280, "height": 800}
    page = browser.new_context(viewport=size, locale="fr-FR", reduced_motion="reduce").new_page()
    page.set_default_timeout(_PATIENCE_MS)
    page.goto(address)
    return page


def answered(browser: Browser, address: str) -> Page:
    """Return the page with an answer and its first source open."""
    page = opened(browser, address)
    page.locator(".exemple").first.wait_for()
    page.locator("#question textarea").fill(QUESTION)
    page.keyboard.press("Enter")
    page.locator("#r1.fini").wait_for()
    page.locator("#question .submit-button").wait_for()
    page.locator("#r1 .cite").first.click()
    page.mouse.move(0, 0)
    return page


def main() -> None:
    """Read the command line, take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "img")
    parser.add_argument("--index", type=Path, default=ROOT / "index")
    arguments = parser.parse_args()
    out = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    with served(arguments.index) as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        pages = {
            "page": answered(browser, address),
            "comparer": opened(browser, f"{address}/comparer"),
        }
        for name, page in pages.items():
            page.screenshot(path=out / f"{name}.png")
            print(f"{out / name}.png")
        browser.close()


if __name__ == "__main__":
    main()
