"""Tell whether a reworded statement says what its sentences say, and nothing more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.text import clean
from assistant.verification import checks
from assistant.verification.reading import Reading, read

Embed = Callable[[Sequence[str]], NDArray[np.float32]]

LEXICAL = 0.7
SIMILARITY = 0.80
MAX_CHARS = 600


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verification found.

    Attributes:
        supported: Whether the statement may be shown under its citations.
        failed: Names of the checks that it failed, in the order of the checks.
        lexical: Share of its meaningful words that the sentences hold, from 0 to 1.
        similarity: Cosine between it and the sentences; None where not measured.
    """

    supported: bool
    failed: tuple[str, ...] = ()
    lexical: float = 0.0
    similarity: float | None = None


def support(statement: str, evidence: Sequence[str], *, embed: Embed | None = None) -> Verdict:
    """Judge *statement* against the sentences that it cites."""
    text = clean(statement).strip()
    if not evidence or not text or len(text) > MAX_CHARS or "\n" in text:
        return Verdict(supported=False, failed=("form",))
    claim, sources = read(text), tuple(read(clean(e)) for e in evidence)
    if any(claim.folded == s.folded for s in sources):
        return Verdict(supported=True, lexical=1.0, similarity=1.0)
    failed = _failures(claim, sources)
    lexical = checks.lexical_support(claim, sources)
    if lexical < LEXICAL:
        failed.append("lexical")
    if failed or embed is None:
        return Verdict(not failed, tuple(failed), lexical)
    vectors = embed([text, " ".join(e.strip() for e in evidence)])
    similarity = float(vectors[0] @ vectors[1])
    if similarity < SIMILARITY:
        failed.append("similarity")
    return Verdict(not failed, tuple(failed), lexical, similarity)


def _failures(claim: Reading, sources: Sequence[Reading]) -> list[str]:
    found = []
    if not checks.urls(claim.text) <= frozenset().union(*(checks.urls(s.text) for s in sources)):
        found.append("address")
    if any(checks.commands(s) for s in sources):
        found.append("order")
    for name, check in (("number", checks.numbers), ("unit", checks.units), ("date", checks.dates), ("name", checks.names), ("plan", checks.plans)):
        if not check(claim, sources):
            found.append(name)
    words = checks.novel(claim, sources)
    if words:
        found.append("word:" + ",".join(words))
    if mark := checks.marks(claim, sources):
        found.append(f"mark:{mark}")
    if not checks.polarity(claim, sources):
        found.append("negation")
    if not checks.attributed(claim, sources):
        found.append("source")
    if lost := checks.narrowed(claim, sources):
        found.append("narrowed:" + ",".join(lost))
    for name, wrong in (("swap", checks.crossed_over), ("turned", checks.turned), ("crossed", checks.crossed)):
        if wrong(claim, sources):
            found.append(name)
    return found
