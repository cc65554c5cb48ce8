"""Measure what a user waits for: questions (warm, cold), ``--help``, and the encoder.

Usage: python benchmarks/latency.py [--index index] [--config assistant.toml] [--json]

Times depend on the machine: compare figures of one run, or of one machine. The number of threads is
the libraries' own; set OMP_NUM_THREADS to limit it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from assistant import Assistant
from assistant.embedding import SentenceEncoder
from assistant.evaluation.measures import percentile
from assistant.evaluation.questions import load_questions
from assistant.settings import Settings, load_settings

QUESTION = "Combien de temps ChatGPT garde-t-il une conversation supprimée ?"
COMMAND = "import sys; from assistant.cli import main; sys.exit(main(sys.argv[1:]))"


def seconds(work: Callable[[], object]) -> float:
    """Return how long *work* takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def warm(assistant: Assistant, questions: Path) -> dict[str, float | None]:
    """Return the times of ``ask`` over the evaluation questions, each asked once, in milliseconds."""
    assistant.warm_up()
    times = [
        1000 * seconds(lambda q=q: assistant.ask(q.text, history=q.history))  # type: ignore[misc]
        for q in load_questions(questions)
    ]
    return {"p50": percentile(times, 0.5), "p95": percentile(times, 0.95), "max": max(times)}


def command(arguments: Sequence[str], *, times: int) -> float:
    """Return the median time of a command in a new process, in seconds."""
    line = [sys.executable, "-c", COMMAND, *arguments]
    return median(
        seconds(lambda: subprocess.run(line, capture_output=True, check=False)) for _ in range(times)
    )


def encoding(encoder: SentenceEncoder, texts: Sequence[str]) -> dict[str, float]:
    """Return the time of one query, in milliseconds, and how many passages are embedded a second."""
    encoder.encode_queries([QUESTION])
    one = median(seconds(lambda t=t: encoder.encode_queries([t])) for t in texts[:30])  # type: ignore[misc]
    return {
        "query_ms": 1000 * one,
        "passages_per_s": len(texts) / seconds(lambda: encoder.encode_passages(texts)),
    }


def measure(options: argparse.Namespace, settings: Settings) -> dict[str, Any]:
    """Return every time."""
    encoder = SentenceEncoder(settings.model)
    assistant = Assistant.open(options.index, settings, encoder=encoder)
    index = assistant.index
    texts = [p.text for slug in index.documents for p in index.passages_of(slug)][:256]
    config = ["--config", str(options.config)] if options.config else []
    return {
        "threads": os.environ.get("OMP_NUM_THREADS", "auto"),
        "processors": os.cpu_count(),
        "model": encoder.fingerprint.split(":")[0],
        "warm_ask_ms": warm(assistant, options.questions),
        "cold_ask_s": command(["ask", QUESTION, "--index", str(options.index), *config], times=3),
        "help_s": command(["--help"], times=5),
        "encoder": encoding(encoder, texts),
    }


def table(found: dict[str, Any]) -> str:
    """Return the times as text."""
    ask, encoder = found["warm_ask_ms"], found["encoder"]
    lines = {
        "ask, warm process": f"p50 {ask['p50']:.0f} ms, p95 {ask['p95']:.0f} ms, max {ask['max']:.0f} ms",
        "assistant ask, cold": f"{found['cold_ask_s']:.2f} s",
        "assistant --help": f"{found['help_s']:.2f} s",
        "encoder, one query": f"{encoder['query_ms']:.1f} ms",
        "encoder, passages": f"{encoder['passages_per_s']:.0f} a second",
    }
    return "\n".join(f"{name:24}{value}" for name, value in lines.items())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--index", type=Path, default=Path("index"))
    parser.add_argument("--config", type=Path)
    parser.add_argument("--questions", type=Path, default=Path("eval/questions"))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options, load_settings(options.config))
    if options.json:
        print(json.dumps(found))
        return
    print(f"{found['processors']} processors, threads {found['threads']}, model {found['model']}")
    print(table(found))


if __name__ == "__main__":
    main()
