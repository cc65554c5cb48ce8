"""Write the rows of documents, and gather what is to be embedded and indexed of them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from assistant.domain import Document, Passage
from assistant.store import database
from assistant.store.attributes import PLACEHOLDER, Attribute
from assistant.text import tokens

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

    def __init__(self, path: Path, attributes: dict[str, Attribute]) -> None:
        """Create the database *path*."""
        self.connection = database.create(path)
        self.attributes = attributes
        self.texts: dict[str, dict[str, str]] = {"passages": {}, "sentences": {}, "questions": {}}
        self.keys: dict[str, list[str]] = {"passages": [], "sentences": [], "questions": []}
        self.lexical: dict[str, list[dict[str, list[str]]]] = {
            "passages": [],
            "sentences": [],
            "questions": [],
        }
        self.terms: Counter[str] = Counter()
        self.marked = 0

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
            context = tokens(f"{document.title} {passage.section or ''}")
            self.lexical["passages"].append({"text": tokens(passage.text), "context": context})
            for span in passage.spans:
                text = passage.text[span.start : span.end]
                sentence, key = self._add("sentences", sentence_text(document.title, passage.section, text))
                database.insert_sentence(self.connection, sentence, row, span, key)
                words = tokens(text)
                self.lexical["sentences"].append({"text": words, "context": context})
                self.terms.update({*words, *context})
                if span.row is not None:
                    self.marked += 1
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
            words = tokens(question)
            self.lexical["questions"].append({"text": words})
            self.terms.update(set(words))
        database.insert_questions(self.connection, rows)

    def finish(self, indexes: str = database.INDEXES) -> None:
        """Write term counts and SQL *indexes*, and close the database."""
        self.connection.executemany("INSERT INTO terms VALUES (?,?)", sorted(self.terms.items()))
        self.connection.executescript(indexes)
        self.connection.commit()
        self.connection.close()
