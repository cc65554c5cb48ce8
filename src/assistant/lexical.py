"""BM25 over French tokens; the only module that imports tantivy."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import tantivy

from assistant.text import tokens

Ranking = list[tuple[int, float]]

FIELDS = ("text", "context", "questions")
"""What a document says, its title and headings, and the questions it is expected to answer."""


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("row", stored=True, indexed=False, fast=True)
    for name in FIELDS:
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="freq")
    return builder.build()


class LexicalIndex:
    """A tantivy index of rows; scores are tantivy's BM25 (k1 = 1.2, b = 0.75)."""

    def __init__(self, index: tantivy.Index) -> None:
        """Wrap an open index; use :meth:`build` or :meth:`load`."""
        self._index = index
        self._index.reload()
        self._searcher = index.searcher()

    @classmethod
    def build(cls, path: Path, documents: Iterable[tuple[int, dict[str, str]]]) -> LexicalIndex:
        """Write an index of *documents*, each a row number and the text of its fields."""
        path.mkdir(parents=True, exist_ok=True)
        index = tantivy.Index(_schema(), path=str(path))
        writer = index.writer(heap_size=64_000_000, num_threads=1)
        for row, fields in documents:
            document = tantivy.Document()
            document.add_unsigned("row", row)
            for name, text in fields.items():
                document.add_text(name, " ".join(tokens(text)))
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        return cls(index)

    @classmethod
    def load(cls, path: Path) -> LexicalIndex:
        """Open an index written by :meth:`build`."""
        return cls(tantivy.Index.open(str(path)))

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self._searcher.num_docs)

    def search(self, query: str | list[str], *, limit: int, weights: dict[str, float]) -> Ranking:
        """Return the rows that best match *query*.

        Args:
            query: Text, or tokens that were made of it already.
            limit: Most rows to return.
            weights: Field name -> boost; fields left out are not searched.

        Returns:
            Rows with BM25 scores, best first, ties by row.
        """
        words = list(dict.fromkeys(tokens(query) if isinstance(query, str) else query))
        if not words or limit <= 0 or not len(self):
            return []
        schema = self._index.schema
        clauses = [
            (
                tantivy.Occur.Should,
                tantivy.Query.boost_query(tantivy.Query.term_query(schema, name, word, "freq"), weight),
            )
            for name, weight in weights.items()
            for word in words
        ]
        hits = self._searcher.search(tantivy.Query.boolean_query(clauses), limit=limit).hits
        found = [(int(self._searcher.doc(address)["row"][0]), float(score)) for score, address in hits]
        return sorted(found, key=lambda item: (-item[1], item[0]))
