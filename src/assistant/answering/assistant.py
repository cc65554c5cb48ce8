"""The assistant: one index folder, one encoder, questions in, cited answers out."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.answering.compose import Composer
from assistant.answering.model import load_weights
from assistant.answering.ranking import Ranker
from assistant.domain import Answer
from assistant.embedding import Encoder, SentenceEncoder
from assistant.errors import StoreError
from assistant.question import Catalogue, Query, understand
from assistant.question.understanding import read
from assistant.retrieval import Retriever
from assistant.settings import Settings
from assistant.store import Index, RebuildReport, follow, open_index, rebuild
from assistant.store.layout import current_build
from assistant.store.writing import Progress

if TYPE_CHECKING:
    from assistant.generation import Client

FOLLOW_S = 2.0
"""How often a server whose rows are in Milvus looks for a new build: an edit shows within two seconds."""


class _Engine:
    """Everything that belongs to one build of the index."""

    def __init__(self, index: Index, encoder: Encoder, settings: Settings) -> None:
        self.index = index
        self.catalogue = Catalogue(index)
        self.retriever = Retriever(index, encoder)
        weights = load_weights()
        if settings.abstention is not None:
            weights = replace(weights, operating_point=settings.abstention)
        self.ranker = Ranker(self.retriever, self.catalogue, weights)
        self.composer = Composer(self.ranker, self.catalogue)


class Assistant:
    """Answers questions from the current build of an index folder.

    The build is looked up before each question: after a rebuild the next question uses the new
    one, without a restart. Threads may share an assistant.
    """

    def __init__(self, folder: Path, encoder: Encoder, settings: Settings) -> None:
        """Use :meth:`open`."""
        self._folder = folder
        self._encoder = encoder
        self._settings = settings
        self._lock = threading.RLock()
        self._engine: _Engine | None = None
        self._followed_at = 0.0
        self.llm: Client | None = None
        if settings.llm is not None:
            from assistant.generation import Client

            self.llm = Client(settings.llm)

    @classmethod
    def open(
        cls, index: Path | str, settings: Settings | None = None, *, encoder: Encoder | None = None
    ) -> Assistant:
        """Open the index folder *index*.

        Raises:
            ModelMissingError: The embedding model is not on this machine.
            IndexMissingError: No index has been built.
            IndexCorruptedError: A file of the index is missing or altered.
            IndexStaleError: It was made with another model, other settings or another format.
            SettingsError: The language model of the settings may not be called.
        """
        settings = settings or Settings()
        assistant = cls(Path(index), encoder or SentenceEncoder(settings.model), settings)
        assistant._current()
        return assistant

    def _current(self) -> _Engine:
        """Return the engine of the current build, opening it if it has just been made current."""
        with self._lock:
            try:
                self._follow()
                name = current_build(self._folder).name
                if self._engine is not None and self._engine.index.name == name:
                    return self._engine
                index = open_index(
                    self._folder,
                    model=self._encoder.fingerprint,
                    max_chars=self._settings.max_chars,
                    milvus=self._settings.remote,
                )
            except StoreError:
                # What is open stays whole in memory; a damaged folder must not fail a running chat.
                if self._engine is not None:
                    return self._engine
                raise
            self._engine = _Engine(index, self._encoder, self._settings)
            return self._engine

    def _follow(self) -> None:
        """Ask a Milvus server, now and then, which build is in service: another site may have changed it."""
        remote, now = self._settings.remote, time.monotonic()
        if remote is not None and now - self._followed_at >= FOLLOW_S:
            self._followed_at = now
            follow(self._folder, remote)

    @property
    def index(self) -> Index:
        """The current build of the index."""
        return self._current().index

    @property
    def catalogue(self) -> Catalogue:
        """The providers and attributes of the current build."""
        return self._current().catalogue

    @property
    def settings(self) -> Settings:
        """The settings that the assistant was opened with."""
        return self._settings

    def writer(self, answer: Answer) -> str:
        """Return who worded *answer*, in French; nothing where no language model is set."""
        if self.llm is None or answer.abstained:
            return ""
        if answer.engine == self.llm.engine:
            return f"Rédigé par le {self.llm.place}\u00a0; chaque phrase a été vérifiée sur sa source."
        return "Phrases du dossier citées telles quelles, sans modèle de langage."

    def warm_up(self) -> None:
        """Load the model and the words of the dossier, so that the first question does not wait for them."""
        engine = self._current()
        engine.retriever.vector("bonjour")
        engine.catalogue.spelling.warm_up()

    def ask(self, question: str, *, history: Sequence[str] = (), id: str | None = None) -> Answer:  # noqa: A002 - the contract's name
        """Answer *question*, understood after the earlier questions of *history*, oldest first.

        Raises:
            QuestionError: It is empty or too long.
        """
        *_, answer = self.stream(question, history=history, id=id)
        return answer

    def stream(
        self,
        question: str,
        *,
        history: Sequence[str] = (),
        id: str | None = None,  # noqa: A002 - as in ask
        stop: threading.Event | None = None,
    ) -> Iterator[Answer]:
        """Yield the answer as a language model writes it, each statement once verified, then whole.

        The last one prevails. Without a model it comes alone. Closing the iterator, or setting
        *stop*, cancels the model's work.

        Raises:
            QuestionError: The question is empty or too long.
        """
        started = time.perf_counter()
        engine = self._current()
        query = self._understood(question, history, engine)
        ranked = engine.composer.best_reading(query)
        query = ranked.query
        retrieved = time.perf_counter()
        answer = engine.composer.compose(ranked)
        if self.llm is not None:
            from assistant.generation import Written, stream

            for part in stream(answer, query.text, self._encoder, self.llm, stop=stop):
                if isinstance(part, Written):
                    answer = part.answer
                else:
                    yield part
        done = time.perf_counter()
        timings = {
            "retrieval": round((retrieved - started) * 1000, 2),
            "answer": round((done - retrieved) * 1000, 2),
            "total": round((done - started) * 1000, 2),
        }
        yield replace(answer, timings_ms=timings, id=id)

    def _understood(self, question: str, history: Sequence[str], engine: _Engine) -> Query:
        """Return the question as understood; a model may word it, never change whom it is about."""
        known = engine.index.vocabulary
        query = understand(question, engine.catalogue, history=list(history), known_words=known)
        if self.llm is None or not self.llm.settings.rewrite or query.interpreted is None:
            return query
        from assistant.generation import rewrite_question

        text = rewrite_question(question, history, query.text, self.llm)
        if text is None:
            return query
        other = read(text, engine.catalogue, known)
        if set(other.providers) != set(query.providers) or other.plan != query.plan:
            return query
        return replace(other, typed=query.typed, interpreted=text)

    def search(self, query: str, *, limit: int = 10) -> dict[str, Any]:
        """Return ranked documents and passages for *query*, without an answer.

        Raises:
            QuestionError: The query is empty or too long.
        """
        engine = self._current()
        understood = understand(query, engine.catalogue, known_words=engine.index.vocabulary)
        ranked = engine.ranker.rank(understood)
        documents: dict[str, dict[str, Any]] = {}
        passages: dict[int, dict[str, Any]] = {}
        for hit in ranked.hits:
            s = hit.sentence
            documents.setdefault(
                s.document.slug,
                {
                    "document": s.document.slug,
                    "title": s.document.title,
                    "path": s.document.path,
                    "score": round(hit.score, 6),
                },
            )
            passages.setdefault(
                s.passage.row,
                {
                    "document": s.document.slug,
                    "title": s.document.title,
                    "section": s.passage.section,
                    "page": s.passage.page,
                    "passage": s.passage.text,
                    "quote": s.text,
                    "start": s.start,
                    "end": s.end,
                    "score": round(hit.score, 6),
                },
            )
        return {
            "query": query,
            "documents": [{"rank": n, **d} for n, d in enumerate(list(documents.values())[:limit], 1)],
            "passages": [{"rank": n, **p} for n, p in enumerate(list(passages.values())[:limit], 1)],
        }

    def rebuild(self, corpus: Path, *, full: bool = False, progress: Progress | None = None) -> RebuildReport:
        """Bring the index up to date with *corpus*; see :func:`assistant.store.rebuild`."""
        return rebuild(
            corpus,
            self._folder,
            self._encoder,
            max_chars=self._settings.max_chars,
            full=full,
            progress=progress,
            milvus=self._settings.remote,
        )
