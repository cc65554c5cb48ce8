"""Measure how the index grows: build, update, disk, memory, questions, at several sizes.

Usage: python benchmarks/scale.py [--sizes 10000 100000 1000000] [--embed] [--out benchmarks/results]

The passages are French: sentences of the dossier, recombined, each made unique. Their vectors are those of
a bag of random word vectors of the same length, which cost next to nothing: build times are without the
model's, and the table says so; with ``--embed`` the real model embeds everything, some fifteen texts a
second on one core. Questions are embedded by the real model either way, for the time that it takes. Each
stage runs in a process of its own, so that its memory is its own. Beside what a clock shows stands the
processor time of the process: what the clock would show on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from assistant import Assistant
from assistant.corpus import FORMATS, read_document, scan
from assistant.embedding import Encoder, FloatMatrix, SentenceEncoder
from assistant.evaluation.measures import percentile
from assistant.evaluation.plots import STYLE, Axis, Chart, Series
from assistant.settings import Settings
from assistant.store import open_index, rebuild
from assistant.text import fold

PER_FILE = 100
DIMENSION = 384
QUERIES = 100
SEED = 20261125


class WordVectors:
    """An encoder without a model: the sum of one random vector a word, made unit long."""

    fingerprint = "vecteurs-de-mots:1"
    dimension = DIMENSION

    @staticmethod
    @lru_cache(maxsize=200_000)
    def _word(word: str) -> FloatMatrix:
        seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest())
        return np.random.default_rng(seed).standard_normal(DIMENSION, dtype=np.float32)

    def encode_passages(self, texts: Sequence[str]) -> FloatMatrix:
        """Return unit vectors, float32, shape (len(texts), DIMENSION)."""
        out = np.empty((len(texts), DIMENSION), dtype=np.float32)
        for row, text in enumerate(texts):
            out[row] = sum((self._word(w) for w in fold(text).split()), np.zeros(DIMENSION, dtype=np.float32))
        unit = out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-6)
        # As the real model's vectors: rounded to half precision.
        return unit.astype(np.float16).astype(np.float32)

    encode_queries = encode_passages


class TimedQueries(WordVectors):
    """Word vectors, with the real model at work on each question: its result is not used, its time is."""

    def __init__(self) -> None:
        """Load the model when first asked."""
        self._model = SentenceEncoder(Settings().model)

    def encode_queries(self, texts: Sequence[str]) -> FloatMatrix:
        """Return unit vectors, float32, shape (len(texts), DIMENSION)."""
        self._model.encode_queries(texts)
        return self.encode_passages(texts)


def encoder_of(name: str, stage: str) -> Encoder:
    """Return the word vectors for an empty name, else the model."""
    if name:
        return SentenceEncoder(name)
    return TimedQueries() if stage == "query" else WordVectors()


def seed_sentences(corpus: Path) -> list[str]:
    """Return the sentences of the dossier, those of ordinary length."""
    found = []
    for file in scan(corpus):
        if Path(file.path).suffix.lower() in FORMATS and file.path.endswith(".md"):
            document = read_document(corpus, file.path)
            found += [
                s.text for section in document.sections for s in section.sentences if 60 <= len(s.text) <= 250
            ]
    return found


def write_corpus(folder: Path, passages: int, sentences: Sequence[str]) -> None:
    """Write *passages* sections of two sentences, ``PER_FILE`` a file."""
    rng = random.Random(SEED)  # noqa: S311 - text, not secrets
    words = [w for s in sentences for w in s.split() if len(w) > 4]
    folder.mkdir()
    for start in range(0, passages, PER_FILE):
        lines = [f"# Registre {start // PER_FILE}\n"]
        for number in range(start, min(start + PER_FILE, passages)):
            pair = []
            for sentence in rng.sample(sentences, 2):
                parts = sentence.split()
                parts[rng.randrange(len(parts) - 1)] = rng.choice(words)
                pair.append(" ".join(parts))
            lines.append(f"## Article {number} {rng.choice(words)}\n\n{' '.join(pair)}\n")
        (folder / f"registre-{start // PER_FILE}.md").write_text("\n".join(lines), encoding="utf-8")


def peak_mb() -> float:
    """Return the most memory that this process has held, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def build(corpus: Path, index: Path, encoder: Encoder) -> dict[str, Any]:
    """Build the index from nothing."""
    report = rebuild(corpus, index, encoder, max_chars=600)
    cpu = time.process_time()
    disk = sum(p.stat().st_size for p in index.rglob("*") if p.is_file())
    return {
        "passages": report.passages,
        "build_s": report.seconds,
        "build_cpu_s": cpu,
        "build_mb": peak_mb(),
        "disk_mb": disk / 2**20,
    }


def update(corpus: Path, index: Path, encoder: Encoder) -> dict[str, Any]:
    """Look for changes where there are none, then change one file."""
    marks = [time.process_time()]
    unchanged = rebuild(corpus, index, encoder, max_chars=600)
    marks.append(time.process_time())
    path = corpus / "registre-7.md"
    path.write_text(
        path.read_text(encoding="utf-8") + "\nUne phrase de plus, ajoutée à la main.\n", encoding="utf-8"
    )
    changed = rebuild(corpus, index, encoder, max_chars=600)
    marks.append(time.process_time())
    return {
        "unchanged_s": unchanged.seconds,
        "unchanged_cpu_s": marks[1] - marks[0],
        "changed_s": changed.seconds,
        "changed_cpu_s": marks[2] - marks[1],
        "embedded": changed.embedded,
    }


def query(corpus: Path, index: Path, encoder: Encoder) -> dict[str, Any]:
    """Ask questions made of the sentences of random passages, words left out."""
    rng = random.Random(SEED + 1)  # noqa: S311 - likewise
    files = sorted(corpus.glob("*.md"))
    started = time.perf_counter()
    assistant = Assistant.open(index, Settings(), encoder=encoder)
    opened = time.perf_counter() - started
    assistant.warm_up()
    times, cpu = [], []
    for _ in range(QUERIES):
        line = rng.choice(
            [x for x in rng.choice(files).read_text(encoding="utf-8").split("\n") if len(x) > 100]
        )
        words = [w for w in line.split(". ")[0].split() if rng.random() > 0.4]
        started, spent = time.perf_counter(), time.process_time()
        assistant.ask(" ".join(words)[:300] + " ?")
        times.append(1000 * (time.perf_counter() - started))
        cpu.append(1000 * (time.process_time() - spent))
    return {
        "open_s": opened,
        "p50_ms": percentile(times, 0.5),
        "p95_ms": percentile(times, 0.95),
        "p50_cpu_ms": percentile(cpu, 0.5),
        "p95_cpu_ms": percentile(cpu, 0.95),
        "query_mb": peak_mb(),
    }


def recall(_corpus: Path, index: Path, encoder: Encoder) -> dict[str, Any]:
    """Return recall@10 of the vector search against exact inner products in numpy."""
    opened = open_index(index, model=encoder.fingerprint, check=False)
    vectors = opened.vectors["sentences"]
    rng = np.random.default_rng(SEED)
    picked = rng.choice(len(vectors), size=min(50, len(vectors)), replace=False)
    probes = vectors.rows(picked) + 0.02 * rng.standard_normal((len(picked), DIMENSION), dtype=np.float32)
    # A slice at a time: a million vectors at once would not fit where the index does.
    every = np.concatenate(
        [
            vectors.rows(range(start, min(start + 50_000, len(vectors)))) @ probes.T
            for start in range(0, len(vectors), 50_000)
        ]
    )
    shares = []
    for number in range(len(probes)):
        probe, scores = probes[number : number + 1], every[:, number]
        # Ties at the tenth place are all right: sentences may repeat.
        limit = np.partition(scores, -10)[-10] - 1e-5
        shares.append(np.mean([scores[r] >= limit for r, _ in vectors.search(probe, limit=10)]))
    return {"recall@10": float(np.mean(shares))}


STAGES = {"build": build, "update": update, "query": query, "recall": recall}


def stage(name: str, corpus: Path, index: Path, model: str) -> dict[str, Any]:
    """Run one stage in a process of its own; return what it measured."""
    line = [sys.executable, __file__, "--stage", name, str(corpus), str(index), "--model", model]
    done = subprocess.run(line, stdout=subprocess.PIPE, check=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(size: int, model: str, sentences: Sequence[str], place: Path | None) -> dict[str, Any]:
    """Return every figure at one size."""
    with tempfile.TemporaryDirectory(dir=place) as folder:
        corpus, index = Path(folder, "corpus"), Path(folder, "index")
        write_corpus(corpus, size, sentences)
        found: dict[str, Any] = {"size": size, "vectors": "modèle" if model else "synthétiques"}
        for name in STAGES:
            found |= stage(name, corpus, index, model)
            print(f"{size} : {name} {found}", file=sys.stderr, flush=True)
        return found


COLUMNS = (
    ("size", "Passages", "{:,.0f}"),
    ("vectors", "Vecteurs", "{}"),
    ("build_s", "Construction (s)", "{:.1f}"),
    ("build_cpu_s", "… temps de processeur (s)", "{:.1f}"),
    ("unchanged_s", "Sans changement (s)", "{:.2f}"),
    ("unchanged_cpu_s", "… temps de processeur (s)", "{:.2f}"),
    ("changed_s", "Un fichier changé (s)", "{:.2f}"),
    ("changed_cpu_s", "… temps de processeur (s)", "{:.2f}"),
    ("open_s", "Ouverture, sommes vérifiées (s)", "{:.1f}"),
    ("build_mb", "Mémoire, construction (Mo)", "{:.0f}"),
    ("query_mb", "Mémoire, questions (Mo)", "{:.0f}"),
    ("disk_mb", "Disque (Mo)", "{:.0f}"),
    ("p50_ms", "Question p50 (ms)", "{:.0f}"),
    ("p95_ms", "Question p95 (ms)", "{:.0f}"),
    ("p50_cpu_ms", "… temps de processeur, p50 (ms)", "{:.0f}"),
    ("p95_cpu_ms", "… temps de processeur, p95 (ms)", "{:.0f}"),
    ("recall@10", "Rappel@10", "{:.3f}"),
)


def markdown(results: Sequence[dict[str, Any]]) -> str:
    """Return the table: one row a figure, one column a size."""
    lines = [
        [label, *(form.format(r[key]).replace(",", "\u202f").replace(".", ",") for r in results)]
        for key, label, form in COLUMNS
    ]
    rows = ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join([rows[0], "| --- |" + " ---: |" * len(results), *rows[1:]])


def plot(results: Sequence[dict[str, Any]]) -> str:
    """Return a log-log plot of times over sizes, as a standalone SVG."""
    sizes = [r["size"] for r in results]
    low, high = math.floor(math.log10(min(sizes))), math.ceil(math.log10(max(sizes)))
    powers = tuple(float(10**n) for n in range(low, max(high, low + 1) + 1))

    def line(name: str, key: str, factor: float) -> Series:
        return Series(name, tuple((r["size"], r[key] * factor) for r in results), dots=True)

    chart = Chart(
        "Temps selon le nombre de passages",
        Axis(
            "Passages", powers[0], powers[-1], powers, lambda v: f"{v:,.0f}".replace(",", "\u202f"), log=True
        ),
        Axis(
            "Durée",
            1,
            1e7,
            tuple(float(10**n) for n in range(8)),
            lambda v: f"{v:.0f} ms" if v < 1000 else f"{v / 1000:.0f} s",
            log=True,
        ),
        (
            line("Question, 95e centile", "p95_ms", 1),
            line("Un fichier changé", "changed_s", 1000),
            line("Mise à jour sans changement", "unchanged_s", 1000),
            line("Construction", "build_s", 1000),
        ),
        style=STYLE,
    )
    return chart.svg()


def main() -> None:
    """Measure each size, print the table, write the plot."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--model", default="", help=argparse.SUPPRESS)
    parser.add_argument("--embed", action="store_true", help="the real model embeds every passage")
    parser.add_argument("--corpus", type=Path, default=Path("corpus"), help="where the sentences come from")
    parser.add_argument(
        "--place", type=Path, help="where to build (the system's temporary folder by default)"
    )
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--stage", nargs=3, metavar=("NAME", "CORPUS", "INDEX"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.stage:
        name, corpus, index = options.stage
        print(json.dumps(STAGES[name](Path(corpus), Path(index), encoder_of(options.model, name))))
        return
    sentences = seed_sentences(options.corpus)
    results = [
        measure(size, Settings().model if options.embed else "", sentences, options.place)
        for size in options.sizes
    ]
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "scale.json").write_text(
        json.dumps(results, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    (options.out / "scale.md").write_text(markdown(results) + "\n", encoding="utf-8")
    (options.out / "scale.svg").write_text(plot(results), encoding="utf-8")
    print(markdown(results))


if __name__ == "__main__":
    main()
