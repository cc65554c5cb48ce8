"""Find the sentences that may answer: lexical and dense rankings, one set of features.

Rankings over passages, sentences and expected questions propose candidates; each candidate then
gets the same features, whichever ranking proposed it, and a logistic model of them scores it.
A weighting learned on questions was measured against reciprocal rank fusion (Cormack, Clarke &
Büttcher 2009, k = 60), which stays as :func:`fuse` for the baselines of ``assistant eval``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import fsum

import numpy as np
from numpy.typing import NDArray

from assistant.embedding import Encoder, FloatMatrix
from assistant.store import Index, SentenceRow
from assistant.text import tokens

FEATURES = (
    "dense_sentence",
    "dense_passage",
    "lexical_sentence",
    "lexical_passage",
    "coverage",
    "coverage_context",
    "provider",
    "plan",
    "row",
    "dense_question",
    "lexical_question",
    "overlap_question",
)
"""What each candidate is scored by. The last three are of the expected questions; a sentence that
has none is scored by the others alone."""
QUESTION_FEATURES = 3
CANDIDATES = 40
PASSAGES = 8
BM25_CEILING = 2.2
"""k1 + 1: the most that one term can bring, in units of its idf (tantivy's k1 is 1.2)."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The words of a question that carry its meaning, and how much each weighs.

    Attributes:
        words: Stems.
        weights: Inverse document frequencies, one a word.
        unknown: Those that the dossier does not hold.
    """

    words: tuple[str, ...]
    weights: tuple[float, ...]
    unknown: tuple[str, ...] = ()

    @property
    def mass(self) -> float:
        """Sum of the weights."""
        return sum(self.weights) or 1.0

    def covered(self, found: frozenset[str] | set[str]) -> float:
        """Return the share of the weights whose words are in *found*, from 0 to 1."""
        return sum(w for t, w in zip(self.words, self.weights, strict=True) if t in found) / self.mass


@dataclass(frozen=True, slots=True)
class Hit:
    """A candidate sentence with its score.

    Attributes:
        score: Probability, under the ranking model, that it answers.
        features: One value for each of ``FEATURES``.
    """

    sentence: SentenceRow
    score: float
    features: tuple[float, ...]
    has_questions: bool

    def feature(self, name: str) -> float:
        """Return one feature by name."""
        return self.features[FEATURES.index(name)]


def fuse(rankings: Sequence[Sequence[tuple[int, float]]], *, k: int = 60) -> list[tuple[int, float]]:
    """Return the reciprocal rank fusion of *rankings*: sum over rankings of 1 / (k + rank).

    k = 60 is the constant of Cormack, Clarke & Büttcher (SIGIR 2009). Ties go to the lower id.
    """
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, (item, _) in enumerate(ranking, 1):
            scores[item] = scores.get(item, 0.0) + 1 / (k + rank)
    return sorted(scores.items(), key=lambda x: (-x[1], x[0]))


class Retriever:
    """Searches one build of the index."""

    def __init__(self, index: Index, encoder: Encoder) -> None:
        """Search *index* with the encoder that made it."""
        self.index = index
        self.encoder = encoder
        self.sentence_tokens = lru_cache(maxsize=100_000)(self._sentence_tokens)
        self.context_tokens = lru_cache(maxsize=20_000)(self._context_tokens)
        self.question_tokens = lru_cache(maxsize=100_000)(self._question_tokens)
        self.question_rows = lru_cache(maxsize=100_000)(index.question_rows)
        self._vectors = lru_cache(maxsize=512)(self._embed)

    def _embed(self, text: str) -> FloatMatrix:
        return self.encoder.encode_queries([text])

    def _sentence_tokens(self, row: int) -> frozenset[str]:
        return frozenset(tokens(self.index.sentence(row).text))

    def _context_tokens(self, document: str, section: str | None) -> frozenset[str]:
        return frozenset(tokens(f"{self.index.documents[document].title} {section or ''}"))

    def _question_tokens(self, sentence: int) -> tuple[frozenset[str], ...]:
        return tuple(frozenset(tokens(q)) for q in self.index.questions_of(sentence))

    def terms(self, text: str, *, ignored: frozenset[str] = frozenset()) -> Terms:
        """Return the meaningful words of a question; what is misspelt was mended before."""
        words = tuple(t for t in dict.fromkeys(tokens(text)) if t not in ignored)
        unknown = tuple(t for t in words if self.index.frequency(t) == 0)
        return Terms(words, tuple(self.index.idf(t) for t in words), unknown)

    def vector(self, text: str) -> FloatMatrix:
        """Return the embedding of a question, shape (1, dim); the last 512 are remembered.

        The model was taught ordinary writing: a question typed in capitals is read in small
        letters.
        """
        return self._vectors(text.lower() if text.isupper() else text)

    def nearest(self, rows: Sequence[int], vector: FloatMatrix, *, limit: int) -> list[int]:
        """Return the *limit* rows whose sentence or expected questions lie nearest to *vector*."""
        rows = list(dict.fromkeys(rows))
        self.index.expect(rows)
        scores = self.index.vectors["sentences"].rows(rows) @ vector[0]
        asked = [self.question_rows(r) for r in rows]
        flat = [q for group in asked for q in group]
        sims = self.index.vectors["questions"].rows(flat) @ vector[0]
        at = 0
        for i, group in enumerate(asked):
            if group:
                scores[i] = max(scores[i], float(sims[at : at + len(group)].max()))
                at += len(group)
        return [rows[i] for i in np.argsort(-scores, kind="stable")[:limit]]

    def candidates(
        self, vector: FloatMatrix, terms: Terms, *, without: frozenset[int] = frozenset()
    ) -> tuple[list[int], dict[str, dict[int, float]]]:
        """Return candidate sentence rows, and the BM25 scores that proposed some of them.

        *without* are expected questions left out, when the question is itself one of them.
        """
        index, words = self.index, list(terms.words)
        both = {"text": 1.0, "context": 0.4}
        dense = index.vectors["sentences"].search(vector, limit=CANDIDATES)
        lexical = index.lexical["sentences"].search(words, limit=200, weights=both)
        questions = index.vectors["questions"].search(vector, limit=4 * CANDIDATES)
        asked = index.lexical["questions"].search(words, limit=200, weights={"text": 1.0})
        near = index.vectors["passages"].search(vector, limit=PASSAGES)
        passages = index.lexical["passages"].search(words, limit=100, weights=both)
        found = dict.fromkeys(r for r, _ in dense)
        found.update(dict.fromkeys(r for r, _ in lexical[:CANDIDATES]))
        of_question: dict[int, float] = {}
        for row, score in (x for x in asked if x[0] not in without):
            sentence = index.question_sentence(row)
            of_question[sentence] = max(score, of_question.get(sentence, 0.0))
        for row in [index.question_sentence(q) for q, _ in questions if q not in without] + list(of_question)[
            :CANDIDATES
        ]:
            found[row] = None
        for row, _ in [*near, *passages[:PASSAGES]]:
            found.update(dict.fromkeys(index.sentence_rows(row)))
        scores = {"sentences": dict(lexical), "passages": dict(passages), "questions": of_question}
        return list(found), scores

    def features(
        self,
        rows: Sequence[int],
        vector: FloatMatrix,
        terms: Terms,
        lexical: dict[str, dict[int, float]],
        *,
        provider: Callable[[SentenceRow], float],
        plan: Callable[[SentenceRow], float],
        without: frozenset[int] = frozenset(),
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return the features of candidate sentences and which have expected questions.

        Args:
            rows: Sentence rows.
            vector: The question's embedding, shape (1, dim).
            terms: Its words.
            lexical: BM25 scores by table, then row.
            provider: How well a sentence fits the providers named, from -1 to 1.
            plan: How well it fits the plan named, from -1 to 1.
            without: Question rows to leave out, when the question is itself one of them.

        Returns:
            Float array, shape (len(rows), len(FEATURES)), and a boolean array, shape (len(rows),).
        """
        index = self.index
        index.expect(rows)
        sentences = [index.sentence(r) for r in rows]
        q = vector[0]
        dense_s = index.vectors["sentences"].rows(rows) @ q
        dense_p = index.vectors["passages"].rows([s.passage.row for s in sentences]) @ q
        ceiling = BM25_CEILING * terms.mass
        out = np.zeros((len(rows), len(FEATURES)))
        has = np.zeros(len(rows), dtype=bool)
        asked = [[x for x in self.question_rows(r) if x not in without] for r in rows]
        flat = [x for group in asked for x in group]
        sims = (index.vectors["questions"].rows(flat) @ q) if flat else np.zeros(0)
        at = 0
        for i, (row, sentence) in enumerate(zip(rows, sentences, strict=True)):
            own = self.sentence_tokens(row)
            context = self.context_tokens(sentence.document.slug, sentence.passage.section)
            out[i, :9] = (
                dense_s[i],
                dense_p[i],
                min(lexical["sentences"].get(row, 0.0) / ceiling, 1.0),
                min(lexical["passages"].get(sentence.passage.row, 0.0) / ceiling, 1.0),
                terms.covered(own),
                terms.covered(own | context),
                provider(sentence),
                plan(sentence),
                float(sentence.identity is not None),
            )
            group = asked[i]
            if group:
                has[i] = True
                out[i, 9] = float(sims[at : at + len(group)].max())
                out[i, 10] = min(lexical["questions"].get(row, 0.0) / ceiling, 1.0)
                out[i, 11] = self._overlap(row, group, terms)
                at += len(group)
        return out, has

    def _overlap(self, row: int, group: list[int], terms: Terms) -> float:
        """Return the best F1 between the question's words and an expected question's, by idf."""
        everything = self.question_rows(row)
        sets = self.question_tokens(row)
        wanted = set(terms.words)
        best = 0.0
        for number, words in enumerate(sets):
            if everything[number] not in group or not words:
                continue
            # fsum: the order of a set differs from process to process, the sum must not.
            common = fsum(self.index.idf(t) for t in wanted & words)
            if common:
                best = max(best, 2 * common / (terms.mass + fsum(self.index.idf(t) for t in words)))
        return best
