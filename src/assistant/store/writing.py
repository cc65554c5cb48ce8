"""Write the rows, vectors and postings of a new build."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from assistant.domain import Document, Passage
from assistant.embedding import Encoder, FloatMatrix
from assistant.lexical import LexicalIndex
from assistant.store import database, layout
from assistant.store.attributes import PLACEHOLDER, Attribute
from assistant.store.memo import Memo
from assistant.text import tokens
from assistant.vectors import VectorIndex

Progress = Callable[[str, int, int], None]


EMBED_BATCH = 256


SHORT_DOCUMENT = 2
"""Passages of a document that answers one question, its title's."""


def _key(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def passage_text(title: str, passage: Passage) -> str:
    """Return what is embedded for a passage: its headings count as context."""
    return ". ".join(p for p in (title, passage.section, passage.text) if p)


def sentence_text(title: str, section: str | None, sentence: str) -> str:
    """Return what is embedded for a sentence: the nearest heading is its context."""
    heading = section or title
    return f"{heading}\u00a0: {sentence}" if heading else sentence


class _Headings:
    """Headings that are questions: what stands first under one is expected to answer it.

    So it is in a FAQ. A document short enough to be one answer counts its title as well.
    """

    def __init__(self, document: Document, passages: int) -> None:
        short = passages <= SHORT_DOCUMENT and document.type == "document"
        self._title = document.title if short or _is_question(document.title) else None
        self._seen: set[str | None] = set()

    def of(self, passage: Passage) -> list[str]:
        """Return the headings that the next sentence of *passage* answers, each once."""
        found = [self._title] if self._title and not self._seen else []
        if passage.section not in self._seen and passage.section and _is_question(passage.section):
            found.append(passage.section)
        self._seen.add(passage.section)
        return found


def _is_question(heading: str) -> bool:
    return heading.rstrip().endswith("?")


class BuildWriter:
    """Writes the rows of a new build and remembers what has to be embedded."""

    def __init__(self, folder: Path, attributes: dict[str, Attribute]) -> None:
        """Open the database of the build in *folder*."""
        self.connection = database.create(folder / layout.DATABASE)
        self.attributes = attributes
        self.texts: dict[str, dict[str, str]] = {"passages": {}, "sentences": {}, "questions": {}}
        self.keys: dict[str, list[str]] = {"passages": [], "sentences": [], "questions": []}
        self.lexical: dict[str, list[dict[str, str]]] = {"passages": [], "sentences": [], "questions": []}
        self.terms: Counter[str] = Counter()

    def _add(self, table: str, text: str) -> tuple[int, str]:
        key = _key(text)
        self.texts[table].setdefault(key, text)
        self.keys[table].append(key)
        return len(self.keys[table]) - 1, key

    def document(self, document: Document, passages: list[Passage], digest: str) -> None:
        """Write one document whole."""
        database.insert_document(self.connection, document, digest)
        expected = dict(document.questions)
        prose = {n for p in passages for s in p.spans if s.row is None for n in s.notes}
        headings = _Headings(document, len(passages))
        for passage in passages:
            row, key = self._add("passages", passage_text(document.title, passage))
            database.insert_passage(self.connection, row, document.slug, passage, key)
            context = f"{document.title} {passage.section or ''}"
            self.lexical["passages"].append({"text": passage.text, "context": context})
            for span in passage.spans:
                text = passage.text[span.start : span.end]
                sentence, key = self._add("sentences", sentence_text(document.title, passage.section, text))
                database.insert_sentence(self.connection, sentence, row, span, key)
                self.lexical["sentences"].append({"text": text, "context": context})
                self.terms.update(set(tokens(text)) | set(tokens(context)))
                if span.row is not None:
                    questions = self._row_questions(document, span.row.attribute)
                    questions += [q for n in span.notes if n not in prose for q in expected.get(n, ())]
                else:
                    questions = [q for n in span.notes for q in expected.get(n, ())]
                self._questions(sentence, [*questions, *headings.of(passage)])

    def _row_questions(self, document: Document, attribute: str) -> list[str]:
        known = self.attributes.get(attribute)
        name = document.assistant or document.provider or document.title
        templates = known.questions if known else (f"{attribute} {PLACEHOLDER}",)
        return [t.replace(PLACEHOLDER, name) for t in templates]

    def _questions(self, sentence: int, questions: list[str]) -> None:
        rows = []
        for question in dict.fromkeys(questions):
            row, key = self._add("questions", question)
            rows.append((row, sentence, question, key))
            self.lexical["questions"].append({"text": question})
            self.terms.update(set(tokens(question)))
        database.insert_questions(self.connection, rows)

    def finish(self) -> None:
        """Write term counts and SQL indexes, and close the database."""
        self.connection.executemany("INSERT INTO terms VALUES (?,?)", sorted(self.terms.items()))
        self.connection.executescript(database.INDEXES)
        self.connection.commit()
        self.connection.close()


def known_vectors(build: Path | None, table: str) -> tuple[dict[str, int], FloatMatrix | None]:
    """Return key -> row and the vectors of the last build."""
    if build is None:
        return {}, None
    connection = database.connect(build / layout.DATABASE)
    try:
        keys = {k: r for r, k in connection.execute(f"SELECT row, key FROM {table}")}  # noqa: S608 - three constant names
    finally:
        connection.close()
    return keys, VectorIndex.load(build / f"{table}.faiss").all_vectors() if keys else None


def _embed(
    writer: BuildWriter,
    table: str,
    encoder: Encoder,
    build: Path | None,
    memo: Memo,
    step: Callable[[int], None],
) -> tuple[FloatMatrix, int]:
    """Return the vectors of a table's rows, and how many texts had to be embedded for them.

    Those are the texts that neither the last build nor the corpus's memo holds.
    """
    known, old = known_vectors(build, table)
    missing = [k for k in writer.texts[table] if k not in known and k not in memo]
    # Texts of like length together: a batch is padded to its longest.
    missing.sort(key=lambda k: (len(writer.texts[table][k]), k))
    encode = encoder.encode_queries if table == "questions" else encoder.encode_passages
    fresh: dict[str, int] = {}
    parts = []
    for start in range(0, len(missing), EMBED_BATCH):
        batch = missing[start : start + EMBED_BATCH]
        parts.append(encode([writer.texts[table][k] for k in batch]))
        fresh.update({k: start + i for i, k in enumerate(batch)})
        step(len(batch))
    made = np.concatenate(parts) if parts else np.zeros((0, encoder.dimension), dtype=np.float32)
    rows = np.empty((len(writer.keys[table]), encoder.dimension), dtype=np.float32)
    for row, key in enumerate(writer.keys[table]):
        if key in fresh:
            rows[row] = made[fresh[key]]
        elif old is not None and key in known:
            rows[row] = old[known[key]]
        else:
            rows[row] = memo.vector(key)
    return rows, len(missing)


def write_rankings(
    writer: BuildWriter, folder: Path, encoder: Encoder, last: Path | None, memo: Memo, progress: Progress
) -> int:
    """Embed and index what *writer* was given; return how many texts had to be embedded.

    Args:
        writer: The finished writer of the build.
        folder: The build's folder.
        encoder: What embeds.
        last: An earlier build whose vectors are taken over, or None.
        memo: Vectors that came with the corpus.
        progress: Told about the work.
    """
    total = sum(len(t) for t in writer.texts.values())
    done = 0

    def step(count: int) -> None:
        nonlocal done
        done += count
        progress("Calcul des vecteurs", done, total)

    embedded = 0
    for table in ("passages", "sentences", "questions"):
        vectors, count = _embed(writer, table, encoder, last, memo, step)
        embedded += count
        VectorIndex.build(vectors).save(folder / f"{table}.faiss")
        progress("Index lexical", 0, 1)
        LexicalIndex.build(folder / layout.LEXICAL / table, enumerate(writer.lexical[table]))
    return embedded
