"""The figures that must be held, from ``eval/thresholds.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import EvaluationDataError
from assistant.evaluation.questions import read_toml
from assistant.evaluation.summary import measure_at

DEFAULT_FILE = Path("eval/thresholds.toml")
AT_LEAST, AT_MOST = "au_moins", "au_plus"
SENSES = {AT_LEAST: True, AT_MOST: False}


@dataclass(frozen=True, slots=True)
class Threshold:
    """One figure and its bound.

    Attributes:
        part: Part of the questions, or ``beir``.
        path: Dotted path of the figure in the part.
        bound: The value to hold.
        at_least: Whether the bound is the lowest value allowed, else the highest.
    """

    part: str
    path: str
    bound: float
    at_least: bool

    def held_by(self, value: float) -> bool:
        """Tell whether *value* is within the bound."""
        return value >= self.bound if self.at_least else value <= self.bound


@dataclass(frozen=True, slots=True)
class Failure:
    """A threshold and the value that misses it."""

    threshold: Threshold
    value: float


def load_thresholds(path: Path | None) -> tuple[Threshold, ...]:
    """Return the thresholds of *path*; without it, those of ``eval/thresholds.toml`` if it exists.

    Raises:
        EvaluationDataError: The file cannot be read, or is not tables of numbers.
    """
    if path is None:
        if not DEFAULT_FILE.is_file():
            return ()
        path = DEFAULT_FILE
    found = []
    try:
        for part, bounds in read_toml(path).items():
            for sense, figures in bounds.items():
                at_least = SENSES[sense]
                found += [Threshold(part, name, float(value), at_least) for name, value in figures.items()]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        message = (
            f"Le fichier de seuils « {path} » doit contenir des tables [partie.{AT_LEAST}] et "
            f"[partie.{AT_MOST}] "
            f"de nombres ({error}) : corrigez-le."
        )
        raise EvaluationDataError(message, path=path) from error
    return tuple(found)


def missed(thresholds: tuple[Threshold, ...], parts: Mapping[str, Any], path: Path | None) -> list[Failure]:
    """Return the thresholds that the figures of *parts* miss.

    A figure that no question measures (a part without questions, a kind that a file of one's
    own does not hold) misses nothing.

    Raises:
        EvaluationDataError: A threshold names a figure that does not exist.
    """
    failures = []
    for threshold in thresholds:
        if threshold.part not in parts:
            continue
        try:
            value = measure_at(parts[threshold.part], threshold.path)
            if value is not None and not threshold.held_by(float(value)):
                failures.append(Failure(threshold, float(value)))
        except (KeyError, TypeError) as error:
            message = (
                f"Le fichier de seuils « {path or DEFAULT_FILE} » nomme une mesure qui n'existe pas "
                f"(« {threshold.part} », « {threshold.path} ») : corrigez-la."
            )
            raise EvaluationDataError(message, path=path or DEFAULT_FILE) from error
    return failures
