"""Measure an embedding model on the sets that its bar names; print one JSON line.

STS-B French test (Spearman), retrieval of French Wikipedia paragraphs (nDCG@10, all the
questions and the held-out fifth, by paragraph) beside BM25 and two ways of putting both together
(reciprocal rank fusion, sum of standardised scores), the same over
sections on data protection, French-to-English sentence retrieval, speed.

Usage: python training/measure.py MODEL --data DIR
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import json
import time
from pathlib import Path

import bm25s
import numpy as np
from scipy.stats import spearmanr

from assistant.embedding import SentenceEncoder
from assistant.text import tokens


def lines(path: Path):
    """Yield the JSON objects of a gzipped JSONL file."""
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        for line in stream:
            yield json.loads(line)


def held_out(text: str) -> bool:
    """Tell whether *text* (a paragraph or a document's name) is in the held-out fifth."""
    return hashlib.sha256(text.encode()).digest()[0] % 5 == 0


def ndcg(ranks: np.ndarray, cutoff: int = 10) -> float:
    """Mean nDCG at *cutoff* when each query has one relevant item at 0-based *ranks*."""
    return float(np.mean(np.where(ranks < cutoff, 1 / np.log2(ranks + 2), 0)))


def rankings(scores: np.ndarray, gold: np.ndarray) -> np.ndarray:
    """Return the 0-based rank of each query's *gold* column in its row of *scores*."""
    return (scores > scores[np.arange(len(gold)), gold][:, None]).sum(1)


def bm25(paragraphs: list[str], questions: list[str]) -> np.ndarray:
    """Return BM25 scores under the project's French analysis, shape (questions, paragraphs)."""
    vocabulary: dict[str, int] = {}

    def numbers(text: str) -> list[int]:
        return [vocabulary.setdefault(t, len(vocabulary)) for t in tokens(text)]

    corpus = [numbers(p) for p in paragraphs]
    known = len(vocabulary)
    ranker = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    ranker.index((corpus, vocabulary), show_progress=False)
    return np.array([ranker.get_scores([n for n in numbers(q) if n < known] or [0]) for q in questions])


def fused(*scores: np.ndarray, k: int = 60) -> np.ndarray:
    """Return the reciprocal rank fusion of score matrices (Cormack et al. 2009)."""
    return sum(1 / (k + 1 + np.argsort(np.argsort(-s, axis=1, kind="stable"), axis=1)) for s in scores)


def sections(model: SentenceEncoder, data: Path) -> dict[str, float]:
    """Return nDCG@10 of the questions on sections, among all the sections."""
    heads = {}
    for r in lines(data / "sections-fr.jsonl.gz"):
        digest = hashlib.sha256(r["texte"].encode()).hexdigest()[:16]
        heads[digest] = f"{r['titre'].strip(' –')} – {' '.join(r['texte'].split()[:90])}"
    ids = {digest: i for i, digest in enumerate(heads)}
    written = Path(__file__).parent / "questions-sections.jsonl"
    asked = [json.loads(line) for line in written.read_text(encoding="utf-8").splitlines()]
    gold = np.array([ids[r["section"]] for r in asked])
    dense = model.encode_queries([r["question"] for r in asked]) @ model.encode_passages(list(heads.values())).T
    words = bm25(list(heads.values()), [r["question"] for r in asked])
    found = {"dense": dense, "bm25": words, "rrf": fused(dense, words)}
    return {f"sections_ndcg10_{name}": ndcg(rankings(scores, gold)) for name, scores in found.items()}


def measure(model: SentenceEncoder, data: Path) -> dict[str, float]:
    """Return every figure for *model*, run as the assistant runs it."""
    out: dict[str, float] = {}
    with (data / "stsb-fr-test.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    a, b = (model.encode_queries([r[side] for r in rows]) for side in (0, 1))
    out["stsb_fr_spearman"] = float(spearmanr((a * b).sum(1), [float(r[2]) for r in rows])[0])
    records = list(lines(data / "questions-fr.jsonl.gz"))
    paragraphs = list(dict.fromkeys(r["passage"] for r in records))
    index = {p: i for i, p in enumerate(paragraphs)}
    started = time.perf_counter()
    p = model.encode_passages(paragraphs)
    out["paragraphs_per_s"] = len(paragraphs) / (time.perf_counter() - started)
    gold = np.array([index[r["passage"]] for r in records])
    test = np.array([held_out(r["passage"]) for r in records])
    dense = model.encode_queries([r["question"] for r in records]) @ p.T
    words = bm25(paragraphs, [r["question"] for r in records])
    weighted = dense / dense.std(1, keepdims=True) + words / np.maximum(words.std(1, keepdims=True), 1e-6)
    for name, scores in {"dense": dense, "bm25": words, "rrf": fused(dense, words), "sum": weighted}.items():
        ranks = rankings(scores, gold)
        out[f"piaf_ndcg10_{name}"], out[f"piaf_ndcg10_{name}_held_out"] = ndcg(ranks), ndcg(ranks[test])
    out |= sections(model, data)
    pairs = [r for r in lines(data / "paralleles-en-fr.jsonl.gz") if r["source"] == "tico19"][:1000]
    f, e = (model.encode_queries([r[side] for r in pairs]) for side in ("fr", "en"))
    out["fr_en_at_1"] = float(((f @ e.T).argmax(1) == np.arange(len(pairs))).mean())
    times = []
    for r in records[:60]:
        started = time.perf_counter()
        model.encode_queries([r["question"]])
        times.append(time.perf_counter() - started)
    out["query_ms_one_core"] = float(np.median(times) * 1000)
    return out


def main() -> None:
    """Print the figures of one model folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--data", type=Path, required=True)
    args = parser.parse_args()
    figures = measure(SentenceEncoder(args.model), args.data)
    print(json.dumps({"model": Path(args.model).name, **{k: round(v, 4) for k, v in figures.items()}}))


if __name__ == "__main__":
    main()
