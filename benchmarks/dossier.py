"""Measure what a user waits for: ``make bench``.

Works on a copy of the corpus in a temporary folder; nothing of the repository is written. Each
figure is printed as a line of a Markdown table, with the bar of the design beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent


def seconds(action: Callable[[], object]) -> float:
    """Return how long *action* takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def questions(path: Path, limit: int) -> list[str]:
    """Return up to *limit* questions of the evaluation files, evenly spread."""
    lines = [line for file in sorted(path.glob("*.jsonl")) for line in file.read_text("utf-8").splitlines()]
    found = [json.loads(line)["question"] for line in lines if line.strip()]
    return found[:: max(1, len(found) // limit)][:limit]


def command(*arguments: str) -> None:
    """Run ``assistant`` in a process of its own."""
    code = "import sys; from assistant.cli import main; sys.exit(main())"
    subprocess.run([sys.executable, "-c", code, *arguments], check=False, stdout=subprocess.DEVNULL)


def report(what: str, milliseconds: Sequence[float], bar: str) -> None:
    """Print one line: median, 95th percentile, bar."""
    middle, high = np.percentile(milliseconds, [50, 95])
    print(f"| {what} | {middle:.0f} | {high:.0f} | {bar} |", flush=True)


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=ROOT / "corpus")
    parser.add_argument("--questions", type=Path, default=ROOT / "eval" / "questions")
    parser.add_argument("--limit", type=int, default=200, help="questions asked one after the other")
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}\n")
    print("| what | median, ms | p95, ms | bar |\n| --- | ---: | ---: | --- |")
    with tempfile.TemporaryDirectory() as folder:
        _measure(arguments, Path(folder))


def _measure(arguments: argparse.Namespace, folder: Path) -> None:
    from assistant import Assistant
    from assistant.embedding import SentenceEncoder
    from assistant.settings import Settings
    from assistant.store import rebuild

    corpus, index, settings = folder / "corpus", folder / "index", Settings()
    shutil.copytree(arguments.corpus, corpus)
    place = ("--corpus", str(corpus), "--index", str(index))
    asked = questions(arguments.questions, arguments.limit)

    report("`assistant --help`", [1000 * seconds(lambda: command("--help")) for _ in range(5)], "≤ 500")
    report("first index, process included", [1000 * seconds(lambda: command("index", *place))], "seconds")
    cold = [1000 * seconds(lambda: command("ask", asked[0], *place)) for _ in range(3)]
    report("`assistant ask`, process included", cold, "stated")

    encoder = SentenceEncoder(settings.model)

    def update() -> None:
        rebuild(corpus, index, encoder, max_chars=settings.max_chars)

    update()
    report("rebuild, nothing changed", [1000 * seconds(update) for _ in range(5)], "≤ 500")
    assistant = Assistant.open(index, settings, encoder=encoder)
    assistant.warm_up()
    report("one question", [1000 * seconds(lambda q=q: assistant.ask(q)) for q in asked], "p95 ≤ 150")
    with ThreadPoolExecutor(32) as pool:
        together = list(pool.map(lambda q: 1000 * seconds(lambda: assistant.ask(q)), asked))
    report("one question of 32 at once", together, "p95 ≤ 1500")
    report("edit to answer", [1000 * seconds(lambda: _edit(corpus, update, assistant))], "≤ 2000")


def _edit(corpus: Path, update: Callable[[], None], assistant: object) -> None:
    """Edit one file, rebuild, and ask what only the edit says."""
    path = min(p for p in corpus.rglob("*.md") if p.name != "README.md")
    path.write_text(path.read_text("utf-8") + "\n\nLe mot de passe du banc d’essai est cormoran.\n", "utf-8")
    update()
    found = assistant.search("mot de passe du banc d’essai")  # type: ignore[attr-defined]
    if "cormoran" not in json.dumps(found, ensure_ascii=False, default=str):
        sys.exit("the edited sentence is not found")


if __name__ == "__main__":
    main()
