"""The two small logistic models of the engine, as numbers in ``weights.json``.

One scores how likely a candidate sentence answers; the other how likely the best of them does,
which decides between answering and abstaining. ``training/fit_ranking.py`` fits both.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Logistic:
    """A logistic regression: p = 1 / (1 + exp(-(x . weights + bias)))."""

    weights: tuple[float, ...]
    bias: float

    def __call__(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return probabilities, shape (n,), for *features*, shape (n, len(weights))."""
        z = features @ np.asarray(self.weights) + self.bias
        return np.asarray(1 / (1 + np.exp(-np.clip(z, -30, 30))))


@dataclass(frozen=True, slots=True)
class Weights:
    """What ``weights.json`` holds.

    Attributes:
        ranking: Scores a candidate that has expected questions.
        ranking_bare: Scores one that has none, from the features that remain.
        confidence: Scores the best candidates of a question together.
        operating_point: Confidence from which the assistant answers.
    """

    ranking: Logistic
    ranking_bare: Logistic
    confidence: Logistic
    operating_point: float


def _logistic(data: dict[str, object]) -> Logistic:
    return Logistic(tuple(float(w) for w in data["weights"]), float(data["bias"]))  # type: ignore[attr-defined, arg-type]


@cache
def load_weights() -> Weights:
    """Return the fitted models."""
    data = json.loads(resources.files(__package__).joinpath("weights.json").read_text(encoding="utf-8"))
    return Weights(
        _logistic(data["ranking"]),
        _logistic(data["ranking_bare"]),
        _logistic(data["confidence"]),
        float(data["operating_point"]),
    )
