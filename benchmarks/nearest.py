"""Compare ways to search a million vectors: exact, HNSW, IVF, codes of one bit a coordinate.

Usage: python benchmarks/nearest.py [--sizes 50000 200000 1000000] [--out benchmarks/results]

The vectors are those of the dossier (``corpus/.vecteurs.npz``), mixed in pairs with noise until there are
enough: as crowded and as uneven as real ones. One thread. Recall@10 is against exact search; vectors as
near as the tenth count. A method is good for the index if it finds 98 of 100, starts in a moment, and is
the same however the index came about: the last column says whether a changed file changes one shard.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from assistant import vectors as searching
from assistant.embedding import FloatMatrix
from assistant.store.memo import FILE
from assistant.vectors import FLAT_ROWS, StoredVectors

QUERIES = 60
SEED = 20261125


def grown(real: FloatMatrix, count: int) -> FloatMatrix:
    """Return *count* unit vectors, float32, each between two real ones, with noise."""
    rng = np.random.default_rng(SEED)
    out = np.empty((count, real.shape[1]), dtype=np.float32)
    for start in range(0, count, 50_000):
        size = min(50_000, count - start)
        one, other = real[rng.integers(len(real), size=size)], real[rng.integers(len(real), size=size)]
        share = rng.uniform(0, 0.6, size=(size, 1)).astype(np.float32)
        mixed = (1 - share) * one + share * other
        mixed += 0.02 * rng.standard_normal(mixed.shape, dtype=np.float32)
        out[start : start + size] = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
    return out.astype(np.float16).astype(np.float32)


def hnsw(vectors: FloatMatrix) -> Callable[[FloatMatrix], Any]:
    """Return a search in a graph: 32 neighbours, 64 looked at."""
    index = faiss.IndexHNSWFlat(vectors.shape[1], 32, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction, index.hnsw.efSearch = 80, 64
    index.add(vectors)
    return lambda q: index.search(q, 10)[1][0]


def ivf(vectors: FloatMatrix) -> Callable[[FloatMatrix], Any]:
    """Return a search in the nearest 32 of about sqrt(n) cells."""
    cells = int(np.sqrt(len(vectors)))
    index = faiss.IndexIVFFlat(
        faiss.IndexFlatIP(vectors.shape[1]), vectors.shape[1], cells, faiss.METRIC_INNER_PRODUCT
    )
    index.cp.niter, index.cp.seed = 8, SEED
    index.train(vectors[:: max(1, len(vectors) // (40 * cells))])
    index.add(vectors)
    index.nprobe = 32
    return lambda q: index.search(q, 10)[1][0]


def codes(vectors: FloatMatrix) -> Callable[[FloatMatrix], Any]:
    """Return the index's own search, beyond ``FLAT_ROWS``, at any size."""
    searching.FLAT_ROWS = 0
    stored = StoredVectors([vectors], [vectors.sum(axis=0, dtype=np.float64)], vectors.shape[1])
    return lambda q: [row for row, _ in stored.search(q, limit=10)]


def exact(vectors: FloatMatrix) -> Callable[[FloatMatrix], Any]:
    """Return the index's own search, up to ``FLAT_ROWS``."""
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    return lambda q: index.search(q, 10)[1][0]


METHODS = (
    ("exacte", exact, "oui"),
    ("HNSW 32/64", hnsw, "non"),
    ("IVF √n, 32 cellules", ivf, "non"),
    ("codes d’un bit", codes, "oui"),
)


def main() -> None:
    """Measure each method at each size; print and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[50_000, 200_000, 1_000_000])
    parser.add_argument("--corpus", type=Path, default=Path("corpus"))
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    options = parser.parse_args()
    faiss.omp_set_num_threads(1)
    with np.load(options.corpus / FILE) as stored:
        real = stored["vectors"].astype(np.float32)
    rng = np.random.default_rng(SEED + 1)
    queries = real[rng.integers(len(real), size=QUERIES)]
    queries = queries + 0.03 * rng.standard_normal(queries.shape, dtype=np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    lines = [
        f"Recherche exacte jusqu’à {FLAT_ROWS} lignes, par codes au-delà. Temps de processeur, un fil.",
        "",
        "| Vecteurs | Méthode | Construction (s) | Question (ms) | Rappel@10 | Incrémentale à l’identique |",
        "| ---: | --- | ---: | ---: | ---: | --- |",
    ]
    for size in options.sizes:
        vectors = grown(real, size)
        tenth = np.partition(vectors @ queries.T, -10, axis=0)[-10] - 1e-5
        for name, make, same in METHODS:
            started = time.process_time()
            search = make(vectors)
            built = time.process_time() - started
            started = time.process_time()
            found = [search(queries[n : n + 1]) for n in range(QUERIES)]
            asked = 1000 * (time.process_time() - started) / QUERIES
            recall = np.mean([vectors[f] @ queries[n] >= tenth[n] for n, f in enumerate(found)])
            lines.append(
                f"| {size} | {name} | {built:.1f} | {asked:.1f} | {recall:.3f} | {same} |".replace(".", ",")
            )
            print(lines[-1], file=sys.stderr, flush=True)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "nearest.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
