"""Measure what a reader waits for in the browser: first page, first visible block, bytes.

    python benchmarks/page.py [--questions 40]

A real Chromium (CHROMIUM, /usr/bin/chromium by default) on this machine; a copy of the corpus in a
temporary folder. Exit code 1 where a bar of the design is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import numpy as np
from dossier import questions
from playwright.sync_api import Browser, Page, sync_playwright
from serving import ROOT, Served, served

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
# Watches the page from inside: what is between the key and the first painted block of the answer.
_WATCH = """number => new Promise(resolve => {
  const seen = () => document.querySelector(`#r${number}:not(.attente) > :not(.compris)`);
  const observer = new MutationObserver(() => {
    if (!seen()) return;
    observer.disconnect();
    requestAnimationFrame(() => resolve(performance.now() - window.asked));
  });
  observer.observe(document.querySelector("gradio-app"), {childList: true, subtree: true});
})"""
_NOTE_KEY = (
    "document.addEventListener('keydown', e => {"
    "if (e.key === 'Enter') window.asked = performance.now(); }, true)"
)


def opened(browser: Browser, server: Served) -> tuple[Page, float, int]:
    """Return a page that can be used, the seconds until then, and the bytes transferred."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    started = time.perf_counter()
    page.goto(server.address, wait_until="commit")
    page.locator("#question textarea").wait_for()
    page.locator(".exemple").first.wait_for()
    usable_s = time.perf_counter() - started
    # What still comes, the page being usable: Gradio's stream keeps the network from ever being idle.
    page.wait_for_timeout(1_500)
    return page, usable_s, int(sum(sizes))


def first_blocks(page: Page, asked: list[str]) -> list[float]:
    """Return the milliseconds from the Enter key to the first visible block, for each question."""
    page.evaluate(_NOTE_KEY)
    found = []
    for number, question in enumerate(asked, start=1):
        page.locator("#question textarea").fill(question)
        page.evaluate(f"number => {{ window.first = ({_WATCH})(number); }}", number)
        page.keyboard.press("Enter")
        found.append(float(page.evaluate("window.first")))
        page.locator(f"#r{number}.fini").wait_for()
        page.locator("#question .submit-button").wait_for()
    return found


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=ROOT / "corpus")
    parser.add_argument("--index", type=Path, help="index to start from; built anew without it")
    parser.add_argument("--questions", type=int, default=40)
    arguments = parser.parse_args()
    asked = questions(ROOT / "eval" / "questions", arguments.questions)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}\n")
    with served(arguments.corpus, arguments.index) as server, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page, first_s, size = opened(browser, server)
        shown = first_blocks(page, asked)
        again = [opened(browser, server)[1] for _ in range(3)]
        browser.close()
    middle, high = np.percentile(shown, [50, 95])
    print("| what | measured | bar |\n| --- | ---: | ---: |")
    print(f"| server ready after | {server.ready_s:.1f} s | |")
    print(f"| first page usable, just after | {first_s:.2f} s | 2 s |")
    print(f"| page usable, later visitors (median of 3) | {np.median(again):.2f} s | 2 s |")
    print(f"| transferred | {size / 1e3:.0f} kB | 700 kB |")
    print(f"| Enter to first block, p50 of {len(shown)} | {middle:.0f} ms | |")
    print(f"| Enter to first block, p95 of {len(shown)} | {high:.0f} ms | 300 ms |")
    sys.exit(0 if first_s <= 2 and size <= 700_000 and high <= 300 else 1)


if __name__ == "__main__":
    main()
