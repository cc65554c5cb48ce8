"""The long words of the dossier."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet

LEAST = 5
"""Letters: shorter words have too many neighbours to tell a misspelling from a word."""


class Vocabulary(AbstractSet[str]):
    """The terms of five letters or more; a word is looked up in the index, nothing is kept in memory."""

    def __init__(self, frequency: Callable[[str], int], terms: Callable[[int], list[str]]) -> None:
        """Look words up by *frequency*, in how many rows one is; *terms* lists those of a length at least."""
        self._frequency = frequency
        self._terms = terms

    def __contains__(self, term: object) -> bool:
        """Tell whether the dossier holds a term."""
        return isinstance(term, str) and len(term) >= LEAST and self._frequency(term) > 0

    def __iter__(self) -> Iterator[str]:
        """Yield every term."""
        return iter(self._terms(LEAST))

    def __len__(self) -> int:
        """Return the number of terms."""
        return len(self._terms(LEAST))
