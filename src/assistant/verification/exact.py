"""Check statements before they are shown: a quote is a slice of its passage, or it is dropped."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.domain import Citation, Statement


def is_exact(citation: Citation) -> bool:
    """Tell whether a citation's quote is the very slice of its passage that it says."""
    return citation.passage[citation.start : citation.end] == citation.quote


def verified(statements: Sequence[Statement], citations: Sequence[Citation]) -> tuple[Statement, ...]:
    """Return the statements whose text is the exact quote of a citation that they name.

    Args:
        statements: Statements of an extractive answer.
        citations: Its citations, numbered from 1 in order.

    Returns:
        The statements that hold, in order.
    """
    by_number = {c.n: c for c in citations}
    return tuple(
        s
        for s in statements
        if s.citations
        and all(
            n in by_number and is_exact(by_number[n]) and by_number[n].quote == s.text for n in s.citations
        )
    )
