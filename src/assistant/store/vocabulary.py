"""The long words of the dossier, by which misspelt questions are corrected."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from functools import lru_cache

LEAST = 5
"""Letters: shorter words have too many neighbours to be guessed."""
REACH = 2
"""Most edits that a correction may take, which is how far lengths may lie apart."""


class Vocabulary(AbstractSet[str]):
    """The terms of five letters or more. Read from the index when asked for, a length at a time."""

    def __init__(
        self, frequency: Callable[[str], int], of_length: Callable[[int], list[str]], longest: int
    ) -> None:
        """Read terms by *of_length*; *frequency* tells in how many rows one is."""
        self._frequency = frequency
        self._of_length = lru_cache(maxsize=None)(of_length)
        self._longest = longest

    def __contains__(self, term: object) -> bool:
        """Tell whether the dossier holds a term."""
        return isinstance(term, str) and len(term) >= LEAST and self._frequency(term) > 0

    def __iter__(self) -> Iterator[str]:
        """Yield every term, the short ones first."""
        for length in range(LEAST, self._longest + 1):
            yield from self._of_length(length)

    def __len__(self) -> int:
        """Return the number of terms."""
        return sum(1 for _ in self)

    def like(self, term: str) -> list[str]:
        """Return the terms that are about as long as *term*: those that a correction may come to."""
        lengths = range(max(LEAST, len(term) - REACH), min(self._longest, len(term) + REACH) + 1)
        return [t for length in lengths for t in self._of_length(length)]
