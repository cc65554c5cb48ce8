"""Measure an embedding model on the sets that its bar names; print one JSON line.

STS-B French test (Spearman), retrieval of French Wikipedia paragraphs (nDCG@10, all the
questions and the held-out fifth, by paragraph), French-to-English sentence retrieval, speed.

Usage: python training/measure.py MODEL --data DIR [--quick]
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import json
import time
from pathlib import Path

import numpy as np
import torch
from scipy.stats import spearmanr
from sentence_transformers import SentenceTransformer


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


def measure(model: SentenceTransformer, data: Path) -> dict[str, float]:
    """Return every figure for *model*."""
    query = "query: " if "query" in model.prompts else ""
    passage = "passage: " if "query" in model.prompts else ""

    def encode(texts: list[str], prefix: str) -> np.ndarray:
        return model.encode([prefix + t for t in texts], batch_size=32, normalize_embeddings=True, show_progress_bar=False)

    out: dict[str, float] = {}
    with (data / "stsb-fr-test.csv").open(encoding="utf-8", newline="") as stream:
        rows = [r for r in csv.reader(stream)]
    a = encode([r[0] for r in rows], query)
    b = encode([r[1] for r in rows], query)
    out["stsb_fr_spearman"] = float(spearmanr((a * b).sum(1), [float(r[2]) for r in rows])[0])
    records = list(lines(data / "questions-fr.jsonl.gz"))
    paragraphs = list(dict.fromkeys(r["passage"] for r in records))
    index = {p: i for i, p in enumerate(paragraphs)}
    started = time.perf_counter()
    p = encode(paragraphs, passage)
    out["paragraphs_per_s"] = len(paragraphs) / (time.perf_counter() - started)
    q = encode([r["question"] for r in records], query)
    gold = np.array([index[r["passage"]] for r in records])
    scores = q @ p.T
    ranks = (scores > scores[np.arange(len(gold)), gold][:, None]).sum(1)
    out["piaf_ndcg10"] = ndcg(ranks)
    test = np.array([held_out(r["passage"]) for r in records])
    out["piaf_ndcg10_held_out"] = ndcg(ranks[test])
    pairs = [r for r in lines(data / "paralleles-en-fr.jsonl.gz") if r["source"] == "tico19"][:1000]
    f, e = encode([r["fr"] for r in pairs], query), encode([r["en"] for r in pairs], query)
    out["fr_en_at_1"] = float(((f @ e.T).argmax(1) == np.arange(len(pairs))).mean())
    torch.set_num_threads(1)
    times = []
    for r in records[:60]:
        started = time.perf_counter()
        encode([r["question"]], query)
        times.append(time.perf_counter() - started)
    out["query_ms_one_core"] = float(np.median(times) * 1000)
    return out


def main() -> None:
    """Print the figures of one model folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--data", type=Path, required=True)
    args = parser.parse_args()
    # What ships is stored in float16; a CPU computes in float32.
    model = SentenceTransformer(args.model, device="cpu", local_files_only=True, model_kwargs={"dtype": "float32"})
    print(json.dumps({"model": args.model, **{k: round(v, 4) for k, v in measure(model, args.data).items()}}))


if __name__ == "__main__":
    main()
