"""Fit the logistic models of ``answering/weights.json`` on the tuning part of the questions.

Ranking: the candidates of expected questions and of tuning questions, labelled by whether they
carry the expected fact. An expected question is scored with itself left out of the index.
Confidence: the tuning questions and ``questions-calibration.jsonl``. The confidence tells questions that the dossier
answers from those that it does not; the operating point is read off the confidences of a
ten-fold cross-validation, each from a model that had not seen the question.

Usage: python training/fit_ranking.py --index index [--model NAME] [--sample 3]
"""

from __future__ import annotations

import argparse
import json
import random
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from assistant.answering.assistant import Assistant
from assistant.answering.model import Logistic, Weights
from assistant.answering.criteria import is_unknown
from assistant.answering.ranking import CONFIDENCE_FEATURES, Ranked, Ranker, confidence_features
from assistant.evaluation.questions import part_of
from assistant.question import understand
from assistant.retrieval import FEATURES, QUESTION_FEATURES
from assistant.settings import Settings

SEED = 20261125
OUT = Path(__file__).parent.parent / "src" / "assistant" / "answering" / "weights.json"
BARE = len(FEATURES) - QUESTION_FEATURES
NEGATIVES = 30
ANSWERED_THOUGH_UNANSWERABLE = 0.12
"""Share of the unanswerable questions of eval/questions, tuning part, that the operating point lets
through, in cross-validation. Below it every point less costs three of the answers that are due."""
STRENGTH = 0.5
"""Inverse of the penalty on the confidence's weights."""


def tuning_questions(folder: Path, test: set[str]) -> list[dict]:
    """Return the questions that may tune."""
    found = []
    for path in sorted(folder.glob("*.jsonl")):
        found += [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [r for r in found if part_of(r, frozenset(test)) == "reglage"]


class Samples:
    """Ranked candidates with what is expected of them."""

    def __init__(self, assistant: Assistant) -> None:
        self.engine = assistant._current()  # noqa: SLF001 - the fit looks inside what it fits
        self.index = self.engine.index
        self.x: list[np.ndarray] = []
        self.has: list[np.ndarray] = []
        self.y: list[np.ndarray] = []
        self.w: list[float] = []
        self.ranked: list[tuple[Ranked, frozenset[str], float]] = []

    def add(self, ranked: Ranked, facts: frozenset[str], weight: float) -> None:
        """Remember a question's candidates."""
        hits = ranked.hits[:NEGATIVES + 20]
        labels = np.array([bool(facts & set(h.sentence.notes)) for h in hits], dtype=float)
        self.ranked.append((ranked, facts, weight))
        if facts and labels.any():
            self.x.append(np.array([h.features for h in hits]))
            self.has.append(np.array([h.has_questions for h in hits]))
            self.y.append(labels)
            self.w.append(weight)


def logistic(x: np.ndarray, y: np.ndarray, w: np.ndarray, c: float) -> Logistic:
    """Fit one regression on standardised features and give it back on raw ones."""
    mean, std = x.mean(0), x.std(0)
    std[std < 1e-6] = 1.0
    model = LogisticRegression(C=c, max_iter=2000).fit((x - mean) / std, y, sample_weight=w)
    weights = model.coef_[0] / std
    return Logistic(tuple(float(v) for v in weights), float(model.intercept_[0] - (weights * mean).sum()))


def fit_ranking(samples: Samples) -> tuple[Logistic, Logistic]:
    """Return the models for candidates with and without expected questions."""
    x, y = np.concatenate(samples.x), np.concatenate(samples.y)
    has = np.concatenate(samples.has)
    w = np.concatenate([np.full(len(a), v) for a, v in zip(samples.y, samples.w, strict=True)])
    w = np.where(y > 0, w * 3, w)
    bare = logistic(x[:, :BARE], y, w, 1.0)
    return logistic(x[has], y[has], w[has], 1.0), bare


def expected_questions(samples: Samples, test: set[str], per_fact: int) -> None:
    """Add the expected questions of the training documents, each left out of the index."""
    rng = random.Random(SEED)
    index = samples.index
    by_text: dict[str, set[int]] = {}
    facts: dict[tuple[str, str], set[str]] = {}
    for row in range(len(index.vectors["sentences"])):
        sentence = index.sentence(row)
        if sentence.identity is not None:
            continue
        for number, text in zip(index.question_rows(row), index.questions_of(row), strict=True):
            by_text.setdefault(text, set()).add(number)
            for note in sentence.notes:
                facts.setdefault((sentence.document.slug, note), set()).add(text)
    for (document, note), texts in sorted(facts.items()):
        if document in test:
            continue
        # A question is its fact's only if no other fact of the document shares the sentence.
        for text in rng.sample(sorted(texts), min(per_fact, len(texts))):
            query = understand(text, samples.engine.catalogue, known_words=index.vocabulary)
            ranked = samples.engine.ranker.rank(query, without=frozenset(by_text[text]))
            samples.add(ranked, frozenset({note}), 0.5)


def rescore(ranker: Ranker, ranked: Ranked) -> Ranked:
    """Score the candidates again with the ranker's weights."""
    if not ranked.hits:
        return ranked
    scores = ranker.probabilities(np.array([h.features for h in ranked.hits]), np.array([h.has_questions for h in ranked.hits]))
    hits = [replace(h, score=float(s)) for h, s in zip(ranked.hits, scores, strict=True)]
    return replace(ranked, hits=tuple(sorted(hits, key=lambda h: (-h.score, h.sentence.row))))


def right_in(ranked: Ranked, facts: frozenset[str], most: int = 4) -> bool:
    """Tell whether one of the first *most* distinct candidates carries a fact."""
    return any(facts & set(h.sentence.notes) for h in ranked.hits[:most])


def fit_confidence(x: np.ndarray, y: np.ndarray) -> tuple[Logistic, np.ndarray]:
    """Return the model, and each question's confidence from a model that had not seen it."""
    weight = np.where(y == 1, 1.0, (y == 1).sum() / (y == 0).sum())
    out = np.zeros(len(y))
    for train, test in StratifiedKFold(10, shuffle=True, random_state=SEED).split(x, y):
        out[test] = logistic(x[train], y[train], weight[train], STRENGTH)(x[test])
    return logistic(x, y, weight, STRENGTH), out


def main() -> None:
    """Fit and write the weights; print what they do on the tuning questions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index", type=Path, default=Path("index"))
    parser.add_argument("--model", default=Settings().model)
    parser.add_argument("--questions", type=Path, default=Path("eval/questions"))
    parser.add_argument("--split", type=Path, default=Path("eval/split.toml"))
    parser.add_argument("--more", type=Path, default=Path(__file__).parent / "questions-calibration.jsonl")
    parser.add_argument("--sample", type=int, default=3)
    parser.add_argument("--out", type=Path, default=OUT)
    args = parser.parse_args()
    test = set(tomllib.loads(args.split.read_text(encoding="utf-8"))["test_documents"])
    assistant = Assistant.open(args.index, Settings(model=args.model))
    samples = Samples(assistant)
    expected_questions(samples, test, args.sample)
    own = len(samples.ranked)
    more = [json.loads(line) for line in args.more.read_text(encoding="utf-8").splitlines() if line.strip()] if args.more.exists() else []
    print(len(more), "calibration questions")
    for record in [*tuning_questions(args.questions, test), *more]:
        if record["kind"] in {"comparaison", "liste"}:
            continue
        query = understand(record["question"], samples.engine.catalogue, history=record["history"], known_words=samples.index.vocabulary)
        samples.add(samples.engine.ranker.rank(query), frozenset(record["facts"]), 2.0)
    ranking, bare = fit_ranking(samples)
    weights = Weights(ranking, bare, Logistic((0.0,) * len(CONFIDENCE_FEATURES), 0.0), 0.5)
    ranker = Ranker(samples.engine.retriever, samples.engine.catalogue, weights)
    plain = [(rescore(ranker, ranked), facts) for ranked, facts, _ in samples.ranked]
    real = plain[own:]
    x, y, ordinary = [], [], []
    for number, (ranked, facts) in enumerate(real):
        first = ranked.hits[0].sentence.identity if ranked.hits else None
        if not facts and first is not None and is_unknown(first.value):
            continue  # the engine abstains on « non documenté » whatever the confidence
        x.append(confidence_features(ranked, samples.engine.retriever)[0])
        y.append(float(bool(facts)))
        # The near misses of the calibration questions are harder than what people ask.
        ordinary.append(number < len(real) - len(more))
    xa, ya = np.array(x), np.array(y)
    confidence, p = fit_confidence(xa, ya)
    point = float(np.quantile(p[(ya == 0) & np.array(ordinary)], 1 - ANSWERED_THOUGH_UNANSWERABLE))
    args.out.write_text(
        json.dumps(
            {
                "features": {"ranking": FEATURES, "confidence": CONFIDENCE_FEATURES},
                "ranking": {"weights": ranking.weights, "bias": ranking.bias},
                "ranking_bare": {"weights": bare.weights, "bias": bare.bias},
                "confidence": {"weights": confidence.weights, "bias": confidence.bias},
                "operating_point": round(point, 4),
            },
            indent=1,
        )
        + "\n",
        encoding="utf-8",
    )
    print("expected questions, own left out: right fact in 4:", np.mean([right_in(r, f) for r, f in plain[:own]]))
    tuned = [(r, f) for r, f in real if f]
    print("tuning questions: right fact first, in 4:", *(round(float(np.mean([right_in(r, f, k) for r, f in tuned])), 3) for k in (1, 4)), len(tuned))
    print("AUC", round(roc_auc_score(ya, p), 4), len(ya))
    for target in (0.02, 0.03, 0.05, 0.1):
        t = np.quantile(p[ya == 0], 1 - target)
        print(f"answered though unanswerable {target:.0%}: answered of answerable {np.mean(p[ya == 1] > t):.3f} at {t:.3f}")
    print(dict(zip(FEATURES, np.round(ranking.weights, 2), strict=True)))
    print(dict(zip(FEATURES, np.round(bare.weights, 2), strict=False)))
    print(dict(zip(CONFIDENCE_FEATURES, np.round(confidence.weights, 2), strict=True)))


if __name__ == "__main__":
    main()
