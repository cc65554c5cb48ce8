"""BM25 as an inner product of sparse vectors, over the same French tokens as the local index.

Milvus can compute BM25 itself, but with its own analysis of words and, in Milvus Lite, statistics of a
segment only. Here a row's vector holds what tf and length bring, a question's holds idf and boosts;
their inner product is BM25 as tantivy computes it (k1 = 1.2, b = 0.75, lengths rounded as Lucene's
``SmallFloat`` does), over several fields at once. Robertson & Zaragoza, « The Probabilistic Relevance
Framework: BM25 and Beyond », 2009, eq. 3.15.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import log

K1 = 1.2
B = 0.75
NOTHING = 0
"""A dimension that no question has: a row without a word must not have an empty vector."""
_DIMENSIONS = 2**32 - 2


@dataclass(frozen=True, slots=True)
class FieldStatistics:
    """What BM25 needs to know of one field.

    Attributes:
        rows: How many rows there are, those that lack the field included.
        words: How many tokens the field has over all rows.
    """

    rows: int
    words: int

    @property
    def mean(self) -> float:
        """Mean number of tokens."""
        return self.words / self.rows if self.rows else 0.0


@lru_cache(maxsize=200_000)
def dimension(field: str, term: str) -> int:
    """Return the dimension of a term in a field, from 1 to 2^32 - 2.

    A hash, so that no table of words is shared; among 200,000 words some 5 pairs share a dimension.
    """
    digest = hashlib.blake2b(f"{field}\0{term}".encode(), digest_size=8).digest()
    return 1 + int.from_bytes(digest, "big") % (_DIMENSIONS - 1)


def rounded_length(words: int) -> int:
    """Return a length as an index of one byte a row keeps it: exact to 40, then 4 significant bits."""
    rest = words - 24
    if rest < 16:
        return words
    drop = rest.bit_length() - 4
    return 24 + (rest >> drop << drop)


def row_weights(
    fields: Mapping[str, list[str]], statistics: Mapping[str, FieldStatistics]
) -> dict[int, float]:
    """Return the sparse vector of a row.

    Args:
        fields: Its tokens, by field.
        statistics: Of each field, over all rows of the table.
    """
    found: dict[int, float] = {NOTHING: 1.0}
    for field, words in fields.items():
        if not words:
            continue
        length = rounded_length(len(words)) / statistics[field].mean
        base = K1 * (1 - B + B * length)
        for term, count in Counter(words).items():
            at = dimension(field, term)
            found[at] = found.get(at, 0.0) + (K1 + 1) * count / (count + base)
    return found


def query_weights(
    words: Iterable[str],
    boosts: Mapping[str, float],
    statistics: Mapping[str, FieldStatistics],
    rows_with: Callable[[str, str], int],
) -> dict[int, float]:
    """Return the sparse vector of a question: idf of each of its words in each field, times the boost.

    Args:
        words: Its tokens, each once.
        boosts: Field name -> boost; fields left out are not searched.
        statistics: Of each field.
        rows_with: Gives the number of rows whose field holds a term.
    """
    found: dict[int, float] = {}
    for field, boost in boosts.items():
        total = statistics[field].rows if field in statistics else 0
        for term in words:
            count = rows_with(field, term)
            if count:
                at = dimension(field, term)
                found[at] = found.get(at, 0.0) + boost * log(1 + (total - count + 0.5) / (count + 0.5))
    return found
