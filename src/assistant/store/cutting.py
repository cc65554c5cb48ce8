"""Which documents share a shard: a function of the corpus alone, never of what happened before.

A build is made of shards of a few thousand rows. One that holds the same documents as a shard of
the last build *is* that shard: its files are linked, not written again. The bounds between shards
lie where the contents say, as in content-defined chunking (Xia et al., « FastCDC », USENIX ATC
2016, after Muthitacharoen, Chen & Mazières, « A low-bandwidth network file system », SOSP 2001),
with documents for bytes: an edit moves the bounds near it and no other, and documents stay in the
order of their paths.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

SMALL_CORPUS = 1 << 24
"""Bytes of files up to which shards have their least size: some 40,000 passages of Markdown."""
LEAST_ROWS = 2048
"""A shard of so many rows takes a third of a second of processor time to write (benchmarks/scale.py)."""
MOST_ROWS = 16_384
"""At a million passages this makes some 180 shards: more would slow each question down."""
_FRACTIONS = 2**64


@dataclass(frozen=True, slots=True)
class Entry:
    """A document on its way into a shard.

    Attributes:
        content: Hash of all that the document says, path and title included.
        weight: About how many rows it makes.
    """

    slug: str
    path: str
    content: str
    weight: int


def shard_rows(corpus_bytes: int) -> int:
    """Return how many rows a shard of a corpus of this size has, on average.

    Powers of two: the size changes, and every shard with it, when the corpus has doubled.
    """
    rows, size = LEAST_ROWS, SMALL_CORPUS
    while rows < MOST_ROWS and size < corpus_bytes:
        rows, size = 2 * rows, 2 * size
    return rows


def _fraction(path: str) -> float:
    """Return a number from 0 to 1 drawn by the path."""
    digest = hashlib.blake2b(path.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / _FRACTIONS


class Cutter:
    """Tells after which documents a shard ends; it is shown the documents in the order of their paths."""

    def __init__(self, rows: int) -> None:
        """Aim at shards of *rows* rows: at least half as many, at most about twice."""
        self._rows = rows
        self._filled = 0

    def ends(self, entry: Entry) -> bool:
        """Tell whether the shard that *entry* has just joined ends with it."""
        self._filled += entry.weight
        half = self._rows / 2
        # Past half, each row ends the shard with the same probability: half as many rows follow on average.
        drawn = self._filled >= half and _fraction(entry.path) < entry.weight / half
        if drawn or self._filled >= 2 * self._rows:
            self._filled = 0
            return True
        return False


def cut(entries: Iterable[Entry], rows: int) -> Iterator[list[Entry]]:
    """Yield the shards of *entries*, which are sorted by path."""
    cutter, shard = Cutter(rows), list[Entry]()
    for entry in entries:
        shard.append(entry)
        if cutter.ends(entry):
            yield shard
            shard = []
    if shard:
        yield shard


def key_of(recipe: Sequence[str], shard: Sequence[Entry]) -> str:
    """Return the name of a shard: a hash of how it is made, *recipe*, and of all that is in it."""
    digest = hashlib.blake2b(digest_size=16)
    for part in (*recipe, *(e.content for e in shard)):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()
