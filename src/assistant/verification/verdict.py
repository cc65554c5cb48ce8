"""What verification finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a statement may be shown under its citations.

    Attributes:
        failed: Names of the checks that it failed, in their order.
        lexical: Share of its meaningful words that the sentences hold, from 0 to 1.
        similarity: Cosine between it and the sentences; None where not measured.
    """

    supported: bool
    failed: tuple[str, ...] = ()
    lexical: float = 0.0
    similarity: float | None = None
