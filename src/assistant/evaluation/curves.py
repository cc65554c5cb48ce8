"""The curves of the report, from outcomes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from assistant.evaluation.asking import Outcome, by_facts, decided
from assistant.evaluation.measures import risk_coverage
from assistant.evaluation.plots import Axis, Chart, Series
from assistant.evaluation.questions import PARTS
from assistant.evaluation.rendering import PART_NAMES, show

STEADY = 0.05
"""Coverage from which the risk sets the height of the plot: before, one wrong answer is all of it."""


def percent(value: float) -> str:
    """Return a share as a whole percentage where it is one."""
    return show(value, "%").replace(",0", "")


def _parts(outcomes: Sequence[Outcome]) -> list[tuple[str, list[Outcome]]]:
    """Return (name, outcomes that the operating point decides) of each part that has some."""
    found = [(PART_NAMES[p], by_facts(o for o in outcomes if o.question.part == p)) for p in PARTS]
    return [(name, kept) for name, kept in found if kept]


def _risk_series(name: str, outcomes: Sequence[Outcome], threshold: float) -> Series:
    points = risk_coverage(decided(outcomes))
    at = [p for p in points if p[0] >= threshold][-1:]
    marks = tuple((c, r, f"{name} : {percent(c)} répondues, {percent(r)} fausses") for _, c, r in at)
    return Series(name, tuple((c, r) for _, c, r in points), marks)


def risk_chart(outcomes: Sequence[Outcome], threshold: float) -> Chart:
    """Return the risk–coverage curve of each part, its operating point marked."""
    series = tuple(_risk_series(name, kept, threshold) for name, kept in _parts(outcomes))
    top = max([0.05, *(r for s in series for c, r in s.points if c >= STEADY)])
    high = math.ceil(top * 10) / 10
    return Chart(
        "Courbe risque–couverture",
        Axis("Couverture : part des questions répondues", 0, 1, tuple(n / 5 for n in range(6)), percent),
        Axis("Risque : part de réponses fausses", 0, high, tuple(high * n / 5 for n in range(6)), percent),
        series,
    )


def _share_over(values: Sequence[float], limit: float) -> float:
    return sum(v >= limit for v in values) / max(len(values), 1)


def _trade_series(name: str, outcomes: Sequence[Outcome], threshold: float) -> Series:
    covered = [o.answer.confidence for o in outcomes if o.question.answerable]
    silent = [o.answer.confidence for o in outcomes if not o.question.answerable]
    limits = sorted({*covered, *silent}, reverse=True)
    x, y = _share_over(covered, threshold), _share_over(silent, threshold)
    points = tuple((_share_over(covered, t), _share_over(silent, t)) for t in limits)
    return Series(name, points, ((x, y, f"{name} : {percent(x)} et {percent(y)}"),))


def trade_chart(outcomes: Sequence[Outcome], threshold: float) -> Chart:
    """Return, over thresholds, the share answered of covered and of uncovered questions."""
    across = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
    return Chart(
        "Réponses aux questions couvertes et non couvertes",
        Axis("Part des questions couvertes qui sont répondues", across[0], across[-1], across, percent),
        Axis("Part des questions sans réponse qui le sont", 0, 0.2, (0, 0.05, 0.1, 0.15, 0.2), percent),
        tuple(_trade_series(name, kept, threshold) for name, kept in _parts(outcomes)),
        zone=(0.92, 0, 1, 0.03),
    )


def time_chart(outcomes: Sequence[Outcome]) -> Chart:
    """Return the share of the questions answered in less than a time."""
    times = sorted(o.elapsed_ms for o in outcomes)
    high = max(times[-1], 1.0)
    points = tuple((t, n / len(times)) for n, t in enumerate(times, 1))
    return Chart(
        "Temps de réponse",
        Axis("Temps, processus déjà lancé", 0, high, tuple(high * n / 5 for n in range(6)), milliseconds),
        Axis("Part des questions", 0, 1, (0, 0.25, 0.5, 0.75, 1), percent),
        (Series("Toutes les questions", points),),
    )


def milliseconds(value: float) -> str:
    """Return a time in whole milliseconds."""
    return show(value, "ms")
