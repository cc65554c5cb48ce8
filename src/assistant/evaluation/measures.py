"""The figures of merit, each with its formula and where it comes from.

Ranking figures are computed by ir_measures (MacAvaney, Macdonald & Ounis, ECIR 2022), whose
values are trec_eval's. A mean over no question is None, never zero.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

CUTOFFS = (1, 3, 5, 10)
DEPTH = max(CUTOFFS)
RANKING_KEYS = ("ndcg@10", "mrr@10", "recall@1", "recall@3", "recall@5", "recall@10")

Qrels = Mapping[str, Mapping[str, int]]
"""Query id -> document id -> grade."""
Run = Mapping[str, Sequence[str]]
"""Query id -> document ids, best first, none twice."""


def ranking_measures(qrels: Qrels, run: Run) -> dict[str, float | None]:
    """Return the standard figures of a run, averaged over every query of *qrels*.

    With g_i the grade of the i-th document, R the number of relevant documents (grade > 0) and
    r the rank of the first relevant one:

    - nDCG@10 = Σ_{i≤10} g_i / log2(i + 1), over the same sum for the best possible order
      (Järvelin & Kekäläinen, TOIS 2002; trec_eval's linear gain, the one that BEIR reports);
    - MRR@10 = mean of 1 / r, 0 where r > 10 (Voorhees, TREC-8 1999);
    - recall@k = relevant documents among the first k, over R.

    A query that *run* lacks, or for which it found nothing, scores 0 and stays in the mean.
    """
    if not qrels:
        return dict.fromkeys(RANKING_KEYS)
    import ir_measures
    from ir_measures import RR, R, nDCG

    measures = {"ndcg@10": nDCG @ 10, "mrr@10": RR @ 10, **{f"recall@{k}": R @ k for k in CUTOFFS}}
    judged = [ir_measures.Qrel(q, d, g) for q, grades in qrels.items() for d, g in grades.items()]
    # Scores fall with the rank: trec_eval sorts by score and would break ties by id.
    ranked = [
        ir_measures.ScoredDoc(q, d, -float(rank))
        for q in qrels
        for rank, d in enumerate(dict.fromkeys(run.get(q, ())))
    ]
    # Summed here over every judged query, so that a query without any result counts.
    sums = dict.fromkeys(RANKING_KEYS, 0.0)
    names = {m: n for n, m in measures.items()}
    for found in ir_measures.iter_calc(list(measures.values()), judged, ranked) if ranked else ():
        sums[names[found.measure]] += 0.0 if math.isnan(found.value) else float(found.value)
    return {name: total / len(qrels) for name, total in sums.items()}


def mean(values: Iterable[float | bool | None]) -> float | None:
    """Return the mean of the values that are not None; None if there is none."""
    known = [float(v) for v in values if v is not None]
    return sum(known) / len(known) if known else None


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the nearest-rank percentile: the least value with *share* of the values at or under it."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1] if ordered else None


def set_f1(found: frozenset[str], expected: frozenset[str]) -> float:
    """Return F1 = 2 |found ∩ expected| / (|found| + |expected|); 1 where both are empty."""
    size = len(found) + len(expected)
    return 2 * len(found & expected) / size if size else 1.0


def risk_coverage(outcomes: Iterable[tuple[float, bool]]) -> list[tuple[float, float, float]]:
    """Return the risk–coverage curve of a confidence (El-Yaniv & Wiener, JMLR 2010).

    Answering only where the confidence reaches t, coverage(t) is the share of the questions
    that are answered, risk(t) the share of wrong ones among the answers given.

    Args:
        outcomes: A confidence, and whether the answer given at it would be right, for each question.

    Returns:
        Points (threshold, coverage, risk), one for each distinct confidence, coverage rising.
    """
    ordered = sorted(outcomes, key=lambda o: -o[0])
    points, wrong = [], 0
    for number, (confidence, right) in enumerate(ordered, 1):
        wrong += not right
        if number == len(ordered) or ordered[number][0] < confidence:
            points.append((confidence, number / len(ordered), wrong / number))
    return points


def area_under(points: Sequence[tuple[float, float, float]]) -> float | None:
    """Return the area under a risk–coverage curve (AURC), risk held constant up to its first point.

    Geifman, Uziel & El-Yaniv (ICLR 2019); by trapezes over the coverage.
    """
    if not points:
        return None
    total, before, risk = 0.0, 0.0, points[0][2]
    for _, coverage, now in points:
        total += (coverage - before) * (risk + now) / 2
        before, risk = coverage, now
    return total
