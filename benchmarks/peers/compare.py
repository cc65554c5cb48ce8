"""The assistant's retrieval and other libraries', side by side: same passages, questions and encoder.

Usage: pip install -r benchmarks/peers/requirements.txt
       python benchmarks/peers/compare.py [--corpus corpus] [--model NAME] [--out benchmarks/results]

Questions: facts and definitions of ``eval/questions`` (follow-ups need a conversation, which the others do
not read). A passage answers if it holds a sentence that carries an expected footnote. Index times: ours also
embeds sentences and expected questions, which is why it is measured without those questions as well.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from assistant import Assistant
from assistant.chunking import chunk_document
from assistant.corpus import FORMATS, read_document, scan
from assistant.domain import Document
from assistant.embedding import Encoder, FloatMatrix, SentenceEncoder
from assistant.evaluation.measures import RANKING_KEYS, percentile, ranking_measures
from assistant.evaluation.questions import Question, load_questions
from assistant.settings import Settings
from assistant.store import index_documents, rebuild
from assistant.store.memo import FILE as VECTORS
from assistant.store.memo import Memo
from assistant.store.writing import passage_text

sys.path.insert(0, str(Path(__file__).parent))
from systems import LIMIT, PEERS, Search  # a neighbour, not a package

ANSWER = "réponse attendue"


@dataclass(frozen=True, slots=True)
class Text:
    """A passage: what is indexed of it, where it stands, which footnotes it carries."""

    indexed: str
    document: str
    bare: str
    notes: frozenset[str]


class ShippedVectors:
    """An encoder that takes the vectors that come with a corpus, and computes what they lack."""

    def __init__(self, encoder: Encoder, corpus: Path) -> None:
        """Wrap *encoder*, whose vectors *corpus* holds."""
        self._encoder = encoder
        self._memo = Memo.load(corpus, encoder.fingerprint)
        self.fingerprint = encoder.fingerprint
        self.dimension = encoder.dimension
        self.encode_queries = encoder.encode_queries

    def encode_passages(self, texts: Sequence[str]) -> FloatMatrix:
        """Return embeddings, float32, shape (len(texts), dimension)."""
        # The store's key of a text (assistant.store.writing); were it another, nothing would be found.
        keys = [hashlib.blake2b(t.encode(), digest_size=12).hexdigest() for t in texts]
        missing = [t for t, k in zip(texts, keys, strict=True) if k not in self._memo]
        made = iter(self._encoder.encode_passages(missing))
        rows = [self._memo.vector(k) if k in self._memo else next(made) for k in keys]
        return np.stack(rows) if rows else np.zeros((0, self.dimension), dtype=np.float32)


def passages_of(documents: Iterable[Document], max_chars: int) -> list[Text]:
    """Return the passages of *documents*, cut as the assistant cuts them, headings included."""
    return [
        Text(passage_text(d.title, p), d.slug, p.text, frozenset(n for s in p.spans for n in s.notes))
        for d in documents
        for p in chunk_document(d, max_chars=max_chars)
    ]


def ours(texts: Sequence[Text], assistant: Assistant) -> Search:
    """Return ``Assistant.search`` as a ranking of passage numbers."""
    numbers = {(t.document, t.bare): n for n, t in enumerate(texts)}

    def search(question: str) -> list[int]:
        found = assistant.search(question, limit=LIMIT)["passages"]
        return [numbers[p["document"], p["passage"]] for p in found]

    return search


def run_of(search: Search, texts: Sequence[Text], questions: Sequence[Question]) -> dict[str, Any]:
    """Return quality over facts and documents, and query times; questions are asked once, warm."""
    search(questions[0].text)
    facts, documents, times = {}, {}, []
    for question in questions:
        started = time.perf_counter()
        found = [texts[n] for n in search(question.text)]
        times.append(1000 * (time.perf_counter() - started))
        facts[question.id] = [
            ANSWER if t.notes & question.facts else f"passage {n}" for n, t in enumerate(found)
        ]
        documents[question.id] = [ANSWER if t.document in question.documents else t.document for t in found]
    qrels = {q.id: {ANSWER: 1} for q in questions}
    return {
        "facts": ranking_measures(qrels, facts),
        "documents": ranking_measures(qrels, documents),
        "p50_ms": percentile(times, 0.5),
        "p95_ms": percentile(times, 0.95),
    }


def timed(make: Callable[[], Search]) -> tuple[Search, float]:
    """Return what *make* makes and how long it took."""
    started = time.perf_counter()
    made = make()
    return made, time.perf_counter() - started


def measure(options: argparse.Namespace, encoder: Encoder, settings: Settings) -> dict[str, dict[str, Any]]:
    """Return name -> figures of every system."""
    files = [f.path for f in scan(options.corpus) if Path(f.path).suffix.lower() in FORMATS]
    documents = [read_document(options.corpus, path) for path in files]
    texts = passages_of(documents, settings.max_chars)
    questions = [q for q in load_questions(options.questions) if q.factual and q.facts and not q.history]
    encoder.encode_queries(["bonjour"])
    results = {}

    def add(name: str, make: Callable[[], Search]) -> None:
        search, seconds = timed(make)
        results[name] = {"index_s": seconds, **run_of(search, texts, questions)}
        print(f"{name} : {results[name]}", file=sys.stderr, flush=True)

    for name, build in PEERS.items():
        if not options.only or options.only in name:
            add(name, lambda build=build: build([t.indexed for t in texts], encoder))  # type: ignore[misc]
    with tempfile.TemporaryDirectory() as place:

        def bare() -> Search:
            stripped = [replace(d, questions=()) for d in documents]
            index_documents(stripped, Path(place, "bare"), encoder, max_chars=settings.max_chars)
            return ours(texts, Assistant.open(Path(place, "bare"), settings, encoder=encoder))

        def whole() -> Search:
            # Without the vectors that come with the corpus, unless everyone is given them.
            left_out = shutil.ignore_patterns(*([] if options.shipped_vectors else [VECTORS]))
            corpus = shutil.copytree(options.corpus, Path(place, "corpus"), ignore=left_out)
            rebuild(corpus, Path(place, "whole"), encoder, max_chars=settings.max_chars, full=True)
            return ours(texts, Assistant.open(Path(place, "whole"), settings, encoder=encoder))

        add("Assistant, sans questions attendues", bare)
        add("Assistant", whole)
    return results


def markdown(results: dict[str, dict[str, Any]]) -> str:
    """Return the table in Markdown."""
    header = [
        "Système",
        *(f"fait {k}" for k in RANKING_KEYS[:5]),
        "document mrr@10",
        "index (s)",
        "p50 (ms)",
        "p95 (ms)",
    ]
    lines = ["| " + " | ".join(header) + " |", "| --- |" + " ---: |" * (len(header) - 1)]
    for name, found in results.items():
        cells = [f"{found['facts'][k]:.3f}" for k in RANKING_KEYS[:5]]
        cells += [
            f"{found['documents']['mrr@10']:.3f}",
            f"{found['index_s']:.1f}",
            f"{found['p50_ms']:.1f}",
            f"{found['p95_ms']:.1f}",
        ]
        lines.append("| " + " | ".join([name, *(c.replace(".", ",") for c in cells)]) + " |")
    return "\n".join(lines)


def main() -> None:
    """Measure, print the table, write it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, default=Path("corpus"))
    parser.add_argument("--questions", type=Path, default=Path("eval/questions"))
    parser.add_argument("--model", default=Settings().model)
    parser.add_argument("--only", default="", help="peers whose name holds this")
    parser.add_argument(
        "--shipped-vectors",
        action="store_true",
        help="take the corpus's own vectors: index times are then without the embedding",
    )
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    options = parser.parse_args()
    settings = Settings(model=options.model)
    model = SentenceEncoder(settings.model)
    results = measure(
        options, ShippedVectors(model, options.corpus) if options.shipped_vectors else model, settings
    )
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "peers.json").write_text(
        json.dumps(results, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    (options.out / "peers.md").write_text(markdown(results) + "\n", encoding="utf-8")
    print(markdown(results))


if __name__ == "__main__":
    main()
