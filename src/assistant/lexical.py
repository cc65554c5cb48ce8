"""BM25 over French tokens; the only module that imports tantivy."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tantivy

from assistant.text import tokens

Ranking = list[tuple[int, float]]

META = "meta.json"
HEAP_BYTES = 64_000_000
"""Memory of the writer: more than the postings of a few thousand rows, which so make one segment."""
FIELDS = ("text", "context", "questions")
"""What a document says, its title and headings, and the questions it is expected to answer."""


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("row", stored=True, indexed=False, fast=True)
    for name in FIELDS:
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="freq")
    return builder.build()


def _written(path: Path, documents: Iterable[tuple[int, Mapping[str, str | list[str]]]]) -> tantivy.Index:
    index = tantivy.Index(_schema(), path=str(path))
    writer = index.writer(heap_size=HEAP_BYTES, num_threads=1)
    for row, fields in documents:
        document = tantivy.Document()
        document.add_unsigned("row", row)
        for name, text in fields.items():
            document.add_text(name, " ".join(tokens(text) if isinstance(text, str) else text))
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()
    return index


class LexicalIndex:
    """A tantivy index of rows; scores are tantivy's BM25 (k1 = 1.2, b = 0.75)."""

    def __init__(self, index: tantivy.Index, offsets: Sequence[int] | None = None) -> None:
        """Wrap an open index; use :meth:`build` or :meth:`load`.

        Args:
            index: The index.
            offsets: What is added to the row numbers of each segment, in order; nothing by default.
        """
        self._index = index
        self._index.reload()
        self._searcher = index.searcher()
        self._offsets = offsets

    @classmethod
    def build(
        cls, path: Path, documents: Iterable[tuple[int, Mapping[str, str | list[str]]]]
    ) -> LexicalIndex:
        """Write an index of *documents*, each a row number and the text, or the tokens, of its fields.

        Raises:
            OSError: It cannot be written.
        """
        path.mkdir(parents=True, exist_ok=True)
        try:
            return cls(_written(path, documents))
        except ValueError as error:
            # What tantivy says of a full disk or a folder without rights.
            raise OSError(str(error)) from error

    @classmethod
    def load(cls, path: Path, offsets: Sequence[int] | None = None) -> LexicalIndex:
        """Open an index written by :meth:`build` or :func:`compose`, in a read-only folder too."""
        if os.access(path, os.W_OK):
            return cls(tantivy.Index.open(str(path)), offsets)
        # Even a reader of tantivy makes a lock file beside what it opens. All is open once it is read.
        with tempfile.TemporaryDirectory() as view:
            for file in path.resolve().iterdir():
                if file.suffix != ".lock":
                    Path(view, file.name).symlink_to(file)
            return cls(tantivy.Index.open(view), offsets)

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
        # Without the count, which nobody asks for, documents that cannot be among the best are passed over.
        hits = self._searcher.search(tantivy.Query.boolean_query(clauses), limit=limit, count=False).hits
        addresses = [address for _, address in hits]
        local = self._searcher.fast_field_values("row", addresses) if addresses else []
        rows = [int(row or 0) for row in local]
        if self._offsets is not None:
            rows = [r + self._offsets[a.segment_ord] for r, a in zip(rows, addresses, strict=True)]
        found = [(row, float(score)) for row, (score, _) in zip(rows, hits, strict=True)]
        return sorted(found, key=lambda item: (-item[1], item[0]))


# --- an index made of the segments of several -----------------------------------------------------
#
# A tantivy segment is never changed once written; what an index holds is the list of segments in
# its ``meta.json``. One index over the segments of many costs no copy, and its BM25 statistics are
# those of all rows, since no row is ever marked as deleted in it.


def segments(path: Path) -> list[dict[str, Any]]:
    """Return the segments of the index in *path*, as ``meta.json`` describes them, those with rows."""
    found = json.loads((path / META).read_text(encoding="utf-8"))["segments"]
    return [s for s in found if s["max_doc"]]


def segment_files(path: Path, segment: Mapping[str, Any]) -> list[Path]:
    """Return the files of a segment that stand in the folder *path*."""
    return sorted(path.glob(segment["segment_id"].replace("-", "") + ".*"))


def compose(path: Path, parts: Iterable[Mapping[str, Any]]) -> None:
    """Make the folder *path*, which holds the files of *parts*, an index of these segments, in order."""
    path.mkdir(parents=True, exist_ok=True)
    tantivy.Index(_schema(), path=str(path))
    meta = json.loads((path / META).read_text(encoding="utf-8"))
    meta["segments"] = list(parts)
    (path / META).write_text(json.dumps(meta), encoding="utf-8")
    # What tantivy's writers clean up by; nothing is ever written to this index.
    (path / ".managed.json").unlink(missing_ok=True)
    for lock in path.glob("*.lock"):
        lock.unlink()


def offsets_of(counts: Sequence[tuple[int, int]]) -> list[int]:
    """Return the offset of each segment, for groups of (segments, rows) one after the other."""
    found, start = [], 0
    for number, rows in counts:
        found += [start] * number
        start += rows
    return found
